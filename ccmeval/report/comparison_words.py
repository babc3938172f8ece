"""What all parts of the report of a comparison share: choice of scores, numbers as words, names in a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ccmeval.comparison.schema import ComparedSet, CompareResult, Ranking, ScoreDefinition, ScoreValue
from ccmeval.fidelity.schema import Scope
from ccmeval.report.numbers import (
    NONE,
    common_decimals,
    fixed_text,
    number_text,
    readable_text,
    shared_decimals,
)
from ccmeval.report.three_pillar_words import scope_words

GROUP_WORDS = {
    "cost": "Cost",
    "distance": "Distance to the real set",
    "neighbours": "Neighbours",
    "diversity": "Diversity",
    "pairs": "Declared pairs",
    "biomarkers": "Biomarkers",
    "gradient": "Disease gradient",
    "adherence": "Mask adherence",
    "memorisation": "Memorisation",
    "utility": "Downstream utility",
}
ARROWS = {"lower": "↓", "higher": "↑", "neither": ""}
BETTER_WORDS = {"lower": "lower is better", "higher": "higher is better", "neither": "neither way is better"}

MOST_SETS = 40
"""Rows of a table or figure; further sets are in the CSV files."""

_BYTES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("bytes", 1))
_THOUSANDS = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k"))
_NARROWER = 2
"""Decimals that a value has its own of, where its interval is so much narrower than the others'."""


def scored(result: CompareResult) -> list[ComparedSet]:
    """List the sets that have scores, in their order."""
    return [it for it in result.sets if it.status == "scored"]


def failed(result: CompareResult) -> list[ComparedSet]:
    """List the sets that failed, in their order."""
    return [it for it in result.sets if it.status == "failed"]


def definitions(result: CompareResult) -> dict[str, ScoreDefinition]:
    """Give the scores by key."""
    return {it.key: it for it in result.scores}


def headline_scores(result: CompareResult) -> list[ScoreDefinition]:
    """List the scores of the main table, in their order; all of them where none is marked."""
    return [it for it in result.scores if it.headline] or list(result.scores)


def value_in(
    one: ComparedSet, score: str, scope: Scope = "pooled", diagnosis: str | None = None
) -> ScoreValue | None:
    """Give a score of a set in a scope, or None where the set has no such row."""
    wanted = (score, scope, diagnosis)
    return next((it for it in one.values if (it.score, it.scope, it.diagnosis) == wanted), None)


def ranking_in(
    result: CompareResult, score: str, scope: Scope = "pooled", diagnosis: str | None = None
) -> Ranking | None:
    """Give the ranking of a score in a scope, or None where there is none."""
    wanted = (score, scope, diagnosis)
    return next((it for it in result.rankings if (it.score, it.scope, it.diagnosis) == wanted), None)


def score_label(result: CompareResult, key: str) -> str:
    """Give a score's label; its key where it is not defined."""
    found = definitions(result).get(key)
    return found.label if found else key


def ranking_title(result: CompareResult, it: Ranking) -> str:
    """Name a ranking by its score and scope."""
    label = score_label(result, it.score)
    return label if it.scope == "pooled" else f"{label}, {scope_words(it.scope, it.diagnosis)}"


def decimals_of(values: Iterable[ScoreValue | None]) -> int:
    """Choose the decimals of all cells of a score, so that they compare.

    Examples
    --------
    >>> decimals_of([ScoreValue(score="a", value=14.03, low=12.0, high=16.0), None])
    1
    """
    known = [it for it in values if it is not None and it.value is not None]
    return common_decimals([it.value for it in known], [_half(it.low, it.high) for it in known])


def own_decimals(value: float | None, low: float | None, high: float | None, shared: int) -> int:
    """Choose the decimals of one cell: those of its column, unless it is far more exact than the others.

    A distance of 0.28 (-1.0 to 1.6) is not to be printed as 0 (-1 to 2) since another set is at 1804.

    Examples
    --------
    >>> own_decimals(0.28, -1.0, 1.56, 0), own_decimals(1804.0, 1498.0, 2109.0, 0)
    (2, 0)
    >>> own_decimals(0.28, -1.0, 1.56, 1), own_decimals(0.28, None, None, 1)
    (1, 1)
    """
    half = _half(low, high)
    own = shared_decimals(value, half) if half else shared
    return own if own >= shared + _NARROWER else shared


def _half(low: float | None, high: float | None) -> float | None:
    return (high - low) / 2 if low is not None and high is not None else None


def quantity_text(value: float | None) -> str:
    """Write a large whole number as papers do.

    Examples
    --------
    >>> [quantity_text(it) for it in (2_950_000, 20.4e9, 812, None)]
    ['2.95 M', '20.4 B', '812', '–']
    """
    if value is None:
        return NONE
    for size, letter in _THOUSANDS:
        if abs(value) >= size:
            return f"{number_text(value / size)}{letter}"
    return f"{value:.0f}" if float(value).is_integer() else number_text(value)


def bytes_text(value: float | None) -> str:
    """Write an amount of memory.

    Examples
    --------
    >>> bytes_text(3_221_225_472), bytes_text(None)
    ('3.00 GiB', '–')
    """
    if value is None:
        return NONE
    name, size = next((it for it in _BYTES if abs(value) >= it[1]), _BYTES[-1])
    return f"{number_text(value / size)} {name}"


def value_text(it: ScoreDefinition, value: float | None, decimals: int, of: int | None = None) -> str:
    """Write a value of a score in its way.

    Examples
    --------
    >>> fid = ScoreDefinition(key="f", label="FID", group="distance", better="lower")
    >>> count = ScoreDefinition(key="c", label="c", group="biomarkers", better="higher", kind="count")
    >>> value_text(fid, 14.03, 1), value_text(count, 9.0, 0, 12)
    ('14.0', '9 of 12')
    """
    if value is None:
        return NONE
    if it.unit == "bytes":
        return bytes_text(value)
    if it.kind == "count":
        shown = f"{value:,.0f}" if float(value).is_integer() else fixed_text(value, 1)
        return f"{shown} of {of:,}" if of is not None else shown
    if it.group == "cost" and not it.unit:
        return quantity_text(value)
    return readable_text(value, decimals)


def range_text(it: ScoreDefinition, low: float | None, high: float | None, decimals: int) -> str:
    """Write an interval, or nothing where there is none.

    Examples
    --------
    >>> fid = ScoreDefinition(key="f", label="FID", group="distance", better="lower")
    >>> range_text(fid, 12.0, 16.04, 1), range_text(fid, None, 1.0, 1)
    ('12.0 to 16.0', '')
    """
    if low is None or high is None:
        return ""
    return f"{value_text(it, low, decimals)} to {value_text(it, high, decimals)}"


def unit_words(it: ScoreDefinition) -> str:
    """Say below a head what unit a score has and which way is better.

    Examples
    --------
    >>> unit_words(ScoreDefinition(key="s", label="s", group="cost", unit="s", better="lower"))
    's ↓'
    """
    unit = "" if it.unit == "bytes" else it.unit
    return " ".join(part for part in (unit, ARROWS[it.better]) if part)


def joined(names: Sequence[str], most: int = 6) -> str:
    """Write names in a row, the last after "and".

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"]), joined(["a", "b", "c", "d"], most=2)
    ('a', 'a, b and c', 'a, b and 2 more')
    """
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most:,} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def why_missing(one: ComparedSet, it: ScoreValue | None) -> str:
    """Say why a set has no number.

    Examples
    --------
    >>> why_missing(ComparedSet(name="a", source="a", status="failed", reason="It is empty."), None)
    'The set failed: It is empty.'
    """
    if one.status == "failed":
        return f"The set failed: {one.reason}" if one.reason else "The set failed; no reason was recorded."
    if it is None:
        return "The result holds no such number of this set."
    return it.reason or f"No reason was recorded (status: {it.status})."
