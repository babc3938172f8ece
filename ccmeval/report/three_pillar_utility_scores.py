"""Scores of pillar 3 in tables: groups by metrics, a block a learner, beside the interpretable baseline."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.report.numbers import NONE, common_decimals, fixed_text
from ccmeval.report.three_pillar_utility_words import (
    BASELINE,
    GROUPS,
    SHORT_GROUPS,
    MetricKey,
    by_metric,
    full_label,
    group_order,
    learners_in,
    level_words,
    main_metrics,
    metric_key,
    percent_words,
)
from ccmeval.report.three_pillar_words import left_out, unique
from ccmeval.report.view import Cell, Head, Table, interval_text, plural, some
from ccmeval.utility.schema import LearnerRow, ScoreRow

MOST_METRICS = 60
"""Rows a learner of the folded table."""

MOST_REASONS = 12
_MOST_DECIMALS = 3
_WAYS = {"higher": "higher is better", "lower": "lower is better", "neither": ""}


def scores_table(scores: Sequence[ScoreRow], learners: Sequence[LearnerRow] = ()) -> Table:
    """Lay out the main metrics of a task: a row a group, a block a learner.

    Parameters
    ----------
    scores : sequence of ScoreRow
        Of one task.
    learners : sequence of LearnerRow
        What is known of the learners.

    Examples
    --------
    >>> scores_table([]).rows
    []
    """
    keys = main_metrics(scores)
    whole = [row for row in scores if row.diagnosis is None]
    found = {(row.learner, row.group, metric_key(row)): row for row in whole}
    columns = {key: [row for row in whole if metric_key(row) == key] for key in keys}
    decimals = {key: score_decimals(rows) for key, rows in columns.items()}
    beaten = _not_above_baseline(whole)
    heads = [Head("Group"), *[_head(rows[0]) for rows in columns.values()], Head("Models", number=True)]
    body: list[list[Cell]] = []
    for name in learners_in(whole):
        body.append([_learner_cell(name, learners)])
        groups = {row.group for row in whole if row.learner == name}
        for group in sorted(groups, key=group_order):
            cells = [found.get((name, group, key)) for key in keys]
            body.append(
                [
                    Cell(group, SHORT_GROUPS.get(group, "")),
                    *[
                        _score_cell(row, decimals[key], (name, group) in beaten and bool(row and row.primary))
                        for key, row in zip(keys, cells, strict=True)
                    ],
                    Cell(_counts([row.n_units for row in cells if row])),
                ]
            )
    return Table("Scores on the real test frames: mean ± SD over folds and seeds, and interval.", heads, body)


def _learner_cell(name: str, learners: Sequence[LearnerRow]) -> Cell:
    row = next((it for it in learners if it.name == name), None)
    said = ["interpretable baseline" if name == BASELINE else ""]
    if row and row.n_parameters:
        said.append(f"{row.n_parameters:,} trainable parameters")
    return Cell(name, "; ".join(filter(None, said)))


def _head(row: ScoreRow) -> Head:
    below = [level_words(row.level, row.label), row.unit, _WAYS[row.better], percent_words(row.confidence)]
    words = f"{row.label} (primary)" if row.primary else row.label
    return Head(words, "\n".join(filter(None, below)), number=True, long=len(row.label) > 16)


def _counts(counts: Sequence[int]) -> str:
    low, high = min(counts, default=0), max(counts, default=0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def score_decimals(rows: Sequence[ScoreRow]) -> int:
    """Choose the decimals of a metric, that its groups compare.

    Examples
    --------
    >>> score_decimals([])
    0
    """
    halves = [
        (row.high - row.low) / 2 if row.low is not None and row.high is not None else row.sd for row in rows
    ]
    return min(common_decimals([row.value for row in rows], halves), _MOST_DECIMALS)


def mean_text(value: float | None, sd: float | None, decimals: int) -> str:
    """Write a mean with its SD.

    Examples
    --------
    >>> mean_text(0.8123, 0.021, 3), mean_text(0.8123, None, 3), mean_text(None, 0.1, 3)
    ('0.812 ± 0.021', '0.812', '–')
    """
    words = fixed_text(value, decimals)
    return words if NONE in (words, fixed_text(sd, decimals)) else f"{words} ± {fixed_text(sd, decimals)}"


def _score_cell(row: ScoreRow | None, decimals: int, beaten: bool = False) -> Cell:
    if row is None:
        return Cell(NONE)
    interval = interval_text(row.low, row.high, decimals) if row.value is not None else ""
    below = [interval, "not above baseline" if beaten else ""]
    return Cell(mean_text(row.value, row.sd, decimals), "\n".join(filter(None, below)))


def score_reasons(scores: Sequence[ScoreRow]) -> list[str]:
    """Say why scores have no number, each reason once with what it concerns.

    Examples
    --------
    >>> row = ScoreRow(task="diagnosis", learner="hmsvit", group="C", metric="auc", label="AUC",
    ...                level="frame", reason="one class only")
    >>> score_reasons([row])
    ['No number (–) for AUC, per frame (hmsvit, C): one class only']
    """
    about: dict[tuple[str, str], list[str]] = {}
    for row in scores:
        if row.value is None:
            of_one = f"{row.diagnosis}; " if row.diagnosis else ""
            key = (full_label(row), row.reason or "the reason is not stated.")
            about.setdefault(key, []).append(f"{of_one}{row.learner}, {row.group}")
    said = [
        f"No number (–) for {label} ({_who(names)}): {reason}" for (label, reason), names in about.items()
    ]
    return said[:MOST_REASONS] + (
        [f"{len(said) - MOST_REASONS} more reasons are in tables/utility_scores.csv."]
        if len(said) > MOST_REASONS
        else []
    )


def _who(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return "; ".join(names[:4]) + more


def _primary(scores: Sequence[ScoreRow]) -> dict[tuple[str, str], ScoreRow]:
    return {(row.learner, row.group): row for row in scores if row.primary and row.diagnosis is None}


def _beyond(row: ScoreRow, baseline: ScoreRow) -> str:
    """Tell how a network's mean lies beside the baseline's: 'not above', 'within interval' or 'above'."""
    if row.value is None or baseline.value is None or row.better == "neither":
        return ""
    sign = 1 if row.better == "higher" else -1
    if sign * (row.value - baseline.value) <= 0:
        return "not above"
    worst = row.low if sign == 1 else row.high
    return "above" if worst is not None and sign * (worst - baseline.value) > 0 else "within interval"


def _beside(scores: Sequence[ScoreRow]) -> list[tuple[ScoreRow, ScoreRow, str]]:
    primary = _primary(scores)
    pairs = [
        (row, primary[BASELINE, group])
        for (name, group), row in sorted(primary.items(), key=lambda it: group_order(it[0][1]))
        if name != BASELINE and (BASELINE, group) in primary
    ]
    return [(row, other, _beyond(row, other)) for row, other in pairs]


def _not_above_baseline(scores: Sequence[ScoreRow]) -> set[tuple[str, str]]:
    return {(row.learner, row.group) for row, _, place in _beside(scores) if place == "not above"}


def baseline_words(scores: Sequence[ScoreRow]) -> list[str]:
    """Say of each network in which groups it beats the interpretable baseline, and in which it does not.

    Examples
    --------
    >>> about = dict(task="diagnosis", group="A", metric="m", label="Accuracy", level="frame", primary=True)
    >>> for it in baseline_words([ScoreRow(learner="net", value=0.6, **about),
    ...                           ScoreRow(learner="biomarker", value=0.7, **about)]):
    ...     print(it)
    net does not beat the baseline “biomarker” in A (Accuracy, per frame: 0.600 against 0.700).
    """
    rows = _beside(scores)
    decimals = score_decimals([it for row, other, _ in rows for it in (row, other)])
    said = []
    for name in unique([row.learner for row, _, _ in rows]):
        of_one = [it for it in rows if it[0].learner == name]
        said += [
            sentence
            for place, words in _PLACES.items()
            if (sentence := _place_sentence(name, place, words, of_one, decimals))
        ]
    return said


_PLACES = {
    "not above": "{} does not beat the baseline “biomarker” in {}.",
    "within interval": "{} has a better mean than the baseline “biomarker” in {}, but the baseline’s mean"
    " lies within its interval: that it is better is not shown.",
    "above": "{} has a better mean than the baseline “biomarker”, beyond its own interval, in {}.",
}


def _place_sentence(
    name: str, place: str, words: str, rows: Sequence[tuple[ScoreRow, ScoreRow, str]], decimals: int
) -> str:
    chosen = [(row, other) for row, other, found in rows if found == place]
    if not chosen:
        return ""
    label = full_label(chosen[0][0])
    groups = [
        f"{row.group} ({f'{label}: ' if number == 0 else ''}{fixed_text(row.value, decimals)} against"
        f" {fixed_text(other.value, decimals)})"
        for number, (row, other) in enumerate(chosen)
    ]
    return words.format(name, some(groups, len(GROUPS)))


def all_scores_table(scores: Sequence[ScoreRow]) -> Table:
    """Lay out every metric of a task: a row a metric (and diagnosis), a column a group, a block a learner.

    Examples
    --------
    >>> all_scores_table([]).rows
    []
    """
    groups = sorted({row.group for row in scores}, key=group_order)
    heads = [Head("Metric", long=True), *[Head(it, SHORT_GROUPS.get(it, ""), number=True) for it in groups]]
    body: list[list[Cell]] = []
    total = shown = 0
    for name in learners_in(scores):
        rows = _metric_rows([row for row in scores if row.learner == name], groups)
        total, shown = total + len(rows), shown + len(rows[:MOST_METRICS])
        body += [[Cell(name)], *rows[:MOST_METRICS]]
    return Table(
        "All metrics: mean ± SD over folds and seeds, interval, and the mean on validation frames.",
        heads,
        body,
        left_out(total, shown, "utility_scores.csv"),
    )


def _metric_rows(scores: Sequence[ScoreRow], groups: Sequence[str]) -> list[list[Cell]]:
    rows = []
    for of_metric in by_metric(scores).values():
        for diagnosis in dict.fromkeys(row.diagnosis for row in of_metric):
            of_one = {row.group: row for row in of_metric if row.diagnosis == diagnosis}
            decimals = score_decimals(list(of_one.values()))
            cells = [_long_cell(of_one.get(group), decimals) for group in groups]  # type: ignore[call-overload]
            rows.append([_metric_cell(of_metric[0], diagnosis), *cells])
    return rows


def _metric_cell(row: ScoreRow, diagnosis: str | None) -> Cell:
    below = [diagnosis or "", "primary" if row.primary else "", _WAYS[row.better]]
    return Cell(full_label(row), "; ".join(filter(None, below)))


def _long_cell(row: ScoreRow | None, decimals: int) -> Cell:
    if row is None:
        return Cell(NONE)
    found = _score_cell(row, decimals)
    seen = (
        f"validation {fixed_text(row.validation_value, decimals)}" if row.validation_value is not None else ""
    )
    models = plural(row.n_units, "model")
    return Cell(found.words, "\n".join(filter(None, (found.below, seen, models))))


def metric_columns(scores: Sequence[ScoreRow]) -> dict[MetricKey, list[ScoreRow]]:
    """Give the rows of each main metric.

    Examples
    --------
    >>> metric_columns([])
    {}
    """
    whole = [row for row in scores if row.diagnosis is None]
    return {key: by_metric(whole)[key] for key in main_metrics(scores)}
