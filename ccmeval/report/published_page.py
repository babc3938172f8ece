"""Files of `ccmeval published`: JSON, CSV, LaTeX and one self-contained page each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ccmeval.published.audit_schema import AuditResult
from ccmeval.published.schema import Paper, PublishedTable, Row
from ccmeval.report import published_words as words
from ccmeval.report.files import replacing
from ccmeval.report.page import render_template
from ccmeval.report.tables import write_csv
from ccmeval.report.three_pillar_tabular import tabular
from ccmeval.report.view import File, Table, time_text

_CHECK_COLUMNS = (
    "check", "title", "claim", "finding", "sentence", "printed", "steps", "explanations", "not_at_hand",
)  # fmt: skip


def write_audit(result: AuditResult, out: Path) -> Path:
    """Write `audit.json`, `audit.csv`, the tables of tests, `audit.tex` and the page.

    Parameters
    ----------
    result : AuditResult
        What they are drawn from.
    out : pathlib.Path
        Folder, made where missing; its files of these names are replaced.

    Returns
    -------
    pathlib.Path
        The page, ``OUT/audit.html``: one file without scripts that needs no network.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    _write(out / "audit.json", result.model_dump_json(indent=1) + "\n")
    write_csv(out / "audit.csv", [words.check_row(it) for it in result.checks], _CHECK_COLUMNS)
    for name, rows in (("audit_tests", result.tests), ("audit_reach", result.reach)):
        if rows:
            flat = [it.model_dump() for it in rows]
            write_csv(out / f"{name}.csv", flat, list(flat[0]))
    _write(out / "audit.tex", audit_latex(result))
    _write(out / "audit.html", render_audit(result))
    return out / "audit.html"


def audit_latex(result: AuditResult) -> str:
    """Set the overview of the checks as a LaTeX table."""
    rows = [[it.title, it.finding, it.sentence] for it in result.checks]
    columns = "p{0.27\\textwidth}lp{0.5\\textwidth}"
    found = tabular(columns, ("Check", "Finding", "In one sentence"), rows, "audit.csv")
    return found.replace("from report.json", "from audit.json")


def render_audit(result: AuditResult) -> str:
    """Give the page of an audit as text.

    Examples
    --------
    >>> from ccmeval.published.audit import audit
    >>> from ccmeval.published.library import published_paper
    >>> "5.18 × 3 = 15.54" in render_audit(audit(published_paper()))
    True
    """
    files = [
        File("audit.json", "all of this page, with every printed number"),
        File("audit.csv", "one row a check"),
        File("audit.tex", "the overview, for a paper"),
    ]
    if result.tests:
        files.append(File("audit_tests.csv", "one row a test"))
    if result.reach:
        files.append(File("audit_reach.csv", "what each number of frames could show"))
    view = {
        "result": result,
        "made": f"Made {time_text(result.created)} · ccmeval {result.versions.get('ccmeval', '')}",
        "tiles": words.tiles(result),
        "overview": words.overview(result.checks),
        "checks": [(it, words.quoted_table(it), words.TONES[it.finding]) for it in result.checks],
        "symbols": words.SYMBOLS,
        "tests": words.verdicts_view(result) if result.tests else None,
        "reach": words.reach_view(result.reach) if result.reach else None,
        "files": files,
    }
    sections = [("overview", "Overview"), ("checks", "Checks")]
    sections += [("tests", "Tests")] if result.tests else []
    sections += [("reach", "What n could show")] if result.reach else []
    sections += [("assumptions", "Assumptions"), ("provenance", "Provenance")]
    return render_template("published_audit.html.j2", {"view": view, "sections": sections})


def write_table(
    paper: Paper,
    table: PublishedTable,
    own: Sequence[Row],
    remarks: Sequence[str],
    out: Path,
    command: str = "",
) -> Path:
    """Write a published table with a user's own rows as JSON, CSV, LaTeX and a page.

    Parameters
    ----------
    paper : Paper
    table : PublishedTable
    own : sequence of Row
    remarks : sequence of str
        On how far the own rows compare.
    out : pathlib.Path
        Folder, made where missing.
    command : str
        For the record.

    Returns
    -------
    pathlib.Path
        The page, ``OUT/TABLE.html``.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    together = table.model_copy(update={"rows": [*table.rows, *own]})
    _write(out / f"{table.key}.json", together.model_dump_json(indent=1) + "\n")
    flat = words.table_rows(table, own)
    write_csv(out / f"{table.key}.csv", flat, list(flat[0]))
    view = words.table_view(table, own)
    _write(out / f"{table.key}.tex", table_latex(view, f"{table.key}.csv"))
    page = render_table(paper, table, view, remarks, command)
    _write(out / f"{table.key}.html", page)
    return out / f"{table.key}.html"


def table_latex(view: Table, file: str) -> str:
    """Set a table as LaTeX."""
    heads = [f"{it.words} ({it.below})" if it.below else it.words for it in view.heads]
    columns = "".join("r" if it.number else "l" for it in view.heads)
    rows = [[cell.words for cell in row] for row in view.rows]
    return tabular(columns, heads, rows, file).replace("report.json", file.replace(".csv", ".json"))


def render_table(
    paper: Paper, table: PublishedTable, view: Table, remarks: Sequence[str], command: str = ""
) -> str:
    """Give the page of a table as text."""
    files = [File(f"{table.key}.{it}", said) for it, said in (
        ("csv", "values, SDs and whence each is known"), ("tex", "for a paper"), ("json", "the same as data"),
    )]  # fmt: skip
    context = {
        "paper": paper, "title": table.title, "where": table.where, "note": table.note,
        "view": view, "known": words.known_words(table),
        "remarks": [*remarks, *paper.notes], "command": command, "files": files,
        "sections": [("table", "Table"), ("provenance", "Provenance")],
    }  # fmt: skip
    return render_template("published_table.html.j2", context)


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8", "replace"))
