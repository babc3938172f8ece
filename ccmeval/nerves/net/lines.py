"""From the network's maps to one-pixel centre lines with widths, on the working grid."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.border import lead_to_border, without_rim
from ccmeval.nerves.candidates import EIGHT, cut, prune, thin
from ccmeval.nerves.cleaning import drop_short
from ccmeval.nerves.linking import bridge_gaps
from ccmeval.nerves.net.operating import NetSettings
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.walks import walk


def at_level(nerve: FloatArray, level: float) -> FloatArray:
    """Give the probability of a nerve for a visibility cut-off between the trained ones.

    Parameters
    ----------
    nerve : float array (C, H, W), in [0, 1]
    level : float
        Index of the cut-off.

    Returns
    -------
    float32 array (H, W)
        Logits are mixed linearly between the two neighbouring cut-offs.

    Examples
    --------
    >>> maps = np.array([[[0.9]], [[0.1]]])
    >>> round(float(at_level(maps, 0.5)[0, 0]), 2)
    0.5
    """
    below = min(int(level), len(nerve) - 1)
    share = np.float32(level - below)
    if share == 0.0:
        return np.asarray(nerve[below], dtype=np.float32)
    logits = [np.log(p + 1e-6) - np.log(1.0 + 1e-6 - p) for p in (nerve[below], nerve[below + 1])]
    mixed = (1.0 - share) * logits[0] + share * logits[1]
    return np.asarray(1.0 / (1.0 + np.exp(-mixed)), dtype=np.float32)


def find_lines(probability: FloatArray, imaged: BoolArray, settings: NetSettings) -> BoolArray:
    """Find centre lines in a map of their probability.

    Parameters
    ----------
    probability : float array (H, W), in [0, 1]
        See :func:`at_level`.
    imaged : bool array (H, W)
    settings : NetSettings

    Returns
    -------
    bool array (H, W)
        One pixel wide.
    """
    possible = _reaching(probability, settings) & without_rim(imaged)
    skeleton = prune(thin(possible), settings.spur_um / GRID_UM)
    bridges = bridge_gaps(
        skeleton,
        probability,
        longest_um=settings.bridge_um,
        longest_to_side_um=settings.bridge_to_side_um,
        least_coherence=settings.bridge_least,
    )
    if bridges.any():
        skeleton = thin(skeleton | bridges)
    skeleton = drop_short(skeleton, settings.least_length_um / GRID_UM)
    return lead_to_border(skeleton, imaged, probability, least_coherence=settings.bridge_least)


def _reaching(probability: FloatArray, settings: NetSettings) -> BoolArray:
    """Pieces above the least probability that somewhere are sure."""
    from scipy import ndimage

    possible = probability >= settings.least
    labels, count = ndimage.label(possible, EIGHT)
    sure = np.zeros(count + 1, dtype=bool)
    sure[labels[probability >= max(settings.sure, settings.least)]] = True
    sure[0] = False
    kept: BoolArray = sure[labels]
    return kept


def widths_along(width_px: FloatArray, centre_line: BoolArray, steady_px: float) -> FloatArray:
    """Read widths off a map along centre lines, averaged along each.

    Parameters
    ----------
    width_px : float array (H, W)
    centre_line : bool array (H, W)
        One pixel wide.
    steady_px : float
        Averaged this far to either side.

    Returns
    -------
    float32 array (H, W)
        In pixels; NaN off the centre lines.
    """
    widths = np.full(centre_line.shape, np.nan, dtype=np.float32)
    widths[centre_line] = width_px[centre_line]
    walks = walk(cut(centre_line))
    if len(walks.rows):
        values = np.asarray(width_px[walks.rows, walks.columns], dtype=float)
        widths[walks.rows, walks.columns] = walks.mean_along(values, max(1, round(steady_px)))
    return widths
