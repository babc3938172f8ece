"""From units to replicates: what each trained model said of the whole test set, in one order of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ccmeval.utility.fold import Fold
from ccmeval.utility.members import Member
from ccmeval.utility.outcomes import COUNTS, DiagnosisOutcome, Outcome, SegmentationOutcome
from ccmeval.utility.resampling import Integers
from ccmeval.utility.splits import Split
from ccmeval.utility.units import UnitResult, UnitSpec

Results = Mapping[UnitSpec, UnitResult]
"""By the unit without its place on a curve (:func:`bare`)."""


def bare(spec: UnitSpec) -> UnitSpec:
    """Give a unit without the curve that asked for it: what is trained is the same."""
    return replace(spec, curve=None, x=None)


@dataclass(frozen=True)
class Tested:
    """The test frames of a task, in the order of all outcomes.

    Attributes
    ----------
    split : Split
    members : mapping of int to Member
        By row.
    cross_fit : bool
        Whether each fold tests on frames of its own; one replicate then is a seed, not a fold and seed.
    """

    split: Split
    members: Mapping[int, Member]
    cross_fit: bool

    @cached_property
    def frame_folds(self) -> Integers | None:
        """Fold of each test frame, under cross-fit."""
        if not self.cross_fit:
            return None
        sizes = [fold.test_rows.size for fold in self.split.folds]
        return np.repeat(np.arange(len(sizes)), sizes)

    def outcome(self, rows: Sequence[int] | npt.NDArray[np.intp], said: npt.NDArray[np.float64]) -> Outcome:
        """Join what was said of rows with what is known of them."""
        frames = [self.members[int(row)] for row in rows]
        clusters = [frame.cluster for frame in frames]
        if self.split.task == "segmentation":
            columns = np.asarray(said, dtype=np.float64).reshape(len(frames), len(COUNTS))
            return SegmentationOutcome(dict(zip(COUNTS, columns.T, strict=True)), clusters)
        classes = self.split.classes
        labels = np.array([classes.index(frame.diagnosis or "") for frame in frames], dtype=np.intp)
        return DiagnosisOutcome(np.asarray(said, dtype=np.float64), labels, clusters, classes)

    def replicates(self, results: Results, specs: Sequence[UnitSpec]) -> list[Outcome | None]:
        """Give the replicates of a group or a point of a curve.

        Parameters
        ----------
        results : mapping of UnitSpec to UnitResult
        specs : sequence of UnitSpec
            One a fold and seed, in any order.

        Returns
        -------
        list of Outcome or None
            By seed and fold; under cross-fit by seed, all folds joined. None where a training run failed.
        """
        ordered = sorted(specs, key=lambda spec: (spec.seed, spec.fold))
        if not self.cross_fit:
            return [self._of_unit(results.get(bare(spec))) for spec in ordered]
        seeds = sorted({spec.seed for spec in ordered})
        return [self._joined(results, [s for s in ordered if s.seed == seed]) for seed in seeds]

    def validations(self, results: Results, specs: Sequence[UnitSpec]) -> list[Outcome | None]:
        """Give what each model said of its validation frames."""
        ordered = sorted(specs, key=lambda spec: (spec.seed, spec.fold))
        return [self._of_unit(results.get(bare(spec)), "validation") for spec in ordered]

    def _of_unit(self, result: UnitResult | None, part: str = "test") -> Outcome | None:
        if result is None or result.row.status != "done":
            return None
        return self.outcome(result.arrays[f"{part}_rows"], result.arrays[part])

    def _joined(self, results: Results, specs: Sequence[UnitSpec]) -> Outcome | None:
        found = [results.get(bare(spec)) for spec in specs]
        done = [one for one in found if one is not None and one.row.status == "done"]
        if len(done) < len(self.split.folds):
            return None
        rows = np.concatenate([one.arrays["test_rows"] for one in done])
        return self.outcome(rows, np.concatenate([one.arrays["test"] for one in done]))


def tested(split: Split, members: Sequence[Member], cross_fit: bool) -> Tested:
    """Describe the test frames of a split."""
    return Tested(split, {member.row: member for member in members}, cross_fit)


def fold_named(split: Split, index: int) -> Fold:
    """Give a fold by its number."""
    return next(fold for fold in split.folds if fold.index == index)
