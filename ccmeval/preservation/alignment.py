"""By how much the nerves of a synthetic frame are shifted and zoomed against those asked for.

Image editors move what they redraw. The search looks for the shift and scale at which the asked centre line
best covers the found one: first every shift at once, by cross-correlation on a coarse grid, scale by scale;
then the best few are refined on the full grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
        return _moved(points, shape, np.array([self.shift_row_px, self.shift_column_px, self.scale]))


def align(found_line: BoolArray, asked_line: BoolArray, pixel_size_um: float) -> Alignment:
    """Find the shift and scale of the found nerves against those asked for.

    The overlap of the found line with the moved asked line is a soft F1: twice the sum, over the asked
    pixels that fall into the frame, of ``exp(-d^2 / 2 sigma^2)`` with the distance d to the found line
    (sigma 2.1 um), over the number of those pixels plus the found ones. A perfect match of a frame zoomed
    by s has 2 / (1 + s), which no other move exceeds.

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
    best = max(
        (_refined(fine, asked, start) for start in _coarse_starts(found_line, asked, pixel_size_um)),
        key=lambda move: fine.worth(asked, move),
    )
    overlap = fine.overlap(asked, best)
    if overlap < CLEAR_OVERLAP:
        return Alignment(overlap=overlap)
    return Alignment(float(best[0]), float(best[1]), float(best[2]), overlap, clear=True)


@dataclass(frozen=True)
class _Target:
    """The found line, as something to lay moved points on. A move is (rows, columns, scale)."""

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

        points = _moved(asked, self.shape, move)
        points = points[inside(points, self.shape)]
        matched = map_coordinates(self.nearness, points.T, order=1, mode="nearest").sum()
        return float(2.0 * matched / (len(points) + self.count))

    def worth(self, asked: FloatArray, move: FloatArray) -> float:
        return self.overlap(asked, move) - float(_restraint(self.shape, move))


def inside(points: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Tell which points (N, 2), in pixels, fall on a pixel of the frame."""
    return np.asarray(((points >= -0.5) & (points < np.array(shape) - 0.5)).all(axis=1))


def _moved(points: FloatArray, shape: tuple[int, int], move: FloatArray) -> FloatArray:
    middle = (np.array(shape) - 1) / 2
    moved: FloatArray = middle + move[2] * (points - middle) + move[:2]
    return moved


def _restraint(shape: tuple[int, int], move: FloatArray) -> FloatArray:
    """Price a move: nothing for none, `_RESTRAINT` for one at the bounds; moves are (..., 3)."""
    bounds = LARGEST_SHIFT * np.array(shape)
    size = np.hypot(move[..., 0] / bounds[0], move[..., 1] / bounds[1])
    size = np.hypot(size, (move[..., 2] - 1) / (SCALES[1] - 1))
    return np.asarray(_RESTRAINT * size)


def _refined(target: _Target, asked: FloatArray, start: FloatArray) -> FloatArray:
    """Climb from a start to the best move nearby, within the bounds."""
    from scipy.optimize import minimize

    largest = LARGEST_SHIFT * np.array(target.shape)
    low, high = np.array([*-largest, SCALES[0]]), np.array([*largest, SCALES[1]])
    # A step of one unit moves the frame's border by about two pixels, whichever way.
    unit = np.array([2.0, 2.0, 4.0 / max(target.shape)])
    found = minimize(
        lambda step: -target.worth(asked, np.clip(start + step * unit, low, high)),
        np.zeros(3),
        method="Nelder-Mead",
        options={"initial_simplex": np.vstack([np.zeros(3), np.eye(3)]), "xatol": 0.01, "fatol": 1e-5},
    )
    return np.asarray(np.clip(start + found.x * unit, low, high))


def _coarse_starts(found_line: BoolArray, asked: FloatArray, pixel_size_um: float) -> list[FloatArray]:
    """Give the best shift of the best few scales, and no move at all."""
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
    starts = [np.array([move[0] * factor, move[1] * factor, move[2]]) for _, move in ranked]
    return [*starts, np.array([0.0, 0.0, 1.0])]


def _best_shift(target: _Target, points: FloatArray, scale: float, weight: float) -> tuple[float, FloatArray]:
    """Overlap at every whole shift of one scale by cross-correlation; the best of them."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = target.shape
    reach = [int(LARGEST_SHIFT * side) for side in shape]
    # Room for the largest shift of points that the scale has moved out, so that none comes in again.
    overhang = (SCALES[1] - 1) / 2
    size = [next_fast_len(int(side * (1 + overhang + LARGEST_SHIFT)) + 2, real=True) for side in shape]
    moved = _moved(points, shape, np.array([0.0, 0.0, scale]))
    pixels = np.rint(moved).astype(int) % np.array(size)
    drawn = np.zeros(size)
    np.add.at(drawn, tuple(pixels.T), weight)
    spectrum = np.conj(rfft2(drawn))
    matched, counted = (
        irfft2(spectrum * rfft2(part, size), size) for part in (target.nearness, np.ones(shape))
    )
    rows, columns = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    overlap = 2.0 * matched[rows, columns] / (counted[rows, columns] + target.count)
    moves = np.stack(np.broadcast_arrays(rows, columns, scale), axis=-1)
    worth = overlap - _restraint(shape, moves)
    at = np.unravel_index(int(worth.argmax()), worth.shape)
    return float(worth[at]), moves[at].astype(np.float64)
