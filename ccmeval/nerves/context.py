"""Evidence gathered along bent lines, as products in the Fourier domain.

Each point contributes the ridge evidence of the orientation that the line has there. Three symmetries
of the lines save most of the work:

- The line bent to the other side is the first one turned by half a turn, so that its spectrum is the
  conjugate. With the transforms `p` of the real part and `q` of the imaginary part, the two give
  ``p + q`` and ``p - q``, and the better one is ``p + |q|``.
- A straight line is its own turn: its spectrum is real.
- Lines at an angle and at minus that angle are mirror images: one kernel is kept for both, and read
  with its rows in reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray, IntArray

ORIENTATIONS = 16
"""Steps of 11.25 degrees: less than the angular width of the ridge filter."""

_REACH_UM = 40.0  # half length of a line; the far Gaussian has fallen to a tenth there
_LARGEST_TURN = 1.2  # a line goes no further than 70 degrees to either side
_LEAST_SHARE = 0.005

ComplexArray: TypeAlias = npt.NDArray[np.complex64]


@dataclass(frozen=True)
class Term:
    """What one ridge orientation contributes to a line.

    Attributes
    ----------
    ridge : int
        Index of the ridge's orientation.
    even, odd : float32 arrays (T, T // 2 + 1)
        Real and imaginary part of the kernel's half spectrum; a straight line has no odd part.
    """

    ridge: int
    even: FloatArray
    odd: FloatArray | None


@dataclass(frozen=True)
class Bend:
    """Lines of one orientation and one bend.

    Attributes
    ----------
    terms : list of Term
    both_sides : bool
        Whether the line bent to the other side counts, too.
    """

    terms: list[Term]
    both_sides: bool


Context: TypeAlias = list[list[Bend]]
"""By orientation, by bend."""


def best_line(ridges: FloatArray, context: Context, inside: slice) -> tuple[FloatArray, IntArray]:
    """Gather evidence along the best line through each cell of a tile's core.

    Parameters
    ----------
    ridges : float32 array (ORIENTATIONS, 2, T, T // 2 + 1)
        Real and imaginary part of the half spectrum of the ridge evidence, by orientation.
    context : Context
    inside : slice
        Rows and columns of the core.

    Returns
    -------
    evidence : float32 array (C, C)
    orientation : int16 array (C, C)
        Index of the line's orientation.
    """
    side = ridges.shape[2]
    core = len(range(*inside.indices(side)))
    best = np.zeros((core, core), dtype=np.float32)
    orientation = np.zeros((core, core), dtype=np.int16)
    work = _Workspace(side)
    for index, bends in enumerate(context):
        along = np.zeros_like(best)
        for bend in bends:
            np.maximum(along, work.gather(ridges, bend, inside), out=along)
        np.copyto(orientation, index, where=along > best)
        np.maximum(best, along, out=best)
    return best, orientation


class _Workspace:
    """Arrays that all lines share: fresh ones would cost more time than the sums."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.total = np.empty((2, side, side // 2 + 1), dtype=np.float32)
        self.share = np.empty_like(self.total)
        self.spectrum = np.empty(self.total.shape[1:], dtype=np.complex64)

    def gather(self, ridges: FloatArray, bend: Bend, inside: slice) -> FloatArray:
        """Gather evidence along the better of a bend's two lines."""
        real, imaginary = self._sum(ridges, [(term.ridge, term.even) for term in bend.terms])
        self.spectrum.real, self.spectrum.imag = real, imaginary
        evidence = self._inverse(inside)
        odd = [(term.ridge, term.odd) for term in bend.terms if term.odd is not None]
        if odd:
            real, imaginary = self._sum(ridges, odd)
            # Times i, as the kernel's odd part is imaginary.
            np.negative(imaginary, out=self.spectrum.real)
            self.spectrum.imag = real
            aside = self._inverse(inside)
            evidence += np.abs(aside) if bend.both_sides else aside
        return evidence

    def _sum(self, ridges: FloatArray, terms: list[tuple[int, FloatArray]]) -> FloatArray:
        (first, kernel), *others = terms
        np.multiply(ridges[first], kernel, out=self.total)
        for other, kernel in others:
            np.multiply(ridges[other], kernel, out=self.share)
            np.add(self.total, self.share, out=self.total)
        return self.total

    def _inverse(self, inside: slice) -> FloatArray:
        return inverse(self.spectrum, inside)


def inverse(spectrum: ComplexArray, inside: slice) -> FloatArray:
    """Transform a half spectrum back and give a square of the image.

    Parameters
    ----------
    spectrum : complex64 array (T, T // 2 + 1)
        Overwritten: the transform in place, and of the wanted rows only, takes half the time.
    inside : slice
        Rows and columns wanted.

    Returns
    -------
    float32 array (C, C)

    Examples
    --------
    >>> from scipy import fft
    >>> image = np.arange(36, dtype=np.float32).reshape(6, 6)
    >>> inverse(fft.rfft2(image), slice(2, 4)).round(3)
    array([[14., 15.],
           [20., 21.]], dtype=float32)
    """
    from scipy import fft

    columns = fft.ifft(spectrum, axis=0, overwrite_x=True)
    image: FloatArray = fft.irfft(columns[inside], len(spectrum), overwrite_x=True)
    return image[:, inside]


def make_context(
    curvatures_per_um: tuple[float, ...],
    *,
    near_um: float,
    far_um: float,
    cell_um: float,
    blur: FloatArray,
) -> Context:
    """Make the kernels of all lines.

    Parameters
    ----------
    curvatures_per_um : tuple of float
        Bends, to either side of the line; 0 is straight.
    near_um, far_um : float
        Sigmas of the two Gaussians by which the evidence counts with its distance.
    cell_um : float
        Side of a cell.
    blur : float array (T, T // 2 + 1)
        Spectrum of how far a nerve may stray from the line.

    Returns
    -------
    Context
    """
    wanted = set(curvatures_per_um)
    once = [curvature for curvature in sorted(wanted) if curvature >= 0.0 or -curvature not in wanted]
    half = ORIENTATIONS // 2
    context = [
        [
            Bend(
                _terms(index, curvature, near_um, far_um, cell_um, blur),
                both_sides=curvature != 0.0 and -curvature in wanted,
            )
            for curvature in once
        ]
        for index in range(half + 1)
    ]
    return context + [[_mirrored(bend) for bend in context[half - k]] for k in range(1, half)]


def _mirrored(bend: Bend) -> Bend:
    terms = [
        Term(
            -term.ridge % ORIENTATIONS,
            _mirrored_rows(term.even),
            None if term.odd is None else _mirrored_rows(term.odd),
        )
        for term in bend.terms
    ]
    return Bend(terms, bend.both_sides)


def _mirrored_rows(kernel: FloatArray) -> FloatArray:
    """Read a kernel with negative row frequencies, without a copy of it."""
    stored = kernel.base
    assert stored is not None
    mirrored: FloatArray = stored[:0:-1]
    return mirrored


def _stored(kernel: FloatArray) -> FloatArray:
    """Keep a kernel with its first row once more at its end, so that it can be read in reverse."""
    return np.concatenate([kernel, kernel[:1]]).astype(np.float32)[:-1]


def _terms(
    index: int, curvature: float, near_um: float, far_um: float, cell_um: float, blur: FloatArray
) -> list[Term]:
    """Kernels of one line, by the ridge orientations that occur on it."""
    from scipy import fft

    arc = np.linspace(-_REACH_UM, _REACH_UM, 41)
    weight = np.exp(-((arc / near_um) ** 2) / 2) / near_um + np.exp(-((arc / far_um) ** 2) / 2) / far_um
    turned = curvature * arc
    weight *= np.abs(turned) < _LARGEST_TURN
    weight /= weight.sum()
    aside = (1 - np.cos(turned)) / curvature if curvature else np.zeros_like(arc)
    ahead = np.sin(turned) / curvature if curvature else arc
    angle = index * np.pi / ORIENTATIONS
    rows = (aside * np.cos(angle) - ahead * np.sin(angle)) / cell_um
    columns = (aside * np.sin(angle) + ahead * np.cos(angle)) / cell_um
    # Ridge evidence is taken at every second orientation from the line's own: the ridge filter is
    # broader than that, and it halves the work.
    steps = -turned / np.pi * ORIENTATIONS / 2
    low = np.floor(steps).astype(int)
    terms = []
    for step in range(low.min(), low.max() + 2):
        share = weight * (
            np.where(low == step, 1 - (steps - low), 0) + np.where(low + 1 == step, steps - low, 0)
        )
        if share.sum() > _LEAST_SHARE:
            kernel = np.conj(fft.rfft2(_splat(rows, columns, share, blur.shape[0]))) * blur
            odd = _stored(kernel.imag) if curvature else None
            terms.append(Term((index + 2 * step) % ORIENTATIONS, _stored(kernel.real), odd))
    return terms


def _splat(rows: FloatArray, columns: FloatArray, share: FloatArray, side: int) -> FloatArray:
    """Put points on the periodic grid, each shared bilinearly among four cells."""
    image = np.zeros((side, side))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    for step_down, step_right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = (down if step_down else 1 - down) * (right if step_right else 1 - right)
        np.add.at(image, ((top + step_down) % side, (left + step_right) % side), share * part)
    return image
