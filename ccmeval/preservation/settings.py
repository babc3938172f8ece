"""Settings of pillar 2: what counts as equivalent, how often is resampled, which way disease runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ccmeval.morphometry.definitions import COLUMNS, DEFINITIONS

KNOWN_ORDER = ("Control", "T1NoDPN", "T1DPN")
"""Diagnoses from healthy to ill where the user names no order."""

STRUCTURE = (
    "cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "ctbd_per_mm2",
    "cnfa_mm2_per_mm2", "cnfw_um_per_mm2", "cnfrd", "tortuosity",
)  # fmt: skip
"""Biomarkers of the correlation structure: one column of each kind, none a function of others alone."""


class PreservationSettings(BaseModel):
    """All settings of pillar 2; the seed comes from outside, as a generator.

    Examples
    --------
    >>> PreservationSettings(margins={"CNFL": 1.5}).margins
    {'cnfl_mm_per_mm2': 1.5}
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    margin_in_sd: float = Field(
        default=0.5, gt=0, le=10, description="Equivalence margin in SDs of the real set's subjects."
    )
    margins: dict[str, float] = Field(
        default_factory=dict, description="Equivalence margin of a biomarker in its unit, set beforehand."
    )
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Level of every test.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Coverage of every interval.")
    adjust_difference: bool = Field(
        default=True, description="A row is 'different' by its Holm-adjusted p, not by its own."
    )
    resamples: int = Field(default=1999, ge=99, le=100_000, description="Bootstrap resamples.")
    permutations: int = Field(default=999, ge=99, le=100_000, description="Relabellings of units for KS.")
    fewest_units: int = Field(default=10, ge=2, description="Below so many units a side a row warns.")
    diagnosis_order: tuple[str, ...] | None = Field(
        default=None, description="Diagnoses from healthy to ill; default Control, T1NoDPN, T1DPN."
    )
    gradient_band: tuple[float, float] = Field(
        default=(0.5, 2.0),
        description="Where the share of the real gradient must lie, with its interval, to count as kept.",
    )
    structure: tuple[str, ...] = Field(
        default=STRUCTURE, min_length=2, description="Biomarkers of the correlation structure."
    )
    structure_resamples: int = Field(default=499, ge=99, le=100_000)
    structure_splits: int = Field(default=50, ge=1, le=10_000, description="Random halves for the floor.")
    published_n: dict[str, int] = Field(
        default_factory=dict, description="Subjects behind a published table, by diagnosis, where known."
    )

    @field_validator("margins", mode="before")
    @classmethod
    def _columns_of_margins(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return dict(zip(_columns(value), value.values(), strict=True))

    @field_validator("margins")
    @classmethod
    def _margins_are_positive(cls, value: dict[str, float]) -> dict[str, float]:
        for column, margin in value.items():
            if not 0 < margin < float("inf"):
                raise ValueError(f"the margin of {column} must be a positive number, not {margin}")
        return value

    @field_validator("structure", mode="before")
    @classmethod
    def _columns_of_structure(cls, value: Any) -> Any:
        return tuple(_columns(value)) if isinstance(value, (list, tuple)) else value

    @field_validator("gradient_band")
    @classmethod
    def _band_holds_one(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < 1 < value[1]:
            raise ValueError("the band must reach from above 0 and below 1 to above 1")
        return value

    @field_validator("diagnosis_order")
    @classmethod
    def _each_diagnosis_once(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and len(set(value)) != len(value):
            raise ValueError("a diagnosis is named twice")
        return value

    @field_validator("published_n")
    @classmethod
    def _subjects_are_counted(cls, value: dict[str, int]) -> dict[str, int]:
        if few := [name for name, n in value.items() if n < 2]:
            raise ValueError(f"at least two subjects are needed for {few[0]}")
        return value


def _columns(names: Iterable[Any]) -> list[str]:
    """Columns for columns or labels."""
    by_label = {d.label: d.column for d in DEFINITIONS}
    found = []
    for name in names:
        column = by_label.get(name, name)
        if column not in COLUMNS:
            raise ValueError(f"no biomarker is called {name!r}; there are {', '.join(by_label)}")
        found.append(str(column))
    if len(set(found)) != len(found):
        raise ValueError("a biomarker is named twice")
    return found
