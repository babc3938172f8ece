"""The result of `ccmeval agreement` as data: what `agreement.json` holds and the page is drawn from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Interval(_Strict):
    """A number with its confidence interval; null where too few values define it."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Pair(_Strict):
    """One frame measured by both."""

    frame: str
    other_frame: str
    subject: str | None = None
    first: float
    second: float


class BiomarkerAgreement(_Strict):
    """Agreement of one biomarker; differences are first - second."""

    biomarker: str = Field(description="Column of the definitions.")
    label: str
    unit: str
    first_header: str = Field(description="The column's header in the first table.")
    second_header: str = Field(description="The column's header in the second table.")
    scale: float = Field(default=1.0, description="Factor the user had the second table multiplied by.")
    n_frames: int = Field(description="Frames with a value in both.")
    n_subjects: int = Field(description="Subjects among them; 0 where unknown.")
    mean_first: float | None
    mean_second: float | None
    sd_first: float | None
    sd_second: float | None
    bias: Interval = Field(description="Mean difference, first - second.")
    bias_percent: float | None = Field(description="Bias in percent of the mean of both.")
    sd_difference: float | None
    lower_limit: Interval = Field(description="Bias - 1.96 SD.")
    upper_limit: Interval = Field(description="Bias + 1.96 SD.")
    limits_method: str
    slope: Interval = Field(description="Change of the difference per unit of the mean of both.")
    slope_p: float | None
    icc: Interval = Field(description="ICC(2,1), absolute agreement, over frames.")
    icc_subjects: Interval | None = Field(
        default=None, description="ICC(2,1) over subjects' means, where subjects have several frames."
    )
    pearson: Interval
    spearman: Interval
    concordance: Interval = Field(description="Lin's concordance correlation coefficient.")
    interval_method: str = Field(
        description="How the intervals of ICC over frames and correlations were made."
    )
    warnings: list[str] = Field(default_factory=list)
    pairs: list[Pair] = Field(default_factory=list)


class AgreementResult(_Strict):
    """Everything a run of `ccmeval agreement` found."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["agreement"] = "agreement"
    created: str = Field(description="UTC time, ISO 8601.")
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    first_file: str
    second_file: str
    first_name: str = Field(description="What the first table is called in figures.")
    second_name: str
    first_sha256: str
    second_sha256: str
    n_frames: int = Field(description="Frames found in both tables.")
    n_subjects: int = Field(description="Subjects among them; 0 where unknown.")
    unmatched_first: list[str] = Field(default_factory=list)
    unmatched_second: list[str] = Field(default_factory=list)
    ambiguous: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    biomarkers: list[BiomarkerAgreement] = Field(default_factory=list)
