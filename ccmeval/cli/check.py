"""`ccmeval check`: whether a set of frames, perhaps a stranger's, is fit to be scored."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccmeval.cli.biomarkers import limit_threads, option, printable

if TYPE_CHECKING:
    from ccmeval.evaluation.schema import Finding

_MOST_ALIKE = 20
"""Findings of one code that are shown on the screen; the files hold all."""


def check(
    path: Annotated[Path, typer.Argument(help="The set: a folder (with all below it) or a manifest.")],
    masks: Annotated[Path | None, option("masks", "--masks", metavar="DIR")] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="OTHER",
            help="The set that it will be compared with, such as the real one of a synthetic set: frames in"
            " both, diagnoses and pairs are checked too.",
            show_default=False,
        ),
    ] = None,
    paired: Annotated[
        bool, typer.Option("--paired", help="Frames of one stem in the two sets are pairs.")
    ] = False,
    pixel_size: Annotated[float | None, option("pixel_size_um", "--pixel-size", metavar="UM")] = None,
    field_of_view: Annotated[
        float | None, option("field_of_view_um", "--field-of-view", metavar="UM")
    ] = None,
    other_field_of_view: Annotated[
        float | None,
        typer.Option(
            "--against-field-of-view",
            metavar="UM",
            help="Width of the frames of OTHER in um.",
            show_default=False,
        ),
    ] = None,
    subject_pattern: Annotated[
        str | None, option("subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder for check.json and check.csv.", show_default=False),
    ] = None,
) -> None:
    """Check whether a set of frames can be scored: readable, sizes, copies, labels, masks, pairs.

    Exits with 0 where nothing is wrong, 1 where there are errors, 2 where no frame can be used.
    """
    limit_threads()
    from ccmeval.checking.check import check_cohort, exit_code
    from ccmeval.cli.progress import stage_bars
    from ccmeval.cohort import load_cohort
    from ccmeval.errors import CcmevalError

    if paired and against is None:
        raise CcmevalError("--paired needs the other set; give it by --against.")
    cohort = load_cohort(path, masks=masks, subject_pattern=subject_pattern)
    other = None
    with stage_bars() as show:
        if against is not None:
            other = check_cohort(
                load_cohort(against, subject_pattern=subject_pattern),
                str(against),
                field_of_view_um=other_field_of_view,
                progress=lambda done, total: show(f"Reading {against.name}", done, total),
            )
        checked = check_cohort(
            cohort,
            pixel_size_um=pixel_size,
            field_of_view_um=field_of_view,
            against=other,
            paired=paired,
            progress=lambda done, total: show(f"Reading {path.name}", done, total),
        )
    _tell(checked.findings)
    if out is not None:
        from ccmeval.report.check_files import write_check

        command = shlex.join(["ccmeval", *sys.argv[1:]])
        write_check(out, checked.findings, source=str(path), command=command)
        typer.echo(f"Findings: {out / 'check.csv'}")
    raise typer.Exit(exit_code(checked))


def _tell(findings: Sequence[Finding]) -> None:
    """Print findings, errors first, and how many of each severity there are."""
    shown: dict[str, int] = {}
    for one in findings:
        shown[one.code] = shown.get(one.code, 0) + 1
        if shown[one.code] <= _MOST_ALIKE:
            typer.echo(f"{one.severity + ':':9}{printable(one.sentence)}")
    for code, count in shown.items():
        if count > _MOST_ALIKE:
            typer.echo(f"{'':9}and {count - _MOST_ALIKE} more of {code}")
    numbers = {word: sum(one.severity == word for one in findings) for word in ("error", "warning")}
    texts = [f"{count} {word}{'s' if count != 1 else ''}" for word, count in numbers.items()]
    typer.echo(f"{', '.join(texts)}.")
