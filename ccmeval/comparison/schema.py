"""The result of `ccmeval compare` as data: `compare.json`, from which table, page and curves are drawn."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ccmeval.evaluation.schema import Pillar, PillarVerdict, Scale
from ccmeval.fidelity.schema import Better, Floor, Scope, Status, Strict
from ccmeval.utility.schema import CurvePoint

SCHEMA_VERSION = "1.1"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

AxisValue = bool | int | float | str
ScoreGroup = Literal[
    "cost",
    "distance",
    "neighbours",
    "diversity",
    "pairs",
    "biomarkers",
    "gradient",
    "adherence",
    "memorisation",
    "utility",
]
"""Sections of the table, in the order in which they are shown."""

Placed = Literal["first", "second", "neither"]


class ScoreDefinition(Strict):
    """A score that sets are held side by side by: a column of the table."""

    key: str = Field(description="Machine name, e.g. 'frechet:inception' or 'adherence:length_recall'.")
    label: str = Field(description="Name that a paper may use, e.g. 'FID'.")
    group: ScoreGroup
    unit: str = ""
    better: Better
    kind: Literal["number", "count"] = Field(
        default="number", description="A count is so many of so many: `value` of `of`."
    )
    headline: bool = Field(default=False, description="Whether it stands in the main table.")
    ranked: bool = Field(default=False, description="Whether sets are ranked by it.")
    why_not_ranked: str = ""
    sentence: str = Field(default="", description="What it tells, in one sentence.")


class Reference(Strict):
    """What real frames reach in a score, where that is no distance to them: sets are read against it."""

    label: str = Field(description="Head of its row, e.g. 'Real frames alone (group A)'.")
    sentence: str = Field(default="", description="What it is, in one sentence.")
    value: float
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    n_units: int | None = Field(default=None, description="Subjects, or frames where none are known.")


class ScoreValue(Strict):
    """One score of one set, over all frames or in one diagnosis; or the reason why there is none."""

    score: str = Field(description="Key of its definition.")
    scope: Scope = "pooled"
    diagnosis: str | None = Field(default=None, description="Set where the scope is 'diagnosis'.")
    value: float | None = None
    of: int | None = Field(default=None, description="Of a count: of how many.")
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    interval_method: str = ""
    floor: Floor | None = Field(default=None, description="The same between real and real frames.")
    reference: Reference | None = Field(
        default=None,
        description="Of utility the same learner trained on real frames alone; of adherence the real frames"
        " against their own masks.",
    )
    n_frames: int | None = Field(default=None, description="Synthetic frames (or pairs, or test frames).")
    n_units: int | None = Field(default=None, description="Subjects, or frames where none are known.")
    status: Status = "computed"
    reason: str = Field(default="", description="Why there is no number, and the cure, in one sentence.")
    notes: list[str] = Field(default_factory=list)


class GeneratorFacts(Strict):
    """The generator of a set, as far as its folder tells."""

    name: str = ""
    version: str = ""
    n_trained: int | None = Field(default=None, description="Trainable parameters.")
    n_parameters: int | None = Field(default=None, description="All parameters, frozen ones included.")
    training_steps: int | None = None
    training_seconds: float | None = None
    training_device: str = ""
    training_frames: int | None = None
    training_subjects: int | None = None
    size_px: int | None = None
    seed: int | None = Field(default=None, description="Of the training.")
    settings: dict[str, Any] = Field(default_factory=dict, description="The generator's own.")
    model: str = Field(default="", description="Folder of the trained generator.")
    reason: str = Field(default="", description="Why something of this is not known.")


class MeasuredCost(Strict):
    """What generating a set took, measured while it was made here; null with the reason otherwise."""

    seconds_per_frame: float | None = None
    seconds_low: float | None = Field(default=None, description="Interval over batches.")
    seconds_high: float | None = None
    n_frames_timed: int = Field(default=0, description="Without the first batch, which warms up.")
    batch_size: int | None = None
    peak_memory_bytes: int | None = Field(
        default=None, description="Of the process that generated, resident, weights included."
    )
    peak_device_memory_bytes: int | None = Field(default=None, description="Of the GPU, allocated.")
    device: str = ""
    method: str = ""
    reason: str = ""


class ComparedSet(Strict):
    """One synthetic set: a row of the table."""

    name: str
    source: str = Field(description="Folder or manifest; relative to the run's folder where it lies in it.")
    made_here: bool = Field(default=False, description="Generated by this run.")
    axes: dict[str, AxisValue] = Field(
        default_factory=dict, description="Place in the ablation: value by axis, e.g. {'rank': 8}."
    )
    family: str = Field(default="", description="Entry of the settings that a grid expanded to this set.")
    status: Literal["scored", "failed"] = "scored"
    reason: str = Field(default="", description="Why it failed, in one sentence.")
    folder: str = Field(
        default="", description="Of its three-pillar run, relative: report.html, report.json."
    )
    n_frames: int = 0
    n_failed: int = 0
    n_clusters: int = 0
    by_subject: bool = Field(default=False, description="Whether clusters are the masks' source subjects.")
    diagnoses: dict[str, int] = Field(default_factory=dict, description="Frames by diagnosis.")
    sha256: str = Field(default="", description="Of the sorted hashes of its frames.")
    generator: GeneratorFacts | None = None
    cost: MeasuredCost = Field(default_factory=MeasuredCost)
    values: list[ScoreValue] = Field(default_factory=list)
    verdicts: list[PillarVerdict] = Field(default_factory=list)
    curves: list[CurvePoint] = Field(default_factory=list, description="Of pillar 3, where asked for.")
    findings: list[str] = Field(default_factory=list, description="Errors and warnings of the check.")
    notes: list[str] = Field(default_factory=list)

    def value(self, score: str, diagnosis: str | None = None) -> ScoreValue | None:
        """Give a score over all frames, or in one diagnosis; None where the set has no such row."""
        scope = "pooled" if diagnosis is None else "diagnosis"
        wanted = (score, scope, diagnosis)
        return next((it for it in self.values if (it.score, it.scope, it.diagnosis) == wanted), None)


class RealSide(Strict):
    """The real set that all are held against."""

    source: str
    n_frames: int = 0
    n_subjects: int = 0
    n_clusters: int = 0
    by_subject: bool = False
    diagnoses: dict[str, int] = Field(default_factory=dict)
    sha256: str = ""
    held_out: str | None = None
    n_held_out: int = 0


class SetRank(Strict):
    """The place of a set by one score."""

    set: str
    value: float | None = Field(description="As compared: at the common number of frames, if that differs.")
    value_low: float | None = Field(
        default=None, description="Interval of the value, from the same resamples."
    )
    value_high: float | None = None
    standard_error: float | None = None
    rank: int = Field(description="1 plus the sets that are placed above it: ties share a rank.")
    low: int = Field(description="Interval of the rank, for all sets together: from `rank`")
    high: int = Field(description="to all sets less those placed below.")
    letters: str = Field(description="Sets that share a letter are not told apart; 'a' holds the best.")
    probability_best: float = Field(description="Share of the draws in which it is the best.")


class PairDifference(Strict):
    """Two sets against each other by one score, from one resampling of both."""

    first: str
    second: str
    difference: float = Field(description="First minus second.")
    standard_error: float | None = None
    low: float | None = Field(default=None, description="Of this pair alone.")
    high: float | None = None
    adjusted_low: float | None = Field(default=None, description="Holds 0 unless p_holm is below alpha.")
    adjusted_high: float | None = None
    p: float | None = None
    p_holm: float | None = Field(default=None, description="Over all pairs of this ranking.")
    probability_better: float | None = Field(
        default=None, description="Share of the draws in which the first is the better one."
    )
    placed: Placed = Field(default="neither", description="Which of them is placed above the other.")
    reason: str = Field(default="", description="Why, in half a sentence.")


class Ranking(Strict):
    """The order of the sets by one score, as far as there is one."""

    score: str
    scope: Scope = "pooled"
    diagnosis: str | None = None
    better: Better
    status: Literal["ranked", "not ranked"] = "ranked"
    reason: str = Field(default="", description="Why nothing is ranked.")
    method: str = Field(default="", description="How the joint uncertainty was found, in words.")
    confidence: float = 0.95
    draws: int = 0
    n_frames: int | None = Field(
        default=None, description="Synthetic frames of each set that were compared; null where all were."
    )
    floor_noise: float | None = Field(
        default=None, description="Half the range of the floor; smaller differences place nothing."
    )
    ranks: list[SetRank] = Field(default_factory=list, description="Best value first.")
    pairs: list[PairDifference] = Field(default_factory=list)
    left_out: dict[str, str] = Field(default_factory=dict, description="Sets not ranked, with the reason.")
    notes: list[str] = Field(default_factory=list)


class ParetoFront(Strict):
    """Sets that no other is above by one score without being below by another."""

    scores: list[str]
    rule: str
    front: list[str]
    above: dict[str, list[str]] = Field(
        default_factory=dict, description="Of each set off the front: those that dominate it."
    )
    by_value: list[str] = Field(
        default_factory=list, description="The front by plain values, without regard to chance."
    )


class OverallRank(Strict):
    """A set by a rule over several scores."""

    set: str
    value: float = Field(description="What the rule comes to, e.g. the mean rank.")
    low: float
    high: float
    rank: int


class OverallRanking(Strict):
    """One order over several scores; only where a rule was asked for, as scores disagree."""

    rule: Literal["mean-rank"]
    sentence: str
    scores: list[str]
    ranks: list[OverallRank]
    left_out: dict[str, str] = Field(default_factory=dict)


class CompareResult(Strict):
    """Everything a run of `ccmeval compare` found."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["compare"] = "compare"
    created: str = Field(description="UTC time, ISO 8601.")
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    pillars: list[Pillar] = Field(default_factory=list)
    real: RealSide
    scale: Scale = Field(default_factory=Scale, description="One for all sets.")
    diagnoses: list[str] = Field(default_factory=list, description="In order, of all sets.")
    axes: dict[str, list[AxisValue]] = Field(
        default_factory=dict, description="Axes of the ablation with their values, in order."
    )
    scores: list[ScoreDefinition] = Field(default_factory=list, description="In the order of the columns.")
    sets: list[ComparedSet] = Field(default_factory=list, description="In the order they were given.")
    rankings: list[Ranking] = Field(default_factory=list)
    pareto: ParetoFront | None = None
    overall: OverallRanking | None = None
    shared: dict[str, str] = Field(
        default_factory=dict, description="Work that was done once for all sets, in words, by part."
    )
    notes: list[str] = Field(default_factory=list)
