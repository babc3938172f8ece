"""By how much the nerves of a synthetic frame are shifted and zoomed against those asked for.

Image editors move what they redraw. The search looks for the shift and scale at which the asked centre line
best covers the found one: first every shift at once, by cross-correlation on a coarse grid, scale by scale;
then the best few are refined on the full grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

LARGEST_SHIFT = 0.15
"""Largest shift searched, as a share of the frame's side."""

SCALES = (0.85, 1.15)
"""Smallest and largest scale searched."""

CLEAR_OVERLAP = 0.35
"""Overlap (see :func:`align`) below which a peak is no clear one. In 400 pairs of phantoms that have
nothing to do with one another it was 0.25 at most; in 120 of a phantom and its own mirror image, which has
nerves of the same direction, below 0.29 in 99 of 100 and 0.40 at most."""

CLEAR_GAIN = 0.05
"""Overlap that a move must win over none: frames of few nerves fit a little better almost anywhere."""

_NO_MOVE = np.array([0.0, 0.0, 1.0])
_SCALE_STEP = 0.015
_COARSE_UM = 2.1
_COARSE_SIGMA_UM = 4.2
_FINE_SIGMA_UM = 2.1
_STARTS = 3
_RESTRAINT = 0.02
"""Overlap that the largest shift or scale must bring to be worth it: where nerves are parallel, a shift along
them changes nothing, and the least is taken."""


@dataclass(frozen=True)
class Alignment:
    """Where the asked nerves are found.

    What is asked for at ``p`` (row, column) is found at ``middle + scale * (p - middle) + shift``.

    Attributes
    ----------
    shift_row_px, shift_column_px : float
        Downwards and to the right, in pixels.
    scale : float
        Above 1 the found nerves are larger.
    overlap : float
        Soft F1 of the two lines once shift and scale are undone: 0 for none, about 1 for a perfect match.
    clear : bool
        Whether the overlap is more than chance brings; if not, shift and scale are 0, 0 and 1.
    """

    shift_row_px: float = 0.0
    shift_column_px: float = 0.0
    scale: float = 1.0
    overlap: float = 0.0
    clear: bool = False

    def found_at(self, points: FloatArray, shape: tuple[int, int]) -> FloatArray:
        """Give where points asked for are found, (N, 2) in pixels.

        Examples
        --------
        >>> Alignment(1.0, 0.0, 1.1).found_at(np.array([[0.0, 5.0]]), (11, 11)).round(3).tolist()
        [[0.5, 5.0]]
        """
        shift = np.array([self.shift_row_px, self.shift_column_px, self.scale])
        return _moved(points, (np.array(shape) - 1) / 2, shift)


def align(found_line: BoolArray, asked_line: BoolArray, pixel_size_um: float) -> Alignment:
    """Find the shift and scale of the found nerves against those asked for.

    The overlap of the found line with the moved asked line is a soft F1: twice the sum, over the asked
    pixels that fall into the frame, of ``exp(-d^2 / 2 sigma^2)`` with the distance d to the found line
    (sigma 2.1 um), over the number of all asked pixels plus the found ones. So a move gains nothing by
    pushing out of the frame what does not fit. Another place is believed only if it overlaps more than the
    best one next to no move at all by :data:`CLEAR_GAIN`.

    Parameters
    ----------
    found_line, asked_line : bool arrays (H, W)
        One-pixel centre lines.
    pixel_size_um : float
        Side of a pixel in micrometres.

    Returns
    -------
    Alignment
        Shift 0, scale 1 and not `clear` where a line is empty or chance would overlap as much. A shift
        along parallel nerves cannot be seen; the least that explains the frame is given.

    Examples
    --------
    >>> asked = np.zeros((200, 200), dtype=bool)
    >>> asked[20:180, 60] = asked[90, 60:170] = True
    >>> found = align(np.roll(asked, (7, -4), axis=(0, 1)), asked, 1.04)
    >>> round(found.shift_row_px), round(found.shift_column_px), round(found.scale, 2), found.clear
    (7, -4, 1.0, True)
    """
    if not found_line.any() or not asked_line.any():
        return Alignment()
    asked = np.argwhere(asked_line).astype(np.float64)
    fine = _Target(found_line, _FINE_SIGMA_UM / pixel_size_um)
    home = _refined(fine, asked, _NO_MOVE)
    moves = [_refined(fine, asked, start) for start in _coarse_starts(found_line, asked, pixel_size_um)]
    best = max(moves, key=lambda move: fine.worth(asked, move))
    if fine.overlap(asked, best) < fine.overlap(asked, home) + CLEAR_GAIN:
        best = home
    # A little zoom may stand for a little shift; without need there is none.
    unzoomed = _refined(fine, asked, np.array([*best[:2], 1.0]), parts=2)
    best = max(unzoomed, best, key=lambda move: fine.worth(asked, move))
    overlap = fine.overlap(asked, best)
    if overlap < CLEAR_OVERLAP:
        return Alignment(overlap=overlap)
    # From a scale about the middle of the nerves to one about that of the frame.
    middle = (np.array(found_line.shape) - 1) / 2
    row, column = best[:2] + (1.0 - best[2]) * (asked.mean(axis=0) - middle)
    return Alignment(float(row), float(column), float(best[2]), overlap, clear=True)


@dataclass(frozen=True)
class _Target:
    """The found line, as something to lay moved points on.

    A move is (rows, columns, scale), the scale about the middle of the asked points: so a few nerves at one
    side are not shifted by a change of scale, and what one of the two explains the other does not.
    """

    line: BoolArray
    sigma_px: float

    @property
    def shape(self) -> tuple[int, int]:
        return (self.line.shape[0], self.line.shape[1])

    @cached_property
    def nearness(self) -> FloatArray:
        from scipy.ndimage import distance_transform_edt

        distance = distance_transform_edt(~self.line)
        return np.asarray(np.exp(-0.5 * (distance / self.sigma_px) ** 2))

    @cached_property
    def count(self) -> int:
        return int(self.line.sum())

    def overlap(self, asked: FloatArray, move: FloatArray) -> float:
        from scipy.ndimage import map_coordinates

        points = _moved(asked, asked.mean(axis=0), move)
        points = points[inside(points, self.shape)]
        matched = map_coordinates(self.nearness, points.T, order=1, mode="nearest").sum()
        return float(2.0 * matched / (len(asked) + self.count))

    def worth(self, asked: FloatArray, move: FloatArray) -> float:
        return self.overlap(asked, move) - float(_restraint(self.shape, move))


def inside(points: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Tell which points (N, 2), in pixels, fall on a pixel of the frame."""
    return np.asarray(((points >= -0.5) & (points < np.array(shape) - 0.5)).all(axis=1))


def _moved(points: FloatArray, pivot: FloatArray, move: FloatArray) -> FloatArray:
    moved: FloatArray = pivot + move[2] * (points - pivot) + move[:2]
    return moved


def _restraint(shape: tuple[int, int], move: FloatArray) -> FloatArray:
    """Price a move, (..., 3): nothing for none, `_RESTRAINT` for each of its parts that is at its bound."""
    bounds = np.array([LARGEST_SHIFT * shape[0], LARGEST_SHIFT * shape[1], SCALES[1] - 1])
    return np.asarray(_RESTRAINT * np.abs((move - _NO_MOVE) / bounds).sum(axis=-1))


def _refined(target: _Target, asked: FloatArray, start: FloatArray, parts: int = 3) -> FloatArray:
    """Climb from a start to the best move nearby, within the bounds; with 2 parts the scale stays."""
    from scipy.optimize import minimize

    largest = LARGEST_SHIFT * np.array(target.shape)
    low, high = np.array([*-largest, SCALES[0]]), np.array([*largest, SCALES[1]])
    # A step of one unit moves the frame's border by about two pixels, whichever way.
    unit = np.diag([2.0, 2.0, 4.0 / max(target.shape)])[:parts]
    found = minimize(
        lambda step: -target.worth(asked, np.clip(start + step @ unit, low, high)),
        np.zeros(parts),
        method="Nelder-Mead",
        options={
            "initial_simplex": np.vstack([np.zeros(parts), np.eye(parts)]),
            "xatol": 0.01,
            "fatol": 1e-5,
        },
    )
    best = np.clip(start + found.x @ unit, low, high)
    # The climb drifts where nothing holds it, as along a straight nerve: leave out what brings nothing.
    plainer = [np.where(kept, best, _NO_MOVE) for kept in product((True, False), repeat=3)]
    return max(plainer, key=lambda move: target.worth(asked, move))


def _coarse_starts(found_line: BoolArray, asked: FloatArray, pixel_size_um: float) -> list[FloatArray]:
    """Give the best shift of each of the best few scales."""
    factor = max(1, round(_COARSE_UM / pixel_size_um))
    shape = tuple(-(-side // factor) for side in found_line.shape)
    coarse = np.zeros((shape[0], shape[1]), dtype=np.bool_)
    coarse[tuple((np.argwhere(found_line) // factor).T)] = True
    target = _Target(coarse, _COARSE_SIGMA_UM / (factor * pixel_size_um))
    # Pixel middles of the full grid on the coarse one.
    points = (asked + 0.5) / factor - 0.5
    weight = target.count / max(int(found_line.sum()), 1)
    step = min(_SCALE_STEP, 2.0 * target.sigma_px / max(target.shape))
    scales = np.linspace(*SCALES, 2 * round((SCALES[1] - SCALES[0]) / (2 * step)) + 1)
    found = [_best_shift(target, points, float(scale), weight) for scale in scales]
    ranked = sorted(found, key=lambda pair: -pair[0])[:_STARTS]
    return [np.array([move[0] * factor, move[1] * factor, move[2]]) for _, move in ranked]


def _best_shift(target: _Target, points: FloatArray, scale: float, weight: float) -> tuple[float, FloatArray]:
    """Overlap at every whole shift of one scale by cross-correlation; the best of them."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = target.shape
    reach = [int(LARGEST_SHIFT * side) for side in shape]
    # Room for the largest shift of points that the scale has moved out, so that none comes in again.
    overhang = SCALES[1] - 1
    size = [next_fast_len(int(side * (1 + overhang + LARGEST_SHIFT)) + 2, real=True) for side in shape]
    moved = _moved(points, points.mean(axis=0), np.array([0.0, 0.0, scale]))
    pixels = np.rint(moved).astype(int) % np.array(size)
    drawn = np.zeros(size)
    np.add.at(drawn, tuple(pixels.T), weight)
    spectrum = np.conj(rfft2(drawn))
    matched = irfft2(spectrum * rfft2(target.nearness, size), size)
    rows, columns = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    overlap = 2.0 * matched[rows, columns] / (weight * len(points) + target.count)
    moves = np.stack(np.broadcast_arrays(rows, columns, scale), axis=-1)
    worth = overlap - _restraint(shape, moves)
    at = np.unravel_index(int(worth.argmax()), worth.shape)
    return float(worth[at]), moves[at].astype(np.float64)
