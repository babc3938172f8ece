"""Copies of frames, found in pixels: also flipped, turned, shifted, blurred, noisier or recompressed.

Likely pairs are found by descriptors, aligned by a correlation over all shifts at 96 px, and judged by
the correlation of what overlaps at 192 px. What that correlation is (HRT3 frames of 384 px; the measurement
is `benchmarks/copies.py`):

- frames of different subjects, and independent phantoms: below 0.32;
- phantoms drawn anew from one mask, i.e. same nerves and another background: 0.53 to 0.80;
- copies with noise of 0.1, blur of 3 px, JPEG at quality 20, gamma 0.5 or 2, or shifted by up to a
  quarter: above 0.92; with noise of 0.2 above 0.77;
- neighbouring frames of a sweep over one eye, which show one piece of tissue twice: up to 0.96.

So the threshold of 0.85 tells a copy from a frame that shares a mask, but no measure of pixels tells a copy
from the same tissue seen again: within one set, a pair is a repeat of either kind. Copies that were
turned by 2 degrees or zoomed by 3 % correlate at 0.6 to 0.9 and are mostly not called so; further ones, and
bent ones, are not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import fft

from ccmeval.fidelity.schema import NearPair
from ccmeval.fidelity.signatures import (
    SIDE_PX,
    TRANSFORMS,
    Described,
    Descriptors,
    Signature,
    descriptors,
    halved,
    turned,
    turned_cosines,
)

METHOD = "correlation of pixels"
_CHUNK = 64  # frames that are looked for at once
_BLOCK = 2048  # and among how many others at once
_REFINE_PX = 2

Picture = npt.NDArray[np.float32]


class CopySettings(BaseModel):
    """How copies are looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=0.85, gt=0, le=1, description="Correlation from which a pair is a copy.")
    most_shift: float = Field(default=1 / 3, ge=0, le=0.5, description="Largest shift, in frame sides.")
    plain_candidates: int = Field(default=6, ge=0, description="Pairs tried per frame for their likeness.")
    shifted_candidates: int = Field(default=12, ge=0, description="Pairs tried per frame for their spectrum.")
    verified: int = Field(default=3, ge=1, description="Best aligned pairs that are correlated in full.")
    most_pairs: int = Field(default=50, ge=0, description="Pairs reported, nearest first.")


class Match(NamedTuple):
    """Two frames that were aligned: indices, what was done to the first, and their correlation."""

    first: int
    second: int
    transform: int
    shift_px: tuple[int, int]
    value: float

    @property
    def words(self) -> str:
        """What was done to the first frame, in words."""
        down, right = (100 * one / SIDE_PX for one in self.shift_px)
        moved = [f"{abs(down):.0f} % {'down' if down > 0 else 'up'}"] if round(down) else []
        moved += [f"{abs(right):.0f} % {'right' if right > 0 else 'left'}"] if round(right) else []
        turn = TRANSFORMS[self.transform]
        if not moved:
            return turn
        shift = f"shifted by {' and '.join(moved)}"
        return shift if self.transform == 0 else f"{turn}, {shift}"


@dataclass(frozen=True)
class CopySearch:
    """Outcome of a search.

    Attributes
    ----------
    pairs : list of NearPair
        Each frame with the one it is nearest to; nearest first, a bounded number.
    n_copies : int
        Frames that are copies of another, bounded by nothing.
    n_searched : int
        Frames that were looked at: those that are not constant.
    """

    pairs: list[NearPair] = field(default_factory=list)
    n_copies: int = 0
    n_searched: int = 0


def find_copies(
    synth: Sequence[Signature],
    real: Sequence[Signature],
    synth_names: Sequence[str],
    real_names: Sequence[str],
    *,
    settings: CopySettings | None = None,
    also: Sequence[Sequence[int]] | None = None,
) -> CopySearch:
    """Find synthetic frames that are copies of real ones.

    Parameters
    ----------
    synth, real : sequences of float16 array (192, 192)
        From :func:`ccmeval.fidelity.signatures.signature`, made once a frame; where they are many, in a
        :class:`ccmeval.row_file.RowFile`, so that memory does not grow with them.
    synth_names, real_names : sequences of str
    settings : CopySettings, optional
    also : sequence of sequences of int, optional
        For each synthetic frame more real frames (row indices) to try in all eight positions, e.g. the
        nearest by deep features.

    Returns
    -------
    CopySearch
        `transform` of a pair is what brings the synthetic frame onto the real one. Constant frames are
        nobody's copy and have no pair.

    Raises
    ------
    ValueError
        If names and frames are not equally many.

    Examples
    --------
    >>> from ccmeval.fidelity.signatures import signature
    >>> frames = np.random.default_rng(0).random((4, 64, 64))
    >>> real = [signature(frame) for frame in frames]
    >>> found = find_copies([signature(frames[2][:, ::-1])], real, ["s"], list("abcd"))
    >>> found.n_copies, found.pairs[0].real, found.pairs[0].transform
    (1, 'c', 'flipped left-right')
    """
    if len(synth) != len(synth_names) or len(real) != len(real_names):
        raise ValueError("Frames and their names must be equally many.")
    settings = settings or CopySettings()
    if also is not None and len(also) != len(synth):
        raise ValueError("Synthetic frames and their further candidates must be equally many.")
    matches = _matches(synth, real, settings, same=False, also=also)
    best = [found[0] for found in matches if found]
    return _search(best, synth_names, real_names, settings, sum(bool(one.any()) for one in synth))


def find_repeats(
    frames: Sequence[Signature], names: Sequence[str], *, settings: CopySettings | None = None
) -> CopySearch:
    """Find frames of one set that repeat each other.

    Parameters
    ----------
    frames : sequence of float16 array (192, 192)
    names : sequence of str
    settings : CopySettings, optional

    Returns
    -------
    CopySearch
        Each pair once, the earlier frame as `synth`; `n_copies` counts the frames that an earlier one
        is repeated by, so that three equal frames are two copies.

    Raises
    ------
    ValueError
        If names and frames are not equally many.
    """
    if len(frames) != len(names):
        raise ValueError("Frames and their names must be equally many.")
    settings = settings or CopySettings()
    found: dict[tuple[int, int], Match] = {}
    for matches in _matches(frames, frames, settings, same=True):
        for match in matches:
            key = (min(match[:2]), max(match[:2]))
            if key not in found or match.value > found[key].value:
                found[key] = match
    pairs = [match if match.first < match.second else _swapped(match) for match in found.values()]
    search = _search(pairs, names, names, settings, sum(bool(one.any()) for one in frames))
    copies = {match.second for match in pairs if match.value >= settings.threshold}
    return CopySearch(search.pairs, len(copies), search.n_searched)


def correlation(first: Picture, second: Picture, shift_px: tuple[int, int]) -> float:
    """Correlate what overlaps once the first picture is shifted (down, right); NaN if either is constant."""
    height, width = first.shape
    down, right = shift_px
    a = first[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    b = second[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)]
    a, b = a - a.mean(), b - b.mean()
    energy = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return float(np.vdot(a, b)) / energy**0.5 if energy > 0 else float("nan")


def _search(
    matches: list[Match],
    first: Sequence[str],
    second: Sequence[str],
    settings: CopySettings,
    searched: int,
) -> CopySearch:
    ordered = sorted(matches, key=lambda match: (-match.value, match.first, match.second))
    pairs = [
        NearPair(
            synth=first[match.first],
            real=second[match.second],
            method=METHOD,
            transform=match.words,
            value=match.value,
            threshold=settings.threshold,
            is_copy=match.value >= settings.threshold,
        )
        for match in ordered[: settings.most_pairs]
    ]
    return CopySearch(pairs, sum(match.value >= settings.threshold for match in matches), searched)


def _matches(
    first: Sequence[Signature],
    second: Sequence[Signature],
    settings: CopySettings,
    *,
    same: bool,
    also: Sequence[Sequence[int]] | None = None,
) -> Iterator[list[Match]]:
    """Give the verified matches of each frame, best first."""
    others = Described(second)
    for start in range(0, len(first), _CHUNK):
        part = first[start : start + _CHUNK]
        own = np.arange(start, start + len(part)) if same else None
        likely = _likely(descriptors(part), others, settings, own)
        for i, one in enumerate(part):
            if not one.any():
                continue
            tried = _candidates(*likely[i])
            more = set(also[start + i]) if also is not None else set()
            more = {j for j in more if others.usable[j] and not (same and j == start + i)}
            for transform in range(8) if more else ():
                tried.setdefault(transform, set()).update(more)
            if tried:
                yield _verified(start + i, one, second, tried, settings)


Likely = list[tuple[float, int, int]]
"""Similarity, row (what was done to the frame) and the other frame; the most similar first."""


def _likely(
    part: Descriptors, others: Described, settings: CopySettings, own: npt.NDArray[np.intp] | None
) -> list[tuple[Likely, Likely]]:
    """Give of each frame the others that are most similar to it, as pictures and as spectra."""
    best: list[tuple[Likely, Likely]] = [([], []) for _ in range(len(part.plain))]
    counts = (settings.plain_candidates, settings.shifted_candidates)
    for start, block, usable in others.blocks(_BLOCK):
        for which, values in enumerate(_similarities(part, block)):
            values[:, :, ~usable] = -np.inf
            if own is not None:
                inside = np.flatnonzero((own >= start) & (own < start + len(usable)))
                values[:, inside, own[inside] - start] = -np.inf
            for i, kept in enumerate(best):
                found = kept[which] + _largest(values[:, i], counts[which], start)
                kept[which][:] = sorted(found, key=lambda one: (-one[0], *one[1:]))[: counts[which]]
    return best


def _similarities(part: Descriptors, others: Descriptors) -> tuple[Picture, Picture]:
    """Similarity (8, n, N) of pictures and (4, n, N) of spectra, which a turn by 180 degrees leaves alone."""
    flat, spectra = (_flat(one).T for one in others)
    plain = [_flat(turned_cosines(part.plain, t)) @ flat for t in range(8)]
    shifted = [_flat(turned(part.shifted, t)) @ spectra for t in _SPECTRAL_TRANSFORMS]
    return np.array(plain), np.array(shifted)


def _flat(pictures: Picture) -> Picture:
    return pictures.reshape(len(pictures), pictures.shape[1] * pictures.shape[2])


_SPECTRAL_TRANSFORMS = (0, 1, 4, 5)  # each with its turn by 180 degrees: 3, 2, 7, 6


def _candidates(plain: Likely, shifted: Likely) -> dict[int, set[int]]:
    """Frames to try for each transform."""
    tried: dict[int, set[int]] = {}
    for _, transform, other in plain:
        tried.setdefault(transform, set()).add(other)
    for _, row, other in shifted:
        for transform in (_SPECTRAL_TRANSFORMS[row], _SPECTRAL_TRANSFORMS[row] ^ 3):
            tried.setdefault(transform, set()).add(other)
    return tried


def _largest(values: Picture, count: int, start: int) -> Likely:
    """Give the largest values (R, N); columns count from `start`."""
    flat = values.ravel()
    count = min(count, int(np.isfinite(flat).sum()))
    if not count:
        return []
    order = np.argpartition(-flat, count - 1)[:count]
    width = values.shape[1]
    return [(float(flat[i]), int(i) // width, start + int(i) % width) for i in order]


def _verified(
    index: int,
    one: Signature,
    others: Sequence[Signature],
    tried: dict[int, set[int]],
    settings: CopySettings,
) -> list[Match]:
    small = halved(one)
    aligned = []
    for transform, indices in tried.items():
        spectrum = fft.rfft2(turned(small, transform)).conj()
        for other in sorted(indices):
            score, shift = _aligned(spectrum, halved(others[other]), settings.most_shift)
            aligned.append((score, transform, other, shift))
    picture = one.astype(np.float32)
    found = [
        _refined(index, other, transform, turned(picture, transform), others[other], shift)
        for _, transform, other, shift in sorted(aligned, reverse=True)[: settings.verified]
    ]
    kept = [match for match in found if np.isfinite(match.value)]
    return sorted(kept, key=lambda match: -match.value)


def _aligned(
    conjugate: npt.NDArray[np.complex64], other: Picture, most: float
) -> tuple[float, tuple[int, int]]:
    """Shift (down, right) of the first picture at which its circular correlation is largest."""
    side = other.shape[0]
    surface = fft.irfft2(conjugate * fft.rfft2(other), s=other.shape)
    reach = int(side * most)
    near = np.r_[0 : reach + 1, side - reach : side]
    part = surface[np.ix_(near, near)]
    row, column = np.unravel_index(int(part.argmax()), part.shape)
    down, right = (int(near[i]) - (side if near[i] > side // 2 else 0) for i in (row, column))
    return float(part[row, column]), (down, right)


def _refined(
    index: int, other: int, transform: int, picture: Picture, match: Signature, shift: tuple[int, int]
) -> Match:
    second = match.astype(np.float32)
    steps = range(-_REFINE_PX, _REFINE_PX + 1)
    tried = [(2 * shift[0] + down, 2 * shift[1] + right) for down in steps for right in steps]
    values = [correlation(picture, second, one) for one in tried]
    best = int(np.argmax(np.nan_to_num(values, nan=-2.0)))
    return Match(index, other, transform, tried[best], values[best])


def _swapped(match: Match) -> Match:
    """Say the same of the second frame: the inverse transform, and its shift."""
    inverse = {5: 6, 6: 5}.get(match.transform, match.transform)
    mark = np.zeros((5, 5), dtype=np.float32)
    mark[2 - int(np.sign(match.shift_px[0])), 2 - int(np.sign(match.shift_px[1]))] = 1
    row, column = np.argwhere(turned(mark, inverse))[0] - 2
    sizes = [abs(one) for one in match.shift_px]
    sizes = sizes[::-1] if inverse & 4 else sizes
    shift = (int(row) * sizes[0], int(column) * sizes[1])
    return Match(match.second, match.first, inverse, shift, match.value)
