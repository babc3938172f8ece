"""Settings that all generators made of networks share."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["auto", "32", "bf16-mixed", "16-mixed"]

PerceptualNetwork = Literal["vgg19", "alexnet", "squeezenet"]
"""Whose activations a perceptual loss compares."""

NOT_IN_FRAMES = frozenset({"checkpoint_every_s", "tensorboard"})
"""Settings that change neither what is learnt nor what is made."""


class GeneratorNetworkSettings(BaseModel):
    """How the networks of a generator are trained; each generator adds its own and its own defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_px: int = Field(default=384, ge=8, description="Side of the frames that are learnt and made.")
    batch_size: int = Field(default=4, ge=1, description="Frames a step, over all devices.")
    flip: bool = Field(default=True, description="Mirror frame and mask, each way in half of the cases.")
    rotate: bool = Field(default=True, description="Turn frame and mask by a quarter, a half or three.")
    average_decay: float = Field(
        default=0.0,
        ge=0.0,
        lt=1.0,
        description="Decay of the exponential moving average of weights that makes the frames; 0: none.",
    )
    gradient_clip: float = Field(
        default=0.0, ge=0.0, description="Largest norm of an optimiser's gradient; 0: no limit."
    )
    precision: Precision = Field(
        default="auto", description="auto: bf16-mixed on a GPU that has it, 32 elsewhere."
    )
    devices: int = Field(default=1, ge=1, description="Devices to train on at once.")
    generation_batch_size: int = Field(
        default=8,
        ge=1,
        description="Frames made at once on a GPU; on a CPU, where it gains nothing, they are made singly.",
    )
    checkpoint_every_s: float = Field(
        default=300.0, gt=0.0, description="An interruption loses no more than this."
    )
    tensorboard: bool = Field(default=False, description="Write TensorBoard logs beside the CSV file.")


def steps_of_epochs(epochs: float, n_frames: int, batch_size: int) -> int:
    """Give the steps in which each of the frames is seen so many times, one at least.

    Examples
    --------
    >>> steps_of_epochs(100, n_frames=10, batch_size=4)
    250
    """
    return max(1, math.ceil(epochs * n_frames / batch_size))
