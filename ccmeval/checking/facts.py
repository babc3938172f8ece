"""What is found out about a frame by reading it once, and about its mask."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ccmeval.cohort.decode import decode
from ccmeval.cohort.masks import is_trace, read_mask
from ccmeval.cohort.reading import read_bytes, read_frame
from ccmeval.cohort.record import Cohort, Frame, Record
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import CcmevalError, UnknownPixelSizeError
from ccmeval.quality import QualitySettings

MaskState = Literal["good", "empty", "unusable", "wrong size", "the frame itself"]


@dataclass(frozen=True)
class MaskFacts:
    """What is known of a frame's mask.

    Attributes
    ----------
    state : str
        Whether it can be used, and if not why.
    inverted, soft, trace : bool
        Nerves are dark; it has grey edges; its lines are one pixel wide. All three are dealt with.
    reason : str
        The sentence where it cannot be used.
    """

    state: MaskState = "good"
    inverted: bool = False
    soft: bool = False
    trace: bool = False
    reason: str = ""


@dataclass(frozen=True)
class FrameFacts:
    """What is known of a frame, also of one that cannot be used.

    Attributes
    ----------
    frame, key : str
        As in its record.
    sha256 : str
        Of the file's bytes; empty where it cannot be opened.
    pixel_sha256 : str
        Of size and grey levels, whatever the file format; empty where it cannot be decoded.
    shape : tuple of int or None
        Height and width in pixels.
    pixel_size_um : float or None
    pixel_size_source : str
    bits : int or None
        Declared bits a sample.
    constant : bool
        One grey level throughout.
    dark, saturated : bool
        Beyond the thresholds of :class:`ccmeval.quality.QualitySettings`.
    reason : str
        Why it cannot be used; empty where it can.
    unknown_scale : bool
        The reason is that nobody tells its pixel size.
    mask : MaskFacts or None
        None where it has none, or its size is unknown.
    """

    frame: str
    key: str
    sha256: str = ""
    pixel_sha256: str = ""
    shape: tuple[int, int] | None = None
    pixel_size_um: float | None = None
    pixel_size_source: str = ""
    bits: int | None = None
    constant: bool = False
    dark: bool = False
    saturated: bool = False
    reason: str = ""
    unknown_scale: bool = False
    mask: MaskFacts | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be scored."""
        return not self.reason


def facts_of(
    cohort: Cohort,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    reading: ReadingSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[FrameFacts]:
    """Read every frame of a cohort once.

    Parameters
    ----------
    cohort : Cohort
    pixel_size_um, field_of_view_um : float, optional
        As for :func:`ccmeval.cohort.read_frame`.
    reading : ReadingSettings, optional
    progress : callable, optional
        Called with the frames done and all frames.

    Returns
    -------
    list of FrameFacts
        In the cohort's order.
    """
    found = []
    for done, record in enumerate(cohort, 1):
        found.append(
            read_facts(
                record, pixel_size_um=pixel_size_um, field_of_view_um=field_of_view_um, reading=reading
            )
        )
        if progress is not None:
            progress(done, len(cohort))
    return found


def read_facts(
    record: Record,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    reading: ReadingSettings | None = None,
) -> FrameFacts:
    """Read a frame, and its mask, and note what they are; a file that cannot be used becomes a reason.

    Parameters
    ----------
    record : Record
    pixel_size_um, field_of_view_um : float, optional
    reading : ReadingSettings, optional

    Returns
    -------
    FrameFacts
    """
    reading = reading or ReadingSettings()
    try:
        frame = read_frame(
            record, pixel_size_um=pixel_size_um, field_of_view_um=field_of_view_um, settings=reading
        )
        return _facts(record, frame, reading)
    except UnknownPixelSizeError as error:
        return _without_scale(record, reading, str(error))
    except CcmevalError as error:
        return _unusable(record, reading, str(error))
    except MemoryError:
        return FrameFacts(record.frame, record.key, reason=f"{record.frame} needs more memory than there is.")


def _facts(record: Record, frame: Frame, reading: ReadingSettings) -> FrameFacts:
    height, width = frame.pixels.shape
    limits = QualitySettings()
    seen = frame.pixels[frame.imaged]
    return FrameFacts(
        frame=record.frame,
        key=record.key,
        sha256=frame.sha256,
        pixel_sha256=_pixel_hash(frame),
        shape=(height, width),
        pixel_size_um=frame.pixel_size_um,
        pixel_size_source=frame.pixel_size_source,
        bits=frame.bits,
        dark=bool(np.median(seen) < limits.minimum_median_grey),
        saturated=bool(np.mean(seen >= 254 / 255) > limits.maximum_saturated_fraction),
        mask=_mask_facts(record, frame.sha256, (height, width), reading),
    )


def _pixel_hash(frame: Frame) -> str:
    digest = hashlib.sha256(repr(frame.pixels.shape).encode())
    digest.update(np.ascontiguousarray(frame.pixels, dtype="<f4").tobytes())
    return digest.hexdigest()


def _without_scale(record: Record, reading: ReadingSettings, reason: str) -> FrameFacts:
    """Learn the rest of a frame of which only the pixel size is unknown; its bytes are still at hand."""
    try:
        frame = read_frame(replace(record, pixel_size_um=None), pixel_size_um=1.0, settings=reading)
        known = _facts(record, frame, reading)
    except CcmevalError as error:
        return _unusable(record, reading, str(error))
    return replace(known, pixel_size_um=None, pixel_size_source="", reason=reason, unknown_scale=True)


def _unusable(record: Record, reading: ReadingSettings, reason: str) -> FrameFacts:
    facts = FrameFacts(record.frame, record.key, reason=reason)
    try:
        data, sha256 = read_bytes(record.path, record.frame, reading)
        facts = replace(facts, sha256=sha256)
        samples = decode(data, record.frame, record.page, reading).samples
    except CcmevalError:
        return facts
    shape = (samples.shape[0], samples.shape[1])
    return replace(facts, shape=shape, constant=bool(samples.min() == samples.max()))


def _mask_facts(
    record: Record, frame_sha256: str, shape: tuple[int, int], reading: ReadingSettings
) -> MaskFacts | None:
    if record.mask is None:
        return None
    name = f"The mask {record.mask.name}"
    try:
        _, sha256 = read_bytes(record.mask, name, reading)
        if sha256 == frame_sha256:
            return MaskFacts("the frame itself", reason=f"{name} is the frame itself; give its mask.")
        mask, notes = read_mask(record.mask, shape, page=record.page, name=name, settings=reading)
    except CcmevalError as error:
        wrong_size = "px, but its frame" in str(error)
        return MaskFacts("wrong size" if wrong_size else "unusable", reason=str(error))
    told = " ".join(notes)
    return MaskFacts(
        state="good" if mask.any() else "empty",
        inverted="is inverted" in told,
        soft="grey edges" in told,
        trace=is_trace(mask),
    )
