"""Settings that all networks of this wing share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["auto", "32", "bf16-mixed", "16-mixed"]


class AugmentationSettings(BaseModel):
    """What is done to a training frame at random; all of it leaves nerves meaningful.

    Nothing here stretches or bends: CNFL, CNFD and widths of the frame stay what they were.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    flip: bool = Field(default=True, description="Mirror, each way in half of the cases.")
    rotate: bool = Field(default=True, description="Turn by a quarter, a half or three quarters.")
    rotate_degrees: float = Field(
        default=0.0, ge=0.0, le=180.0, description="Turn by up to so many degrees, corners mirrored in."
    )
    brightness: float = Field(default=0.1, ge=0.0, le=1.0, description="Grey levels are moved by up to this.")
    contrast: float = Field(default=0.15, ge=0.0, lt=1.0, description="And stretched by up to this factor.")
    noise_sd: float = Field(default=0.02, ge=0.0, le=0.5, description="SD of Gaussian noise, at most.")


class LossSettings(BaseModel):
    """Loss of segmentation: weighted sum of parts; diagnosis takes cross-entropy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bce: float = Field(default=1.0, ge=0.0, description="Weight of binary cross-entropy.")
    dice: float = Field(default=1.0, ge=0.0, description="Weight of soft Dice (Milletari et al., 3DV 2016).")
    cldice: float = Field(default=0.0, ge=0.0, description="Weight of soft clDice (Shit et al., CVPR 2021).")
    skeleton_recall: float = Field(
        default=0.0, ge=0.0, description="Weight of Skeleton Recall (Kirchhoff et al., ECCV 2024)."
    )
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0, description="Of cross-entropy (diagnosis).")


class NetworkSettings(BaseModel):
    """How a network is trained, beside what the protocol decides for all learners alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: float = Field(default=1e-3, gt=0.0, le=1.0, description="At its highest.")
    final_learning_rate: float = Field(default=1e-6, ge=0.0, description="At the last step.")
    weight_decay: float = Field(default=0.05, ge=0.0, description="Of AdamW.")
    warmup_share: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Share of the steps in which the rate rises to its highest."
    )
    gradient_clip: float = Field(
        default=1.0, ge=0.0, description="Largest norm of the gradient; 0: no limit."
    )
    patience: int = Field(
        default=0,
        ge=0,
        description="Stop after so many evaluations without a lower validation loss; 0 never stops, as equal"
        " steps for every group demand.",
    )
    precision: Precision = Field(
        default="auto", description="auto: bf16-mixed on a GPU that has it, 32 elsewhere."
    )
    devices: int = Field(default=1, ge=1, description="Devices to train on at once.")
    tensorboard: bool = Field(default=False, description="Write TensorBoard logs beside the CSV ones.")
    checkpoint_every_s: float = Field(
        default=60.0, gt=0.0, description="An interruption loses no more than this."
    )
    augmentation: AugmentationSettings = Field(default_factory=AugmentationSettings)
    loss: LossSettings = Field(default_factory=LossSettings)
