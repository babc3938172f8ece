"""Rows of units in the result: the facts of a training run, fit for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ccmeval.utility.schema import UnitRow

if TYPE_CHECKING:
    from ccmeval.utility.learning import TrainingRecord
    from ccmeval.utility.units import UnitSpec

_LONGEST = 300
"""Characters of a reason; a library's message may hold a whole log."""


def done_row(spec: UnitSpec, key: str, record: TrainingRecord, notes: Sequence[str] = ()) -> UnitRow:
    """Make the row of a finished unit.

    Parameters
    ----------
    spec : UnitSpec
    key : str
    record : TrainingRecord
        Of the learner; numbers that are not finite become None.
    notes : sequence of str
        In addition to the learner's.

    Examples
    --------
    >>> from ccmeval.utility.learning import TrainingRecord
    >>> from ccmeval.utility.units import UnitSpec
    >>> spec = UnitSpec("diagnosis", "biomarker", "A", fold=0, seed=0)
    >>> row = done_row(spec, "ab", TrainingRecord(8, 4, 10, 1.5, history=[(4, 0.7, float("nan"))]))
    >>> row.status, row.best_step, row.validation_loss, row.history
    ('done', 4, None, [(4, 0.7, None)])
    """
    return UnitRow(
        **_labels(spec, key),
        steps=int(record.steps),
        best_step=int(record.best_step),
        seconds=_finite(record.seconds) or 0.0,
        validation_loss=_finite(record.validation_loss),
        device=one_line(str(record.device)),
        n_parameters=int(record.n_parameters),
        notes=[one_line(str(note)) for note in (*record.notes, *notes)],
        history=[(int(step), _finite(train), _finite(held)) for step, train, held in record.history],
    )


def failed_row(spec: UnitSpec, key: str, reason: str) -> UnitRow:
    """Make the row of a unit that came to nothing.

    Examples
    --------
    >>> from ccmeval.utility.units import UnitSpec
    >>> row = failed_row(UnitSpec("diagnosis", "biomarker", "A", fold=0, seed=0), "ab", "It is  broken.")
    >>> row.status, row.reason
    ('failed', 'It is broken.')
    """
    return UnitRow(**_labels(spec, key), status="failed", reason=one_line(reason))


def one_line(text: str) -> str:
    """Bring a message to one line of bounded length that any file takes."""
    line = " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _labels(spec: UnitSpec, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "task": spec.task,
        "learner": spec.learner,
        "group": spec.group,
        "curve": spec.curve,
        "x": spec.x,
        "fold": spec.fold,
        "seed": spec.seed,
    }


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
