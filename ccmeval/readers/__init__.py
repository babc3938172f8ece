"""`ccmeval reader-study`: whether people tell synthetic frames from real ones, and diagnose both alike."""

from ccmeval.readers.settings import StudySettings
from ccmeval.readers.study import Study, make_study

__all__ = ["Study", "StudySettings", "make_study"]
