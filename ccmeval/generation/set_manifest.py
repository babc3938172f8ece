"""The manifest of a generated set, and the frames in it that repeat one another."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccmeval import __version__
from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.set_journal import Done
from ccmeval.generation.wanted import WantedFrame
from ccmeval.plugins import Generator
from ccmeval.report.files import replacing

MANIFEST = "manifest.csv"

COLUMNS = (
    "frame",
    "mask",
    "diagnosis",
    "source_subject",
    "generator_subjects",
    "pixel_size_um",
    "source",
    "seed",
    "prompt",
    "inference_steps",
    "guidance_scale",
    "source_mask",
    "mask_diagnosis",
    "generator_version",
    "generator_identity",
    "adapter_sha256",
    "ccmeval_version",
)
"""`source_mask` and `mask_diagnosis` tell the record whose mask it was, and that record's diagnosis;
`generator_identity` changes with anything that changes a frame, weights and adapters included."""

_TOLD_BY_GENERATOR = frozenset({"source_subject", "generator_subjects"})
_STEPS = ("inference_steps", "num_inference_steps", "sampling_steps")
_GUIDANCE = ("guidance_scale", "guidance")


def generator_columns(generator: Generator, settings: Mapping[str, Any], subjects: str) -> dict[str, str]:
    """Give the cells that all frames of one generator share.

    Parameters
    ----------
    generator : Generator
        One with an attribute `adapter_sha256` tells its adapter; the others' cell is empty.
    settings : mapping
        The generator's; they tell inference steps and guidance scale, if it has such.
    subjects : str
        For the column `generator_subjects`.
    """
    return {
        "generator_subjects": subjects,
        "source": generator.name,
        "inference_steps": _first(settings, _STEPS),
        "guidance_scale": _first(settings, _GUIDANCE),
        "generator_version": str(generator.version),
        "generator_identity": generator.identity,
        "adapter_sha256": str(getattr(generator, "adapter_sha256", "") or ""),
        "ccmeval_version": __version__,
    }


def write_manifest(
    root: Path,
    wanted: Sequence[WantedFrame],
    done: Mapping[str, Done],
    shared: Mapping[str, str],
    frame_format: FrameFormat,
) -> Path:
    """Write `manifest.csv`, whole or not at all; frames of a diagnosis stand together.

    Parameters
    ----------
    root : pathlib.Path
    wanted : sequence of WantedFrame
    done : mapping of str to Done
        By frame. What the generator itself tells of a frame's `source_subject` and `generator_subjects` goes
        before what is known otherwise; it changes no other column of :data:`COLUMNS`.
    shared : mapping
        Of :func:`generator_columns`.
    frame_format : FrameFormat

    Returns
    -------
    pathlib.Path
    """
    order = {diagnosis: place for place, diagnosis in enumerate(dict.fromkeys(it.diagnosis for it in wanted))}
    rows = sorted(wanted, key=lambda one: (order[one.diagnosis], one.index))
    extras = {one.name: _extra(done[one.name].extra) for one in rows}
    columns = list(dict.fromkeys([*COLUMNS, *(name for extra in extras.values() for name in extra)]))
    path = root / MANIFEST
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        # Values stay as they are: a subject is found again in the real set's manifest by its very name.
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for one in rows:
            writer.writerow({**shared, **_own(one, done[one.name], frame_format), **extras[one.name]})
    return path


def _extra(told: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in told.items() if name in _TOLD_BY_GENERATOR or name not in COLUMNS}


def _own(wanted: WantedFrame, done: Done, frame_format: FrameFormat) -> dict[str, Any]:
    mask = wanted.mask
    return {
        "frame": wanted.frame_path,
        "mask": wanted.mask_path if done.mask_sha256 else "",
        "diagnosis": wanted.diagnosis or "",
        "source_subject": (mask.subject or "") if mask is not None else "",
        "pixel_size_um": repr(float(frame_format.pixel_size_um)),
        "seed": wanted.seed,
        "prompt": wanted.prompt,
        "source_mask": mask.name if mask is not None else "",
        "mask_diagnosis": (mask.diagnosis or "") if mask is not None else "",
    }


def repeats(done: Mapping[str, Done]) -> list[tuple[str, str]]:
    """Find frames that equal an earlier one byte for byte.

    Returns
    -------
    list of (str, str)
        The later frame and the first of its kind.

    Examples
    --------
    >>> repeats({"a": Done("1", "x"), "b": Done("2", "y"), "c": Done("3", "x")})
    [('c', 'a')]
    """
    first: dict[str, str] = {}
    found = []
    for name, one in done.items():
        earlier = first.setdefault(one.sha256, name)
        if earlier != name:
            found.append((name, earlier))
    return found


def _first(settings: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(settings[name]) for name in names if settings.get(name) is not None), "")
