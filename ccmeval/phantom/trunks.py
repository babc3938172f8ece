"""Main trunks: quasi-parallel smooth curves that run through the frame."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.phantom.curves import inside, resample, smooth_noise
from ccmeval.phantom.plexus import Curve, Plexus
from ccmeval.phantom.settings import AnatomySettings

_OVERHANG_UM = 30.0
"""Trunks are drawn this far beyond the frame, so that motion never bares an end."""

GRAZING_COSINE = 0.45
"""A nerve leaves the frame at 27 degrees from its border at least."""


def add_trunks(
    plexus: Plexus, rng: np.random.Generator, count: int, settings: AnatomySettings, bend: float = 1.0
) -> float | None:
    """Draw `count` trunks into an empty plexus.

    Parameters
    ----------
    plexus : Plexus
    rng : numpy.random.Generator
    count : int
    settings : AnatomySettings
    bend : float
        Factor on the amplitude of the bends (rises with neuropathy).

    Returns
    -------
    float or None
        Direction of the trunks in radians from the row axis; None if they found no room.
    """
    low, high = np.deg2rad(settings.direction_deg)
    turn = 0.5 * np.pi * (rng.random() < settings.across_chance)
    for attempt in range(100):
        # Dense plexuses fit only when nearly upright and smooth: the demands sink with each failure.
        ease = 0.96**attempt
        direction = turn + float(rng.uniform(low, high)) * ease
        curves = _draw(plexus.shape_um, rng, count, direction, settings, bend * ease)
        if curves is not None:
            for points in curves:
                plexus.add(Curve(points, "trunk"))
            return direction
    return None


def _draw(
    shape_um: tuple[float, float],
    rng: np.random.Generator,
    count: int,
    direction: float,
    settings: AnatomySettings,
    bend: float,
) -> list[FloatArray] | None:
    if count == 0:
        return []
    half = 0.5 * float(np.hypot(*shape_um)) + _OVERHANG_UM
    along = np.arange(-half, half + 1.0)
    offsets = _offsets(shape_um, rng, count, direction, settings)
    if offsets is None:
        return None
    common: FloatArray = rng.uniform(5, 25) * smooth_noise(rng, along, (300.0, 900.0), 1)
    own = rng.uniform(*settings.trunk_bend_um, (count, 1)) * bend
    across: FloatArray = offsets[:, None] + common + own * smooth_noise(rng, along, (130.0, 600.0), count)
    across += bend * rng.uniform(0.4, 1.0) * smooth_noise(rng, along, (28.0, 80.0), count)
    across += bend * rng.uniform(1.0, 3.2) * smooth_noise(rng, along, (70.0, 160.0), count)
    if count > 1 and np.diff(across, axis=0).min() < settings.trunk_spacing_um:
        return None
    cosine, sine = np.cos(direction), np.sin(direction)
    centre = np.array(shape_um) / 2
    curves = []
    for values in across:
        turned = np.column_stack([along * cosine - values * sine, along * sine + values * cosine])
        points = resample(turned + centre)
        if not runs_through(points, shape_um, settings):
            return None
        curves.append(_trimmed(points, shape_um))
    return curves


def _offsets(
    shape_um: tuple[float, float],
    rng: np.random.Generator,
    count: int,
    direction: float,
    settings: AnatomySettings,
) -> FloatArray | None:
    """Places across the plexus, in order, at least the spacing apart."""
    sine, cosine = abs(np.sin(direction)), abs(np.cos(direction))
    height, width = shape_um
    if sine > cosine:  # the trunks run from left to right
        sine, cosine, height, width = cosine, sine, width, height
    # Widest band of straight lines whose chord passes through opposite sides.
    reach = 0.5 * (width * cosine - height * sine) + 0.15 * height * sine - settings.border_margin_um
    spread = 2 * reach - (count - 1) * settings.trunk_spacing_um * 1.3
    if spread < 0:
        return None
    places = np.sort(rng.uniform(0, spread, count)) + np.arange(count) * settings.trunk_spacing_um * 1.3
    return np.asarray(places - reach)


def runs_through(points: FloatArray, shape_um: tuple[float, float], settings: AnatomySettings) -> bool:
    """Tell whether a curve crosses the frame once, from border to border, without grazing it."""
    within = inside(points, shape_um)
    turns = np.flatnonzero(np.diff(within.astype(int)))
    if within[0] or within[-1] or len(turns) != 2:
        return False
    first, last = int(turns[0]) + 1, int(turns[1])
    chord = float(np.hypot(*(points[last] - points[first])))
    if chord < settings.trunk_chord_share * min(shape_um):
        return False
    deep = inside(points, shape_um, settings.border_margin_um)
    # Only the two ends may be near the border: 14 um of margin in at most 31 um of arc.
    reach = int(settings.border_margin_um / GRAZING_COSINE)
    return bool(last - first > 2 * reach and deep[first + reach : last - reach + 1].all())


def _trimmed(points: FloatArray, shape_um: tuple[float, float]) -> FloatArray:
    within = np.flatnonzero(inside(points, shape_um, -_OVERHANG_UM / 2))
    return points[within[0] : within[-1] + 1]
