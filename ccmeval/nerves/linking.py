"""Gaps in a nerve are bridged: from a loose end along its direction to the next nerve.

A nerve that fades or dips out of the focal plane comes up again further along. A loose end is joined
where a smooth line leads on from it to another loose end or meets another nerve, and where the
evidence along that line, though too weak by itself, is not absent.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.nerves.candidates import cut
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.walks import Walks, walk

_TURNS = np.deg2rad([0.0, -8.0, 8.0, -16.0, 16.0, -24.0, 24.0, -32.0, 32.0])
_LARGEST_TURN = np.deg2rad(40.0)
_BACK_UM = 8.0  # an end's direction is that of its last stretch of this length
_SKIP_UM = 4.0  # a ray starts this far out, so that it does not meet its own nerve's side


def bridge_gaps(
    skeleton: BoolArray,
    coherence: FloatArray,
    *,
    longest_um: float,
    longest_to_side_um: float,
    least_coherence: float,
) -> BoolArray:
    """Draw bridges over gaps.

    Parameters
    ----------
    skeleton : bool array (H, W)
        Kept centre lines on the working grid, one pixel wide.
    coherence : float array (H, W)
        Evidence of nerve.
    longest_um : float
        Longest bridge between two ends.
    longest_to_side_um : float
        Longest bridge from an end to the side of another nerve; one end alone tells less.
    least_coherence : float
        Mean evidence that a bridge must have.

    Returns
    -------
    bool array (H, W)
        The bridges alone.

    Examples
    --------
    >>> import numpy as np
    >>> dashed = np.zeros((20, 80), dtype=bool)
    >>> dashed[10, 5:30] = dashed[10, 45:75] = True
    >>> found = bridge_gaps(dashed, np.ones(dashed.shape), longest_um=30.0,
    ...                     longest_to_side_um=12.0, least_coherence=0.5)
    >>> bool(found[10, 29:46].all()), int(found.sum()) < 20
    (True, True)
    """
    bridges = np.zeros(skeleton.shape, dtype=bool)
    if not skeleton.any():
        return bridges
    points, outward = loose_ends(walk(cut(skeleton)), skeleton)
    for start, stop in _end_to_end(points, outward, coherence, longest_um / GRID_UM, least_coherence):
        draw_line(bridges, _curve(points[start], outward[start], points[stop], -outward[stop]))
    to_side = longest_to_side_um / GRID_UM
    for line in _end_to_line(points, outward, skeleton, coherence, to_side, least_coherence):
        draw_line(bridges, line)
    return bridges


def loose_ends(walks: Walks, skeleton: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Positions and outward unit directions of ends that touch nothing else."""
    place = np.arange(len(walks.rows))
    back = round(_BACK_UM / GRID_UM)
    points = np.stack([walks.rows, walks.columns], axis=1).astype(float)
    at, inner = [], []
    long_enough = walks.last - walks.first >= 3
    for is_end, step in ((place == walks.first, back), (place == walks.last, -back)):
        ends = np.flatnonzero(is_end & long_enough)
        at.append(ends)
        inner.append(np.clip(ends + step, walks.first[ends], walks.last[ends]))
    ends, behind = np.concatenate(at), np.concatenate(inner)
    padded = np.pad(skeleton, 1).astype(int)
    around = sum(padded[walks.rows[ends] + i, walks.columns[ends] + j] for i in range(3) for j in range(3))
    inside = np.all((points[ends] >= 3) & (points[ends] < np.array(skeleton.shape) - 3), axis=1)
    ends, behind = ends[(around == 2) & inside], behind[(around == 2) & inside]
    outward = points[ends] - points[behind]
    return points[ends], outward / np.maximum(np.hypot(outward[:, 0], outward[:, 1]), 1e-9)[:, None]


def _end_to_end(
    points: FloatArray, outward: FloatArray, coherence: FloatArray, longest: float, least: float
) -> list[tuple[int, int]]:
    """Pairs of ends that a smooth curve with enough evidence joins; each end at most once."""
    if len(points) < 2:
        return []
    joining = points[None] - points[:, None]
    distance = np.hypot(joining[..., 0], joining[..., 1])
    ahead = np.einsum("ijk,ik->ij", joining, outward) / np.maximum(distance, 1e-9)
    onward = np.minimum(ahead, ahead.T)
    possible = (onward >= np.cos(_LARGEST_TURN)) & (distance <= longest) & (distance > 0)
    found = []
    for start, stop in np.argwhere(np.triu(possible)):
        curve = _curve(points[start], outward[start], points[stop], -outward[stop])
        evidence = mean_on(coherence, curve)
        if evidence >= least:
            found.append((distance[start, stop] * (2 - onward[start, stop]), int(start), int(stop)))
    used: set[int] = set()
    pairs = []
    for _, start, stop in sorted(found):
        if start not in used and stop not in used:
            used |= {start, stop}
            pairs.append((start, stop))
    return pairs


def _end_to_line(
    points: FloatArray,
    outward: FloatArray,
    skeleton: BoolArray,
    coherence: FloatArray,
    longest: float,
    least: float,
) -> list[FloatArray]:
    """Straight bridges from ends to the nerve ahead, the one with most evidence for each end."""
    if not len(points):
        return []
    angles = np.arctan2(outward[:, 0], outward[:, 1])[:, None] + _TURNS
    reach = np.arange(1, int(longest) + 1)
    rows = points[:, 0, None, None] + np.sin(angles)[..., None] * reach
    columns = points[:, 1, None, None] + np.cos(angles)[..., None] * reach
    inside = (
        (rows >= 0) & (columns >= 0) & (rows <= skeleton.shape[0] - 1) & (columns <= skeleton.shape[1] - 1)
    )
    at = np.where(inside, np.rint(rows), 0).astype(int), np.where(inside, np.rint(columns), 0).astype(int)
    thick = _thicken(skeleton)
    hit = thick[at] & inside & (reach >= _SKIP_UM / GRID_UM)
    first = np.argmax(hit, axis=2)
    evidence = np.cumsum(coherence[at], axis=2) / reach
    reached = np.take_along_axis(evidence, first[..., None], axis=2)[..., 0]
    score = np.where(hit.any(axis=2), reached, -1.0)
    best = np.argmax(score, axis=1)
    lines = []
    for end in np.flatnonzero(score[np.arange(len(best)), best] >= least):
        stop = first[end, best[end]] + 2
        ray = np.stack([rows[end, best[end], :stop], columns[end, best[end], :stop]], axis=1)
        lines.append(np.concatenate([points[end][None], ray]))
    return lines


def _thicken(skeleton: BoolArray) -> BoolArray:
    """Two pixels wide, so that a slanted ray cannot slip through a diagonal step."""
    thick = skeleton.copy()
    thick[1:] |= skeleton[:-1]
    return thick


def _curve(start: FloatArray, leaving: FloatArray, stop: FloatArray, arriving: FloatArray) -> FloatArray:
    """Cubic Hermite curve between two points with the given unit directions, (N, 2)."""
    distance = float(np.hypot(*(stop - start)))
    t = np.linspace(0.0, 1.0, max(3, int(2 * distance)))[:, None]
    curve: FloatArray = (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leaving * distance
        + (3 * t**2 - 2 * t**3) * stop
        + (t**3 - t**2) * arriving * distance
    )
    return curve


def _pixels(line: FloatArray, shape: tuple[int, ...]) -> tuple[IntArray, IntArray]:
    rounded = np.rint(line).astype(int)
    return np.clip(rounded[:, 0], 0, shape[0] - 1), np.clip(rounded[:, 1], 0, shape[1] - 1)


def mean_on(values: FloatArray, line: FloatArray) -> float:
    """Average values along a line of points, float (N, 2)."""
    return float(values[_pixels(line, values.shape)].mean())


def draw_line(image: BoolArray, line: FloatArray) -> None:
    """Mark a line that is sampled at least once a pixel; gaps of one step are closed."""
    fine = np.concatenate([line, (line[1:] + line[:-1]) / 2])
    image[_pixels(fine, image.shape)] = True
