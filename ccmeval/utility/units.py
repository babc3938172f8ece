"""A unit of work: one training run with its predictions, cached under a hash of all that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from ccmeval.utility.learning import Task
from ccmeval.utility.schema import Curve, Group, UnitRow


@dataclass(frozen=True)
class UnitSpec:
    """Which training run.

    Attributes
    ----------
    task, learner, group, fold, seed
        The learner by name; fold and seed from 0.
    ratio : float or None
        Synthetic frames per real one; None for all that the fold may use.
    per_diagnosis : int or None
        Synthetic frames a diagnosis, instead of a ratio.
    loss_weight : float
        lambda of the real frames' loss.
    curve, x
        The curve that the unit is a point of, if any, and where.
    """

    task: Task
    learner: str
    group: Group
    fold: int
    seed: int
    ratio: float | None = None
    per_diagnosis: int | None = None
    loss_weight: float = 0.5
    curve: Curve | None = None
    x: float | None = None


@dataclass(frozen=True)
class UnitResult:
    """What a unit came to.

    Attributes
    ----------
    spec : UnitSpec
    row : UnitRow
        Its facts; ``status`` tells whether there are arrays.
    arrays : mapping of str to array
        ``test_rows`` (T,) and ``validation_rows`` (V,): rows of the pool; and of those rows, for diagnosis
        ``test`` (T, C) and ``validation`` (V, C), probabilities; for segmentation ``test`` (T, K) and
        ``validation`` (V, K), counts in the order of :data:`ccmeval.utility.outcomes.COUNTS`. Units of
        group A that learnt diagnoses also hold ``synth_rows`` and ``synth``. Segmentation units hold
        ``example_rows`` and ``examples`` (E, S, S) uint8, probabilities of a few test frames.
    """

    spec: UnitSpec
    row: UnitRow
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
