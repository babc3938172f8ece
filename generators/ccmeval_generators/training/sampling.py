"""Frames from conditions, so that each depends on its own condition alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Condition, FrameFormat
from ccmeval_generators.training.modes import looking_on

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator


def sample_frames(
    generator: NetworkGenerator,
    networks: nn.ModuleDict,
    conditions: Sequence[Condition],
    frame_format: FrameFormat,
    settings: Any,
) -> list[FloatArray]:
    """Make one frame a condition.

    A library may choose another algorithm, which rounds otherwise, for another number of frames. So their
    number is always the same: one on a CPU, ``settings.generation_batch_size`` on a GPU, where the last
    condition is repeated to fill it.

    Returns
    -------
    list of float32 arrays (H, W), in [0, 1]
    """
    on_cpu = next(networks.parameters()).device.type == "cpu"
    size = 1 if on_cpu else settings.generation_batch_size
    made: list[FloatArray] = []
    with looking_on(networks):
        for first in range(0, len(conditions), size):
            part = list(conditions[first : first + size])
            full = part + [part[-1]] * (size - len(part))
            frames = generator.sample(networks, full, frame_format, settings)
            made += [_checked(frame, frame_format) for frame in frames[: len(part)]]
    return made


def _checked(frame: FloatArray, frame_format: FrameFormat) -> FloatArray:
    levels = np.asarray(frame, dtype=np.float32)
    if levels.shape != tuple(frame_format.shape_px):
        raise ValueError(f"A frame of shape {levels.shape} was made, not {tuple(frame_format.shape_px)}.")
    if not np.isfinite(levels).all():
        raise CcmevalError(
            "A frame was made whose levels are no numbers, so the weights are of no use; train again at a"
            " lower learning rate."
        )
    return np.clip(levels, 0.0, 1.0)
