"""What pillar 3 found, as data: part of `report.json`, and all that its section is drawn from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ccmeval.fidelity.schema import Strict
from ccmeval.utility.learning import Task

Group = Literal["A", "A-dup", "A-balanced", "B", "C"]
Effect = Literal["helps", "harms", "no detectable effect", "inconclusive", "unavailable"]
Curve = Literal["ratio", "per-diagnosis", "loss-weight"]

GROUP_WORDS: dict[str, str] = {
    "A": "real frames only",
    "A-dup": "real frames repeated to the number of B",
    "A-balanced": "real frames resampled to equally many of each diagnosis",
    "B": "real and synthetic frames",
    "C": "synthetic frames only",
}


class LearnerRow(Strict):
    """A learner of this run."""

    name: str
    version: str = ""
    identity: str = Field(default="", description="Name, version and hash of initial weights.")
    licence: str = ""
    tasks: list[Task] = Field(default_factory=list)
    n_parameters: int = Field(default=0, description="Trainable ones; 0 where the word means nothing.")
    settings: dict[str, Any] = Field(default_factory=dict)
    status: Literal["trained", "unavailable"] = "trained"
    reason: str = ""
    notes: list[str] = Field(default_factory=list)


class Protocol(Strict):
    """How groups were trained and tested."""

    budget: str = Field(description="Name of the preset.")
    fairness: Literal["equal-steps", "equal-epochs"]
    test: Literal["held-out set", "split of the real set", "cross-fit"]
    split_by: Literal["subject", "frame"]
    folds: int
    seeds: int
    steps: int = Field(
        description="Optimiser steps of a unit; under equal-epochs those of group A; with epochs those of the"
        " fold that has most."
    )
    epochs: float | None = Field(
        default=None, description="Times that group A sees its frames, where steps follow from that."
    )
    batch_size: int
    size_px: int
    segmentation_frame_px: int
    ratio: float | None = Field(
        default=None, description="Synthetic frames per real training frame in B; null for all there are."
    )
    loss_weight: float = Field(description="lambda of the real frames' loss; 0.5 is plain averaging.")
    selection: str
    tolerance_um: float = Field(
        description="Of length sensitivity and false discovery: 3 px of an HRT3 frame."
    )
    n_test_frames: int = 0
    n_test_subjects: int = Field(default=0, description="0 where subjects are unknown.")
    n_real_frames: int = Field(default=0, description="For training and validation.")
    n_real_subjects: int = 0
    n_synth_frames: int = Field(default=0, description="That any fold may use.")
    test_diagnoses: dict[str, int] = Field(default_factory=dict, description="Test frames by diagnosis.")
    real_diagnoses: dict[str, int] = Field(default_factory=dict)
    synth_diagnoses: dict[str, int] = Field(default_factory=dict)


class Leak(Strict):
    """Something by which test frames could have reached training, and what was done about it."""

    code: str = Field(description="Machine name, e.g. 'copy-of-test-frame'.")
    severity: Literal["warning", "note"]
    sentence: str
    count: int = 0
    frames: list[str] = Field(default_factory=list, description="Some of the frames concerned.")


class UnitRow(Strict):
    """One training run: a task, a learner, a group, a fold and a seed."""

    key: str = Field(description="Hash of all that decides its result; the name of its file.")
    task: Task
    learner: str
    group: Group
    curve: Curve | None = None
    x: float | None = Field(default=None, description="Where on the curve.")
    fold: int
    seed: int
    n_real: int = 0
    n_synth: int = 0
    n_distinct: int = Field(default=0, description="Distinct training frames.")
    steps: int = 0
    best_step: int = 0
    seconds: float = 0.0
    validation_loss: float | None = None
    validation_score: float | None = Field(
        default=None, description="The primary metric on validation frames."
    )
    device: str = ""
    n_parameters: int = Field(default=0, description="Trainable ones; 0 where the word means nothing.")
    notes: list[str] = Field(default_factory=list, description="Of the learner, and of keeping its model.")
    status: Literal["done", "failed"] = "done"
    reason: str = ""
    history: list[tuple[int, float | None, float | None]] = Field(
        default_factory=list, description="Step, training loss, validation loss."
    )


class ScoreRow(Strict):
    """One metric of one group on the test frames."""

    task: Task
    learner: str
    group: Group
    metric: str
    label: str
    level: str
    unit: str = ""
    better: Literal["higher", "lower", "neither"] = "higher"
    primary: bool = False
    diagnosis: str | None = Field(default=None, description="Set where the number is of one class.")
    value: float | None = Field(default=None, description="Mean over folds and seeds.")
    sd: float | None = Field(default=None, description="Over folds and seeds.")
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    n_units: int = 0
    validation_value: float | None = Field(default=None, description="Mean of the same on validation frames.")
    reason: str = ""


class DifferenceRow(Strict):
    """One group against another on the same test frames."""

    task: Task
    learner: str
    group: Group
    against: Group
    metric: str
    label: str
    level: str
    unit: str = ""
    better: Literal["higher", "lower", "neither"] = "higher"
    primary: bool = False
    value: float | None = Field(default=None, description="Group minus against, mean over folds and seeds.")
    sd: float | None = Field(default=None, description="Of the differences over folds and seeds.")
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    interval_method: str = ""
    n_units: int = 0
    n_clusters: int = 0
    corrected_t: float | None = Field(default=None, description="Nadeau and Bengio 2003.")
    corrected_df: float | None = None
    corrected_p: float | None = None
    mcnemar_better: int | None = Field(
        default=None,
        description="Subjects that only `group` gets right (by mean probability over frames and models).",
    )
    mcnemar_worse: int | None = None
    mcnemar_p: float | None = Field(default=None, description="Exact, two-sided.")
    standard_error: float | None = None
    smallest_detectable: float | None = Field(
        default=None, description="Difference that this test would find in four of five repeats."
    )
    margin: float | None = Field(default=None, description="Smallest difference that matters.")
    effect: Effect = "inconclusive"
    reason: str = Field(default="", description="Why this effect, in half a sentence.")
    sentence: str = ""


class Confusion(Strict):
    """Mean confusion matrix of a group's models on the test frames."""

    learner: str
    group: Group
    level: Literal["frame", "subject"]
    classes: list[str]
    counts: list[list[float]] = Field(description="Row: true; column: predicted; mean over folds and seeds.")


class CalibrationBin(Strict):
    """Frames by the probability of the class that was predicted."""

    low: float
    high: float
    n: int = Field(description="Predictions, over all models.")
    confidence: float | None
    accuracy: float | None


class Calibration(Strict):
    """How far predicted probabilities can be believed."""

    learner: str
    group: Group
    error: float | None = Field(description="Expected calibration error, mean over folds and seeds.")
    bins: list[CalibrationBin] = Field(default_factory=list)


class CurvePoint(Strict):
    """The primary metric as training sets change."""

    task: Task
    learner: str
    curve: Curve
    x: float = Field(description="Synthetic frames per real one; frames a diagnosis; or lambda.")
    group: Group
    metric: str
    label: str
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    n_units: int = 0
    n_real: float = Field(default=0.0, description="Mean over folds.")
    n_synth: float = 0.0
    reason: str = ""


class LabelAgreement(Strict):
    """How often classifiers trained on real frames agree with the labels of the synthetic ones."""

    learner: str
    diagnosis: str | None = Field(default=None, description="None: all frames.")
    n_frames: int = 0
    agreement: float | None = Field(default=None, description="Share, mean over models.")
    low: float | None = None
    high: float | None = None
    kappa: float | None = None
    real_accuracy: float | None = Field(
        default=None, description="The same models on real test frames: what may be hoped for."
    )
    predicted: dict[str, float] = Field(default_factory=dict, description="Share of frames by what was said.")


class TaskVerdict(Strict):
    """What a task comes to: the effect of B against the strongest of its controls."""

    task: Task
    learner: str
    effect: Effect
    sentence: str


class SegmentationExample(Strict):
    """A test frame with what groups found in it, for the page."""

    frame: str
    key: str
    learner: str
    files: dict[str, str] = Field(description="Picture by group, relative to the run's folder.")
    dice: dict[str, float | None] = Field(default_factory=dict)


class UtilityResult(Strict):
    """Everything pillar 3 found."""

    protocol: Protocol | None = None
    learners: list[LearnerRow] = Field(default_factory=list)
    leaks: list[Leak] = Field(default_factory=list)
    verdicts: list[TaskVerdict] = Field(default_factory=list)
    scores: list[ScoreRow] = Field(default_factory=list)
    differences: list[DifferenceRow] = Field(default_factory=list)
    confusions: list[Confusion] = Field(default_factory=list)
    calibrations: list[Calibration] = Field(default_factory=list)
    curves: list[CurvePoint] = Field(default_factory=list)
    agreements: list[LabelAgreement] = Field(default_factory=list)
    examples: list[SegmentationExample] = Field(default_factory=list)
    units: list[UnitRow] = Field(default_factory=list)
    unavailable: dict[str, str] = Field(
        default_factory=dict,
        description="Tasks or learners that could not run, with the reason and the cure.",
    )
    notes: list[str] = Field(default_factory=list)
