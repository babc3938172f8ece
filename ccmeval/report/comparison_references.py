"""What real frames reach in a score, as the rows above the sets and the lines that sets are read against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ccmeval.comparison.schema import Reference, ScoreDefinition, ScoreValue
from ccmeval.report.comparison_cells import Footnotes, ScoreCell, ScoreRow, missing_cell
from ccmeval.report.comparison_words import own_decimals, range_text, value_text
from ccmeval.report.view import plural


@dataclass(frozen=True)
class Column:
    """A score in one scope, of all sets of a table.

    Attributes
    ----------
    definition : ScoreDefinition
    values : sequence of ScoreValue or None
        One a set.
    decimals : int
        Of its cells.
    """

    definition: ScoreDefinition
    values: Sequence[ScoreValue | None]
    decimals: int


def references_of(values: Iterable[ScoreValue | None]) -> list[Reference]:
    """List the references of some values that have one."""
    return [it.reference for it in values if it is not None and it.reference is not None]


def shared_reference(values: Iterable[ScoreValue | None]) -> Reference | None:
    """Give the reference that all values share; None where there is none or they differ.

    Examples
    --------
    >>> reference = Reference(label="Real frames alone (group A)", value=0.7)
    >>> one = ScoreValue(score="a", value=0.6, reference=reference)
    >>> shared_reference([one, None]).value
    0.7
    >>> other = ScoreValue(score="a", reference=reference.model_copy(update={"value": 0.8}))
    >>> shared_reference([one, other]) is None
    True
    """
    found = references_of(values)
    same = {(it.label, it.value, it.low, it.high) for it in found}
    return found[0] if len(same) == 1 else None


def reference_rows(
    columns: Sequence[Column], notes: Footnotes, before: Sequence[ScoreCell] = ()
) -> list[ScoreRow]:
    """Make a row a kind of reference, to stand above the sets; none where no score has any.

    Parameters
    ----------
    columns : sequence of Column
    notes : Footnotes
        Of the table.
    before : sequence of ScoreCell
        Cells that stand before those of the scores.
    """
    labels = dict.fromkeys(it.label for column in columns for it in references_of(column.values))
    rows = []
    for label in labels:
        cells = [_cell(column, label, notes) for column in columns]
        rows.append(ScoreRow(label, [*before, *cells], below="reference", kind="floor"))
    return rows


def _cell(column: Column, label: str, notes: Footnotes) -> ScoreCell:
    of_label = [it for it in column.values if it is not None and it.reference and it.reference.label == label]
    one = shared_reference(of_label)
    if one is not None:
        decimals = own_decimals(one.value, one.low, one.high, column.decimals)
        return ScoreCell(
            value_text(column.definition, one.value, decimals),
            range_text(column.definition, one.low, one.high, decimals),
            title=" ".join(part for part in (one.sentence, _units(one)) if part),
        )
    if of_label:
        return missing_cell(_differing(column, references_of(of_label)), notes, "differs")
    return ScoreCell("")


def _units(it: Reference) -> str:
    return f"From {plural(it.n_units, 'independent unit')}." if it.n_units else ""


def _differing(column: Column, found: Sequence[Reference]) -> str:
    values = [it.value for it in found]
    between = range_text(column.definition, min(values), max(values), column.decimals)
    label = f"{found[0].label[:1].lower()}{found[0].label[1:]}"
    return (
        f"The references of {column.definition.label} ({label}) are not the same for all sets: {between}; see"
        " the figure of this score."
    )
