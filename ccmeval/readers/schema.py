"""What a reader study found, as data: `scores.json`, from which tables and page are drawn."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ccmeval.readers.key import Truth
from ccmeval.readers.settings import Question

SCHEMA_VERSION = "1.0"

Conclusion = Literal["told apart", "equivalent to chance", "both", "inconclusive", "undefined"]
"""A difference from chance is shown; or that accuracy lies within the margin of chance; or both (a difference
smaller than the margin); or neither; or there are too few answers."""

ALL_READERS = "all readers"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Interval(_Strict):
    """An estimate with its interval; null where it is undefined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    method: str = ""


class Detection(_Strict):
    """How well a reader tells synthetic frames from real ones."""

    reader: str
    n: int = Field(description="Frames answered, each at its first showing.")
    n_right: int
    n_clusters: int = Field(description="Subjects of these frames, or frames where subjects are unknown.")
    accuracy: Interval = Field(description="With the wider of the two intervals below.")
    wilson: Interval
    exact_low: float | None = None
    exact_high: float | None = None
    bootstrap: Interval
    p: float | None = Field(default=None, description="Exact binomial test against one half, two-sided.")
    p_holm: float | None = Field(default=None, description="Adjusted over the readers.")
    margin: float
    p_equivalence: float | None = Field(default=None, description="The larger of two exact one-sided tests.")
    bootstrap_90: Interval = Field(description="90 % interval over subjects, set against the margin too.")
    sensitivity: Interval = Field(description="Share of synthetic frames called synthetic.")
    specificity: Interval = Field(description="Share of real frames called real.")
    d_prime: Interval
    criterion: float | None = Field(default=None, description="Above 0: a leaning to 'real'.")
    conclusion: Conclusion
    sentence: str


class PooledDetection(_Strict):
    """The mean over those readers who answered as many real frames as synthetic ones, or nearly so."""

    n_readers: int
    accuracy: Interval = Field(description="Over subjects, for these readers.")
    accuracy_90: Interval
    over_readers: Interval = Field(
        description="Student's t over readers, from three on: for readers like them."
    )
    margin: float
    conclusion: Conclusion
    sentence: str


class Agreement(_Strict):
    """Kappa between readers, or between the two answers of one reader."""

    question: Literal["real", "diagnosis"]
    kind: Literal["between two readers", "between all readers", "same reader twice"]
    readers: list[str]
    kappa: Interval
    observed: float | None = Field(
        default=None, description="Share of frames (of pairs of answers) that agree."
    )
    reason: str = Field(default="", description="Why there is no kappa.")


class DiagnosisScore(_Strict):
    """How often a reader names the diagnosis, in real frames and in synthetic ones."""

    reader: str
    truth: Truth
    diagnosis: str | None = Field(default=None, description="None: over all.")
    accuracy: Interval
    wilson: Interval
    n_right: int


class DiagnosisDifference(_Strict):
    """Accuracy of the diagnosis in synthetic frames minus that in real ones."""

    reader: str
    newcombe: Interval = Field(description="Frames taken as independent.")
    bootstrap: Interval = Field(description="Subjects drawn together, over both sets.")
    difference: Interval = Field(description="With the wider of the two.")


class ReaderConfusion(_Strict):
    """Answers by true diagnosis."""

    reader: str
    truth: Truth
    classes: list[str]
    counts: list[list[int]] = Field(description="Row: true; column: answered.")


class ReaderRow(_Strict):
    """A reader."""

    reader: str
    file: str
    years: float | None = None
    n_answered: int
    median_seconds: float | None = None
    notes: list[str] = Field(default_factory=list)


class StudyScores(_Strict):
    """Everything that a reader study found."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["reader-study-scores"] = "reader-study-scores"
    created: str
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    study: str
    title: str
    question: Question
    margin: float
    confidence: float
    seed: int
    n_frames: int = Field(description="Different frames.")
    n_repeats: int
    by_subject: bool
    readers: list[ReaderRow] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list, description="Files that could not be used, and why.")
    detection: list[Detection] = Field(default_factory=list)
    pooled: PooledDetection | None = None
    agreements: list[Agreement] = Field(default_factory=list)
    diagnoses: list[DiagnosisScore] = Field(default_factory=list)
    differences: list[DiagnosisDifference] = Field(default_factory=list)
    confusions: list[ReaderConfusion] = Field(default_factory=list)
    power: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
