"""Records, manifests, reading frames and their pixel size."""

from ccmeval.cohort.common_scale import choose_scale
from ccmeval.cohort.diagnosis import ALIASES, fold_diagnosis
from ccmeval.cohort.imaged import imaged_area
from ccmeval.cohort.load import load_cohort
from ccmeval.cohort.masks import is_trace, read_mask
from ccmeval.cohort.pixel_size import choose_pixel_size
from ccmeval.cohort.reading import read_frame
from ccmeval.cohort.record import Cohort, Frame, PixelSizeSource, Record
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.cohort.standardise import CommonScale, standardise, standardise_mask, standardise_trace

__all__ = [
    "ALIASES",
    "Cohort",
    "CommonScale",
    "Frame",
    "PixelSizeSource",
    "ReadingSettings",
    "Record",
    "choose_pixel_size",
    "choose_scale",
    "fold_diagnosis",
    "imaged_area",
    "is_trace",
    "load_cohort",
    "read_frame",
    "read_mask",
    "standardise",
    "standardise_mask",
    "standardise_trace",
]
