"""Settings of pillar 3: the budget's presets, the groups, the split, and the learners."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccmeval.options import UTILITY_OPTIONS
from ccmeval.utility.learning import Selection, Task
from ccmeval.utility.presets import over_preset
from ccmeval.utility.schema import Curve, Group

Budget = Literal["quick", "standard", "full"]

BUDGETS: Final[dict[str, dict[str, Any]]] = {
    "quick": {
        "folds": 3,
        "seeds": 1,
        "steps": 160,
        "batch_size": 16,
        "evaluations": 4,
        "size_px": 96,
        "segmentation_frame_px": 192,
    },
    "standard": {"folds": 5, "seeds": 2, "steps": 2_000, "batch_size": 16, "size_px": 224},
    "full": {"folds": 5, "seeds": 5, "steps": 10_000, "batch_size": 32, "size_px": 384},
}
"""What a budget sets, where a setting is not given by itself."""

DEFAULT_RATIOS = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0)


def _told(name: str, **more: Any) -> Any:
    """Make a field with its description."""
    return Field(description=UTILITY_OPTIONS[name], **more)


class UtilitySettings(BaseModel):
    """How pillar 3 is run; what the budget sets is filled in when the settings are made.

    Examples
    --------
    >>> UtilitySettings().folds, UtilitySettings(budget="full").seeds, UtilitySettings(folds=4).folds
    (3, 5, 4)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[Task, ...] = _told("tasks", default=("diagnosis", "segmentation"), min_length=1)
    learners: tuple[str, ...] = _told("learners", default=("hmsvit", "biomarker"), min_length=1)
    budget: Budget = _told("budget", default="quick")
    preset: str | None = _told("preset", default=None)
    fairness: Literal["equal-steps", "equal-epochs"] = _told("fairness", default="equal-steps")
    groups: tuple[Group, ...] = _told("groups", default=("A", "A-balanced", "A-dup", "B", "C"))
    folds: int = _told("folds", default=3, ge=2, le=20)
    seeds: int = _told("seeds", default=1, ge=1, le=100)
    steps: int = _told("steps", default=160, ge=1)
    epochs: float | None = _told("epochs", default=None, gt=0.0, le=100_000.0)
    batch_size: int = _told("batch_size", default=16, ge=1, le=4096)
    size_px: int = _told("size_px", default=96, ge=32, le=2048)
    segmentation_frame_px: int = _told("segmentation_frame_px", default=384, ge=32, le=4096)
    evaluations: int = _told("evaluations", default=8, ge=1, le=1000)
    selection: Selection = _told("selection", default="validation-loss")
    test_share: float = _told("test_share", default=0.2, gt=0.0, lt=0.9)
    cross_fit: bool = _told("cross_fit", default=False)
    split_by: Literal["subject", "frame"] = _told("split_by", default="subject")
    ratio: float | None = _told("ratio", default=None, gt=0.0, le=100.0)
    loss_weight: float = _told("loss_weight", default=0.5, gt=0.0, lt=1.0)
    curves: tuple[Curve, ...] = _told("curves", default=())
    ratios: tuple[float, ...] = _told("ratios", default=DEFAULT_RATIOS)
    per_diagnosis: tuple[int, ...] = _told("per_diagnosis", default=(25, 50, 100, 250, 500, 1000))
    loss_weights: tuple[float, ...] = _told("loss_weights", default=(0.1, 0.25, 0.5, 0.75, 0.9))
    margin: float = _told("margin", default=0.05, gt=0.0, lt=1.0)
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0, description="Of every interval.")
    resamples: int = Field(default=2_000, ge=100, le=100_000, description="Resamples of subjects and models.")
    tolerance_um: float = Field(
        default=3.125,
        gt=0.0,
        le=50.0,
        description="Within which a centre line counts as found: 3 px of an HRT3 frame (400 um, 384 px).",
    )
    weights: dict[str, str] = _told("weights", default_factory=dict)
    download: bool = _told("download", default=False)
    learner: dict[str, dict[str, Any]] = _told("learner", default_factory=dict)
    unit_jobs: int | None = _told("unit_jobs", default=None, ge=1, le=512)
    keep_models: bool = _told("keep_models", default=False)

    @model_validator(mode="before")
    @classmethod
    def _of_budget(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = {name: value for name, value in data.items() if value is not None}
        if "preset" in given:
            given = over_preset(str(given["preset"]), given)
        return {**BUDGETS.get(str(given.get("budget", "quick")), {}), **given}

    @field_validator("tasks", "learners", "groups", "curves", mode="before")
    @classmethod
    def _comma_list(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("tasks", "learners", "groups", "curves")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _fits(self) -> UtilitySettings:
        if "A" not in self.groups or len(self.groups) < 2:
            raise ValueError(
                "groups: group A (real frames only) and at least one to hold against it are needed"
            )
        if self.fairness == "equal-epochs" and "B" in self.groups and "A-dup" not in self.groups:
            raise ValueError(
                "groups: equal-epochs gives B more steps than A; add A-dup, its control with as many frames"
            )
        if "segmentation" in self.tasks and self.size_px > self.segmentation_frame_px:
            raise ValueError("size_px: a crop cannot be larger than segmentation_frame_px")
        return self

    def steps_with(self, n_frames: int) -> int:
        """Give the optimiser steps of group A.

        Parameters
        ----------
        n_frames : int
            Its training frames.

        Returns
        -------
        int
            `steps`; or, where `epochs` are given, as many as those take, the last batch of an epoch counting
            as a whole one.

        Examples
        --------
        >>> UtilitySettings(steps=50).steps_with(130)
        50
        >>> UtilitySettings(epochs=10, batch_size=64).steps_with(130)
        30
        """
        if self.epochs is None:
            return self.steps
        return max(1, round(self.epochs * math.ceil(n_frames / self.batch_size)))
