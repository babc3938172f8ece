"""Worker processes that follow their run, leave Ctrl-C to it, and whose death is told."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_LOOK_EVERY_S = 0.5
"""How often a worker looks whether the run that it works for is still there."""


def usable_cores() -> int:
    """Count the cores this process may use, which a container or a job system may limit."""
    from joblib import cpu_count

    return max(int(cpu_count()), 1)


def follow_run(home_pid: int) -> None:
    """Let a worker process, before its first frame, follow the process that began the run.

    That one ends the run on Ctrl-C and says so once, so a worker ignores it. If that one is killed, its
    workers would wait for more work for minutes; a thread that sees it gone ends the worker.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(home_pid,), daemon=True).start()


def _end_with(home_pid: int) -> None:
    while os.getppid() == home_pid:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)  # the exit of a thread would not end the process


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while worker processes start, which inherit that and so never see one."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()  # beforehand, as its start would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def closing_quietly(outcomes: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """Close a pool's generator; joblib warns where tasks are left, which an interruption means."""
    try:
        yield outcomes
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            outcomes.close()


def worker_death() -> type[Exception]:
    """Give the exception by which joblib tells that a worker process died."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    death: type[Exception] = TerminatedWorkerError
    return death
