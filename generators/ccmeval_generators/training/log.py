"""The log of a training as a CSV file, rewritten whole so that it never tells of steps that were undone."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccmeval.report.files import replacing

LOG = "training.csv"
_FIRST = ("stage", "step", "seconds", "rate")


def write_log(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows; what a stage has no number of stays empty.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_log(folder, [{"stage": "gan", "step": 5, "seconds": 1.5, "rate": 1e-4, "generator": 0.25}])
    >>> (folder / LOG).read_text().split()
    ['stage,step,seconds,rate,generator', 'gan,5,1.5,0.0001,0.25']
    """
    others = dict.fromkeys(name for row in rows for name in row if name not in _FIRST)
    with replacing(folder / LOG) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*_FIRST, *others], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
