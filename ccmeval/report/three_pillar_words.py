"""Words, badges and numbers that all parts of the three-pillar report share."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.evaluation.schema import SetSummary, ThreePillarResult
from ccmeval.fidelity.schema import MetricRow, Scope
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.report.numbers import NONE, fixed_text, number_text, shared_decimals
from ccmeval.report.view import Cell, interval_text

PILLARS = {
    "fidelity": "Pillar 1: fidelity and diversity",
    "preservation": "Pillar 2: preservation of biomarkers",
    "utility": "Pillar 3: downstream utility",
}

SET_WORDS = {"real": "Real", "synth": "Synthetic", "held-out": "Held-out real"}

TONES = {
    "pass": "good", "fail": "bad", "inconclusive": "open", "unavailable": "none",
    "equivalent": "good", "different": "bad", "both": "half", "undefined": "none",
    "kept": "good", "weakened": "bad", "exaggerated": "bad", "lost": "bad", "reversed": "bad",
    "error": "bad", "warning": "open", "note": "none",
    "helps": "good", "harms": "bad", "no detectable effect": "half", "failed": "bad", "done": "good",
}  # fmt: skip
"""Colour of a verdict, which never says anything alone: see :data:`SYMBOLS` and the word."""

SYMBOLS = {
    "pass": "✓", "fail": "✕", "inconclusive": "?", "unavailable": "–",
    "equivalent": "≈", "different": "≠", "both": "≠≈", "undefined": "–",
    "kept": "✓", "weakened": "↓", "exaggerated": "↑", "lost": "✕", "reversed": "⇄",
    "error": "✕", "warning": "!", "note": "i",
    "helps": "▲", "harms": "▼", "no detectable effect": "○", "failed": "✕", "done": "✓",
}  # fmt: skip

MOST_DIAGNOSES = 6
"""Columns, or rows a biomarker, of tables and figures; further diagnoses are in the CSV files."""


def badge(verdict: str, below: str = "") -> Cell:
    """Show a verdict by symbol, word and colour.

    Examples
    --------
    >>> badge("pass")
    Cell(words='✓ pass', below='', tone='good')
    """
    return Cell(f"{SYMBOLS.get(verdict, '')} {verdict}".strip(), below, TONES.get(verdict, "none"))


def estimate_decimals(value: float | None, low: float | None = None, high: float | None = None) -> int:
    """Choose the decimals that a value and its interval share.

    Examples
    --------
    >>> estimate_decimals(96.31, 88.2, 110.4), estimate_decimals(0.71)
    (1, 3)
    """
    spread = (high - low) / 2 if low is not None and high is not None else None
    return shared_decimals(value, spread)


def plain_text(value: float | None) -> str:
    """Write a number as it was set: whole ones whole, no digits added.

    Examples
    --------
    >>> plain_text(2.0), plain_text(0.6), plain_text(None), plain_text(1.23456)
    ('2', '0.6', '–', '1.23')
    """
    if value is not None and abs(value) < 1e6 and value == round(value, 2):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return number_text(value)


def estimate_cell(value: float | None, low: float | None = None, high: float | None = None) -> Cell:
    """Show a value with its interval below it.

    Examples
    --------
    >>> estimate_cell(96.31, 88.2, 110.4).below
    '88.2 to 110.4'
    """
    if value is None:
        return Cell(NONE)
    if low is None or high is None:
        return Cell(plain_text(value) if float(value).is_integer() else number_text(value))
    decimals = estimate_decimals(value, low, high)
    if decimals >= 6:  # what six decimals would not show is written with its power of ten
        return Cell(number_text(value), f"{number_text(low)} to {number_text(high)}")
    return Cell(fixed_text(value, decimals), interval_text(low, high, decimals))


def scope_words(scope: Scope, diagnosis: str | None, count: int | None = None) -> str:
    """Say what a row is over.

    Examples
    --------
    >>> scope_words("pooled", None), scope_words("mean over diagnoses", None, 3)
    ('all frames pooled', 'mean over 3 diagnoses')
    """
    if scope == "diagnosis":
        return diagnosis or "diagnosis not stated"
    if scope == "pooled":
        return "all frames pooled"
    return f"mean over {count} diagnoses" if count else scope


def short_scope(scope: Scope, diagnosis: str | None) -> str:
    """Say what a row is over where there is little room.

    Examples
    --------
    >>> short_scope("pooled", None), short_scope("mean over diagnoses", None)
    ('all pooled', 'mean of diagnoses')
    """
    short = {"pooled": "all pooled", "mean over diagnoses": "mean of diagnoses"}
    return short.get(scope) or scope_words(scope, diagnosis)


def fixed_cell(value: float | None, low: float | None, high: float | None, decimals: int) -> Cell:
    """Show a value and its interval with so many decimals, that they compare with those beside them.

    Examples
    --------
    >>> fixed_cell(1.0, 0.82, 1.236, 2)
    Cell(words='1.00', below='0.82 to 1.24', tone='')
    """
    return Cell(fixed_text(value, decimals), interval_text(low, high, decimals))


def known_diagnoses(rows: Sequence[MetricRow | BiomarkerComparison]) -> list[str]:
    """List the diagnoses of rows, in their order.

    Examples
    --------
    >>> known_diagnoses([MetricRow(metric="kid", label="KID", scope="diagnosis", diagnosis="Control")])
    ['Control']
    """
    found = (row.diagnosis for row in rows if row.scope == "diagnosis")
    return list(dict.fromkeys(name for name in found if name is not None))


def set_named(result: ThreePillarResult, name: str) -> SetSummary | None:
    """Give one of the sets, or None where the run has none of that name.

    Examples
    --------
    >>> set_named(ThreePillarResult(created=""), "real") is None
    True
    """
    return next((it for it in result.sets if it.name == name), None)


def left_out(total: int, shown: int, file: str) -> str:
    """Say where the rest of a list is.

    Examples
    --------
    >>> left_out(120, 20, "pairs.csv"), left_out(3, 20, "pairs.csv")
    ('The first 20 of 120; all are in tables/pairs.csv.', '')
    """
    return f"The first {shown:,} of {total:,}; all are in tables/{file}." if total > shown else ""


def unique(sentences: Sequence[str]) -> list[str]:
    """Keep each sentence once, in order, without empty ones.

    Examples
    --------
    >>> unique(["a", "", "a", "b"])
    ['a', 'b']
    """
    return [it for it in dict.fromkeys(sentences) if it]
