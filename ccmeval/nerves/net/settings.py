"""Settings of the network's training."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ModelSettings(BaseModel):
    """Size of the network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[int, int, int] = Field(
        default=(24, 48, 96), description="Channels at a half, a quarter and an eighth of the resolution."
    )
    blocks: tuple[int, int] = Field(
        default=(1, 2), description="Residual blocks on the way down at a half and a quarter."
    )
    dilations: tuple[int, ...] = Field(
        default=(1, 2, 4, 8), description="Dilation of each residual block at the bottom."
    )


class TrainSettings(BaseModel):
    """The recipe: with the same settings and seed, the same scenes in the same order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=2026, ge=0, description="Of scenes, first weights and order.")
    shards: int = Field(default=240, ge=1, description="Shards of 21 phantom scenes each.")
    side_px: int = Field(default=384, ge=32, multiple_of=8, description="Side of a scene.")
    crop_px: int = Field(default=256, ge=32, multiple_of=8, description="Side of what is cut from a scene.")
    steps: int = Field(default=4200, ge=1, description="Optimiser steps.")
    batch: int = Field(default=4, ge=1, description="Scenes a step.")
    learning_rate: float = Field(default=3e-3, gt=0, description="Highest rate, after the warm-up.")
    weight_decay: float = Field(default=1e-3, ge=0, description="Of AdamW.")
    averaging: float = Field(
        default=0.995, ge=0, lt=1, description="Decay of the running mean of weights that is kept."
    )
    width_weight: float = Field(default=0.05, ge=0, description="Weight of the width in the loss.")
    own_share: float = Field(
        default=0.5, ge=0, le=1, description="Share of the user's own frames when fine-tuning."
    )
    model: ModelSettings = ModelSettings()
