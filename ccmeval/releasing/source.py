"""The set as it came: every frame read once, with what the release needs to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.cohort import load_cohort, read_frame
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.evaluation.sets import SOURCE_SUBJECT_COLUMNS, hash_of
from ccmeval.releasing.pseudonyms import fingerprint


@dataclass(frozen=True)
class SourceFrame:
    """A frame of the set.

    Attributes
    ----------
    record : Record
    sha256 : str
        Of its file.
    shape : tuple of int
        Height and width in pixels.
    bits : int
    pixel_size_um : float
    """

    record: Record
    sha256: str
    shape: tuple[int, int]
    bits: int
    pixel_size_um: float

    @property
    def subject(self) -> str | None:
        """The subject whose mask asked for the frame, or the subject that the manifest names."""
        for column in SOURCE_SUBJECT_COLUMNS:
            if self.record.extra.get(column):
                return self.record.extra[column]
        return self.record.subject


@dataclass(frozen=True)
class SourceSet:
    """The set as it came."""

    path: Path
    cohort: Cohort
    frames: Sequence[SourceFrame]

    @property
    def sha256(self) -> str:
        """Hash of the frames' files, as a three-pillar report has it."""
        return hash_of([one.sha256 for one in self.frames])

    @property
    def identity(self) -> str:
        """Hash of all that is released of it: frames, masks, and what the manifest says."""
        return fingerprint(*(part for one in self.frames for part in _told(one)))

    def columns(self) -> list[str]:
        """List the columns that any frame has a value in."""
        found: dict[str, None] = {"frame": None}
        for one in self.frames:
            record = one.record
            known = ("mask", "trace", "diagnosis", "subject", "eye", "source")
            found.update(dict.fromkeys(name for name in known if getattr(record, name) is not None))
            found.update(dict.fromkeys(name for name, text in record.extra.items() if text))
        return [*found, "pixel_size_um"]

    def without(self, frames: frozenset[str]) -> SourceSet:
        """Leave frames out, by name."""
        kept = [one for one in self.frames if one.record.frame not in frames]
        return SourceSet(self.path, self.cohort, kept)


def _told(one: SourceFrame) -> list[str]:
    record = one.record
    files = [f"{path.stat().st_size} {path}" if path else "" for path in (record.mask, record.trace)]
    known = [record.diagnosis, record.subject, record.eye, record.source]
    return [
        record.frame,
        one.sha256,
        repr(one.pixel_size_um),
        *files,
        *(text or "" for text in known),
        repr(sorted(record.extra.items())),
    ]


def read_source(
    path: Path,
    *,
    masks: Path | None = None,
    subject_pattern: str | None = None,
    field_of_view_um: float | None = None,
    progress: Progress = silent,
) -> SourceSet:
    """Read a set; a frame that cannot be read cannot be published.

    Parameters
    ----------
    path : pathlib.Path
        Folder or manifest.
    masks : pathlib.Path, optional
        Folder of masks, matched by stem.
    subject_pattern : str, optional
        As for :func:`ccmeval.cohort.load_cohort`.
    field_of_view_um : float, optional
        Width of a whole frame, where file and manifest do not tell.
    progress : callable

    Returns
    -------
    SourceSet

    Raises
    ------
    CcmevalError
        If there are no frames, or some cannot be read.
    """
    cohort = load_cohort(path, subject_pattern=subject_pattern, masks=masks)
    found: list[SourceFrame] = []
    bad: list[str] = []
    for number, record in enumerate(cohort, start=1):
        try:
            frame = read_frame(record, field_of_view_um=field_of_view_um)
        except CcmevalError as error:
            bad.append(str(error))
            continue
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        found.append(SourceFrame(record, frame.sha256, shape, frame.bits, frame.pixel_size_um))
        _check_files(record)
        progress("Reading the frames to be released", number, len(cohort))
    if bad:
        raise CcmevalError(
            f"{len(bad)} of {len(cohort)} frames cannot be read and so cannot be published; mend them or take"
            f" them out of the set. The first: {bad[0]}"
        )
    return SourceSet(path, cohort, found)


def _check_files(record: Record) -> None:
    for kind in ("mask", "trace"):
        file: Path | None = getattr(record, kind)
        if file is not None and not file.is_file():
            raise CcmevalError(f"The {kind} of {record.frame} does not exist ({file}); correct the manifest.")
