"""Training scenes: a phantom frame far from the ordinary, with how well each nerve can be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.net.distractors import with_bubbles, with_hairs
from ccmeval.nerves.net.traceable import traced, visibility
from ccmeval.phantom import AnatomySettings, PhantomSettings, draw_plan, draw_subject
from ccmeval.phantom.assemble import DrawnNerve
from ccmeval.phantom.frame import Anatomy, draw_anatomy
from ccmeval.phantom.optics import Rendered, render
from ccmeval.phantom.settings import HRT3_PIXEL_SIZE_UM

CUT_OFFS = (0.5, 0.75, 1.0, 1.4, 2.0)
"""Visibilities, in units of the local noise, above which a nerve is nerve; one map each."""

REACH_PX = 5.0
"""Distances to the centre line are kept up to here."""

DISTANCE_STEPS = 40.0
"""Steps of a stored distance in a pixel."""

WIDTH_STEPS = 16.0
"""Steps of a stored width in a pixel."""


@dataclass(frozen=True)
class Scene:
    """One frame to learn from.

    Attributes
    ----------
    frame : uint8 array (H, W)
    distance : uint8 array (C, H, W)
        Distance to the nearest centre line that passes each of :data:`CUT_OFFS`, in pixels times
        :data:`DISTANCE_STEPS`; 255 from 6.4 px on.
    width : uint8 array (H, W)
        Width of the nearest nerve in pixels times :data:`WIDTH_STEPS`; 0 far from all.
    """

    frame: IntArray
    distance: IntArray
    width: IntArray


def draw_settings(rng: np.random.Generator, side_px: int) -> PhantomSettings:
    """Draw the look of a scene: half calibrated, half far beyond, always with fainter nerves.

    Parameters
    ----------
    rng : numpy.random.Generator
    side_px : int
        Side of the frame.

    Returns
    -------
    PhantomSettings
    """
    wide = PhantomSettings.randomised(rng, shape_px=(side_px, side_px))
    optics = wide.optics if rng.random() < 0.5 else PhantomSettings().optics
    # Nerves of real frames have two thirds of a phantom's contrast, and a longer faint tail.
    fainter = float(np.exp(rng.normal(np.log(0.7), 0.38)))
    changes: dict[str, object] = {
        name: (low * share * fainter, high * fainter)
        for name, (low, high), share in (
            ("trunk_contrast", optics.trunk_contrast, 0.8),
            ("branch_contrast", optics.branch_contrast, 0.6),
            ("fibre_contrast", optics.fibre_contrast, 0.5),
        )
    }
    changes |= {
        "fading": (0.05, float(rng.choice([0.35, 0.8, 1.4]))),
        "k_structure_chance": 0.3,
        "epithelium_chance": 0.25,
        "blotch_chance": 0.35,
        "dendritic_cells": (0.0, 9.0),
    }
    kind = rng.random()
    anatomy = AnatomySettings.hard() if kind < 0.4 else wide.anatomy
    anatomy = anatomy.model_copy(
        update={
            "keep_disputable": True,
            "across_chance": 0.5,
            "direction_deg": (-45.0, 45.0),
            "whorl": bool(rng.random() < 0.12),
            "trunk_bend_um": (4.0, float(rng.choice([15.0, 30.0]))),
            "branch_bend_rad": (0.12, float(rng.choice([0.3, 0.5]))),
            "piece_um": 400.0,
            "wiggle_um": (0.6, 2.2),
            "width_um": (1.8, 9.0),
        }
    )
    pixel = wide.pixel_size_um if rng.random() < 0.6 else HRT3_PIXEL_SIZE_UM
    return PhantomSettings(
        shape_px=(side_px, side_px),
        pixel_size_um=pixel,
        anatomy=anatomy,
        optics=optics.model_copy(update=changes),
    )


def draw_nerves(rng: np.random.Generator, settings: PhantomSettings) -> Anatomy:
    """Draw a plexus of any density, now and then none at all."""
    diagnosis = str(rng.choice(["Control", "Control", "T1NoDPN", "T1DPN"]))
    plan = draw_plan(rng, draw_subject(rng, diagnosis), settings.area_mm2)
    factor = float(np.exp(rng.uniform(-0.2, 0.55)))
    plan = replace(
        plan,
        length_um=min(plan.length_um * factor, 36e3 * settings.area_mm2),
        gaps_per_mm=float(rng.choice([0.0, 0.0, plan.gaps_per_mm])),
        mean_width_um=plan.mean_width_um * float(rng.uniform(0.8, 1.25)),
    )
    if rng.random() < 0.04:
        plan = replace(plan, trunks=0, branch_points=0, length_um=30.0)
    return draw_anatomy(rng, plan, settings)


def draw_scenes(rng: np.random.Generator, looks: int, side_px: int = 384) -> list[Scene]:
    """Draw one plexus under several looks.

    Parameters
    ----------
    rng : numpy.random.Generator
    looks : int
        Frames of the same plexus.
    side_px : int
        Side of a frame.

    Returns
    -------
    list of Scene

    Examples
    --------
    >>> scene = draw_scenes(np.random.default_rng(0), 1, side_px=96)[0]
    >>> scene.frame.shape, scene.distance.shape, scene.width.shape
    ((96, 96), (5, 96, 96), (96, 96))
    """
    settings = draw_settings(rng, side_px)
    anatomy = draw_nerves(rng, settings)
    scenes = []
    for _ in range(looks):
        pixel = settings.pixel_size_um
        other = draw_settings(rng, side_px).optics
        seen = render(rng, anatomy.nerves, anatomy.drawn, settings.model_copy(update={"optics": other}))
        scenes.append(_label(anatomy.nerves, seen, _distracted(rng, seen.frame, pixel), pixel))
    return scenes


def _distracted(rng: np.random.Generator, frame: FloatArray, pixel_size_um: float) -> FloatArray:
    if rng.random() < 0.45:
        frame = with_hairs(rng, frame, int(rng.integers(1, 14)), pixel_size_um)
    if rng.random() < 0.04:
        frame = with_bubbles(rng, frame, int(rng.integers(3, 40)))
    return frame


def _label(nerves: list[DrawnNerve], seen: Rendered, frame: FloatArray, pixel_size_um: float) -> Scene:
    shape = frame.shape
    grey = np.rint(frame * 255.0).astype(np.uint8)
    distance = np.full((len(CUT_OFFS), *shape), 255, dtype=np.uint8)
    width = np.zeros(shape, dtype=np.uint8)
    if not nerves:
        return Scene(grey, distance, width)
    points = np.concatenate([nerve.points_um for nerve in nerves]) / pixel_size_um - 0.5
    widths = np.concatenate([nerve.width_um for nerve in nerves]) / pixel_size_um
    visible = visibility(nerves, seen, pixel_size_um)
    kept = [
        np.concatenate([traced(nerve, values, cut) for nerve, values in zip(nerves, visible, strict=True)])
        for cut in CUT_OFFS
    ]
    rows, columns = _near(points, shape)
    places = np.column_stack([rows, columns]).astype(float)
    off, nearest = _nearest(points, places)
    width[rows, columns] = np.clip(widths[nearest] * WIDTH_STEPS, 1, 255).astype(np.uint8)
    for level, passes in enumerate(kept):
        here = off.copy()
        other = np.flatnonzero(~passes[nearest])
        here[other] = _nearest(points[passes], places[other])[0] if passes.any() else np.inf
        distance[level, rows, columns] = np.minimum(here * DISTANCE_STEPS, 255.0).astype(np.uint8)
    return Scene(grey, distance, width)


def _near(points: FloatArray, shape: tuple[int, ...]) -> tuple[IntArray, IntArray]:
    """Pixels within reach of any nerve."""
    from scipy import ndimage

    at = np.rint(points).astype(int)
    inside = ((at >= 0) & (at < np.array(shape))).all(axis=1)
    drawn = np.ones(shape, dtype=bool)
    drawn[tuple(at[inside].T)] = False
    rows, columns = np.nonzero(ndimage.distance_transform_edt(drawn) <= REACH_PX)
    return rows, columns


def _nearest(points: FloatArray, places: FloatArray) -> tuple[FloatArray, IntArray]:
    """Distance to and index of the nearest point."""
    distance, index = cKDTree(points).query(places)
    return np.asarray(distance), np.asarray(index)
