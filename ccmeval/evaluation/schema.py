"""The result of `ccmeval three-pillar` as data: `report.json`, from which tables and the page are drawn."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ccmeval.fidelity.schema import FidelityResult, Strict
from ccmeval.preservation.schema import PreservationResult
from ccmeval.utility.schema import UtilityResult

SCHEMA_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

Pillar = Literal["fidelity", "preservation", "utility"]
Verdict = Literal["pass", "fail", "inconclusive", "unavailable"]
Severity = Literal["error", "warning", "note"]


class Finding(Strict):
    """Something that `ccmeval check` found in a set."""

    set: str = Field(default="", description="'real', 'synth', 'held-out', or empty.")
    code: str = Field(description="Machine name, e.g. 'duplicate-frames'.")
    severity: Severity
    sentence: str = Field(description="What is wrong and what to do, in one sentence.")
    frames: list[str] = Field(default_factory=list, description="Some of the frames concerned.")
    count: int = Field(default=0, description="All frames concerned.")


class Criterion(Strict):
    """One test that a pillar's verdict rests on."""

    pillar: Pillar
    name: str = Field(description="Machine name, by which settings switch it off or move its limit.")
    sentence: str = Field(description="The criterion in words, with its limit.")
    source: str = Field(default="", description="Where the limit comes from.")
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    floor: float | None = None
    floor_low: float | None = None
    floor_high: float | None = None
    unit: str = ""
    reason: str = Field(default="", description="Why this verdict, in one sentence.")


class PillarVerdict(Strict):
    """What a pillar's criteria come to: fail if one fails, else inconclusive if one is, else pass."""

    pillar: Pillar
    verdict: Verdict
    sentence: str
    criteria: list[Criterion] = Field(default_factory=list)


class SetFrame(Strict):
    """A frame of one of the sets, as far as tables and figures need it."""

    frame: str
    key: str
    diagnosis: str | None = None
    subject: str | None = Field(default=None, description="Subject, or source subject of the mask.")
    cluster: str = Field(description="What counts as independent: the subject, or the frame itself.")
    sha256: str = ""
    quality_flags: list[str] = Field(default_factory=list)
    biomarkers: dict[str, float | None] = Field(default_factory=dict)
    status: Literal["measured", "failed"] = "measured"
    reason: str = ""


class SetSummary(Strict):
    """One of the sets that were compared."""

    name: Literal["real", "synth", "held-out"]
    source: str = Field(description="The path as it was given.")
    layout: str = ""
    kind: Literal["frames", "reference bundle", "published table"] = "frames"
    n_frames: int = 0
    n_failed: int = 0
    n_subjects: int = Field(default=0, description="0 where subjects are unknown.")
    n_clusters: int = 0
    diagnoses: dict[str, int] = Field(default_factory=dict, description="Frames by diagnosis.")
    pixel_size_um: float | None = Field(default=None, description="Median before standardising.")
    shape_px: tuple[int, int] | None = Field(default=None, description="The commonest before standardising.")
    sha256: str = Field(default="", description="Of the sorted hashes of its frames.")
    frames: list[SetFrame] = Field(default_factory=list)


class Scale(Strict):
    """What both sets were brought to before anything was compared."""

    pixel_size_um: float | None = None
    field_of_view_um: tuple[float, float] | None = Field(default=None, description="Height, width.")
    changed_real: bool = False
    changed_synth: bool = False
    sentence: str = ""


class ThreePillarResult(Strict):
    """Everything a run of `ccmeval three-pillar` found."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["three-pillar"] = "three-pillar"
    created: str = Field(description="UTC time, ISO 8601.")
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    pillars: list[Pillar] = Field(default_factory=list, description="Those that were asked for.")
    sets: list[SetSummary] = Field(default_factory=list)
    scale: Scale = Field(default_factory=Scale)
    findings: list[Finding] = Field(default_factory=list)
    verdicts: list[PillarVerdict] = Field(default_factory=list)
    fidelity: FidelityResult | None = None
    preservation: PreservationResult | None = None
    utility: UtilityResult | None = None
    notes: list[str] = Field(default_factory=list)
