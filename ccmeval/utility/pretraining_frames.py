"""The frames of a pretraining: brought to squares, and parted by subject."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from ccmeval.cohort import Record, read_frame
from ccmeval.cohort.resampling import central_grid, resample_levels
from ccmeval.errors import CcmevalError
from ccmeval.report.files import replacing
from ccmeval.utility.learning import StepProgress

UNUSABLE: Final = "unusable"
SCALES_APART: Final = 1.25
"""Factor between pixel sizes from which frames no longer count as of one scale."""


@dataclass(frozen=True)
class Squares:
    """The frames of a cohort at one shape.

    Attributes
    ----------
    frames : float16 array (M, S, S)
        Mapped into memory; zero where a frame cannot be used.
    pixel_sizes_um : float array (M,)
        Side of their pixels; NaN where a frame cannot be used.
    reasons : sequence of str
        Why a frame cannot be used; empty where it can.
    """

    frames: npt.NDArray[np.float16]
    pixel_sizes_um: npt.NDArray[np.float64]
    reasons: Sequence[str]

    def notes(self, records: Sequence[Record]) -> list[str]:
        """Say what a user should know of the frames."""
        usable = [record for record, reason in zip(records, self.reasons, strict=True) if not reason]
        notes = []
        least, most = np.nanmin(self.pixel_sizes_um), np.nanmax(self.pixel_sizes_um)
        if most > SCALES_APART * least:
            notes.append(
                f"Frames differ in scale: their pixels are {least:.2f} to {most:.2f} um large once all frames"
                " have one size. Nerves of such frames look unlike in width."
            )
        without = sum(record.subject is None for record in usable)
        if without:
            notes.append(
                f"{without} frames have no subject and count as a subject each: held-out frames may be of"
                " subjects that were learnt from, and the error on them too low."
            )
        return notes


def read_squares(
    records: Sequence[Record],
    side_px: int,
    file: IO[bytes],
    progress: StepProgress,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
) -> Squares:
    """Read frames, and bring the largest square in the middle of each to one side.

    Parameters
    ----------
    records : sequence of Record
    side_px : int
    file : binary file
        Takes the pixels, which need not fit into memory.
    progress : callable
    pixel_size_um, field_of_view_um : float, optional
        Of frames of which nothing else tells.

    Returns
    -------
    Squares
        A frame that cannot be read has its reason there and stops nothing.
    """
    shape = (len(records), side_px, side_px)
    frames = np.memmap(file, dtype=np.float16, mode="w+", shape=shape)
    sizes_um, reasons = np.full(len(records), np.nan), []
    for index, record in enumerate(records):
        progress("Reading frames", index, len(records))
        try:
            frame = read_frame(record, pixel_size_um=pixel_size_um, field_of_view_um=field_of_view_um)
        except CcmevalError as error:
            reasons.append(str(error))
            continue
        step = min(frame.pixels.shape) / side_px
        grid = central_grid(frame.pixels.shape, step, (side_px, side_px))
        frames[index] = resample_levels(frame.pixels, grid)
        sizes_um[index] = frame.pixel_size_um * step
        reasons.append("")
    progress("Reading frames", len(records), len(records))
    return Squares(frames, sizes_um, reasons)


def write_parts(path: Path, records: Sequence[Record], parts: npt.NDArray[Any], found: Squares) -> None:
    """Write a table of what each frame served for."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["frame", "subject", "part", "reason"])
        for record, part, reason in zip(records, parts, found.reasons, strict=True):
            writer.writerow([record.frame, record.subject or "", part, reason])


def hold_out(records: Sequence[Record], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Choose the frames to hold out, all or none of a subject's.

    Parameters
    ----------
    records : sequence of Record
        A frame without a subject counts as a subject of its own.
    share : float
        Of the subjects, to the nearest one; at least one, unless the share is 0.
    seed : int

    Returns
    -------
    bool array (len(records),)

    Raises
    ------
    CcmevalError
        If holding out would leave nobody to learn from.

    Examples
    --------
    >>> records = [Record(f"{i}.png", str(i), Path(f"{i}.png"), subject=f"s{i // 2}") for i in range(6)]
    >>> hold_out(records, 0.34, 0).tolist()
    [False, False, False, False, True, True]
    """
    subjects = [record.subject or f"\0{record.frame}" for record in records]
    names = sorted(set(subjects))
    count = 0 if share == 0.0 else max(round(share * len(names)), 1)
    if count >= len(names):
        raise CcmevalError(
            f"Holding out {count} of {len(names)} subjects leaves none to learn from; give more frames, or"
            " --held-out-share 0."
        )
    drawn = np.random.default_rng(seed).permutation(len(names))[:count]
    chosen = {names[index] for index in drawn}
    return np.array([subject in chosen for subject in subjects], dtype=np.bool_)
