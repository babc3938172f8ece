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

_LOG_WIDTHS = (-1.0, 3.5)  # beyond 0.4 and 33 px nothing was learned


def at_level(logits: FloatArray, level: float) -> FloatArray:
    """Give the probability of a nerve for a visibility cut-off between the trained ones.

    Parameters
    ----------
    logits : float array (C, H, W)
    level : float
        Index of the cut-off; between two, their logits are mixed.

    Returns
    -------
    float32 array (H, W), in [0, 1]

    Examples
    --------
    >>> maps = np.array([[[2.0]], [[-2.0]]])
    >>> round(float(at_level(maps, 0.5)[0, 0]), 2)
    0.5
    """
    below = min(int(level), len(logits) - 1)
    mixed = np.asarray(logits[below], dtype=np.float32)
    if level > below:
        mixed = mixed + np.float32(level - below) * (logits[below + 1] - logits[below])
    probability: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(mixed, -30.0, 30.0)))
    return probability.astype(np.float32)


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


def widths_along(log_width: FloatArray, centre_line: BoolArray, steady_px: float) -> FloatArray:
    """Read widths off a map along centre lines, averaged along each.

    Parameters
    ----------
    log_width : float array (H, W)
        Logarithm of the width.
    centre_line : bool array (H, W)
        One pixel wide.
    steady_px : float
        Averaged this far to either side.

    Returns
    -------
    float32 array (H, W)
        In the unit of the map; NaN off the centre lines.
    """
    widths = np.full(centre_line.shape, np.nan, dtype=np.float32)
    widths[centre_line] = np.exp(np.clip(log_width[centre_line], *_LOG_WIDTHS))
    walks = walk(cut(centre_line))
    if len(walks.rows):
        values = np.asarray(widths[walks.rows, walks.columns], dtype=float)
        widths[walks.rows, walks.columns] = walks.mean_along(values, max(1, round(steady_px)))
    return widths
