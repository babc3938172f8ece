"""Filters that answer to bright lines, as the first weights of convolutions."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SIDE_PX: Final = 7
SIGMAS_PX: Final = (0.8, 1.4)
"""Half widths of lines: nerves of 1 to 4 px at the sides that learners see."""

ORIENTATIONS: Final = 8


def line_filters(
    orientations: int = ORIENTATIONS, sigmas_px: tuple[float, ...] = SIGMAS_PX, side_px: int = SIDE_PX
) -> npt.NDArray[np.float32]:
    """Make second derivatives of a long Gaussian across it, one for each orientation and width.

    Parameters
    ----------
    orientations : int
        Evenly over half a turn.
    sigmas_px : tuple of float
        Standard deviations across the line; along it three times as much.
    side_px : int
        Odd.

    Returns
    -------
    float32 array (len(sigmas_px) * orientations, side_px, side_px)
        Each of mean 0 and norm 1, so that flat tissue gives nothing and white noise gives its SD.

    Examples
    --------
    >>> filters = line_filters(4, (1.0,), 7)
    >>> line = np.zeros((7, 7)); line[3] = 1.0
    >>> answers = (filters * line).sum((1, 2))
    >>> int(answers.argmax()), bool(abs(filters.sum((1, 2))).max() < 1e-5)
    (0, True)
    """
    half = side_px // 2
    down, right = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    found = []
    for sigma in sigmas_px:
        for angle in np.pi * np.arange(orientations) / orientations:
            across = down * np.cos(angle) - right * np.sin(angle)
            along = down * np.sin(angle) + right * np.cos(angle)
            shape = (1.0 - (across / sigma) ** 2) * np.exp(
                -0.5 * (across / sigma) ** 2 - 0.5 * (along / (3.0 * sigma)) ** 2
            )
            shape -= shape.mean()
            found.append(shape / np.linalg.norm(shape))
    return np.asarray(found, dtype=np.float32)
