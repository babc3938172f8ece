"""The result of `ccmeval biomarkers` as data: what `biomarkers.json` holds and the page is drawn from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

Status = Literal["measured", "failed"]
Value = float | int | str | bool | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FrameRow(_Strict):
    """One row of `biomarkers.csv`."""

    frame: str = Field(description="Name of the frame below the cohort's root.")
    key: str = Field(description="Stem of the files written for this frame.")
    subject: str | None = None
    diagnosis: str | None = None
    eye: str | None = None
    status: Status = "measured"
    reason: str = Field(default="", description="Why a failed frame failed, in one sentence.")
    quality_flags: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list, description="What was done to read this frame.")
    pixel_size_um: float | None = None
    pixel_size_source: str | None = None
    height_px: int | None = None
    width_px: int | None = None
    imaged_area_mm2: float | None = None
    sha256: str | None = Field(default=None, description="Of the frame file's bytes.")
    mask_sha256: str | None = Field(default=None, description="Of the given mask's or trace's bytes.")
    mask_source: str = Field(default="", description="The segmenter, or the given mask or trace.")
    biomarkers: dict[str, float | None] = Field(
        default_factory=dict, description="By column of the definitions; null where undefined."
    )
    counts: dict[str, int] = Field(
        default_factory=dict, description="Whole numbers behind the densities: trunks, branch points, pieces."
    )
    extra: dict[str, str] = Field(default_factory=dict, description="Further manifest columns.")


class BiomarkersResult(_Strict):
    """Everything a run of `ccmeval biomarkers` found; tables and pages are drawn from it alone."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["biomarkers"] = "biomarkers"
    created: str = Field(description="UTC time, ISO 8601.")
    command: str = Field(default="", description="The command line, where there was one.")
    versions: dict[str, str] = Field(default_factory=dict, description="ccmeval, Python and libraries.")
    settings: dict[str, Any] = Field(default_factory=dict, description="All settings, defaults included.")
    cohort_layout: str = ""
    notes: list[str] = Field(default_factory=list, description="What a reader should know of this run.")
    frames: list[FrameRow] = Field(default_factory=list)
    subjects: list[dict[str, Value]] = Field(default_factory=list, description="Rows of subjects.csv.")
    diagnoses: list[dict[str, Value]] = Field(default_factory=list, description="Rows of diagnoses.csv.")
    tests: list[dict[str, Value]] = Field(default_factory=list, description="Rows of diagnosis_tests.csv.")
