"""What the pages of published tables and of their audit show, as words and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ccmeval.published.audit_schema import AuditResult, Check, Quoted, Reach, SummaryTest
from ccmeval.published.checking import plain
from ccmeval.published.schema import KNOWN_FROM, Entry, PublishedTable, Row
from ccmeval.report.numbers import NONE, fixed_text, p_text
from ccmeval.report.view import Cell, Head, Table, Tile

TONES = {"agrees": "good", "does not agree": "open", "cannot be told": "none"}
VERDICT_TONES = {
    "equivalent": "good", "different": "bad", "both": "half", "inconclusive": "open", "undefined": "none",
}  # fmt: skip
SYMBOLS = {"agrees": "=", "does not agree": "≠", "cannot be told": "?"}
_QUOTED_SHOWN = 12


def table_view(table: PublishedTable, own: Sequence[Row] = ()) -> Table:
    """Lay a published table out, with a user's own rows below it.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> view = table_view(published_paper().table("parameters"))
    >>> [cell.words for cell in view.rows[3]]
    ['WDLoRA', '8', '11.81', '0.11']
    """
    names = table.label_names
    heads = [Head(name.capitalize()) for name in names]
    heads += [Head(it.title, it.unit, number=True) for it in table.columns]
    rows: list[list[Cell]] = [_table_row(table, row, names) for row in table.rows]
    if own:
        rows.append([Cell("Your own rows")])
        rows += [_table_row(table, row, names) for row in own]
    return Table(f"{table.title} ({table.where}).", heads, rows)


def _table_row(table: PublishedTable, row: Row, names: Sequence[str]) -> list[Cell]:
    cells = [row.cells.get(column.key, Entry()) for column in table.columns]
    return [Cell(row.labels.get(name, NONE)) for name in names] + [Cell(it.printed or NONE) for it in cells]


def known_words(table: PublishedTable) -> str:
    """Say how the numbers of a table are known."""
    ways = dict.fromkeys(
        it.known_from or table.known_from
        for row in table.rows
        for it in row.cells.values()
        if it.printed is not None
    )
    if not ways:
        return "No number of this table is at hand."
    return "Known from: " + "; ".join(KNOWN_FROM[it] for it in ways) + "."


def tiles(result: AuditResult) -> list[Tile]:
    """Count the findings."""
    counts = {name: sum(it.finding == name for it in result.checks) for name in TONES}
    words = {"agrees": "agree", "does not agree": "do not agree", "cannot be told": "cannot be told"}
    tone = {"does not agree": "warn"}
    found = [Tile(str(counts[name]), words[name], tone.get(name, "")) for name in TONES]
    return [Tile(str(len(result.checks)), "checks"), *found]


def overview(checks: Iterable[Check]) -> Table:
    """List the checks with what each found."""
    rows = [[Cell(it.title), Cell(it.finding, tone=TONES[it.finding]), Cell(it.sentence)] for it in checks]
    heads = [Head("Check", long=True), Head("Finding"), Head("In one sentence", long=True)]
    return Table("Every check, and what it found.", heads, rows)


def quoted_table(check: Check) -> Table:
    """List what a check rests on: what is at hand, and how much is not."""
    known = [it for it in check.numbers if it.printed is not None]
    absent = [it for it in check.numbers if it.printed is None]
    shown = [*known, *(absent if len(absent) <= _QUOTED_SHOWN else [])]
    heads = [
        Head("What", long=True),
        Head("Printed", number=True),
        Head("Where", long=True),
        Head("Known from", long=True),
    ]
    more = f"{len(absent)} more printed numbers are not at hand." if len(absent) > _QUOTED_SHOWN else ""
    return Table("What is printed.", heads, [_quoted_row(it) for it in shown], more)


def _quoted_row(it: Quoted) -> list[Cell]:
    printed = f"{it.printed} {it.unit}".strip() if it.printed is not None else "not at hand"
    known = KNOWN_FROM[it.known_from] if it.known_from else NONE
    return [Cell(it.what[:1].upper() + it.what[1:]), Cell(printed), Cell(it.where or NONE), Cell(known)]


def verdicts_view(result: AuditResult) -> Table:
    """Lay the tests out, one row a biomarker and diagnosis, its verdict at each number of frames."""
    sizes = list(dict.fromkeys((it.n_real, it.n_synth) for it in result.tests))
    heads = [Head("Biomarker"), Head("Real", number=True), Head("Synthetic", number=True)]
    heads += [Head("Difference", number=True), Head("Margin", number=True)]
    heads += [Head(f"n = {a}" if a == b else f"n = {a}, {b}", "p, Holm; p, TOST") for a, b in sizes]
    rows: list[list[Cell]] = []
    groups = dict.fromkeys((it.source, it.diagnosis) for it in result.tests)
    for source, diagnosis in groups:
        rows.append([Cell(f"{source}, {diagnosis}")])
        own = [it for it in result.tests if (it.source, it.diagnosis) == (source, diagnosis)]
        for name in dict.fromkeys(it.biomarker for it in own):
            found = {(it.n_real, it.n_synth): it for it in own if it.biomarker == name}
            rows.append(_test_row(found, sizes))
    return Table("Tests from printed means and SDs, by number of frames a side.", heads, rows)


def _test_row(found: dict[tuple[int, int], SummaryTest], sizes: Sequence[tuple[int, int]]) -> list[Cell]:
    one = next(iter(found.values()))
    cells = [
        Cell(one.label, one.unit),
        Cell(f"{plain(one.mean_real)} ± {plain(one.sd_real)}"),
        Cell(f"{plain(one.mean_synth)} ± {plain(one.sd_synth)}"),
        Cell(fixed_text(one.difference, 2)),
        Cell(fixed_text(one.margin, 2)),
    ]
    for size in sizes:
        it = found.get(size)
        if it is None:
            cells.append(Cell(NONE))
        else:
            cells.append(
                Cell(it.verdict, f"{p_text(it.p_holm)}; {p_text(it.tost_p)}", VERDICT_TONES[it.verdict])
            )
    return cells


def reach_view(rows: Sequence[Reach]) -> Table:
    """Lay out what each number of frames could show."""
    sizes = list(dict.fromkeys(it.n for it in rows))
    heads = [Head("Biomarker"), Head("SD", number=True), Head("Margin", number=True)]
    heads += [Head(f"n = {n}", number=True) for n in sizes]
    body: list[list[Cell]] = []
    for diagnosis in dict.fromkeys(it.diagnosis for it in rows):
        body.append([Cell(diagnosis)])
        own = [it for it in rows if it.diagnosis == diagnosis]
        for name in dict.fromkeys(it.biomarker for it in own):
            found = {it.n: it for it in own if it.biomarker == name}
            one = next(iter(found.values()))
            cells = [Cell(one.label, one.unit), Cell(plain(one.sd)), Cell(fixed_text(one.margin, 2))]
            body.append([*cells, *(_reach_cell(found.get(n)) for n in sizes)])
    return Table("What a number of frames a side could show, were both SDs the real one.", heads, body)


def _reach_cell(it: Reach | None) -> Cell:
    if it is None:
        return Cell(NONE)
    equal = "never" if it.largest_equivalent is None else f"up to {fixed_text(it.largest_equivalent, 2)}"
    return Cell(f"from {fixed_text(it.smallest_significant, 2)}", equal)


def check_row(it: Check) -> dict[str, Any]:
    """Lay a check out flat, for `audit.csv`."""
    return {
        "check": it.key,
        "title": it.title,
        "claim": it.claim,
        "finding": it.finding,
        "sentence": it.sentence,
        "printed": "; ".join(
            f"{one.what}: {one.printed}{f' {one.unit}' if one.unit else ''}"
            for one in it.numbers
            if one.printed is not None
        ),
        "steps": " ".join(it.steps),
        "explanations": " ".join(it.explanations),
        "not_at_hand": len(it.missing),
    }


def table_rows(table: PublishedTable, own: Sequence[Row]) -> list[dict[str, Any]]:
    """Lay a table out flat, for its CSV: labels, then value, SD and origin of every column."""
    rows = []
    for row in [*table.rows, *own]:
        flat: dict[str, Any] = dict(row.labels)
        for column in table.columns:
            entry = row.cells.get(column.key, Entry())
            number = entry.number
            flat[column.key] = None if number is None else str(number.value)
            if column.kind == "mean and SD":
                flat[f"{column.key}_sd"] = None if number is None or number.sd is None else str(number.sd)
            origin = (entry.known_from or table.known_from) if number is not None else None
            flat[f"{column.key}_known_from"] = origin
        rows.append(flat)
    return rows
