"""Do units of work: those that are finished are read, the others done here, or waited for.

Several runs into one folder share the work. Each claims a unit before it begins, leaves out what
another one has claimed, and at its end waits for those, or takes them over if that one has died.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ccmeval.batch.processes import usable_cores
from ccmeval.utility.learning import StepProgress, no_progress
from ccmeval.utility.resources import default_jobs
from ccmeval.utility.side_by_side import Claimed, do_claimed, side_by_side
from ccmeval.utility.store import UnitStore
from ccmeval.utility.units import UnitResult
from ccmeval.utility.work import UnitWork, placed, tidy

POLL_S = 2.0
"""How often a run looks whether others have finished what it waits for."""


def execute(
    works: Sequence[UnitWork],
    store: UnitStore,
    jobs: int | None = None,
    progress: StepProgress = no_progress,
    *,
    wait: bool = True,
    poll_s: float = POLL_S,
) -> list[UnitResult]:
    """Do all units that are not yet done.

    A unit that failed in an earlier run is tried again, one that fails in this run (here or in a process
    that shares the folder) is not.

    Parameters
    ----------
    works : sequence of UnitWork
        With their keys; works of one key are done once.
    store : UnitStore
    jobs : int, optional
        Units side by side, each in a process with its share of the cores; 1 does them in this process,
        with progress within a unit. By default :func:`ccmeval.utility.resources.default_jobs`. Another
        number gives each unit another number of threads, which may move last digits of networks.
    progress : callable
        Called with the words of a stage, how much is done, and of how much.
    wait : bool
        Whether to wait for units that others have claimed. A run that only helps another one does not, and
        leaves it to that one to try failed units again.

    Returns
    -------
    list of UnitResult
        In the order of `works`; without those that others have claimed, if `wait` is false.

    Raises
    ------
    OutputError
        If results cannot be written; finished ones are kept.
    KeyboardInterrupt
        As it came; finished units are kept, and the others go on from their checkpoints.
    """
    jobs = max(min(jobs or default_jobs(len(works)), len(works)), 1)
    threads = max(usable_cores() // jobs, 1)
    if wait:
        store.forget_failures(work.key for work in works)
    run = _Run({work.key: replace(work, threads=threads) for work in works}, store, progress)
    run.take_finished()
    run.tell("training runs")
    ready = run.open_works()
    while ready:
        run.do(ready, jobs)
        ready = run.wait_for_others(poll_s) if wait else []
    return [run.results[work.key] for work in works if work.key in run.results]


class _Run:
    """What is done so far, and what is not."""

    def __init__(self, works: dict[str, UnitWork], store: UnitStore, progress: StepProgress) -> None:
        self.works, self.store, self.progress = works, store, progress
        self.results: dict[str, UnitResult] = {}

    def open_works(self) -> list[UnitWork]:
        return [work for key, work in self.works.items() if key not in self.results]

    def take_finished(self) -> bool:
        """Read what is in the store, and tell whether that was anything new."""
        before = len(self.results)
        for work in self.open_works():
            found = self.store.load(work.key)
            if found is not None:
                self.results[work.key] = placed(found, work)
                if found.row.status == "done":
                    _clear_up(work, self.store)
        return len(self.results) > before

    def do(self, ready: Sequence[UnitWork], jobs: int) -> None:
        """Do works, except those that others have claimed or finished by now."""
        done = self._one_by_one(ready) if jobs == 1 else side_by_side(ready, self.store, jobs)
        for key, result in done:
            if result is not None:
                self.results[key] = placed(result, self.works[key])
                self.tell("training runs")

    def _one_by_one(self, ready: Sequence[UnitWork]) -> Iterator[Claimed]:
        for work in ready:
            yield do_claimed(work, self.store, _within(self.progress, work))

    def wait_for_others(self, poll_s: float) -> list[UnitWork]:
        """Wait until all is finished, or until something is left that nobody works on any more."""
        while True:
            if self.take_finished():
                self.tell("training runs")
            left = self.open_works()
            free = [work for work in left if not self.store.is_claimed(work.key)]
            if free or not left:
                return free
            self.tell("waiting for training runs of other processes")
            time.sleep(poll_s)

    def tell(self, stage: str) -> None:
        self.progress(stage, len(self.results), len(self.works))


def _clear_up(work: UnitWork, store: UnitStore) -> None:
    """Remove what a process left that was killed between the saving of a unit and the end of its claim."""
    if work.checkpoints.is_dir() or store.has_locks(work.key):
        claim = store.claim(work.key)
        if claim is not None:
            with claim:
                tidy(work)


def _within(progress: StepProgress, work: UnitWork) -> StepProgress:
    """Say whose progress it is."""
    spec = work.spec
    point = "" if spec.curve is None else f", {spec.curve} {spec.x:g}"
    name = f"{spec.learner} {spec.task} {spec.group}{point}, fold {spec.fold + 1}, seed {spec.seed + 1}"
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)
