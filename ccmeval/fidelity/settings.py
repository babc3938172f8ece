"""Settings of pillar 1."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_FEATURES = ("inception", "dinov2", "clip", "radiomic", "morphometric")


class FidelitySettings(BaseModel):
    """How synthetic frames are compared with real ones as pictures.

    Examples
    --------
    >>> FidelitySettings().neighbours
    5
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: tuple[str, ...] = Field(
        default=DEFAULT_FEATURES,
        min_length=1,
        description="Feature extractors; one whose weights are missing is reported as unavailable.",
    )
    neighbours: int = Field(
        default=5,
        ge=1,
        le=100,
        description="k of precision, recall, density and coverage (5 in Naeem et al., ICML 2020).",
    )
    splits: int = Field(
        default=50, ge=2, le=1000, description="Random splits of the real set behind every floor."
    )
    resamples: int = Field(
        default=200, ge=20, le=10_000, description="Resamples of subjects behind every interval."
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0, description="Of every interval.")
    copies: bool = Field(
        default=True, description="Look for copies of real frames, also flipped, turned and shifted."
    )
    embedding: bool = Field(default=True, description="Draw the t-SNE pictures.")
    most_near_pairs: int = Field(
        default=12, ge=0, le=1000, description="Nearest pairs of synthetic and real frames that are shown."
    )
    autocast: bool = Field(
        default=False,
        description="Compute networks in bfloat16: quicker where the processor has it, but off by up to 0.7 %"
        " of the largest Inception feature and 0.4 % of the Frechet distance, so never called FID.",
    )
    batch: int = Field(default=32, ge=1, le=4096, description="Frames that a network takes at once.")
