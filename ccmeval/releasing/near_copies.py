"""Frames of the set that repeat real ones: looked for in pixels, and taken from a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ccmeval.cohort import CommonScale, choose_scale, load_cohort, read_frame, standardise
from ccmeval.cohort.record import Frame, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import NearPair
from ccmeval.releasing.source import SourceSet
from ccmeval.utility.leakage import COPY_OF_TEST, COPY_OF_VALIDATION

if TYPE_CHECKING:
    from ccmeval.fidelity.signatures import Signature

LEAK_METHOD = "copies found by pillar 3"


@dataclass(frozen=True)
class NearCopies:
    """Frames that repeat real ones.

    Attributes
    ----------
    pairs : sequence of NearPair
        One a frame that is a copy, the nearest first.
    count : int
        Copies, of which `pairs` may name fewer.
    n_searched : int or None
        Real frames among which was looked; None where that is not known.
    threshold : float or None
        Correlation from which a pair counts as a copy.
    """

    pairs: Sequence[NearPair] = field(default_factory=list)
    count: int = 0
    n_searched: int | None = None
    threshold: float | None = None

    @property
    def frames(self) -> frozenset[str]:
        """Names of the frames that are copies, as far as they are known."""
        return frozenset(pair.synth for pair in self.pairs)


def look_for_copies(
    source: SourceSet,
    real: Sequence[Path],
    *,
    field_of_view_um: float | None = None,
    progress: Progress = silent,
) -> NearCopies:
    """Look for every frame of a set among real ones, also flipped, turned and shifted.

    Parameters
    ----------
    source : SourceSet
    real : sequence of pathlib.Path
        Sets of real frames: what the generator learnt from, and held-out ones.
    field_of_view_um : float, optional
        Width of a whole real frame, where file and manifest do not tell.
    progress : callable

    Returns
    -------
    NearCopies
        All of them. Real frames that cannot be read are passed over.

    Raises
    ------
    CcmevalError
        If no real frame can be read.
    """
    from ccmeval.fidelity.duplicates import CopySettings, find_copies

    records = [record for path in real for record in load_cohort(path)]
    known = _readable(records, field_of_view_um)
    if not known:
        raise CcmevalError(
            f"No frame of {real[0]} can be read; give the frames that the generator learnt from."
        )
    sized = [(one.shape, one.pixel_size_um) for one in source.frames]
    size_um, crop_um, _ = choose_scale([(shape, size) for _, shape, size in known], sized)
    scale = CommonScale(size_um, crop_um)
    mine = [(one.record, one.pixel_size_um) for one in source.frames]
    theirs = [(record, size) for record, _, size in known]
    synth = _signatures(mine, scale, progress, "Reading synthetic frames to look for copies")
    others = _signatures(theirs, scale, progress, "Reading real frames to look for copies")
    settings = CopySettings(most_pairs=len(synth))
    names = [one.record.frame for one in source.frames]
    progress("Looking for copies", 0, 1)
    found = find_copies(synth, others, names, [record.frame for record, *_ in known], settings=settings)
    progress("Looking for copies", 1, 1)
    pairs = [pair for pair in found.pairs if pair.is_copy]
    return NearCopies(pairs, found.n_copies, len(known), settings.threshold)


def _readable(
    records: Iterable[Record], field_of_view_um: float | None
) -> list[tuple[Record, tuple[int, int], float]]:
    found = []
    for record in records:
        try:
            frame = read_frame(record, field_of_view_um=field_of_view_um)
        except CcmevalError:
            continue
        found.append((record, (frame.pixels.shape[0], frame.pixels.shape[1]), frame.pixel_size_um))
    return found


def _signatures(
    sized: Sequence[tuple[Record, float]], scale: CommonScale, progress: Progress, stage: str
) -> Sequence[Signature]:
    from ccmeval.fidelity.signatures import signature, signature_file

    found = signature_file()
    for number, (record, size_um) in enumerate(sized, start=1):
        frame: Frame = standardise(read_frame(record, pixel_size_um=size_um), scale)
        found.append(signature(frame.pixels))
        progress(stage, number, len(sized))
    return found


def copies_told(result: ThreePillarResult) -> NearCopies | None:
    """Take from a report what it says of copies.

    Parameters
    ----------
    result : ThreePillarResult

    Returns
    -------
    NearCopies or None
        None where the report does not say whether there are any.

    Examples
    --------
    >>> copies_told(ThreePillarResult(created="")) is None
    True
    """
    fidelity = result.fidelity
    if fidelity is None or fidelity.n_copies is None:
        return None
    pairs = {pair.synth: pair for pair in reversed(fidelity.near_pairs) if pair.is_copy}
    count = max(fidelity.n_copies, len(pairs))
    for leak in result.utility.leaks if result.utility else []:
        if leak.code in (COPY_OF_TEST, COPY_OF_VALIDATION):
            new = [name for name in leak.frames if name not in pairs]
            pairs |= {
                name: NearPair(synth=name, real="", method=LEAK_METHOD, value=float("nan"), is_copy=True)
                for name in new
            }
            count = max(count, len(pairs), leak.count)
    thresholds = [pair.threshold for pair in fidelity.near_pairs if pair.threshold is not None]
    real = next((it for it in result.sets if it.name == "real"), None)
    searched = real.n_frames - real.n_failed if real is not None and real.kind == "frames" else None
    return NearCopies(list(pairs.values()), count, searched, thresholds[0] if thresholds else None)


def joined(first: NearCopies, second: NearCopies | None) -> NearCopies:
    """Join what two searches found."""
    if second is None:
        return first
    pairs = {pair.synth: pair for pair in (*second.pairs, *first.pairs)}
    count = max(first.count, second.count, len(pairs))
    searched = max(first.n_searched or 0, second.n_searched or 0) or None
    return NearCopies(list(pairs.values()), count, searched, first.threshold or second.threshold)
