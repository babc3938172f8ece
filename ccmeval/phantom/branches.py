"""Branches and thin fibres: drawn as batches of random curves, of which one that keeps clear is taken."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.phantom.curves import inside, resample, smooth_noise
from ccmeval.phantom.plexus import Curve, Plexus
from ccmeval.phantom.settings import AnatomySettings
from ccmeval.phantom.trunks import GRAZING_COSINE

BATCH = 24
_SHORTEST_PIECE_UM = 18.0
_EXIT_UM = 12
"""A curve that leaves the frame is kept so far beyond the border, for the motion to move."""


def grow(
    rng: np.random.Generator,
    starts: FloatArray,
    headings: FloatArray,
    length_um: float,
    bend_rad: float,
    direction: float | None = None,
) -> FloatArray:
    """Draw random smooth curves from given points in given directions.

    Parameters
    ----------
    rng : numpy.random.Generator
    starts : float array (K, 2)
    headings : float array (K,)
        In radians from the row axis.
    length_um, bend_rad : float
        Length, and SD of the change of heading along the curve.
    direction : float, optional
        Direction of the plexus (either way along it), to which the headings turn in part.

    Returns
    -------
    float array (K, N, 2)
        Points 1 um apart.
    """
    along = np.arange(0.0, max(length_um, 2.0))
    noise = smooth_noise(rng, along, (70.0, 300.0), len(starts))
    # The heading leaves its first value gradually: branches part from their parent as asked.
    angle = headings[:, None] + bend_rad * (noise - noise[:, :1])
    angle += (
        rng.uniform(0.08, 0.25)
        * smooth_noise(rng, along, (16.0, 45.0), len(starts))
        * (1 - np.exp(-along / 15.0))
    )
    if direction is not None:
        off = (headings - direction + np.pi / 2) % np.pi - np.pi / 2
        turned = rng.uniform(0.1, 0.9, len(starts)) * off
        angle -= turned[:, None] * (1 - np.exp(-along / 50.0))
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    path = np.concatenate([np.zeros((len(starts), 1, 2)), np.cumsum(steps, axis=1)], axis=1)
    return np.asarray(starts[:, None] + path)


def add_branch(
    plexus: Plexus,
    rng: np.random.Generator,
    parents: list[int],
    length_um: float,
    settings: AnatomySettings,
    bend_rad: float,
    direction: float | None = None,
) -> int | None:
    """Add one branch of about the given length to one of the parents; None where none fits."""
    for parent in rng.permutation(parents)[:4]:
        free = plexus.free_points(int(parent), settings.junction_spacing_um, settings.border_margin_um)
        if len(free) == 0:
            continue
        at = rng.choice(free, BATCH)
        points = plexus.curves[parent].points
        tangent = points[np.minimum(at + 3, len(points) - 1)] - points[np.maximum(at - 3, 0)]
        turn = np.deg2rad(rng.uniform(*settings.departure_deg, BATCH)) * rng.choice([-1, 1], BATCH)
        back = np.pi * (rng.random(BATCH) < 0.3)
        headings = np.arctan2(tangent[:, 1], tangent[:, 0]) + back + turn
        curves = grow(rng, points[at], headings, length_um, bend_rad, direction)
        taken = choose_clear(plexus, curves, settings, length_um, int(parent))
        if taken is not None:
            choice, chosen = taken
            return plexus.add(Curve(chosen, "branch", parent=(int(parent), int(at[choice]))))
    return None


def add_fibre(
    plexus: Plexus,
    rng: np.random.Generator,
    direction: float,
    length_um: float,
    settings: AnatomySettings,
    bend_rad: float,
) -> int | None:
    """Add one thin fibre without parent, roughly along the plexus; None where none fits."""
    margin = settings.border_margin_um
    height, width = plexus.shape_um
    for _ in range(4):
        starts = np.column_stack(
            [rng.uniform(margin, height - margin, BATCH), rng.uniform(margin, width - margin, BATCH)]
        )
        headings = direction + np.pi * rng.integers(0, 2, BATCH) + rng.normal(0, 0.35, BATCH)
        curves = grow(rng, starts, headings, length_um, bend_rad, direction)
        taken = choose_clear(plexus, curves, settings, length_um, None)
        if taken is not None:
            return plexus.add(Curve(taken[1], "fibre"))
    return None


def add_connection(
    plexus: Plexus,
    rng: np.random.Generator,
    pair: tuple[int, int],
    settings: AnatomySettings,
    longest_um: float,
) -> int | None:
    """Join two neighbouring trunks by an H branch; None where none fits."""
    ends = [
        plexus.free_points(index, settings.junction_spacing_um, settings.border_margin_um) for index in pair
    ]
    if min(len(free) for free in ends) == 0:
        return None
    first, second = plexus.curves[pair[0]].points, plexus.curves[pair[1]].points
    for _ in range(BATCH):
        start, end = int(rng.choice(ends[0])), int(rng.choice(ends[1]))
        if not 20.0 < float(np.hypot(*(second[end] - first[start]))) < longest_um:
            continue
        if not _leaves_well(first, start, second[end], settings):
            continue
        if not _leaves_well(second, end, first[start], settings):
            continue
        points = _bridge(rng, first[start], second[end])
        deep = inside(points, plexus.shape_um, settings.border_margin_um).all()
        used = np.ones((1, len(points)), dtype=bool)
        if deep and plexus.clear(points[None], used, *pair)[0]:
            return plexus.add(Curve(points, "branch", parent=(pair[0], start), target=(pair[1], end)))
    return None


def add_crossing(
    plexus: Plexus,
    rng: np.random.Generator,
    trunk: int,
    length_um: float,
    settings: AnatomySettings,
    bend_rad: float,
) -> int | None:
    """Lay one thin fibre across a trunk, without a branch point; None where none fits."""
    spacing, margin = settings.junction_spacing_um, settings.border_margin_um
    free = plexus.free_points(trunk, spacing, margin)
    if len(free) == 0:
        return None
    points = plexus.curves[trunk].points
    at = rng.choice(free, BATCH)
    tangent = points[np.minimum(at + 3, len(points) - 1)] - points[np.maximum(at - 3, 0)]
    turn = np.deg2rad(rng.uniform(*settings.crossing_deg, BATCH))
    headings = np.arctan2(tangent[:, 1], tangent[:, 0]) + turn
    arms = [grow(rng, points[at], headings + way, 0.5 * length_um, bend_rad) for way in (0.0, np.pi)]
    used = np.ones(arms[0].shape[:2], dtype=bool)
    good = np.ones(BATCH, dtype=bool)
    for arm in arms:
        good &= inside(arm, plexus.shape_um, margin).all(axis=1) & plexus.clear(arm, used, trunk)
    if not good.any():
        return None
    choice = int(np.argmax(good))
    curve = np.vstack([arms[1][choice][:0:-1], arms[0][choice]])
    middle = arms[1].shape[1] - 1
    return plexus.add(Curve(curve, "fibre", crossing=(middle, (trunk, int(at[choice])))))


def _leaves_well(points: FloatArray, at: int, towards: FloatArray, settings: AnatomySettings) -> bool:
    """Tell whether the straight way to another point departs at an angle within the settings."""
    tangent = points[min(at + 3, len(points) - 1)] - points[max(at - 3, 0)]
    way = towards - points[at]
    cosine = abs(float(tangent @ way)) / float(np.hypot(*tangent) * np.hypot(*way))
    return bool(np.arccos(min(cosine, 1.0)) >= np.deg2rad(settings.departure_deg[0]) + 0.1)


def _bridge(rng: np.random.Generator, start: FloatArray, end: FloatArray) -> FloatArray:
    way = end - start
    length = float(np.hypot(*way))
    part = np.linspace(0.0, 1.0, max(int(length), 8))
    normal = np.array([-way[1], way[0]]) / length
    noise = smooth_noise(rng, part * length, (60.0, 200.0), 1)[0]
    sway = rng.uniform(0.03, 0.11) * length * np.sin(np.pi * part) * noise
    points = resample(start + part[:, None] * way + sway[:, None] * normal)
    points[0], points[-1] = start, end
    return points


def choose_clear(
    plexus: Plexus,
    curves: FloatArray,
    settings: AnatomySettings,
    length_um: float,
    parent: int | None,
) -> tuple[int, FloatArray] | None:
    """Choose the clear candidate nearest to the wanted length; its points with any part beyond the border."""
    used, good = _within_frame(curves, plexus.shape_um, settings.border_margin_um)
    inner = (used & inside(curves, plexus.shape_um)).sum(axis=1)
    good &= inner >= min(length_um, settings.branch_length_um[0]) * 0.8
    order = np.flatnonzero(good)
    if len(order) == 0:
        return None
    clear = plexus.clear(curves[order], used[order], parent)
    order = order[clear]
    if len(order) == 0:
        return None
    choice = int(order[np.argmax(inner[order])])
    return choice, curves[choice][used[choice]]


def _within_frame(
    curves: FloatArray, shape_um: tuple[float, float], margin: float
) -> tuple[BoolArray, BoolArray]:
    """Cut candidates short after they leave the frame; refuse those that graze or end near its border."""
    within = inside(curves, shape_um)
    leaves: BoolArray = np.any(~within, axis=1)
    count = curves.shape[1]
    exit_at = np.where(leaves, np.argmin(within, axis=1), count)
    at = np.arange(count)
    used = at < exit_at[:, None] + _EXIT_UM
    outside_stays = ~(within & (at >= exit_at[:, None]) & used).any(axis=1)
    shallow: BoolArray = ~inside(curves, shape_um, margin) & within & used
    # 14 um of margin in at most 31 um of arc before the exit, as for trunks.
    last_leg = at >= exit_at[:, None] - margin / GRAZING_COSINE
    grazes = np.any(shallow & ~(last_leg & leaves[:, None]), axis=1)
    enough = ~leaves | (exit_at + _EXIT_UM <= count)
    return used, outside_stays & ~grazes & enough


def cut_gaps(
    plexus: Plexus, rng: np.random.Generator, index: int, settings: AnatomySettings, gaps_per_mm: float
) -> None:
    """Break a thin fibre or branch into pieces, before anything branches from it."""
    curve = plexus.curves[index]
    points, parent, kind = curve.points, curve.parent, curve.kind
    pieces: list[FloatArray] = []
    while True:
        longest = min(settings.piece_um, 0.43 * min(plexus.shape_um)) * float(rng.uniform(0.5, 1.0))
        wanted = _SHORTEST_PIECE_UM + float(rng.exponential(1e3 / max(gaps_per_mm, 1e-9)))
        stop = int(min(wanted, longest))
        after = stop + round(float(rng.uniform(*settings.gap_um)))
        if len(points) - 1 < after + _SHORTEST_PIECE_UM + _EXIT_UM:
            break
        if inside(points[[stop, after]], plexus.shape_um, settings.border_margin_um).all():
            pieces.append(points[: stop + 1])
            points = points[after:]
        else:
            break
    plexus.curves[index] = Curve((pieces[0] if pieces else points), kind, parent=parent)
    for piece in [*pieces[1:], *([points] if pieces else [])]:
        plexus.curves.append(Curve(piece, "fibre"))
