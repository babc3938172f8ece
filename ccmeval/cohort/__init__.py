"""Records, manifests, reading frames and their pixel size."""

from ccmeval.cohort.diagnosis import ALIASES, fold_diagnosis
from ccmeval.cohort.imaged import imaged_area
from ccmeval.cohort.load import load_cohort
from ccmeval.cohort.masks import is_trace, read_mask
from ccmeval.cohort.pixel_size import choose_pixel_size
from ccmeval.cohort.reading import read_frame
from ccmeval.cohort.record import Cohort, Frame, PixelSizeSource, Record
from ccmeval.cohort.settings import ReadingSettings

__all__ = [
    "ALIASES",
    "Cohort",
    "Frame",
    "PixelSizeSource",
    "ReadingSettings",
    "Record",
    "choose_pixel_size",
    "fold_diagnosis",
    "imaged_area",
    "is_trace",
    "load_cohort",
    "read_frame",
    "read_mask",
]
