"""`ccmeval agreement`: compare biomarkers with another tool's or a rater's table."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccmeval.errors import CcmevalError

if TYPE_CHECKING:
    from ccmeval.report.agreement_schema import AgreementResult

DEFAULT_OUT = Path("ccmeval-results") / "agreement"
_NAMES_SHOWN = 5


def agreement(
    first: Annotated[Path, typer.Argument(help="biomarkers.csv of a run, or any table of biomarkers.")],
    second: Annotated[
        Path,
        typer.Argument(
            help="Table of another tool or a rater, one row a frame (CSV or XLSX). Known are the columns of"
            " ACCMetrics, CCMetrics, SuperCCM and ccmeval; frames are matched by name, then by stem."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")] = DEFAULT_OUT,
    first_name: Annotated[
        str, typer.Option("--first-name", metavar="NAME", help="What to call the first.", show_default=False)
    ] = "",
    second_name: Annotated[
        str,
        typer.Option("--second-name", metavar="NAME", help="What to call the second.", show_default=False),
    ] = "",
    scale: Annotated[
        list[str] | None,
        typer.Option(
            "--scale",
            metavar="NAME=FACTOR",
            help="Multiply a column of the second table first, such as CNFW=1000 for mm/mm2. May be repeated;"
            " nothing is converted without it.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap over subjects.")] = 0,
) -> None:
    """Compare biomarkers with another tool's or a rater's: Bland-Altman, ICC, correlation, figures."""
    from ccmeval.agreement.biomarker import AgreementSettings
    from ccmeval.agreement.tables import compare_tables
    from ccmeval.report.agreement_page import write_agreement

    settings = AgreementSettings(
        first_name=first_name, second_name=second_name, scale=scale_factors(scale or []), seed=seed
    )
    result = compare_tables(first, second, settings, command=shlex.join(["ccmeval", *sys.argv[1:]]))
    page = write_agreement(result, out)
    _tell(result)
    typer.echo(f"Report: {page}")


def scale_factors(given: list[str]) -> dict[str, float]:
    """Read ``NAME=FACTOR`` options.

    Raises
    ------
    CcmevalError
        If one is not of that form or its factor is not a positive number.

    Examples
    --------
    >>> scale_factors(["CNFW=1000"])
    {'CNFW': 1000.0}
    """
    factors = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            factor = float(number)
        except ValueError:
            factor = 0.0
        if not 0 < factor < float("inf"):
            raise CcmevalError(f"--scale {text}: give a name and a positive factor, such as CNFW=1000.")
        factors[name.strip()] = factor
    return factors


def _tell(result: AgreementResult) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from ccmeval.report.agreement_words import SCREEN_HEADS, screen_row, warnings_of
    from ccmeval.report.view import plural

    console = Console(markup=False)
    typer.echo(f"{result.first_name} - {result.second_name}, {plural(result.n_frames, 'frame')}")
    table = Table(box=SIMPLE_HEAD)
    for head in SCREEN_HEADS:
        table.add_column(head, justify="left" if head == SCREEN_HEADS[0] else "right")
    for biomarker in result.biomarkers:
        table.add_row(*screen_row(biomarker))
    console.print(table)
    for sentence in warnings_of(result):
        typer.echo(f"Note: {sentence}")
    for names, words in (
        (result.unmatched_first, f"only in {result.first_name}"),
        (result.unmatched_second, f"only in {result.second_name}"),
        (result.ambiguous, "ambiguous"),
    ):
        if names:
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            typer.echo(f"{words} ({len(names)}): {', '.join(names[:_NAMES_SHOWN])}{more}")
