"""Random streams and the order of frames, as pure functions of seed and step.

Nothing here remembers anything: what step 700 draws is the same whether the run came to it from step 0 or
was picked up at step 650. That is what makes a resumed run equal to an unbroken one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Purpose = Literal["weights", "order", "crops", "augmentation", "network", "noise"]

_STREAMS: Final[dict[Purpose, int]] = {
    "weights": 0,
    "order": 1,
    "crops": 2,
    "augmentation": 3,
    "network": 4,
    "noise": 5,
}


def stream_seed(seed: int, purpose: Purpose, *counters: int) -> int:
    """Derive the seed of one independent stream.

    Parameters
    ----------
    seed : int
        Of the job, 0 or more.
    purpose : str
        What the numbers are for.
    *counters : int
        Such as the step.

    Returns
    -------
    int
        Below 2**63, as torch takes it.

    Examples
    --------
    >>> stream_seed(1, "crops", 7) == stream_seed(1, "crops", 7)
    True
    >>> stream_seed(1, "crops", 7) == stream_seed(1, "augmentation", 7)
    False
    """
    sequence = np.random.SeedSequence([seed, _STREAMS[purpose], *counters])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


@lru_cache(maxsize=4)
def _epoch_order(n_frames: int, seed: int, epoch: int) -> npt.NDArray[np.intp]:
    order = np.random.default_rng(stream_seed(seed, "order", epoch)).permutation(n_frames)
    order.setflags(write=False)
    return order


def batch_of_step(n_frames: int, batch_size: int, seed: int, step: int) -> npt.NDArray[np.intp]:
    """Choose the frames of one step: shuffled epochs laid end to end, cut into batches.

    Parameters
    ----------
    n_frames : int
        In the training set, 1 or more.
    batch_size : int
        May exceed `n_frames`; the batch then holds several epochs.
    seed, step : int

    Returns
    -------
    int array (batch_size,)
        Indices into the training set.

    Examples
    --------
    >>> first, second = batch_of_step(4, 2, seed=0, step=0), batch_of_step(4, 2, seed=0, step=1)
    >>> sorted([*first.tolist(), *second.tolist()])
    [0, 1, 2, 3]
    """
    places = step * batch_size + np.arange(batch_size)
    epochs, within = np.divmod(places, n_frames)
    chosen = np.empty(batch_size, dtype=np.intp)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        chosen[here] = _epoch_order(n_frames, seed, int(epoch))[within[here]]
    return chosen


def crop_corners(n_crops: int, frame_px: int, size_px: int, seed: int, step: int) -> npt.NDArray[np.int64]:
    """Choose where crops lie, every place equally likely.

    Returns
    -------
    int array (n_crops, 2)
        Row and column of the upper left pixel.

    Examples
    --------
    >>> crop_corners(2, 96, 96, seed=0, step=3).tolist()
    [[0, 0], [0, 0]]
    """
    generator = np.random.default_rng(stream_seed(seed, "crops", step))
    return generator.integers(0, frame_px - size_px + 1, size=(n_crops, 2))
