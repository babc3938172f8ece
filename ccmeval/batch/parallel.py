"""Work over many frames: in this process, in worker processes, or on a Dask cluster.

All three give outcomes as they are made, in no fixed order, and hold only a few at a time.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from ccmeval.batch.processes import (
    closing_quietly,
    follow_run,
    interrupts_held,
    usable_cores,
    worker_death,
)
from ccmeval.batch.worker import AHEAD, Outcome, WorkFunction, failed_row
from ccmeval.cohort.record import Record

FEW_FRAMES = 16
"""Up to so many frames are measured in this process: workers take more than a second to start, a
frame about a tenth of one."""


def work_through(
    work: WorkFunction, records: Sequence[Record], *, jobs: int | None = None, dask: str | None = None
) -> Generator[Outcome, None, None]:
    """Measure records and give each outcome as soon as it is made.

    Parameters
    ----------
    work : callable
        What to do with a record, e.g. :class:`ccmeval.batch.worker.Work`.
    records : sequence of Record
        In any order.
    jobs : int, optional
        Worker processes; by default one a core, and none for a few frames.
    dask : str, optional
        Address of a Dask scheduler; then `jobs` does not count.

    Yields
    ------
    Outcome
        One a record, in no fixed order.

    Raises
    ------
    UnavailableError
        If the Dask cluster cannot be used.
    OutputError
        If pictures cannot be written.
    """
    if dask is not None:
        from ccmeval.batch.cluster import work_on_cluster

        yield from work_on_cluster(work, records, dask)
        return
    if jobs is None:
        jobs = 1 if len(records) <= FEW_FRAMES else usable_cores()
    jobs = min(jobs, len(records))
    if jobs <= 1:
        yield from map(work, records)
    else:
        yield from _in_processes(work, records, jobs)


def _in_processes(work: WorkFunction, records: Sequence[Record], jobs: int) -> Iterator[Outcome]:
    """Work in processes; a frame that kills its process becomes a failed row.

    The pool breaks when a process dies, and does not tell over which frame. So the frames that were
    in hand are done once more, each alone, before the rest goes on in a new pool.
    """
    remaining = {record.key: record for record in records}
    while remaining:
        in_hand: dict[str, Record] = {}
        try:
            for outcome in _pool(work, list(remaining.values()), jobs, in_hand):
                del remaining[outcome.row.key]
                yield outcome
        except worker_death():
            for record in in_hand.values():
                del remaining[record.key]
                yield _alone(work, record)


def _pool(
    work: WorkFunction, records: Sequence[Record], jobs: int, in_hand: dict[str, Record]
) -> Iterator[Outcome]:
    from joblib import Parallel, delayed, parallel_config

    def tasks() -> Iterator[Any]:
        for record in records:
            in_hand[record.key] = record
            yield delayed(work)(record)

    # One thread each: as many processes as cores are at work already.
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        pool = Parallel(
            return_as="generator_unordered", pre_dispatch=AHEAD * jobs, batch_size=1,
            initializer=follow_run, initargs=(os.getpid(),),
        )  # fmt: skip
        with interrupts_held():
            started = pool(tasks())
        with closing_quietly(started) as outcomes:
            for outcome in outcomes:
                del in_hand[outcome.row.key]
                yield outcome


def _alone(work: WorkFunction, record: Record) -> Outcome:
    """Do one record in a process of its own."""
    try:
        # Two jobs, as joblib does a single one in this very process.
        return next(iter(_pool(work, [record], 2, {})))
    except worker_death():
        return Outcome(
            failed_row(record, f"The process measuring {record.frame} died; it may need too much memory.")
        )
