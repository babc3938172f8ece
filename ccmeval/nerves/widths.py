"""Width of a nerve, sub-pixel, from the grey levels across it.

The width is the full width at half maximum of the profile across the nerve: what a person with a
ruler on the picture would call its width. For a nerve wider than the microscope's blur it is the true
width; a nerve thinner than the blur shows the blur's. Speckle is averaged along the nerve first, on
profiles centred on the nerve's crest so that the averaging does not widen them.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.candidates import cut, widen
from ccmeval.nerves.walks import Walks, walk

VISIBLE_PER_HALF_MAXIMUM = float(2.0 / np.sqrt(2.0 * np.log(2.0)))
"""Full width of a Gaussian at 1 / e^2 of its crest (4 sigma) over that at half of it (2.355 sigma)."""

STEP_UM = 0.5
"""Spacing of the samples across the nerve: half a pixel of the HRT3-RCM."""

_CREST_REACH_UM = 2.5  # the crest is looked for this far from the centre line
_PROFILE_REACH_UM = 9.0  # half a profile: twice the widest nerve
_SURROUND_FROM_UM = 5.5  # beyond this the profile is surround
_SURROUND_QUANTILE = 0.4  # a little under the median: neighbouring nerves only ever add
_DIRECTION_UM = 4.0
_ALONG_UM = 8.0  # speckle is averaged over this far to either side
_JUNCTION_UM = 5.0  # nearer to a junction the profile meets the other nerve
_END_UM = 6.0  # nearer to the end of a segment too few profiles are averaged
_STEADY_UM = 12.0  # widths are averaged over this far to either side
_LARGEST_CHANGE = 1.6  # a width further than this from its nerve's usual one is a neighbour or speckle
_PRIOR = 0.5  # the usual width counts as much as this share of all profiles in reach
_PLAUSIBLE_UM = (0.8, 12.0)


def measure_widths(pixels: FloatArray, centre_line: BoolArray, pixel_size_um: float) -> FloatArray:
    """Measure nerve width at the pixels of a centre line.

    Parameters
    ----------
    pixels : float array (H, W)
        Frame.
    centre_line : bool array (H, W)
        One pixel wide.
    pixel_size_um : float
        Side of a pixel in micrometres.

    Returns
    -------
    float32 array (H, W)
        Full width at half maximum in micrometres on the centre line, NaN elsewhere. It changes slowly
        along a nerve: profiles are averaged over 12 um to either side and held to the segment's median,
        failing that the frame's, which also serves where a pixel's own profile tells nothing (at
        junctions and ends, or without contrast); all NaN where no profile tells anything.

    Examples
    --------
    A Gaussian of sigma 2 px is 4.71 px wide at half maximum:

    >>> import numpy as np
    >>> column = np.arange(41.0)
    >>> frame = np.tile(np.exp(-((column - 20) ** 2) / 8), (30, 1))
    >>> width = measure_widths(frame, np.tile(column == 20, (30, 1)), pixel_size_um=1.0)
    >>> round(float(width[15, 20]), 1)
    4.7
    """
    result = np.full(pixels.shape, np.nan, dtype=np.float32)
    if not centre_line.any():
        return result
    segments = cut(centre_line)
    walks = walk(segments)
    if len(walks.rows):
        widths = _along_walks(pixels, walks, pixel_size_um)
        near_junction = widen(segments.junction > 0, round(_JUNCTION_UM / pixel_size_um))
        widths[near_junction[walks.rows, walks.columns]] = np.nan
        widths[_near_end(walks, round(_END_UM / pixel_size_um))] = np.nan
        result[walks.rows, walks.columns] = _steady(widths, walks, max(1, round(_STEADY_UM / pixel_size_um)))
    return _fill_junctions(result, centre_line)


def narrowed(widths_um: FloatArray, broadening_um: float) -> FloatArray:
    """Take a known broadening out of widths at half maximum.

    Gaussian widths add in quadrature. A width is never more than halved: what is left of one near the
    broadening is noise.

    Parameters
    ----------
    widths_um : float array
        Widths in micrometres; NaN stays NaN.
    broadening_um : float
        Full width at half maximum of the broadening in micrometres.

    Returns
    -------
    float array of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> narrowed(np.array([5.0, 3.1]), 3.0)
    array([4.  , 1.55])
    """
    own = np.sqrt(np.maximum(widths_um**2 - broadening_um**2, 0.0))
    result: FloatArray = np.maximum(own, widths_um / 2.0)
    return result


def _along_walks(pixels: FloatArray, walks: Walks, pixel_size_um: float) -> FloatArray:
    from scipy import ndimage

    tangents = walks.directions(max(2, round(_DIRECTION_UM / pixel_size_um)))
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    points = np.stack([walks.rows, walks.columns], axis=1).astype(float)
    points = walks.mean_along(points, max(1, round(2.0 / pixel_size_um)))
    half = max(1, round(_ALONG_UM / pixel_size_um))
    near = np.arange(-_CREST_REACH_UM - 1, _CREST_REACH_UM + 1 + STEP_UM / 2, STEP_UM)
    crest = _crest(walks.mean_along(_profiles(pixels, points, normals, near / pixel_size_um, 1), half), near)
    points += walks.mean_along(crest, half)[:, None] * normals / pixel_size_um
    far = np.arange(-_PROFILE_REACH_UM, _PROFILE_REACH_UM + STEP_UM / 2, STEP_UM)
    smooth = ndimage.spline_filter(pixels, order=3, mode="mirror", output=np.float32)
    return _half_maximum(
        walks.mean_along(_profiles(smooth, points, normals, far / pixel_size_um, 3), half), far
    )


def _profiles(
    pixels: FloatArray, points: FloatArray, normals: FloatArray, offsets: FloatArray, order: int
) -> FloatArray:
    """Grey levels across the nerve, (N, K); for order 3 `pixels` are spline coefficients."""
    from scipy import ndimage

    where = points[:, :, None] + normals[:, :, None] * offsets
    found: FloatArray = ndimage.map_coordinates(
        pixels, where.transpose(1, 0, 2), order=order, mode="mirror", prefilter=False, output=np.float32
    )
    return found


def _crest(profiles: FloatArray, offsets: FloatArray) -> FloatArray:
    """Offset of the crest of each profile, by a parabola through the highest sample's neighbours."""
    smooth = profiles.copy()
    smooth[:, 1:-1] = (profiles[:, :-2] + 2 * profiles[:, 1:-1] + profiles[:, 2:]) / 4
    inner = np.flatnonzero(np.abs(offsets) <= _CREST_REACH_UM + 1e-9)
    # Where two samples are level, the nearer to the centre line counts.
    top = inner[np.argmax(smooth[:, inner] - 1e-7 * np.abs(offsets[inner]), axis=1)]
    at = np.arange(len(smooth))
    left, middle, right = smooth[at, top - 1], smooth[at, top], smooth[at, top + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    result: FloatArray = offsets[top] + np.clip(shift, -0.5, 0.5) * STEP_UM
    return result


def _half_maximum(profiles: FloatArray, offsets: FloatArray) -> FloatArray:
    """Full width at half maximum of centred profiles; NaN where the profile has none."""
    outside = np.abs(offsets) >= _SURROUND_FROM_UM
    surround = np.quantile(profiles[:, outside], _SURROUND_QUANTILE, axis=1)
    middle = len(offsets) // 2
    peak = profiles[:, middle]
    half = (peak + surround) / 2
    right = _first_below(profiles[:, middle:], half)
    left = _first_below(profiles[:, middle::-1], half)
    width = (left + right) * STEP_UM
    plausible = (peak > surround) & (width >= _PLAUSIBLE_UM[0]) & (width <= _PLAUSIBLE_UM[1])
    result: FloatArray = np.where(plausible, width, np.nan)
    return result


def _first_below(arms: FloatArray, level: FloatArray) -> FloatArray:
    """Sub-sample index at which each arm first falls to its level; NaN where it never does."""
    below = arms <= level[:, None]
    at = np.argmax(below, axis=1)
    rows = np.arange(len(arms))
    here, before = arms[rows, at], arms[rows, np.maximum(at - 1, 0)]
    drop = np.maximum(before - here, 1e-12)
    result: FloatArray = np.where(below.any(axis=1) & (at > 0), at - (level - here) / drop, np.nan)
    return result


def _near_end(walks: Walks, reach: int) -> BoolArray:
    """Pixels so near to an end of their segment that too few profiles average the speckle."""
    place = np.arange(len(walks.rows))
    near: BoolArray = np.minimum(place - walks.first, walks.last - place) < reach
    return near


def _steady(widths: FloatArray, walks: Walks, half: int) -> FloatArray:
    """Smooth widths along each segment, robustly: a nerve's width changes slowly."""
    usual = _usual(widths, walks)
    known = np.isfinite(widths)
    held = np.where(known, np.clip(widths, usual / _LARGEST_CHANGE, usual * _LARGEST_CHANGE), 0.0)
    weight = walks.mean_along(known.astype(float), half) + _PRIOR
    result: FloatArray = (walks.mean_along(held, half) + _PRIOR * usual) / weight
    return result


def _usual(widths: FloatArray, walks: Walks) -> FloatArray:
    """Median width of each pixel's segment, failing that the frame's."""
    known = np.flatnonzero(np.isfinite(widths))
    overall = float(np.median(widths[known])) if len(known) else np.nan
    order = known[np.lexsort((widths[known], walks.first[known]))]
    starts, sizes = np.unique(walks.first[order], return_index=True, return_counts=True)[1:]
    usual = np.full(len(widths), overall)
    usual[walks.first[order[starts]]] = (
        widths[order[starts + (sizes - 1) // 2]] + widths[order[starts + sizes // 2]]
    ) / 2
    result: FloatArray = usual[walks.first]
    return result


def _fill_junctions(widths: FloatArray, centre_line: BoolArray) -> FloatArray:
    """Give junction pixels the mean of their neighbours' widths."""
    rows, columns = np.nonzero(centre_line & np.isnan(widths))
    frame_mean = np.nanmean(widths) if np.isfinite(widths).any() else np.nan
    padded = np.pad(widths, 2, constant_values=np.nan)
    around = np.stack([padded[rows + down, columns + right] for down in range(5) for right in range(5)])
    known = np.isfinite(around)
    total = np.where(known, around, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    widths[rows, columns] = np.where(count > 0, total / np.maximum(count, 1), frame_mean)
    return widths
