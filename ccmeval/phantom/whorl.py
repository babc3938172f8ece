"""The inferior whorl: nerves that spiral round a centre instead of running in parallel."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.phantom.branches import BATCH, add_branch, choose_clear, cut_gaps
from ccmeval.phantom.curves import smooth_noise
from ccmeval.phantom.plexus import Curve, CurveKind, Plexus
from ccmeval.phantom.settings import AnatomySettings

_CORE_UM = 25.0
"""No nerve is drawn nearer to the centre: its curvature would be that of no real nerve."""


def spiral(
    rng: np.random.Generator, centre: FloatArray, starts: FloatArray, length_um: float, pitch: float
) -> FloatArray:
    """Draw curves round a centre, outwards at a constant angle, with noise on the heading.

    Parameters
    ----------
    rng : numpy.random.Generator
    centre : float array (2,)
    starts : float array (K, 2)
    length_um : float
    pitch : float
        Angle between a curve and the circle round the centre, in radians; the sign of the turn is that
        of the pitch.

    Returns
    -------
    float array (K, N, 2)
        Points 1 um apart.
    """
    along = np.arange(0.0, length_um)
    noise = 0.25 * smooth_noise(rng, along, (40.0, 200.0), len(starts))
    points = np.empty((len(starts), len(along) + 1, 2))
    points[:, 0] = starts
    turn = np.sign(pitch) * (np.pi / 2 - abs(pitch))
    for step in range(len(along)):
        away = points[:, step] - centre
        heading = np.arctan2(away[:, 1], away[:, 0]) + turn + noise[:, step]
        points[:, step + 1] = points[:, step] + np.column_stack([np.cos(heading), np.sin(heading)])
    return points


def draw_whorl(
    plexus: Plexus,
    rng: np.random.Generator,
    length_um: float,
    settings: AnatomySettings,
    gaps_per_mm: float,
    bend_rad: float,
) -> None:
    """Fill an empty plexus with the spirals of a whorl and their branches.

    Parameters
    ----------
    plexus : Plexus
    rng : numpy.random.Generator
    length_um : float
        Wanted length of all nerves, met as far as there is room.
    settings : AnatomySettings
    gaps_per_mm : float
        Gaps in the thin ones.
    bend_rad : float
        SD of the change of heading along a branch.
    """
    shape = np.array(plexus.shape_um)
    centre = shape * rng.uniform(0.38, 0.62, 2)
    pitch = float(rng.choice([-1, 1])) * float(rng.uniform(0.1, 0.35))
    failures = 0
    while failures < 8:
        spare = length_um - plexus.length_um()
        if spare < settings.branch_length_um[0]:
            return
        thick = rng.random() < 0.4
        wanted = float(rng.uniform(300.0, 800.0)) if thick else float(rng.uniform(40.0, 150.0))
        wanted = max(min(wanted * 0.8**failures, spare), settings.branch_length_um[0])
        if len(plexus.curves) > 2 and rng.random() < 0.4:
            parents = list(range(len(plexus.curves)))
            index = add_branch(plexus, rng, parents, min(wanted, 110.0), settings, bend_rad)
        else:
            index = _add_spiral(plexus, rng, centre, wanted, pitch, "trunk" if thick else "fibre", settings)
        if index is None:
            failures += 1
        elif plexus.curves[index].kind != "trunk":
            cut_gaps(plexus, rng, index, settings, gaps_per_mm)


def _add_spiral(
    plexus: Plexus,
    rng: np.random.Generator,
    centre: FloatArray,
    length_um: float,
    pitch: float,
    kind: CurveKind,
    settings: AnatomySettings,
) -> int | None:
    margin, shape = settings.border_margin_um, np.array(plexus.shape_um)
    starts = rng.uniform(margin, shape - margin, (BATCH, 2))
    if kind == "trunk":  # thick nerves come in from the border and fade near the centre
        way = rng.uniform(0, 2 * np.pi, BATCH)
        radius = rng.uniform(_CORE_UM, 0.35 * shape.min(), (BATCH, 1))
        starts = centre + radius * np.column_stack([np.cos(way), np.sin(way)])
    curves = spiral(rng, centre, starts, length_um, pitch)
    outside_core = np.hypot(*(curves - centre).transpose(2, 0, 1)).min(axis=1) > _CORE_UM
    if not outside_core.any():
        return None
    taken = choose_clear(plexus, curves[outside_core], settings, length_um, None)
    return None if taken is None else plexus.add(Curve(taken[1], kind))
