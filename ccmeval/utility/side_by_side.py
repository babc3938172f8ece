"""Units of work in processes side by side, and what becomes of one whose process dies."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ccmeval.batch.processes import closing_quietly, follow_run, interrupts_held, worker_death
from ccmeval.utility.learning import StepProgress, no_progress
from ccmeval.utility.store import UnitStore
from ccmeval.utility.units import UnitResult
from ccmeval.utility.work import UnitWork, failed, run_unit, tidy

Claimed = tuple[str, UnitResult | None]
"""Key of a unit, and its result; None where another process has claimed it."""


def do_claimed(work: UnitWork, store: UnitStore, progress: StepProgress = no_progress) -> Claimed:
    """Claim a unit, do it unless it was finished meanwhile, and keep its result."""
    claim = store.claim(work.key)
    if claim is None:
        return work.key, None
    with claim:
        found = store.load(work.key)
        if found is not None:
            return work.key, found
        result = run_unit(work, progress)
        if claim.is_ours():  # else this process slept for minutes, and another one is at it
            store.save(work.key, result)
            tidy(work)
        return work.key, result


def side_by_side(works: Sequence[UnitWork], store: UnitStore, jobs: int) -> Iterator[Claimed]:
    """Do units in processes.

    The pool breaks when a process dies, and does not tell over which unit. So the units that were in hand
    go on from their checkpoints, each alone, before the rest goes on in a new pool; one whose process dies
    twice while it is alone, where no other can be to blame, has failed.

    Parameters
    ----------
    works : sequence of UnitWork
    store : UnitStore
    jobs : int
        Two or more.

    Yields
    ------
    tuple of str and UnitResult or None
        As units end, in no fixed order.
    """
    remaining = {work.key: work for work in works}
    while remaining:
        in_hand: dict[str, UnitWork] = {}
        try:
            for key, result in _pool(list(remaining.values()), store, jobs, in_hand):
                del remaining[key]
                yield key, result
        except worker_death():
            for key, work in in_hand.items():
                del remaining[key]
                yield _alone(work, store)


def _pool(
    works: Sequence[UnitWork], store: UnitStore, jobs: int, in_hand: dict[str, UnitWork]
) -> Iterator[Claimed]:
    from joblib import Parallel, delayed, parallel_config

    def tasks() -> Iterator[Any]:
        for work in works:
            in_hand[work.key] = work
            yield delayed(do_claimed)(work, store)

    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=works[0].threads):
        pool = Parallel(
            return_as="generator_unordered", pre_dispatch=jobs, batch_size=1,
            initializer=follow_run, initargs=(os.getpid(),),
        )  # fmt: skip
        with interrupts_held():
            started = pool(tasks())
        with _renewing_quietly(), closing_quietly(started) as outcomes:
            for key, result in outcomes:
                del in_hand[key]
                yield key, result


@contextmanager
def _renewing_quietly() -> Iterator[None]:
    """Renew processes without a warning: joblib ends one that has grown, as training makes it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        yield


def _alone(work: UnitWork, store: UnitStore, tries: int = 2) -> Claimed:
    """Do one unit in a process of its own, and in another one if that dies."""
    try:
        # Two jobs, as joblib does a single one in this very process.
        return next(iter(_pool([work], store, 2, {})))
    except worker_death():
        return _alone(work, store, tries - 1) if tries > 1 else _died(work, store)


def _died(work: UnitWork, store: UnitStore) -> Claimed:
    """Fail a unit whose process died twice, and say so to those who wait for it. Checkpoints stay."""
    result = failed(
        work,
        "Its process died twice; it may need too much memory: run fewer units side by side, or take a smaller"
        " batch.",
    )
    claim = store.claim(work.key)
    if claim is None:
        return work.key, None
    with claim:
        store.save(work.key, result)
    return work.key, result
