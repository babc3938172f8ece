"""One frame: its nerves, found or given, their graph and their biomarkers."""

from ccmeval.measurement.measure import Measurement, measure, measure_record

__all__ = ["Measurement", "measure", "measure_record"]
