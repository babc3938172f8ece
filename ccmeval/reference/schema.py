"""What a reference bundle says, as data: its `bundle.json`. Arrays lie beside it in the same file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ccmeval.fidelity.schema import Strict, Unit

FORMAT_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

Side = Literal["whole", "first half", "second half"]
Scope = Literal["pooled", "diagnosis"]


class ArrayNote(Strict):
    """An array of the bundle: a `.npy` member of the zip file."""

    sha256: str = Field(description="Of the member's bytes.")
    dtype: Literal["<f4", "<f8", "<i4"]
    shape: list[int]


class Cell(Strict):
    """Frames that numbers are taken over; never fewer subjects than the minimum."""

    scope: Scope = "diagnosis"
    diagnosis: str | None = Field(default=None, description="Null with scope 'diagnosis': none is stated.")
    n_frames: int
    n_units: int = Field(description="Subjects, or frames where none are known.")


class ReferenceSet(Strict):
    """The real set, as far as it may be told."""

    n_frames: int = Field(description="Frames that the numbers are over.")
    n_units: int
    by_subject: bool
    cells: list[Cell] = Field(description="Frames by diagnosis.")
    left_out: list[str] = Field(
        default_factory=list, description="Diagnoses with too few subjects; nothing else is told of them."
    )
    pixel_size_um: float | None = Field(default=None, description="Median before standardising.")
    shape_px: tuple[int, int] | None = Field(default=None, description="The commonest before standardising.")
    sha256: str = Field(description="Of the sorted hashes of the frames; whoever has them can verify it.")


class ReferenceScale(Strict):
    """What the frames were brought to, and synthetic ones will be."""

    pixel_size_um: float
    field_of_view_um: tuple[float, float] = Field(description="Height, width.")
    sentence: str = ""


class MomentsNote(Cell):
    """Mean and covariance of the features of a cell's frames."""

    side: Side = "whole"
    mean: str = Field(description="Array (D,).")
    factor: str = Field(description="Array (R, D) with covariance = factor.T @ factor (n - 1).")


class FloorNote(Strict):
    """Frechet distances between subject-disjoint halves of the real set."""

    scope: Scope
    diagnosis: str | None = None
    unit: Unit
    distances: list[float] = Field(description="One a random split.")
    warning: str = ""


class VectorsNote(Strict):
    """Feature vectors of single frames; only where the builder asked to keep them."""

    values: str = Field(description="Array (N, D), ordered by content.")
    clusters: str = Field(description="Array (N,): frames of one number are of one subject.")
    diagnoses: str = Field(description="Array (N,): place in `diagnosis_names`, -1 where none is stated.")
    diagnosis_names: list[str]


class StandardisationNote(Strict):
    """Means and SDs of the real set, by which features of unlike units are standardised."""

    names: list[str] = Field(description="Of all columns, before constant ones are dropped.")
    kept: list[int]
    mean: str
    sd: str


class ReferenceExtractor(Strict):
    """What the bundle holds of one feature extractor."""

    name: str
    label: str
    identity: str = Field(description="Must be the same where synthetic frames are scored.")
    dimension: int
    resizer: str = ""
    weights_sha256: str = ""
    licence: str = ""
    standardisation: StandardisationNote | None = None
    moments: list[MomentsNote] = Field(default_factory=list)
    floors: list[FloorNote] = Field(default_factory=list)
    vectors: VectorsNote | None = None
    notes: list[str] = Field(default_factory=list)


class BiomarkerSummary(Cell):
    """Distribution of one biomarker in one diagnosis, or pooled."""

    biomarker: str = Field(description="Column of the biomarker table.")
    n_undefined: int = Field(description="Frames of the cell in which it is undefined.")
    mean: float = Field(description="Over units, each counting once.")
    sd: float | None = Field(description="Between the means of units.")
    sd_frames: float | None = Field(description="Over frames, about their mean, which is not told.")
    log_sd_error: float | None = Field(description="Standard error of log(sd_frames) over units.")
    margin_sd: float | None = Field(description="SD of units within diagnoses: the unit of a margin.")
    margin_variance: float = Field(
        default=0.0, description="Of `margin_sd`; below 20 units that of normal values."
    )
    margin_covariance: float = Field(
        default=0.0, description="Of `margin_sd` with minus the mean; 0 below 20 units."
    )
    quantiles: dict[str, float] = Field(
        default_factory=dict,
        description="Over frames: every 5 % from 100 frames on, 10 % from 50, quartiles from 20, else none.",
    )


class TrendSummary(Strict):
    """Jonckheere-Terpstra test along some diagnoses, over units."""

    biomarker: str
    order: list[str]
    z: float | None
    p: float | None


class CorrelationSummary(Strict):
    """Rank correlations among biomarkers within diagnoses, over frames."""

    biomarkers: list[str]
    matrix: list[list[float | None]]
    n_frames: int
    n_units: int
    floor_n: int | None = Field(default=None, description="Frames of a half.")
    floor: list[float] = Field(
        default_factory=list, description="Mean absolute difference between halves, one a split."
    )


class Minimum(Strict):
    """Smallest number of units that a number may be over."""

    n: int
    unit: Unit


class ReferenceBundle(Strict):
    """All that a reference bundle says, but for the numbers in its arrays."""

    format_version: str = FORMAT_VERSION
    kind: Literal["reference bundle"] = "reference bundle"
    created: str = Field(description="UTC time, ISO 8601.")
    versions: dict[str, str]
    disclosure: list[str] = Field(description="What the bundle discloses of the real set and what not.")
    minimum: Minimum
    set: ReferenceSet
    scale: ReferenceScale
    segmenter: str = Field(description="Name and version, or 'given mask'; synthetic frames need the same.")
    measurement: dict[str, Any] = Field(description="Settings that synthetic frames are measured with.")
    diagnosis_order: list[str] = Field(description="From healthy to ill.")
    seed: int
    extractors: list[ReferenceExtractor] = Field(default_factory=list)
    biomarkers: list[BiomarkerSummary] = Field(default_factory=list)
    trends: list[TrendSummary] = Field(default_factory=list)
    correlation: CorrelationSummary | None = None
    notes: list[str] = Field(default_factory=list)
    arrays: dict[str, ArrayNote] = Field(default_factory=dict)
