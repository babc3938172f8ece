"""The pool of a task: all frames of a run on disk at one side, made once and found again by its content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_frames import seen_frames, side_um, too_small
from ccmeval.evaluation.utility_members import sets_of
from ccmeval.report.files import replacing
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.pool import build_pool
from ccmeval.utility.pool_files import describe_pool
from ccmeval.utility.portions import frame_digests
from ccmeval.utility.truths import NativeTruth, Truths, keep_truth

POOL_VERSION = 1
"""Raised when the same frames would be brought to other numbers."""

_MASKS_FILE = "masks.json"
_MOST_REASONS = 3


@dataclass
class MaskFacts:
    """What was found out of the masks while the pool was made.

    Attributes
    ----------
    usable : list of int
        Rows with a mask that has widths.
    truths : dict of int to str
        Hash of the true mask of each usable row, for :class:`ccmeval.utility.truths.Truths`.
    reasons : list of str
        Why others cannot serve; one each.
    """

    usable: list[int] = field(default_factory=list)
    truths: dict[int, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TaskPool:
    """The pool of a task with what belongs to it.

    Attributes
    ----------
    home : pathlib.Path
        For :func:`ccmeval.utility.pool_files.open_pool`.
    digests : list of str
        Of each row's content.
    truths : Truths or None
    members : sequence of Member
        Without the diagnosis and mask of frames that cannot serve.
    notes : sequence of str
    """

    home: Path
    digests: list[str]
    truths: Truths | None
    members: Sequence[Member]
    notes: Sequence[str]


def task_pool(parts: RunParts, members: Sequence[Member], task: Task, folder: Path) -> TaskPool:
    """Make the pool of a task, or find it as an earlier run left it.

    Parameters
    ----------
    parts : RunParts
    members : sequence of Member
    task : {"diagnosis", "segmentation"}
    folder : pathlib.Path
        Of the pillar, within the run's.
    """
    size_px = _size_px(parts, task)
    names, biomarkers = _biomarkers(parts) if task == "diagnosis" else ((), None)
    key = _key(parts, members, task, size_px, names, biomarkers)
    home = folder / "pools" / f"{task}-{key[:16]}"
    masks = _read_masks(home)
    if masks is None:  # absent, or an earlier run ended before it was whole
        shutil.rmtree(home, ignore_errors=True)
    found = masks or MaskFacts()
    pool = build_pool(
        _source(parts, members, task, folder, found),
        len(members),
        size_px,
        side_um(parts) / size_px,
        home,
        key=key,
        names=[member.frame for member in members],
        biomarkers=biomarkers,
        biomarker_names=names,
        progress=lambda done, total: parts.progress(f"Reading frames for {task}", done, total),
    )
    if masks is None:
        _keep_masks(home, found)
    describe_pool(pool, home)
    truths = [found.truths.get(member.row, "") for member in members] if task == "segmentation" else ()
    kept, notes = _usable(parts, members, task, found)
    return TaskPool(
        home,
        frame_digests(pool, truths),
        Truths(folder / "truths", found.truths) if task == "segmentation" else None,
        kept,
        notes,
    )


def _size_px(parts: RunParts, task: Task) -> int:
    settings = parts.settings.utility
    return settings.size_px if task == "diagnosis" else settings.segmentation_frame_px


def _biomarkers(parts: RunParts) -> tuple[Sequence[str], npt.NDArray[np.float64] | None]:
    """Give the biomarker table of all frames, NaN where one is undefined."""
    rows = [row for one in sets_of(parts) for row in one.rows]
    if not rows:
        return (), None
    names = list(dict.fromkeys(name for row in rows for name in row.biomarkers))
    table = [[_number(row.biomarkers.get(name)) for name in names] for row in rows]
    return names, np.asarray(table, dtype=np.float64)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _key(
    parts: RunParts,
    members: Sequence[Member],
    task: Task,
    size_px: int,
    names: Sequence[str],
    biomarkers: npt.NDArray[np.float64] | None,
) -> str:
    """Hash all that decides what the pool holds, without reading a frame."""
    masks = [_mask_hash(record.mask) for one in sets_of(parts) for record in one.cohort]
    readings = {name: reading.model_dump(mode="json") for name, reading in parts.readings.items()}
    content = {
        "version": POOL_VERSION,
        "frames": [member.sha256 for member in members],
        "pages": [record.page for one in sets_of(parts) for record in one.cohort],
        "masks": masks if task == "segmentation" else [],
        "scale": [parts.scale.pixel_size_um, side_um(parts)],
        "reading": {
            name: [one.get("reading"), one.get("field_of_view_um")] for name, one in readings.items()
        },
        "size_px": size_px,
        "biomarkers": [list(names), "" if biomarkers is None else biomarkers.tobytes().hex()],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _mask_hash(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _source(
    parts: RunParts, members: Sequence[Member], task: Task, folder: Path, found: MaskFacts
) -> Iterator[tuple[FloatArray, BoolArray | None]]:
    """Give frames and masks, noting the masks that serve; true ones of real frames are kept as they are."""
    frames = seen_frames(parts, masks=task == "segmentation")
    for member, seen in zip(members, frames, strict=True):
        if seen.reason:
            found.reasons.append(seen.reason)
        if seen.mask is not None:
            found.usable.append(member.row)
            if member.kind != "synth":
                truth = NativeTruth(seen.mask, seen.pixel_size_um, seen.imaged)
                found.truths[member.row] = keep_truth(folder / "truths", truth)
        yield seen.pixels, seen.mask


def _read_masks(home: Path) -> MaskFacts | None:
    try:
        held = json.loads((home / _MASKS_FILE).read_text(encoding="utf-8"))
        truths = {int(row): str(digest) for row, digest in held["truths"].items()}
        return MaskFacts(list(held["usable"]), truths, list(held["reasons"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep_masks(home: Path, found: MaskFacts) -> None:
    with replacing(home / _MASKS_FILE) as partial:
        partial.write_text(json.dumps(asdict(found)), encoding="utf-8")


def _usable(
    parts: RunParts, members: Sequence[Member], task: Task, found: MaskFacts
) -> tuple[list[Member], list[str]]:
    """Take diagnosis and mask from frames that cannot serve, so that no fold has them."""
    small, masked = set(too_small(parts)), set(found.usable)
    kept = [
        replace(
            member,
            diagnosis=None if member.row in small and task == "diagnosis" else member.diagnosis,
            has_mask=task == "segmentation" and member.row in masked and member.row not in small,
        )
        for member in members
    ]
    notes = []
    if small:
        notes.append(f"{len(small)} frames show less than the common field of view and do not take part.")
    if found.reasons:
        shown = " ".join(found.reasons[:_MOST_REASONS])
        notes.append(f"{len(found.reasons)} masks cannot serve for segmentation: {shown}")
    return kept, notes
