"""The reconstruction error on held-out frames, beside what guesses without a network get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.utility.learning import LearningSet
from ccmeval_downstream.hmsvit.encoder import LEAST_SD
from ccmeval_downstream.hmsvit.masked import (
    MaskedAutoencoder,
    draw_units,
    masked_error,
    patches_of,
    targets_of,
)
from ccmeval_downstream.hmsvit.samples import central_views
from ccmeval_downstream.hmsvit.sizes import UNIT_PX

MOST_FRAMES: Final = 256
LEAST_MASKS: Final = 64
"""Masks to measure on: fewer frames are measured under several masks each."""

SMOOTHING_PX: Final = 8.0
"""SD of the Gaussian with which the seen pixels are averaged into the hidden ones."""

_MASKS, _BATCH = 6, 32


@dataclass(frozen=True)
class HeldOut:
    """Frames and masks on which every error is measured, the same before and after.

    Attributes
    ----------
    views : float32 array (N, 1, S, S)
        A frame under several masks stands several times.
    keep : bool array (N, U)
        Units that are seen.
    frames : int
        Different ones among them.
    """

    views: FloatArray
    keep: BoolArray
    frames: int

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Give views and masks a few at a time."""
        for start in range(0, len(self.views), _BATCH):
            part = slice(start, start + _BATCH)
            yield torch.from_numpy(self.views[part]), torch.from_numpy(self.keep[part])


def held_out_views(frames: LearningSet, side_px: int, mask_ratio: float, seed: int) -> HeldOut:
    """Choose what errors are measured on: middles of the frames, under masks of the seed.

    Parameters
    ----------
    frames : LearningSet
    side_px : int
    mask_ratio : float
    seed : int

    Returns
    -------
    HeldOut
        Empty if there are no frames.
    """
    views = central_views(frames, side_px, MOST_FRAMES)
    times = -(-LEAST_MASKS // len(views)) if len(views) else 0
    repeated = np.repeat(views, times, axis=0)
    rng = np.random.default_rng([seed, _MASKS])
    keep = draw_units(rng, len(repeated), (side_px // UNIT_PX) ** 2, mask_ratio)
    return HeldOut(repeated, keep, len(views))


def network_error(network: MaskedAutoencoder, held_out: HeldOut) -> float:
    """Mean error of a network, in patch variances; NaN without frames."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    found = []
    with torch.inference_mode():
        for views, keep in held_out.batches():
            views, keep = views.to(device), keep.to(device)
            found.append(masked_error(network(views, keep).float(), targets_of(views), keep).cpu())
    network.train(was_training)
    return _mean(found)


def flat_error(held_out: HeldOut) -> float:
    """Mean error of knowing each patch's mean and nothing else: 1, or less where frames are flat."""
    found = []
    for views, keep in held_out.batches():
        targets = targets_of(views)
        found.append(masked_error(torch.zeros_like(targets), targets, keep))
    return _mean(found)


def interpolation_error(held_out: HeldOut) -> float:
    """Mean error of a Gaussian-weighted mean of the seen pixels, given each hidden patch's own mean and SD.

    The network's prediction is measured about the patch's mean and in its SD too, so that neither has to
    guess them.
    """
    found = []
    for views, keep in held_out.batches():
        guesses = [interpolated(v[0], k) for v, k in zip(views.numpy(), keep.numpy(), strict=True)]
        patches, real = patches_of(torch.from_numpy(np.stack(guesses)[:, None])), patches_of(views)
        spread = real.var(-1, keepdim=True, unbiased=False).add(LEAST_SD**2).sqrt()
        guess = (patches - patches.mean(-1, keepdim=True)) / spread
        found.append(masked_error(guess, targets_of(views), keep))
    return _mean(found)


def interpolated(frame: FloatArray, keep: BoolArray) -> FloatArray:
    """Fill hidden units with means of the seen pixels, near ones weighing more.

    Parameters
    ----------
    frame : float array (S, S)
    keep : bool array (U,)
        Units that are seen.

    Returns
    -------
    float32 array (S, S)
        Seen pixels are as they were.
    """
    from scipy.ndimage import gaussian_filter

    across = frame.shape[0] // UNIT_PX
    seen = np.kron(keep.reshape(across, across), np.ones((UNIT_PX, UNIT_PX))).astype(np.float64)
    reach = {"sigma": SMOOTHING_PX, "mode": "constant", "truncate": frame.shape[0] / SMOOTHING_PX}
    weight = gaussian_filter(seen, **reach)
    total = gaussian_filter(frame * seen, **reach)
    overall = float((frame * seen).sum() / seen.sum())
    # So far from all that is seen that no weight is left of it: the mean of everything seen.
    filled = np.divide(total, weight, out=np.full_like(total, overall), where=weight > 0.0)
    return np.where(seen > 0, frame, filled).astype(np.float32)


def _mean(found: list[torch.Tensor]) -> float:
    return float(torch.cat(found).double().mean()) if found else float("nan")
