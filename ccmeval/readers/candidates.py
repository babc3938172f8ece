"""The frames that a study may draw from, with what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.cohort import load_cohort, read_frame
from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.evaluation.sets import clusters_of
from ccmeval.readers.key import Truth


@dataclass(frozen=True)
class SetToRead:
    """Where frames come from, and how they are read."""

    path: Path
    field_of_view_um: float | None = None
    subject_pattern: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A frame that may be shown.

    Attributes
    ----------
    truth : {"real", "synthetic"}
    record : Record
    sha256 : str
    shape : tuple of int
    pixel_size_um : float
    bits : int
    subject : str or None
    cluster : str
        The subject, or a label of the frame's own.
    """

    truth: Truth
    record: Record
    sha256: str
    shape: tuple[int, int]
    pixel_size_um: float
    bits: int
    subject: str | None
    cluster: str


def read_candidates(
    real: SetToRead, synth: SetToRead, progress: Progress = silent
) -> tuple[list[Candidate], list[str]]:
    """Read both sets once.

    Parameters
    ----------
    real, synth : SetToRead
    progress : callable

    Returns
    -------
    candidates : list of Candidate
        Frames that can be read; a file that stands in both sets, or twice in one, is taken once.
    notes : list of str

    Raises
    ------
    CcmevalError
        If a set has no frame that can be read, or a file stands in both.
    """
    found: list[Candidate] = []
    notes: list[str] = []
    known: frozenset[str] = frozenset()
    for one, truth in ((real, "real"), (synth, "synthetic")):
        chosen, more = _of_set(one, "real" if truth == "real" else "synthetic", known, progress)
        known = frozenset(it.subject for it in chosen if it.subject) if truth == "real" else known
        found += chosen
        notes += more
    both = {it.sha256 for it in found if it.truth == "real"} & {
        it.sha256 for it in found if it.truth != "real"
    }
    if both:
        name = next(it.record.frame for it in found if it.sha256 in both and it.truth != "real")
        raise CcmevalError(
            f"{len(both)} files stand in both sets (such as {name}), so that nobody could tell them apart;"
            " take them out of one."
        )
    return found, notes


def _of_set(
    one: SetToRead, truth: Truth, known: frozenset[str], progress: Progress
) -> tuple[list[Candidate], list[str]]:
    cohort = load_cohort(one.path, subject_pattern=one.subject_pattern)
    clusters = clusters_of(cohort, "real" if truth == "real" else "synth", known)
    found: dict[tuple[str, int], Candidate] = {}
    failed: list[str] = []
    repeated = 0
    for number, record in enumerate(cohort):
        progress(f"Reading {truth} frames", number + 1, len(cohort))
        try:
            frame = read_frame(record, field_of_view_um=one.field_of_view_um)
        except CcmevalError as error:
            failed.append(str(error))
            continue
        place = (frame.sha256, record.page)
        repeated += place in found
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        subject, cluster = clusters.subjects[number], clusters.labels[number]
        if subject is None:
            cluster = f"{truth} {cluster}"  # a frame of either set may have the same name
        found.setdefault(
            place,
            Candidate(truth, record, frame.sha256, shape, frame.pixel_size_um, frame.bits, subject, cluster),
        )
    if not found:
        raise CcmevalError(f"No frame of {one.path} can be read. The first: {failed[0]}")
    notes = list(clusters.notes) if truth == "synthetic" else []
    if failed:
        notes.append(f"{len(failed)} {truth} frames cannot be read and are not shown. The first: {failed[0]}")
    if repeated:
        notes.append(f"{repeated} {truth} files repeat another of their set and are not shown.")
    return list(found.values()), notes


def cues(chosen: Sequence[Candidate]) -> list[str]:
    """Say what may tell the sets apart besides what the frames show.

    Examples
    --------
    >>> frame = Record("a.png", "a", Path("a.png"))
    >>> one = Candidate("real", frame, "", (384, 384), 1.04, 8, None, "a")
    >>> two = Candidate("synthetic", frame, "", (384, 384), 1.04, 16, None, "b")
    >>> cues([one, two])
    ['Real frames have 8 bits, synthetic ones 16; both are shown with 8.']
    """
    sides = [[it for it in chosen if it.truth == truth] for truth in ("real", "synthetic")]
    found = []
    bits = [", ".join(map(str, sorted({it.bits for it in side}))) for side in sides]
    if bits[0] != bits[1]:
        found.append(f"Real frames have {bits[0]} bits, synthetic ones {bits[1]}; both are shown with 8.")
    lossy = [any(it.record.path.suffix.lower() in (".jpg", ".jpeg") for it in side) for side in sides]
    if lossy[0] != lossy[1]:
        which = "real" if lossy[0] else "synthetic"
        found.append(f"Only {which} frames come from JPEG files, whose blocks a reader may see.")
    return found
