"""All scores and differences of a task and a learner, from what its models said of the test frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from ccmeval.utility.differences import difference_row
from ccmeval.utility.group_scores import GroupScores, Replicates, score_group
from ccmeval.utility.learning import Task
from ccmeval.utility.outcomes import MetricSpec
from ccmeval.utility.resampling import Integers, subject_draws
from ccmeval.utility.schema import DifferenceRow, Group, ScoreRow
from ccmeval.utility.score_rows import score_rows
from ccmeval.utility.settings import UtilitySettings

PAIRS: Final[tuple[tuple[Group, Group], ...]] = (
    ("B", "A"),
    ("B", "A-balanced"),
    ("B", "A-dup"),
    ("C", "A"),
    ("A-balanced", "A"),
    ("A-dup", "A"),
)
"""Groups that are compared, each against the second."""


def group_statistics(
    task: Task,
    learner: str,
    replicates: Mapping[Group, Replicates],
    specs: Sequence[MetricSpec],
    rng: np.random.Generator,
    settings: UtilitySettings,
    *,
    n_folds: int | None = None,
    frame_folds: Integers | None = None,
    validation: Mapping[Group, Replicates] | None = None,
    watch: Callable[[Mapping[Group, GroupScores]], None] | None = None,
) -> tuple[list[ScoreRow], list[DifferenceRow]]:
    """Score all groups on the same draws of subjects, and compare them.

    Parameters
    ----------
    task, learner : str
    replicates : mapping of group to sequence of Outcome or None
        Equally many a group, in one order of folds and seeds, all of the same test frames; None where
        training failed.
    specs : sequence of MetricSpec
    rng : numpy.random.Generator
    settings : UtilitySettings
    n_folds : int, optional
        Folds that could be made, where that is fewer than the settings ask for.
    frame_folds : int array (N,), optional
        Fold of each test frame, needed under cross-fit: there a replicate is one seed, and the corrected
        t-test is over folds and seeds.
    validation : mapping of group to sequence of Outcome or None, optional
        The same models on their validation frames.
    watch : callable, optional
        Takes the scores of all groups in passing.

    Returns
    -------
    scores : list of ScoreRow
    differences : list of DifferenceRow
        Of `PAIRS`, as far as their groups are there. Both empty where no training run succeeded.

    Raises
    ------
    ValueError
        If groups have unequally many replicates, or of different frames.
    """
    known = [one for some in replicates.values() for one in some if one is not None]
    if not known:
        return [], []
    if len({len(some) for some in replicates.values()}) > 1:
        raise ValueError("Groups must have equally many replicates; put None where training failed.")
    n_models = len(next(iter(replicates.values())))
    draws = subject_draws(known[0], n_models, settings.resamples, rng)
    scores = {
        group: score_group(group, some, specs, draws, frame_folds) for group, some in replicates.items()
    }
    if watch is not None:
        watch(scores)
    checked = validation or {}
    rows = [
        row
        for group, found in scores.items()
        for row in score_rows(task, learner, found, specs, settings, checked.get(group, ()))
    ]
    differences = [
        difference_row(task, learner, scores[group], scores[against], spec, settings, n_folds)
        for group, against in PAIRS
        if group in scores and against in scores
        for spec in specs
    ]
    return rows, differences
