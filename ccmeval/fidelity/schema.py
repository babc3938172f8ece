"""What pillar 1 found, as data: part of `report.json`, and all that its section is drawn from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = Literal["pooled", "diagnosis", "mean over diagnoses"]
"""Over all frames; over those of one diagnosis; or the plain mean of the rows of scope "diagnosis"."""

Status = Literal["computed", "undefined", "unavailable", "refused"]
"""A number; none, since these data define none; none, since a part is missing; none, for want of a right."""

Better = Literal["lower", "higher", "neither"]
Unit = Literal["subject", "frame"]


class Strict(BaseModel):
    """A model that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class Floor(Strict):
    """The same metric between two halves of the real set, which no generator made.

    A distance of finite samples is not zero between identical distributions, so that a value means
    something only beside this one. Both are taken at one number of frames.
    """

    n: int = Field(description="Frames on each side, in floor and matched value alike.")
    splits: int = Field(description="Random splits.")
    unit: Unit = Field(description="What the halves share none of.")
    median: float | None = Field(description="Real half against real half, median over the splits.")
    low: float | None = Field(description="2.5 % quantile over the splits.")
    high: float | None = Field(description="97.5 % quantile over the splits.")
    matched_median: float | None = Field(
        description="Real half against as many synthetic frames, median over the splits."
    )
    matched_low: float | None = None
    matched_high: float | None = None
    source: Literal["halves of the real set", "held-out frames"] = "halves of the real set"
    warning: str = Field(default="", description="What weakens this floor, e.g. splits by frame.")


class MetricRow(Strict):
    """One number of pillar 1, or the reason why there is none."""

    metric: str = Field(description="Machine name, e.g. 'frechet', 'kid', 'precision'.")
    label: str = Field(description="Name that a paper may use: 'FID' only for the canonical one.")
    features: str = Field(default="", description="Name of the feature extractor; empty without one.")
    scope: Scope = "pooled"
    diagnosis: str | None = Field(default=None, description="Set where the scope is 'diagnosis'.")
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    interval_method: str = ""
    better: Better = "lower"
    n_real: int = 0
    n_synth: int = 0
    n_real_clusters: int = Field(default=0, description="Subjects, or frames where none are known.")
    n_synth_clusters: int = Field(default=0, description="Subjects of the masks, or frames.")
    n_diagnoses: int | None = Field(default=None, description="Rows that a mean over diagnoses is over.")
    floor: Floor | None = None
    status: Status = "computed"
    reason: str = Field(default="", description="Why there is no number, and the cure, in one sentence.")
    notes: list[str] = Field(default_factory=list)


class ExtractorRow(Strict):
    """A feature extractor of this run."""

    name: str
    label: str = Field(default="", description="What a Frechet distance on it is called.")
    identity: str = Field(default="", description="Name, version, weights and resizer: the key of the cache.")
    dimension: int = 0
    resizer: str = Field(default="", description="How frames are brought to its input, in words.")
    weights_sha256: str = ""
    licence: str = Field(default="", description="Of the weights.")
    status: Literal["used", "unavailable"] = "used"
    reason: str = ""


class NearPair(Strict):
    """A synthetic frame and the real frame that it is nearest to."""

    synth: str = Field(description="Frame name in the synthetic set.")
    real: str = Field(description="Frame name in the real set.")
    synth_key: str = ""
    real_key: str = ""
    method: str = Field(description="'correlation of pixels' or 'distance of <features>'.")
    transform: str = Field(default="as it is", description="What was done to the synthetic frame, in words.")
    value: float = Field(description="Distance or similarity, as the method says.")
    threshold: float | None = Field(default=None, description="From where the pair counts as a copy.")
    is_copy: bool = False


class EmbeddingPoint(Strict):
    """A frame in a two-dimensional picture of the features."""

    set: Literal["real", "synth"]
    frame: str
    diagnosis: str | None = None
    x: float
    y: float


class Embedding(Strict):
    """A t-SNE picture; for the eye alone, no number is drawn from it."""

    features: str
    perplexity: float
    seed: int
    points: list[EmbeddingPoint] = Field(default_factory=list)


class PairScore(Strict):
    """Pixel scores of one declared pair of a real and a synthetic frame."""

    real: str
    synth: str
    diagnosis: str | None = None
    psnr_db: float | None = None
    ssim: float | None = None
    ms_ssim: float | None = None
    lpips: dict[str, float] = Field(default_factory=dict, description="By backbone.")


class FidelityResult(Strict):
    """All of pillar 1."""

    extractors: list[ExtractorRow] = Field(default_factory=list)
    metrics: list[MetricRow] = Field(default_factory=list)
    near_pairs: list[NearPair] = Field(default_factory=list, description="Nearest first, a bounded number.")
    n_copies: int | None = Field(
        default=None, description="Synthetic frames that are copies of real ones; null where not looked for."
    )
    embeddings: list[Embedding] = Field(default_factory=list)
    pair_scores: list[PairScore] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
