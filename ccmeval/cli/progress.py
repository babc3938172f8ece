"""A progress bar on standard error, silent where that is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def frames_bar() -> Iterator[Callable[[int, int, int], None]]:
    """Show frames done, failed, the rate and the time left.

    Yields
    ------
    callable
        To be called with the number of frames done, of those that failed, and of all.
    """
    if not sys.stderr.isatty():
        yield lambda done, failed, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failures]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("frames", total=None, failures="")

        def show(done: int, failed: int, total: int) -> None:
            bar.update(task, completed=done, total=total, failures=f"{failed} failed" if failed else "")

        yield show


@contextmanager
def stage_bars() -> Iterator[Callable[..., None]]:
    """Show the stages of a long run, one bar each as it begins.

    Yields
    ------
    callable
        To be called with a stage's words, how much of it is done, of how much, and optionally a remark.
    """
    if not sys.stderr.isatty():
        yield lambda stage, done, total, remark="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[remark]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int, remark: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=None, remark="")
            bar.update(tasks[stage], completed=done, total=total, remark=remark)

        yield show
