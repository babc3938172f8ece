"""`ccmeval published`: published tables, one's own rows beside them, and an audit of what they print."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccmeval.errors import CcmevalError

if TYPE_CHECKING:
    from ccmeval.published.audit_schema import AuditResult
    from ccmeval.published.schema import Paper
    from ccmeval.published.summary_tests import TestPlan
    from ccmeval.report.view import Table


def published(
    table: Annotated[
        str, typer.Argument(help="A table, by the name that the list gives it.", show_default=False)
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="DIR", help="Write JSON, CSV, LaTeX and a page here.", show_default=False
        ),
    ] = None,
    own: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="[NAME=]REPORT",
            help="report.json of `ccmeval three-pillar`, compare.json of `ccmeval compare`, or the folder of"
            " either: its rows are set beside the printed ones. May be repeated.",
            show_default=False,
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            "--tables",
            metavar="FILE",
            help="JSON or YAML with what your copy of the paper prints; it fills in what is not at hand.",
            show_default=False,
        ),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a file for --tables, to be filled in.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Check what can be checked from the printed numbers.")
    ] = False,
    group_size: Annotated[
        list[int] | None,
        typer.Option(
            "--group-size",
            min=2,
            metavar="N",
            help="Frames a side that the audit's tests assume where none are printed. May be repeated; 20,"
            " 50, 106 and 200 without.",
            show_default=False,
        ),
    ] = None,
    margin_in_sd: Annotated[
        float, typer.Option("--margin-in-sd", help="Equivalence margin in printed SDs of the real frames.")
    ] = 0.5,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            "--margin",
            metavar="NAME=VALUE",
            help="Equivalence margin of a biomarker in its unit, such as CNFL=1.5. May be repeated.",
            show_default=False,
        ),
    ] = None,
    paper: Annotated[str, typer.Option("--paper", help="The paper.")] = "2602.13693",
) -> None:
    """List published tables, show one beside your own rows, or audit what is printed."""
    from ccmeval.published.library import published_paper, with_own_copy
    from ccmeval.published.library import template as template_of

    held = published_paper(paper)
    if tables is not None:
        held = with_own_copy(held, tables)
    if audit and (table or own):
        raise CcmevalError("--audit takes all tables of a paper; leave out the table and --with.")
    if own and not table:
        raise CcmevalError(
            "--with needs a table to set its rows beside; see `ccmeval published` for the list."
        )
    if template:
        typer.echo(template_of(held), nl=False)
    elif audit:
        _audit(held, _plan(group_size or [], margin_in_sd, margin or []), tables, out)
    elif table:
        _table(held, table, own or [], out)
    else:
        _list(held)


def _command() -> str:
    return shlex.join(["ccmeval", *sys.argv[1:]])


def _plan(sizes: list[int], margin_in_sd: float, margins: list[str]) -> TestPlan:
    from pydantic import ValidationError

    from ccmeval.preservation.settings import PreservationSettings
    from ccmeval.published.summary_tests import SIZES, TestPlan

    values = {}
    for text in margins:
        name, _, number = text.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError as error:
            raise CcmevalError(
                f"--margin {text}: give a biomarker and a number, such as CNFL=1.5."
            ) from error
    try:
        checked = PreservationSettings(margins=values, margin_in_sd=margin_in_sd)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise CcmevalError(f"The margin cannot be used: {reason}.") from error
    return TestPlan(tuple(dict.fromkeys(sizes)) or SIZES, margin_in_sd=margin_in_sd, margins=checked.margins)


def _audit(paper: Paper, plan: TestPlan, tables: Path | None, out: Path | None) -> None:
    from ccmeval.published.audit import audit

    result = audit(paper, plan, own_copy=str(tables or ""), command=_command())
    _tell_audit(result)
    if out is not None:
        from ccmeval.report.published_page import write_audit

        typer.echo(f"Report: {write_audit(result, out)}")


def _tell_audit(result: AuditResult) -> None:
    typer.echo(f"{result.paper}: {result.title}\n")
    for it in result.checks:
        typer.echo(f"{it.finding.upper()}: {it.title}\n  {it.sentence}")
        shown = it.steps[:8]
        for step in shown:
            typer.echo(f"    {step}")
        if len(it.steps) > len(shown):
            typer.echo(f"    ... and {len(it.steps) - len(shown)} more steps, written by -o DIR.")
        for one in it.explanations:
            typer.echo(f"  - {one}")
        typer.echo("")
    for note in result.notes:
        typer.echo(f"Note: {note}")


def _table(paper: Paper, name: str, own: list[str], out: Path | None) -> None:
    from ccmeval.cli.biomarkers import printable
    from ccmeval.published.own_comparison import OwnComparison, own_sets
    from ccmeval.published.own_rows import own_rows, read_own
    from ccmeval.report.published_words import known_words, table_view

    names = [it.key for it in paper.tables]
    if name not in names:
        raise CcmevalError(f"There is no table {name!r}; choose from {', '.join(names)}.")
    table = paper.table(name)
    found = [
        own_sets(paper, table, it) if isinstance(it, OwnComparison) else own_rows(paper, table, it)
        for it in map(read_own, own)
    ]
    rows = [row for it in found for row in it.rows]
    remarks = [text for it in found for text in it.remarks]
    _print(table_view(table, rows))
    for text in [known_words(table), table.note, *remarks, *paper.notes]:
        if text:
            typer.echo(printable(text))
    if out is not None:
        from ccmeval.report.published_page import write_table

        typer.echo(f"Report: {write_table(paper, table, rows, remarks, out, _command())}")


def _print(view: Table) -> None:
    """Print a table as it is, never cut: a number that is broken over lines cannot be read."""
    from ccmeval.cli.biomarkers import printable

    heads = [f"{it.words} ({it.below})" if it.below else it.words for it in view.heads]
    rows = [[printable(cell.words) for cell in row] for row in view.rows]
    whole = [heads, *(row for row in rows if len(row) == len(heads))]
    widths = [max(len(row[i]) for row in whole) for i in range(len(heads))]
    typer.echo(f"{view.caption}\n")
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if head.number else cell.ljust(width)
            for cell, width, head in zip(row, widths, view.heads, strict=False)
        ]
        typer.echo("  ".join(cells).rstrip())
    typer.echo("")


def _list(paper: Paper) -> None:
    typer.echo(f"{paper.source}: {paper.title} ({paper.authors})")
    width = max(len(it.key) for it in paper.tables)
    for it in paper.tables:
        known, cells = it.counts()
        typer.echo(f"  {it.key.ljust(width)}  {it.title}; {known} of {cells} numbers at hand")
    typer.echo("Numbers that are not at hand are not guessed; --template and --tables fill them in.")
