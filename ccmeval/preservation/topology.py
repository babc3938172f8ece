"""Whether two nerve masks hang together alike: clDice, connected pieces and loops."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray


def cl_dice(
    found_mask: BoolArray, found_line: BoolArray, asked_mask: BoolArray, asked_line: BoolArray
) -> float:
    """Centre-line Dice of two masks.

    Topology precision is the share of the found centre line that lies within the asked mask; topology
    sensitivity the share of the asked centre line within the found mask; clDice their harmonic mean.

    Parameters
    ----------
    found_mask, asked_mask : bool arrays (H, W)
    found_line, asked_line : bool arrays (H, W)
        Their one-pixel centre lines.

    Returns
    -------
    float
        In [0, 1]; 0 where only one of the two lines is empty, NaN where both are.

    References
    ----------
    Shit et al., "clDice - a novel topology-preserving loss function for tubular structure segmentation",
    CVPR 2021, equations 1 and 2.

    Examples
    --------
    >>> asked = np.zeros((9, 12), dtype=bool)
    >>> asked[3:6] = True
    >>> line = np.zeros_like(asked)
    >>> line[4] = True
    >>> cl_dice(asked, line, asked, line)
    1.0
    >>> half = line & (np.arange(12) < 6)
    >>> round(cl_dice(asked & (np.arange(12) < 6), half, asked, line), 3)
    0.667
    """
    if not found_line.any() and not asked_line.any():
        return float("nan")
    if not found_line.any() or not asked_line.any():
        return 0.0
    precision = float(asked_mask[found_line].mean())
    sensitivity = float(found_mask[asked_line].mean())
    both = precision + sensitivity
    return 2.0 * precision * sensitivity / both if both else 0.0


def betti_numbers(mask: BoolArray) -> tuple[int, int]:
    """Count the connected pieces and the loops of a mask.

    Nerve pixels are neighbours by edges and corners (8), those of the background by edges only (4): the pair
    under which a closed line parts the plane, so that pieces less loops are the Euler number. A loop is a
    piece of background that cannot reach the outside of the frame, where the frame stands in background: what
    nerves and the frame's border enclose together is none.

    Parameters
    ----------
    mask : bool array (H, W)

    Returns
    -------
    tuple of int
        Betti-0 (pieces) and Betti-1 (loops).

    References
    ----------
    Kong and Rosenfeld, "Digital topology: introduction and survey", Comput. Vis. Graph. Image Process. 48
    (1989) 357-393, sections 4 and 7.

    Examples
    --------
    >>> ring = np.ones((5, 5), dtype=bool)
    >>> ring[2, 2] = False
    >>> betti_numbers(ring), betti_numbers(~ring)
    ((1, 1), (1, 0))
    """
    from scipy.ndimage import label

    padded = np.pad(np.asarray(mask, dtype=np.bool_), 1)
    pieces = int(label(padded, structure=np.ones((3, 3)))[1])
    background = int(label(~padded)[1])
    return pieces, background - 1
