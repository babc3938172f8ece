"""The frames of an adopted set: read once, doublets and what cannot be read left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort import Frame, Record, load_cohort, read_frame, read_mask
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval_generators.folder.settings import FolderSettings

_NAMED = 3
"""Reasons for frames left out that a sentence gives."""


@dataclass(frozen=True)
class Stock:
    """What a set holds.

    Attributes
    ----------
    records : sequence of Record
        Usable frames in natural order, no two of the same content.
    sha256 : sequence of str
        Of the frames' files, one a record.
    shape_px : (int, int)
    pixel_size_um : float
    left_out : sequence of str
        Why each further frame is none, one sentence each.
    settings : FolderSettings
    """

    records: Sequence[Record]
    sha256: Sequence[str]
    shape_px: tuple[int, int]
    pixel_size_um: float
    left_out: Sequence[str]
    settings: FolderSettings

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """Those that it has frames of, in alphabetical order."""
        return tuple(sorted({record.diagnosis for record in self.records if record.diagnosis is not None}))

    @property
    def digest(self) -> str:
        """Hash of names, diagnoses and content of all frames, in order."""
        facts = zip(self.records, self.sha256, strict=True)
        lines = [f"{record.frame}\t{record.diagnosis}\t{sha}" for record, sha in facts]
        return hashlib.sha256("\n".join([*lines, f"{self.pixel_size_um!r}"]).encode()).hexdigest()

    def of(self, diagnosis: str | None) -> list[Record]:
        """Give the frames of a diagnosis, or all, in natural order."""
        return [record for record in self.records if diagnosis is None or record.diagnosis == diagnosis]

    def pixels(self, record: Record) -> FloatArray:
        """Read the grey levels of a frame, in [0, 1].

        Raises
        ------
        CcmevalError
            If the file was taken away or damaged meanwhile.
        """
        return _read(record, self.settings).pixels

    def mask(self, record: Record) -> BoolArray | None:
        """Read the mask of a frame; None where it has none or only one that is no mask."""
        if record.mask is None:
            return None
        try:
            return read_mask(record.mask, self.shape_px, page=record.page)[0]
        except CcmevalError:
            return None


def take_stock(settings: FolderSettings) -> Stock:
    """Read a set through.

    Raises
    ------
    UnavailableError
        If no set is named, it has no usable frame, or frames of several shapes or pixel sizes.
    """
    if not settings.path:
        raise UnavailableError("No set is named; set path to its folder or manifest.")
    try:
        cohort = load_cohort(settings.path, masks=settings.masks or None)
    except CcmevalError as error:
        raise UnavailableError(f"The set cannot be adopted: {error}") from error
    kept: list[Record] = []
    first: dict[str, str] = {}
    kinds: Counter[tuple[tuple[int, int], float]] = Counter()
    sizes_um: list[float] = []
    left_out: list[str] = []
    for record in cohort:
        try:
            frame = _read(record, settings)
        except CcmevalError as error:
            left_out.append(str(error))
            continue
        content = f"{frame.sha256}#{record.page}"
        if content in first:
            left_out.append(f"{record.frame} is the same file as {first[content]}.")
            continue
        first[content] = record.frame
        kept.append(record)
        sizes_um.append(frame.pixel_size_um)
        kinds[(frame.pixels.shape[0], frame.pixels.shape[1]), round(frame.pixel_size_um, 6)] += 1
    _check_one_kind(settings.path, kinds, left_out)
    shape, _ = next(iter(kinds))  # its size is rounded, so that two ways of writing one are no two kinds
    return Stock(kept, list(first), shape, sizes_um[0], left_out, settings)


def _read(record: Record, settings: FolderSettings) -> Frame:
    return read_frame(record, pixel_size_um=settings.pixel_size_um)


def _check_one_kind(
    path: str, kinds: Counter[tuple[tuple[int, int], float]], left_out: Sequence[str]
) -> None:
    if not kinds:
        raise UnavailableError(f"{path} holds no usable frame: {' '.join(left_out[:_NAMED])}")
    if len(kinds) > 1:
        listed = "; ".join(
            f"{count} of {height} x {width} px at {size:g} um"
            for ((height, width), size), count in kinds.most_common(_NAMED)
        )
        raise UnavailableError(
            f"{path} holds frames of {len(kinds)} kinds ({listed}); adopt each kind as a set of its own."
        )
