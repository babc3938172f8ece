"""What is known of a frame: the record, and the frame once read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ccmeval.arrays import BoolArray, FloatArray

PixelSizeSource = Literal["manifest", "command line", "metadata", "HRT3-RCM default"]


@dataclass(frozen=True)
class Record:
    """One row of a cohort: a frame and what is known of it. Nothing is read yet.

    Attributes
    ----------
    frame : str
        Name shown in tables: the path below the cohort's root, with forward slashes, and ``#N``
        (from 1) for page N of a file with several pages. Unique in its cohort.
    key : str
        Stem of the files written for this frame; unique in its cohort, also where two frames share
        a stem (``a.png``, ``a.bmp``, ``sub/a.png``), and safe as a file name.
    path : pathlib.Path
        Where the pixels are.
    page : int
        Index of the page in the file, from 0.
    mask, trace : pathlib.Path or None
        Known nerve mask and one-pixel centre-line trace.
    diagnosis, subject, eye, source : str or None
        Clinical class (aliases folded), subject, eye, and where the frame comes from.
    pixel_size_um : float or None
        Side of a pixel in micrometres, where the manifest tells.
    extra : mapping of str to str
        Any further manifest columns, carried through unchanged.
    """

    frame: str
    key: str
    path: Path
    page: int = 0
    mask: Path | None = None
    trace: Path | None = None
    diagnosis: str | None = None
    subject: str | None = None
    eye: str | None = None
    pixel_size_um: float | None = None
    source: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """A frame that was read.

    Attributes
    ----------
    pixels : float32 array (H, W), in [0, 1]
        Grey levels divided by the declared range; never stretched, never clipped.
    pixel_size_um : float
        Side of a pixel in micrometres.
    pixel_size_source : str
        Where that number came from.
    imaged : bool array (H, W)
        The imaged area: False in a mosaic's surround.
    sha256 : str
        Of the file's bytes, in hexadecimal.
    bits : int
        Declared bits a sample.
    notes : sequence of str
        What was done to read it and what a reader of the results should know, one sentence each.
    """

    pixels: FloatArray
    pixel_size_um: float
    pixel_size_source: PixelSizeSource
    imaged: BoolArray
    sha256: str
    bits: int
    notes: Sequence[str] = ()

    @property
    def imaged_area_mm2(self) -> float:
        """Imaged area in mm2."""
        return float(self.imaged.sum()) * (self.pixel_size_um / 1000.0) ** 2


@dataclass(frozen=True)
class Cohort:
    """A set of frames with what is known of each.

    Attributes
    ----------
    records : sequence of Record
        In a fixed order (natural sort of `frame`).
    root : pathlib.Path
        Folder that `Record.frame` is relative to.
    layout : str
        The layout that was recognised, in words.
    notes : sequence of str
        What a reader of the results should know of how the cohort was read, one sentence each.
    """

    records: Sequence[Record]
    root: Path
    layout: str = "folder"
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)
