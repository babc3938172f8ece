"""`ccmeval prepare`: a folder of pictures as they came to a cohort to train and test on."""

from ccmeval.preparing.run import Prepared, prepare
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.using import SPLITS, check_splits, only_split

__all__ = ["SPLITS", "PrepareSettings", "Prepared", "check_splits", "only_split", "prepare"]
