"""The masks that frames are to be made from: of a folder, a manifest or a cohort, in a generator's format."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.cohort import load_cohort, read_frame, read_mask
from ccmeval.cohort.classes import diagnoses_by_folder
from ccmeval.cohort.masks import is_trace
from ccmeval.cohort.names import natural, printable
from ccmeval.cohort.pixel_size import choose_pixel_size
from ccmeval.cohort.record import Cohort, Record
from ccmeval.cohort.scan import scan
from ccmeval.cohort.subjects import with_subjects
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.mask_fitting import fit_mask
from ccmeval.utility.learning import StepProgress, no_progress


@dataclass(frozen=True)
class SourceMask:
    """A mask in a generator's format.

    Attributes
    ----------
    name : str
        Of its record: the frame that it belongs to, or the mask itself.
    shape : (int, int)
    packed : bytes
        Its pixels, eight a byte: a cohort's masks stay in memory.
    diagnosis, subject : str or None
        What is known of the mask.
    """

    name: str
    shape: tuple[int, int]
    packed: bytes
    diagnosis: str | None = None
    subject: str | None = None

    @classmethod
    def of(cls, mask: BoolArray, record: Record) -> SourceMask:
        """Pack a mask."""
        shape = (mask.shape[0], mask.shape[1])
        return cls(record.frame, shape, np.packbits(mask).tobytes(), record.diagnosis, record.subject)

    @property
    def pixels(self) -> BoolArray:
        """The mask, bool (H, W)."""
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.shape[0] * self.shape[1])
        return bits.reshape(self.shape).astype(np.bool_)

    @property
    def sha256(self) -> str:
        """Of shape and pixels."""
        return hashlib.sha256(f"{self.shape}".encode() + self.packed).hexdigest()

    @property
    def unit(self) -> str:
        """What counts as independent: the subject, or the mask where none is known."""
        return f"subject {self.subject}" if self.subject is not None else f"mask {self.name}"


@dataclass(frozen=True)
class FoundMasks:
    """Masks, and what could not be used.

    Attributes
    ----------
    masks : sequence of SourceMask
        Subjects and diagnoses take turns, so that the first few are of many.
    unusable : sequence of str
        Why, one sentence each.
    notes : sequence of str
    """

    masks: Sequence[SourceMask]
    unusable: Sequence[str] = ()
    notes: Sequence[str] = ()


def read_source_masks(
    path: Path,
    wanted: FrameFormat,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    subject_pattern: str | None = None,
    progress: StepProgress = no_progress,
) -> FoundMasks:
    """Read masks and bring them to a generator's pixel size and field.

    Parameters
    ----------
    path : pathlib.Path
        A cohort whose frames have masks (folder or manifest), or a folder or a manifest of masks alone.
    wanted : FrameFormat
        Of the frames to be made.
    pixel_size_um, field_of_view_um, subject_pattern
        As everywhere, for what the manifest does not tell.
    progress : callable

    Returns
    -------
    FoundMasks

    Raises
    ------
    CcmevalError
        If there are no masks, or none can be used, with the first one's reason.
    """
    cohort, beside_frames = _load(path, subject_pattern)
    records = [record for record in cohort if record.mask is not None or not beside_frames]
    masks, unusable, traces, empty = [], [], 0, 0
    for done, record in enumerate(records):
        try:
            pixels, side_um = _read(record, pixel_size_um, field_of_view_um)
            fitted = fit_mask(pixels, side_um, wanted, record.frame)
        except CcmevalError as error:
            unusable.append(str(error))
        else:
            masks.append(SourceMask.of(fitted, record))
            traces += is_trace(pixels)
            empty += not fitted.any()
        progress("Reading masks", done + 1, len(records))
    if not masks:
        raise CcmevalError(f"None of the {len(records)} masks of {path} can be used: {unusable[0]}")
    notes = [*cohort.notes, *_notes(len(cohort) - len(records), traces, empty)]
    return FoundMasks(by_turns(masks), unusable, notes)


def by_turns(masks: Sequence[SourceMask]) -> list[SourceMask]:
    """Let subjects, and among them diagnoses, take turns: first a mask of each, then the second, and so on.

    Examples
    --------
    >>> masks = [SourceMask(name, (1, 1), b"", name[0], name[:2]) for name in ("C1a", "C1b", "C2a", "T1a")]
    >>> [mask.name for mask in by_turns(masks)]
    ['C1a', 'T1a', 'C2a', 'C1b']
    """
    of_subject: Counter[str] = Counter()
    of_diagnosis: Counter[tuple[int, str | None]] = Counter()
    turns = []
    for place, mask in enumerate(masks):
        turn = of_subject[mask.unit]
        turns.append((turn, of_diagnosis[turn, mask.diagnosis], place))
        of_subject[mask.unit] += 1
        of_diagnosis[turn, mask.diagnosis] += 1
    return [masks[place] for _, _, place in sorted(turns)]


def _load(path: Path, subject_pattern: str | None) -> tuple[Cohort, bool]:
    """List masks; also tell whether they stand beside frames."""
    try:
        cohort = load_cohort(path, subject_pattern=subject_pattern)
    except CcmevalError:
        if not path.is_dir() or not (pictures := scan(path).pictures):
            raise
        cohort = _of_pictures(path, pictures)
    else:
        if any(record.mask is not None for record in cohort):
            return cohort, True
        if path.is_dir() and not cohort.layout.startswith("manifest"):
            # Names such as x_mask.png would be taken for annotations without a frame.
            cohort = _of_pictures(path, scan(path).pictures)
        else:
            return cohort, False
    return with_subjects(cohort, subject_pattern) if subject_pattern is not None else cohort, False


def _of_pictures(root: Path, pictures: Sequence[Path]) -> Cohort:

    found: list[PurePosixPath] = [PurePosixPath(picture.as_posix()) for picture in pictures]
    found.sort(key=lambda picture: natural(str(picture)))
    diagnoses, notes = diagnoses_by_folder(found)
    records = [
        Record(printable(str(it)), key="", path=root / it, diagnosis=diagnoses.get(it)) for it in found
    ]
    return Cohort(records, root, "masks", tuple(notes))


def _read(
    record: Record, pixel_size_um: float | None, field_of_view_um: float | None
) -> tuple[BoolArray, float]:
    if record.mask is not None:
        frame = read_frame(record, pixel_size_um=pixel_size_um, field_of_view_um=field_of_view_um)
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        return read_mask(record.mask, shape, page=record.page)[0], frame.pixel_size_um
    name = f"The mask {record.frame}"
    shape = _shape(record, name)
    side_um, _ = choose_pixel_size(
        shape,
        name,
        manifest_um=record.pixel_size_um,
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
    )
    return read_mask(record.path, shape, page=record.page, name=name)[0], side_um


def _shape(record: Record, name: str) -> tuple[int, int]:
    """Height and width of a picture that may be coloured."""
    from ccmeval.cohort.decode import decode
    from ccmeval.cohort.reading import read_bytes
    from ccmeval.cohort.settings import ReadingSettings

    settings = ReadingSettings()
    data, _ = read_bytes(record.path, name, settings)
    raster = decode(data, name, record.page, settings, reduce=lambda channels, *_: channels[..., 0])
    return raster.samples.shape[0], raster.samples.shape[1]


def _notes(without: int, traces: int, empty: int) -> list[str]:
    notes = []
    if without:
        notes.append(f"Frames without a mask, of which none was made: {without}.")
    if traces:
        notes.append(
            f"Masks that are one-pixel traces: {traces}; a generator that learnt from filled masks may draw"
            " thinner nerves from them."
        )
    if empty:
        notes.append(f"Masks without any nerve: {empty}.")
    return notes
