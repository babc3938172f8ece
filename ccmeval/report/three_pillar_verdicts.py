"""The top of the three-pillar page: what was compared, a card with the verdict of each pillar, findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ccmeval.evaluation.schema import Criterion, Finding, Pillar, PillarVerdict, ThreePillarResult
from ccmeval.report.numbers import NONE
from ccmeval.report.three_pillar_words import (
    PILLARS,
    SET_WORDS,
    SYMBOLS,
    TONES,
    badge,
    estimate_cell,
    left_out,
    plain_text,
    set_named,
)
from ccmeval.report.view import Cell, Head, Table, plural, some

MOST_FINDINGS = 30
_EXAMPLES = 4
_SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Card:
    """A pillar's verdict with the criteria it rests on."""

    anchor: str
    title: str
    word: str
    symbol: str
    tone: str
    sentence: str
    criteria: Table


def title(result: ThreePillarResult) -> str:
    """Name what was compared.

    Examples
    --------
    >>> title(ThreePillarResult(created=""))
    'Synthetic against real corneal confocal frames'
    """
    real, synth = set_named(result, "real"), set_named(result, "synth")
    if real is None or synth is None:
        return "Synthetic against real corneal confocal frames"
    against = plural(real.n_frames, "real frame")
    if real.kind == "published table":
        against = f"published values of {plural(real.n_frames, 'real frame')}"
    return f"{plural(synth.n_frames, 'synthetic frame')} against {against}"


def cards(result: ThreePillarResult) -> list[Card]:
    """Make one card a pillar, also for those that were not asked for.

    Examples
    --------
    >>> [card.word for card in cards(ThreePillarResult(created=""))]
    ['unavailable', 'unavailable', 'unavailable']
    """
    found = {it.pillar: it for it in result.verdicts}
    return [_card(name, found.get(name), name in result.pillars) for name in get_args(Pillar)]


def _card(pillar: str, verdict: PillarVerdict | None, asked: bool) -> Card:
    if verdict is None:
        said = "No verdict was reached in this run." if asked else "Not part of this run."
        word, criteria = "unavailable", Table("", [])
    else:
        word, said, criteria = verdict.verdict, verdict.sentence, _criteria_table(verdict)
    anchor = f"pillar-{pillar}" if criteria.rows else pillar
    return Card(anchor, PILLARS[pillar], word, SYMBOLS[word], TONES[word], said, criteria)


def _criteria_table(verdict: PillarVerdict) -> Table:
    heads = [
        Head("Criterion", long=True),
        Head("Verdict"),
        Head("Value", "95 % CI", number=True),
        Head("Floor", "range", number=True),
        Head("Limit", number=True),
        Head("Why", long=True),
    ]
    rows = [_criterion_row(it) for it in verdict.criteria]
    return Table(f"Criteria of {PILLARS[verdict.pillar].lower()}.", heads, rows)


def _criterion_row(it: Criterion) -> list[Cell]:
    value = estimate_cell(it.value, it.low, it.high)
    if it.unit and it.value is not None:
        value = Cell(value.words, "\n".join(filter(None, (value.below, it.unit))))
    return [
        Cell(it.sentence, it.name),
        badge(it.verdict),
        value,
        estimate_cell(it.floor, it.floor_low, it.floor_high),
        Cell(plain_text(it.limit)),
        Cell(it.reason, it.source),
    ]


def findings_table(result: ThreePillarResult) -> Table:
    """List what was found when the sets were checked, worst first.

    Examples
    --------
    >>> findings_table(ThreePillarResult(created="")).rows
    []
    """
    ordered = sorted(result.findings, key=lambda it: _SEVERITIES.index(it.severity))
    heads = [
        Head("Severity"),
        Head("Set"),
        Head("What was found", long=True),
        Head("Frames", number=True),
        Head("Which", long=True),
    ]
    rows = [_finding_row(it) for it in ordered[:MOST_FINDINGS]]
    more = left_out(len(ordered), MOST_FINDINGS, "findings.csv")
    return Table("What was found when the sets were checked.", heads, rows, more)


def _finding_row(it: Finding) -> list[Cell]:
    names = some(it.frames, _EXAMPLES) if it.frames else NONE
    hidden = max(it.count - len(it.frames), 0)
    if it.frames and hidden and len(it.frames) <= _EXAMPLES:
        names += f" and {hidden:,} more"
    mark = badge(it.severity)
    return [
        Cell(mark.words, "", mark.tone),
        Cell(SET_WORDS.get(it.set, it.set) or NONE),
        Cell(it.sentence, it.code),
        Cell(f"{it.count:,}" if it.count else NONE),
        Cell(names),
    ]


def findings_summary(result: ThreePillarResult) -> str:
    """Count the findings.

    Examples
    --------
    >>> findings_summary(ThreePillarResult(created=""))
    'Nothing was found.'
    """
    counts = {it: sum(found.severity == it for found in result.findings) for it in _SEVERITIES}
    said = [plural(count, word) for word, count in counts.items() if count]
    return f"{', '.join(said)}." if said else "Nothing was found."
