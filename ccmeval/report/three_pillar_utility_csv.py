"""CSV tables of pillar 3: between them they hold every number of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ccmeval.report.three_pillar_flat import Rows, flat, model_columns
from ccmeval.utility.schema import (
    Calibration,
    CalibrationBin,
    Confusion,
    CurvePoint,
    DifferenceRow,
    LabelAgreement,
    Leak,
    LearnerRow,
    Protocol,
    ScoreRow,
    SegmentationExample,
    TaskVerdict,
    UnitRow,
    UtilityResult,
)

_OF_UNIT = ("key", "task", "learner", "group", "curve", "x", "fold", "seed")


def utility_tables(found: UtilityResult) -> dict[str, tuple[Sequence[str], Rows]]:
    """Lay the result of pillar 3 out flat: columns and rows by table.

    Parameters
    ----------
    found : UtilityResult
        An empty one gives tables without rows.

    Examples
    --------
    >>> columns, rows = utility_tables(UtilityResult())["utility_confusions"]
    >>> columns, list(rows)
    (['learner', 'group', 'level', 'true', 'predicted', 'count', 'share_of_true'], [])
    """
    return {
        "utility_scores": (model_columns(ScoreRow), map(flat, found.scores)),
        "utility_differences": (model_columns(DifferenceRow), map(flat, found.differences)),
        "utility_verdicts": (model_columns(TaskVerdict), map(flat, found.verdicts)),
        "utility_units": (
            model_columns(UnitRow, "history"),
            (flat(row, "history") for row in found.units),
        ),
        "utility_losses": ([*_OF_UNIT, "step", "training_loss", "validation_loss"], _loss_rows(found.units)),
        "utility_curves": (model_columns(CurvePoint), map(flat, found.curves)),
        "utility_confusions": (
            ["learner", "group", "level", "true", "predicted", "count", "share_of_true"],
            _confusion_rows(found.confusions),
        ),
        "utility_calibration": (
            ["learner", "group", "error", *[f"bin_{name}" for name in model_columns(CalibrationBin)]],
            _calibration_rows(found.calibrations),
        ),
        "utility_agreement": (model_columns(LabelAgreement), map(flat, found.agreements)),
        "utility_leaks": (model_columns(Leak), map(flat, found.leaks)),
        "utility_learners": (model_columns(LearnerRow), map(flat, found.learners)),
        "utility_unavailable": (["name", "reason"], _reasons(found.unavailable)),
        "utility_protocol": (model_columns(Protocol), map(flat, [found.protocol] if found.protocol else [])),
        "utility_examples": (
            ["frame", "key", "learner", "picture", "file", "dice"],
            _examples(found.examples),
        ),
    }


def _loss_rows(units: Sequence[UnitRow]) -> Iterator[dict[str, Any]]:
    for row in units:
        about = {name: getattr(row, name) for name in _OF_UNIT}
        for step, training, validation in row.history:
            yield {**about, "step": step, "training_loss": training, "validation_loss": validation}


def _confusion_rows(confusions: Sequence[Confusion]) -> Iterator[dict[str, Any]]:
    """Give a row a cell; what a matrix has beyond its classes keeps its number as a name."""
    for it in confusions:
        about = {"learner": it.learner, "group": it.group, "level": it.level}
        for i, row in enumerate(it.counts):
            total = sum(row)
            for j, count in enumerate(row):
                share = count / total if total > 0 else None
                names = {"true": _class(it, i), "predicted": _class(it, j)}
                yield {**about, **names, "count": count, "share_of_true": share}


def _class(it: Confusion, number: int) -> str:
    return it.classes[number] if number < len(it.classes) else f"class {number}"


def _calibration_rows(calibrations: Sequence[Calibration]) -> Iterator[dict[str, Any]]:
    """Give a row a bin; the error, which is of the whole, is repeated."""
    for it in calibrations:
        about = {"learner": it.learner, "group": it.group, "error": it.error}
        if not it.bins:
            yield about
        for bin_ in it.bins:
            yield {**about, **{f"bin_{name}": value for name, value in flat(bin_).items()}}


def _reasons(unavailable: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, reason in unavailable.items():
        yield {"name": name, "reason": reason}


def _examples(examples: Sequence[SegmentationExample]) -> Iterator[dict[str, Any]]:
    for it in examples:
        about = {"frame": it.frame, "key": it.key, "learner": it.learner}
        for name in dict.fromkeys([*it.files, *it.dice]):
            yield {**about, "picture": name, "file": it.files.get(name), "dice": it.dice.get(name)}
