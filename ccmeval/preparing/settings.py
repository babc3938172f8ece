"""Settings of `ccmeval prepare`."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ccmeval.cohort.settings import ReadingSettings
from ccmeval.options import PREPARE_OPTIONS

Shares = tuple[float, float, float]

FREE_TO_CHANGE = frozenset({"pixel_size_um", "field_of_view_um", "keep_columns", "near_repeats"})
"""Settings that a rerun into the same folder may change: they move no frame from one split to another."""


def _told(name: str, **more: Any) -> Any:
    return Field(description=PREPARE_OPTIONS[name], **more)


class PrepareSettings(BaseModel):
    """How files become a cohort.

    Examples
    --------
    >>> PrepareSettings(split=(0.8, 0.0, 0.2)).split
    (0.8, 0.0, 0.2)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    split: Shares | None = _told("split", default=(0.7, 0.15, 0.15))
    split_by: Literal["subject", "frame"] = _told("split_by", default="subject")
    seed: int = _told("seed", default=0, ge=0)
    names: Literal["diagnosis", "subject"] = _told("names", default="diagnosis")
    keep_names: bool = _told("keep_names", default=False)
    keep_columns: tuple[str, ...] = _told("keep_columns", default=())
    colour: Literal["luminance", "refuse"] = _told("colour", default="luminance")
    near_repeats: bool = _told("near_repeats", default=True)
    pixel_size_um: float | None = _told("pixel_size_um", default=None, gt=0.0, le=100.0)
    field_of_view_um: float | None = _told("field_of_view_um", default=None, gt=0.0, le=100_000.0)
    reading: ReadingSettings = Field(
        default_factory=ReadingSettings, description="Limits and tolerances of reading."
    )

    @field_validator("split")
    @classmethod
    def _adds_up(cls, shares: Shares | None) -> Shares | None:
        if shares is not None and (min(shares) < 0 or not math.isclose(sum(shares), 1.0, abs_tol=1e-6)):
            raise ValueError(
                "three shares of train, validation and test that add up to 1, as in 0.7,0.15,0.15"
            )
        return shares

    def identity(self) -> dict[str, Any]:
        """Give what a rerun into the same folder must have in common with the run before."""
        return self.model_dump(mode="json", exclude=set(FREE_TO_CHANGE))
