"""From a planned unit to the work by which any process can do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.utility_pools import TaskPool
from ccmeval.plugins import WeightSource
from ccmeval.utility.groups import compose
from ccmeval.utility.members import Member
from ccmeval.utility.plan import unit_steps
from ccmeval.utility.portions import Portion, portion
from ccmeval.utility.replicates import fold_named
from ccmeval.utility.splits import Split
from ccmeval.utility.unit_key import JobFacts, unit_seed
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.work import UnitWork, with_key

MOST_EXAMPLES = 3
"""Test frames whose predicted nerves are kept as pictures."""


@dataclass(frozen=True)
class WorkMaker:
    """Makes the works of a task.

    Attributes
    ----------
    pool : TaskPool
    split : Split
    settings : ThreePillarSettings
    folder : pathlib.Path
        Of the pillar.
    ask_synth : bool
        Whether models of group A are asked for the diagnosis of synthetic frames, too. Their training run is
        then one of this synthetic set's own.
    """

    pool: TaskPool
    split: Split
    settings: ThreePillarSettings
    folder: Path
    ask_synth: bool = True

    @cached_property
    def members(self) -> dict[int, Member]:
        """The frames by row."""
        return {member.row: member for member in self.pool.members}

    def work(
        self, spec: UnitSpec, identity: str, learner_settings: dict[str, Any], weights: WeightSource
    ) -> UnitWork:
        """Make the work of a unit.

        Parameters
        ----------
        spec : UnitSpec
        identity : str
            What the learner's `prepare` gave.
        learner_settings : dict
            Complete.
        weights : WeightSource
        """
        fold = fold_named(self.split, spec.fold)
        chosen = compose(spec, fold, self.pool.members, self.settings.seed)
        utility = self.settings.utility
        asked = self.ask_synth and spec.group == "A" and spec.task == "diagnosis"
        segments = spec.task == "segmentation"
        return with_key(
            UnitWork(
                spec=spec,
                facts=JobFacts(
                    seed=unit_seed(self.settings.seed, spec.task, spec.fold, spec.seed),
                    steps=unit_steps(spec, chosen, utility, int(fold.train_rows.size)),
                    batch_size=utility.batch_size,
                    size_px=utility.size_px,
                    evaluations=utility.evaluations,
                    selection=utility.selection,
                    tolerance_um=utility.tolerance_um,
                ),
                classes=self.split.classes if spec.task == "diagnosis" else (),
                pool=self.pool.home,
                train=self._portion(chosen.rows, chosen.weights),
                validation=self._portion(fold.validation_rows),
                test=self._portion(fold.test_rows),
                identity=identity,
                settings=learner_settings,
                folder=self.folder,
                weights=weights,
                n_real=chosen.n_real,
                n_synth=chosen.n_synth,
                synth=self._synth_rows if asked else (),
                examples=_examples(self.members, fold.test_rows) if segments and spec.fold == 0 else (),
                truths=self.pool.truths if segments else None,
                keep_model=utility.keep_models,
            ),
            self.pool.digests,
        )

    @cached_property
    def _synth_rows(self) -> list[int]:
        rows = [fold.synth_rows for fold in self.split.folds]
        return [int(row) for row in np.unique(np.concatenate(rows))]

    def _portion(self, rows: npt.NDArray[np.intp], weights: npt.NDArray[np.float64] | None = None) -> Portion:
        if self.split.task == "segmentation":
            return portion(rows, None, weights)
        classes = self.split.classes
        labels = [classes.index(self.members[int(row)].diagnosis or "") for row in rows]
        return portion(rows, labels, weights)


def _examples(members: dict[int, Member], test_rows: Sequence[int] | npt.NDArray[np.intp]) -> list[int]:
    """Choose test frames to show: the first of each diagnosis, then the next ones."""
    rows = [int(row) for row in test_rows]
    seen: set[str | None] = set()
    first = [row for row in rows if not (members[row].diagnosis in seen or seen.add(members[row].diagnosis))]  # type: ignore[func-returns-value]
    return [*first, *(row for row in rows if row not in first)][:MOST_EXAMPLES]
