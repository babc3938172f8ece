"""Records, manifests, reading frames and their pixel size."""

from ccmeval.cohort.record import Cohort, Frame, Record

__all__ = ["Cohort", "Frame", "Record"]
