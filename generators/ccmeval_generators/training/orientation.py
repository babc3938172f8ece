"""The eight ways in which a square frame may be mirrored and turned without changing its nerves' measures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ccmeval.training.streams import stream_seed


def orientations(flip: bool, rotate: bool) -> tuple[int, ...]:
    """Give the numbers of the orientations in use.

    A number is that of quarter turns, plus 4 where the turned frame is mirrored left to right.

    Examples
    --------
    >>> orientations(flip=True, rotate=False), orientations(flip=False, rotate=False)
    ((0, 2, 4, 6), (0,))
    """
    if flip and rotate:
        return tuple(range(8))
    # Mirroring left to right and top to bottom: upright, half turn, and both of them mirrored.
    return (0, 2, 4, 6) if flip else (0, 1, 2, 3) if rotate else (0,)


def oriented(images: Tensor, numbers: npt.NDArray[np.intp]) -> Tensor:
    """Turn and mirror each image of a batch.

    Parameters
    ----------
    images : tensor (B, K, S, S)
    numbers : int array (B,)

    Examples
    --------
    >>> image = torch.tensor([[[[1, 2], [3, 4]]]])
    >>> oriented(image, np.array([1])).tolist(), oriented(image, np.array([4])).tolist()
    ([[[[2, 4], [1, 3]]]], [[[[2, 1], [4, 3]]]])
    """
    return torch.stack([_oriented(image, int(number)) for image, number in zip(images, numbers, strict=True)])


def places_of_step(
    n_frames: int, n_orientations: int, seed: int, stage: int, step: int
) -> npt.NDArray[np.intp]:
    """Draw, for each frame of a step, which of the orientations in use it has.

    Examples
    --------
    >>> places_of_step(3, 1, seed=0, stage=0, step=5).tolist()
    [0, 0, 0]
    """
    generator = np.random.default_rng(stream_seed(seed, "augmentation", stage, step))
    return generator.integers(n_orientations, size=n_frames).astype(np.intp)


def _oriented(image: Tensor, number: int) -> Tensor:
    turned = torch.rot90(image, number % 4, dims=(-2, -1))
    return turned.flip(-1) if number >= 4 else turned
