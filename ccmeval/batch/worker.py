"""The work on one frame, as a worker process does it: read, measure, write pictures, give a row."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.measurement.nerve_source import SegmenterError, known_path
from ccmeval.report.files import OutputError
from ccmeval.report.pictures import draw_centre_lines, write_png
from ccmeval.report.schema import FrameRow
from ccmeval.settings import RunSettings

if TYPE_CHECKING:
    from ccmeval.measurement import Measurement

PICTURE_FOLDERS = ("masks", "skeletons", "overlays")

AHEAD = 2
"""Frames in hand per worker: one being measured and one waiting."""


@dataclass(frozen=True)
class Outcome:
    """What a worker sends back; small, so that memory does not grow with the frames.

    Attributes
    ----------
    row : FrameRow
        Measured or failed.
    inputs : dict
        What the row was measured from; where it changes, a resumed run measures again.
    trouble : str
        Traceback of an internal error, for the log file.
    """

    row: FrameRow
    inputs: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""


WorkFunction = Callable[[Record], Outcome]


@dataclass(frozen=True)
class Work:
    """The function from record to outcome, with what it needs; travels to the workers.

    Attributes
    ----------
    settings : RunSettings
        All settings of the run.
    out : pathlib.Path or None
        Folder for the pictures; None writes none.
    """

    settings: RunSettings
    out: Path | None = None

    def __call__(self, record: Record) -> Outcome:
        """Measure one record; whatever is wrong with the frame becomes its row's reason.

        Raises
        ------
        OutputError
            If the pictures cannot be written: that concerns every frame, so the run stops.
        """
        try:
            return self._measure(record)
        except OutputError:
            raise
        except SegmenterError as error:
            return Outcome(failed_row(record, f"{record.frame}: {error}"), trouble=traceback.format_exc())
        except CcmevalError as error:
            return Outcome(failed_row(record, str(error)))
        except MemoryError:
            return Outcome(failed_row(record, f"{record.frame} needs more memory than there is."))
        except Exception as error:
            reason = (
                f"{record.frame}: internal error ({type(error).__name__}: {error}); please report it with"
                " errors.log."
            )
            return Outcome(failed_row(record, reason), trouble=traceback.format_exc())

    def _measure(self, record: Record) -> Outcome:
        from ccmeval.measurement import measure_record

        found = measure_record(record, self.settings)
        if self.out is not None:
            self._write_pictures(self.out, record, found)
        inputs = fingerprint(record, self.settings, frame_sha256=found.frame.sha256)
        row = measured_row(record, found)
        if inputs["known"]:
            row.mask_sha256 = inputs["known"][1]
        return Outcome(row, inputs)

    def _write_pictures(self, out: Path, record: Record, found: Measurement) -> None:
        frame = found.frame
        name = f"{record.key}.png"
        height, width = frame.pixels.shape
        write_png(out / "masks" / name, found.mask)
        lines = draw_centre_lines(found.graph, (height, width), frame.pixel_size_um)
        write_png(out / "skeletons" / name, lines)
        if self.settings.overlays:
            from ccmeval.report.overlay import draw_overlay

            sheet = draw_overlay(
                frame.pixels,
                found.mask,
                found.graph,
                found.trunks,
                title=record.frame,
                pixel_size_um=frame.pixel_size_um,
                flags=found.quality_flags,
                biomarkers=found.biomarkers,
                imaged=frame.imaged,
            )
            write_png(out / "overlays" / name, sheet)


def fingerprint(record: Record, settings: RunSettings, *, frame_sha256: str | None = None) -> dict[str, Any]:
    """Tell what a record's row depends on: the bytes of its files and what the manifest says of them.

    Parameters
    ----------
    record : Record
        The record.
    settings : RunSettings
        Say whether the mask or trace counts.
    frame_sha256 : str, optional
        Hash of the frame's file, where it is known already.

    Returns
    -------
    dict
        JSON values.
    """
    known = known_path(record, settings)
    return {
        "sha256": frame_sha256 or file_sha256(record.path),
        "page": record.page,
        "pixel_size_um": record.pixel_size_um,
        "known": [known[0], file_sha256(known[1])] if known is not None else None,
    }


def file_sha256(path: Path) -> str:
    """Hash a file's bytes."""
    import hashlib

    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def labels(record: Record) -> dict[str, Any]:
    """Give what the cohort says of a record, as fields of its row.

    The source, where it is known, is among the manifest's further columns. Bytes of a file name that
    are not UTF-8 are written as escapes, as neither JSON nor CSV could hold them.
    """
    extra = {**({"source": record.source} if record.source else {}), **record.extra}
    return {
        "frame": _writable(record.frame),
        "subject": _writable(record.subject),
        "diagnosis": _writable(record.diagnosis),
        "eye": _writable(record.eye),
        "extra": {_writable(name): _writable(text) for name, text in extra.items()},
    }


@overload
def _writable(text: str) -> str: ...
@overload
def _writable(text: None) -> None: ...
def _writable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")


def failed_row(record: Record, reason: str) -> FrameRow:
    """Make the row of a frame that could not be measured."""
    return FrameRow(
        **labels(record),
        key=record.key,
        status="failed",
        reason=_writable(" ".join(reason.split())),
    )


def measured_row(record: Record, found: Measurement) -> FrameRow:
    """Make the row of a measured frame; NaN becomes None, as JSON has no NaN."""
    frame = found.frame
    height, width = frame.pixels.shape
    return FrameRow(
        **labels(record),
        key=record.key,
        quality_flags=found.quality_flags,
        notes=found.notes,
        pixel_size_um=frame.pixel_size_um,
        pixel_size_source=frame.pixel_size_source,
        height_px=height,
        width_px=width,
        imaged_area_mm2=frame.imaged_area_mm2,
        sha256=frame.sha256,
        mask_source=found.mask_source,
        biomarkers={c: float(v) if math.isfinite(v) else None for c, v in found.biomarkers.items()},
        counts=found.counts,
    )
