"""Masks and traces that travel along with their frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ccmeval.arrays import BoolArray
from ccmeval.cohort.masks import is_trace, read_mask
from ccmeval.cohort.pairing import Kind
from ccmeval.cohort.reading import read_bytes
from ccmeval.errors import CcmevalError, UnreadableFrameError
from ccmeval.preparing.naming import Member
from ccmeval.preparing.png import encode_mask
from ccmeval.preparing.problems import Problem
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.report.files import replacing

FOLDERS: dict[Kind, str] = {"mask": "masks", "trace": "traces"}
_WITHOUT = "The frame was kept without it."
_TAKEN = "It was taken."


def write_annotations(
    members: Sequence[Member],
    out: Path,
    settings: PrepareSettings,
    progress: Callable[[int, int], None],
) -> tuple[dict[tuple[Kind, str], str], list[Problem]]:
    """Write every mask and trace that can be used as 0 and 255, at its frame's size.

    Returns
    -------
    written : dict
        Path below the cohort, by kind and the frame's stem.
    problems : list of Problem
    """
    written: dict[tuple[Kind, str], str] = {}
    problems: list[Problem] = []
    for done, one in enumerate(members, 1):
        for kind, folder in FOLDERS.items():
            mask = _read(one, kind, settings, problems)
            if mask is not None:
                place = f"{folder}/{one.stem}.png"
                _write(out / place, mask)
                written[kind, one.stem] = place
        progress(done, len(members))
    return written, problems


def _read(one: Member, kind: Kind, settings: PrepareSettings, problems: list[Problem]) -> BoolArray | None:
    record, decoded = one.chosen.source.record, one.chosen.source.decoded
    path = record.mask if kind == "mask" else record.trace
    if path is None:
        return None
    name = f"Its {kind}"

    def tell(sentence: str, done: str) -> None:
        problems.append(Problem(record.frame, kind, sentence, done, path.name, left_out=False))

    try:
        if read_bytes(path, name, settings.reading)[1] == decoded.source_sha256:
            raise UnreadableFrameError(f"{name} is the frame itself; give its {kind}.")
        mask, notes = read_mask(path, decoded.shape, page=record.page, name=name, settings=settings.reading)
    except CcmevalError as error:
        tell(str(error), _WITHOUT)
        return None
    for note in notes:
        tell(note, _TAKEN)
    if kind == "trace" and mask.any() and not is_trace(mask):
        tell(f"{name} has lines wider than one pixel, as a mask has.", _TAKEN)
    return mask


def _write(path: Path, mask: BoolArray) -> None:
    data = encode_mask(mask)
    if path.is_file() and path.read_bytes() == data:
        return
    with replacing(path) as partial:
        partial.write_bytes(data)
