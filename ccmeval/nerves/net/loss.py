"""What the network is asked for."""

from __future__ import annotations

from typing import Any

from ccmeval.arrays import FloatArray
from ccmeval.nerves.net.scenes import DISTANCE_STEPS, WIDTH_STEPS

RADIUS_PX = 1.5
"""Gaussian radius of the soft target across a centre line: its crest stays the centre line."""

_WIDTH_WITHIN_PX = 1.6


def targets(distance: Any, width: Any) -> tuple[Any, Any, Any]:
    """Turn a scene's stored maps into what the network shall give.

    Parameters
    ----------
    distance, width : arrays
        As in :class:`ccmeval.nerves.net.scenes.Scene`.

    Returns
    -------
    nerve : float32 array (C, H, W), in [0, 1]
        1 on a centre line that passes the cut-off, falling off as a Gaussian.
    log_width : float32 array (H, W)
        Logarithm of the width in pixels.
    known : bool array (H, W)
        Where the width counts: on centre lines that pass the least cut-off.
    """
    import numpy as np

    off: FloatArray = distance.astype(np.float32) / np.float32(DISTANCE_STEPS)
    nerve = np.exp(-0.5 * (off / np.float32(RADIUS_PX)) ** 2)
    nerve[distance == 255] = 0.0
    log_width = np.log(np.maximum(width, 1).astype(np.float32) / np.float32(WIDTH_STEPS))
    return nerve, log_width, (off[0] <= _WIDTH_WITHIN_PX) & (width > 0)


def loss(given: Any, nerve: Any, log_width: Any, known: Any, width_weight: float) -> tuple[Any, Any]:
    """Cross-entropy of the probabilities plus the absolute error of the log-width.

    Parameters
    ----------
    given : tensor (N, C + 1, H, W)
        The network's logits and log-widths.
    nerve : tensor (N, C, H, W)
    log_width, known : tensors (N, H, W)
    width_weight : float

    Returns
    -------
    total, width_error : tensors ()
    """
    from torch.nn import functional as F  # noqa: N812 - torch's own name for it

    given = given.float()
    entropy = F.binary_cross_entropy_with_logits(given[:, :-1], nerve)
    known = known.float()
    error = ((given[:, -1] - log_width).abs() * known).sum() / known.sum().clamp(min=1.0)
    return entropy + width_weight * error, error
