"""The microscope: from drawn nerves to an 8-bit frame with the HRT3's look."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ccmeval.arrays import FloatArray
from ccmeval.phantom import fields
from ccmeval.phantom.assemble import DrawnNerve
from ccmeval.phantom.raster import Raster, coverage
from ccmeval.phantom.settings import PhantomSettings

_LEAST_RADIUS_PX = 0.5
"""Narrowest Gaussian that the pixel grid renders without a moire along slanting nerves."""


_END_FADE_UM = 14.0
"""Scale over which the signal of a free end sinks to a third: nerves leave the plane, they do not stop."""


_GRAIN_UM, _SLOW_UM, _SLOW_SHARE = 0.9, 15.0, 0.35
"""Gaussian radii of the two grains of brightness along a nerve, and the slow one's share: chosen so that the
spectrum along bright nerves is that of traced frames."""


_SPECK_SKEW = 0.07
"""Share of a squared Gaussian in the log-speckle."""


@dataclass(frozen=True)
class Rendered:
    """A frame and what it would be without noise.

    Attributes
    ----------
    frame : float32 array (H, W), in [0, 1]
        In steps of 1/255.
    clean : float32 array (H, W)
        Without speckle and shot noise, before clipping.
    surround : float32 array (H, W)
        The same without nerves.
    """

    frame: FloatArray
    clean: FloatArray
    surround: FloatArray


def render(
    rng: np.random.Generator,
    nerves: list[DrawnNerve],
    drawn: Raster,
    settings: PhantomSettings,
    hidden: Collection[int] = (),
) -> Rendered:
    """Image a plexus.

    Parameters
    ----------
    rng : numpy.random.Generator
    nerves : list of DrawnNerve
    drawn : Raster
        The nerves on the pixel grid.
    settings : PhantomSettings
    hidden : collection of int
        Nerves that `drawn` leaves out. All else looks as if they were there.

    Returns
    -------
    Rendered
    """
    pixel = settings.pixel_size_um
    surround, seen = _surround(rng, settings)
    typical_um = np.mean([nerve.width_um.mean() for nerve in nerves]) if nerves else 1.0
    contrasts = [_contrast(rng, nerve, settings, float(typical_um)) for nerve in nerves]
    blur_px = settings.value(rng, "blur_px")
    shown = [contrast for index, contrast in enumerate(contrasts) if index not in hidden]
    image = coverage(drawn, pixel) * _across(drawn, blur_px * pixel, pixel) * drawn.spread(shown)
    nerve_image = fields.blur(image, blur_px)
    nerves_only = np.asarray(surround * nerve_image * seen, dtype=np.float32)
    clean = _with_cells(rng, np.asarray(surround + nerves_only), settings)
    noisy = _noisy(rng, clean, settings)
    return Rendered(_stored(rng, noisy, settings), clean, surround)


def _across(drawn: Raster, blur_um: float, pixel_size_um: float) -> FloatArray:
    """Grey profile across the nerves, such that after the blur it is the one that real frames show.

    The width that the field reports (5 um on average) is that of the visible nerve. Mean profiles across
    traced nerves of real frames are Gaussian, so the visible width is where they have fallen to 1 / e^2 of
    their crest: the Gaussian's radius is a quarter of it, the blur included. A nerve thinner than the
    blur shows the blur's width, as under the microscope.
    """
    half_um = np.nan_to_num(drawn.half_um)
    blurred = np.maximum(half_um / 2.0, 1e-6)
    least = _LEAST_RADIUS_PX * pixel_size_um
    own = np.sqrt(np.maximum(blurred**2 - blur_um**2, least**2))
    off_centre_um = np.nan_to_num(drawn.half_um - drawn.depth_um)
    # The blur lowers the crest of a line by the ratio of the radii.
    crest = np.hypot(own, blur_um) / own
    return np.asarray(crest * np.exp(-0.5 * (off_centre_um / own) ** 2))


def _surround(rng: np.random.Generator, settings: PhantomSettings) -> tuple[FloatArray, FloatArray]:
    """Background without nerves, and how much of the nerves' contrast is seen where."""
    shape, pixel = settings.shape_px, settings.pixel_size_um
    parts = [
        (settings.value(rng, "cloud"), settings.value(rng, "cloud_um") / pixel / 2),
        (settings.value(rng, "texture"), settings.value(rng, "texture_um") / pixel / 3),
    ]
    surround = settings.value(rng, "background") * np.exp(fields.gaussian_field(rng, shape, parts))
    light = fields.illumination(rng, shape, settings.value(rng, "vignetting"))
    surround *= light / np.median(light)
    depth = fields.gaussian_field(rng, shape, [(1.0, settings.value(rng, "fading_um") / pixel / 2)])
    seen = np.exp(-settings.value(rng, "fading") * np.maximum(depth + 0.4, 0.0) ** 2)
    if rng.random() < settings.optics.k_structure_chance:
        bands, fibrils = fields.k_structures(rng, shape, pixel)
        dark_edges = rng.uniform(0.0, 0.5) * bands * (1.0 - bands)
        bright = rng.uniform(-0.2, 0.4) + rng.uniform(0.02, 0.08) * fibrils
        surround *= np.maximum(1.0 + bright * bands - dark_edges, 0.3)
        seen *= 1.0 - rng.uniform(0.4, 0.75) * bands
    if rng.random() < settings.optics.epithelium_chance:
        cells = fields.epithelium(rng, shape, pixel, settings.value(rng, "cell_um"))
        surround *= np.maximum(1.0 + settings.value(rng, "epithelium") * cells, 0.1)
    if rng.random() < settings.optics.blotch_chance:
        dark = fields.blotches(rng, shape, pixel)
        surround *= 1.0 - rng.uniform(0.2, 0.45) * dark
        seen *= 1.0 - 0.4 * dark
    return np.asarray(surround, dtype=np.float32), np.asarray(seen, dtype=np.float32)


def _contrast(
    rng: np.random.Generator, nerve: DrawnNerve, settings: PhantomSettings, typical_um: float
) -> FloatArray:
    """Contrast along one nerve: its own level, beads and granules; thick nerves are bright ones."""
    level = settings.value(rng, f"{nerve.kind}_contrast") * np.sqrt(nerve.width_um.mean() / typical_um)
    grains = _along(rng, len(nerve.points_um), _GRAIN_UM)
    slow = _along(rng, len(nerve.points_um), _SLOW_UM)
    granular = np.exp(settings.value(rng, "granularity") * (grains + _SLOW_SHARE * slow))
    beaded = 1.0 + settings.value(rng, "bead_contrast") * nerve.bead
    return np.asarray(level * granular * beaded * _end_fade(nerve))


def _along(rng: np.random.Generator, count: int, radius_um: float) -> FloatArray:
    """Smooth noise of unit variance along a nerve, one value a micrometre."""
    smooth = ndimage.gaussian_filter1d(rng.standard_normal(count), radius_um, mode="nearest")
    # A Gaussian filter of radius s leaves white noise an SD of 1 / sqrt(2 s sqrt(pi)).
    return np.asarray(smooth * np.sqrt(2 * radius_um * np.sqrt(np.pi)))


def _end_fade(nerve: DrawnNerve) -> FloatArray:
    """Let free ends fade rather than stop: they leave the plane of focus."""
    count = len(nerve.points_um)
    at = np.arange(count, dtype=float)
    fade = np.ones(count)
    for border, joint, distance in (
        (nerve.border[0], nerve.parent, at),
        (nerve.border[1], nerve.target, at[::-1]),
    ):
        if not border and joint is None:
            fade *= 1.0 - 0.67 * np.exp(-distance / _END_FADE_UM)
    return fade


def _with_cells(rng: np.random.Generator, clean: FloatArray, settings: PhantomSettings) -> FloatArray:
    count = round(settings.value(rng, "dendritic_cells"))
    if count == 0:
        return clean
    cells = fields.dendritic_cells(rng, settings.shape_px, settings.pixel_size_um, count)
    bright = rng.uniform(1.0, 2.4) * float(np.median(clean))
    return np.asarray(clean + bright * fields.blur(cells, 0.8), dtype=np.float32)


def _noisy(rng: np.random.Generator, clean: FloatArray, settings: PhantomSettings) -> FloatArray:
    deviation = settings.value(rng, "speckle")
    grain = [(1.0, settings.value(rng, "speckle_px"))]
    stretch = settings.value(rng, "speckle_stretch")
    field = fields.gaussian_field(rng, settings.shape_px, grain, stretch)
    # Bright specks outnumber dark ones: real frames have a skewness of 0.9 between the nerves.
    field += _SPECK_SKEW * (field * field - 1.0)
    noisy = clean * np.exp(deviation * field - 0.5 * deviation**2)
    shot = settings.value(rng, "shot") * rng.standard_normal(settings.shape_px, dtype=np.float32)
    return np.asarray(noisy + shot * np.sqrt(np.maximum(noisy, 0.0)))


def _stored(rng: np.random.Generator, noisy: FloatArray, settings: PhantomSettings) -> FloatArray:
    """Tone curve, eight bits, and the JPEG round trip that most archives have gone through."""
    knee = settings.value(rng, "knee")
    # Above the knee the response bends towards a little over white: real frames hardly saturate.
    over = np.maximum(noisy - knee, 0.0)
    room = 1.06 - knee
    toned = np.minimum(noisy, knee) + room * over / (room + over)
    grey = np.clip(np.rint(toned * 255.0), 0, 255).astype(np.uint8)
    quality = round(settings.value(rng, "jpeg_quality"))
    if quality < 100:
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, format="JPEG", quality=quality)
        grey = np.asarray(Image.open(buffer))
    return np.asarray(grey, dtype=np.float32) / np.float32(255.0)
