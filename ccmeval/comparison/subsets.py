"""Parts of a cohort by diagnosis, of which the smaller ones lie in the larger ones."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ccmeval.cohort.manifest import COLUMNS
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.report.files import replacing


def nested_subset(cohort: Cohort, count: int, seed: int) -> list[Record]:
    """Choose so many frames of each diagnosis.

    Parameters
    ----------
    cohort : Cohort
    count : int
        Frames of each diagnosis.
    seed : int
        With one seed, smaller subsets lie in larger ones.

    Returns
    -------
    list of Record
        In the cohort's order. Subjects take turns, so that a few frames are of many subjects.

    Raises
    ------
    CcmevalError
        If a diagnosis has fewer frames.

    Examples
    --------
    >>> records = [Record(f"{i}.png", str(i), Path(f"{i}.png"), diagnosis="Control") for i in range(9)]
    >>> cohort = Cohort(records, Path())
    >>> few, more = (nested_subset(cohort, n, 0) for n in (2, 5))
    >>> len(few), {it.key for it in few} <= {it.key for it in more}
    (2, True)
    """
    by_diagnosis: dict[str | None, list[Record]] = {}
    for record in cohort:
        by_diagnosis.setdefault(record.diagnosis, []).append(record)
    chosen: set[str] = set()
    for diagnosis, records in by_diagnosis.items():
        if len(records) < count:
            name = diagnosis or "no diagnosis"
            raise CcmevalError(f"There are {len(records)} frames of {name} in {cohort.root}, not {count}.")
        chosen |= {record.frame for record in _by_turns(records, seed)[:count]}
    return [record for record in cohort if record.frame in chosen]


def _by_turns(records: Sequence[Record], seed: int) -> list[Record]:
    """Shuffle subjects and their frames; first a frame of each subject, then the second, and so on."""
    rng = np.random.default_rng(seed)
    of_subject: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda it: it.frame):
        subject = record.subject or record.extra.get("source_subject") or f"frame {record.frame}"
        of_subject.setdefault(subject, []).append(record)
    names = sorted(of_subject)
    turns = []
    for place, at in enumerate(rng.permutation(len(names))):
        frames = of_subject[names[at]]
        turns += [(turn, place, frames[i]) for turn, i in enumerate(rng.permutation(len(frames)))]
    return [record for _, _, record in sorted(turns, key=lambda it: it[:2])]


def write_records(records: Sequence[Record], path: Path) -> Path:
    """Write a manifest of frames where they lie.

    Parameters
    ----------
    records : sequence of Record
    path : pathlib.Path

    Returns
    -------
    pathlib.Path
        The manifest.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    extra = list(dict.fromkeys(name for record in records for name in record.extra))
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *extra], restval="", lineterminator="\n")
        writer.writeheader()
        for record in records:
            writer.writerow({**_cells(record), **record.extra})
    return path


def _cells(record: Record) -> dict[str, str]:
    page = f"#{record.page + 1}" if record.page else ""
    return {
        "frame": f"{record.path.resolve()}{page}",
        "mask": "" if record.mask is None else str(record.mask.resolve()),
        "trace": "" if record.trace is None else str(record.trace.resolve()),
        "diagnosis": record.diagnosis or "",
        "subject": record.subject or "",
        "eye": record.eye or "",
        "pixel_size_um": "" if record.pixel_size_um is None else repr(record.pixel_size_um),
        "source": record.source or "",
    }
