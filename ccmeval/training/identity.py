"""A hash of all that a training depends on, so that it goes on only from what is its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.utility.learning import LearningSet

THINNING = 8
"""Every eighth row and column of a frame goes into the hash: a look at each frame, not all of it."""


def training_hash(plain: Mapping[str, Any], sets: Sequence[LearningSet], network: nn.Module) -> str:
    """Hash settings, frames and initial weights.

    Parameters
    ----------
    plain : mapping
        All that can be written as JSON: name, version, settings, seed.
    sets : sequence of LearningSet
    network : torch.nn.Module
        As built, before any training.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16)
    for frames in sets:
        _add_frames(digest, frames)
    _add_tensors(digest, network.state_dict().items())
    return digest.hexdigest()


def tensors_hash(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """Hash named tensors.

    Examples
    --------
    >>> tensors_hash([("a", torch.zeros(2))]) == tensors_hash([("a", torch.zeros(3))])
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    _add_tensors(digest, tensors)
    return digest.hexdigest()


def _add_tensors(digest: Any, tensors: Iterable[tuple[str, Tensor]]) -> None:
    for name, value in tensors:
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)


def _add_frames(digest: Any, frames: LearningSet) -> None:
    pool = frames.pool
    digest.update(json.dumps([list(pool.frames.shape), pool.pixel_size_um]).encode())
    for values in (frames.rows, frames.labels, frames.weights):
        digest.update(np.ascontiguousarray(values).tobytes())
    for row in np.unique(frames.rows):
        digest.update(pool.frames[row, ::THINNING, ::THINNING].tobytes())
        if pool.masks is not None:
            digest.update(pool.masks[row, ::THINNING, ::THINNING].tobytes())
