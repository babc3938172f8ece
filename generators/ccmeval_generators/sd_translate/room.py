"""Whether a training of `sd-translate` fits into memory, told before anything is loaded."""

from __future__ import annotations

from ccmeval.generation.conditions import GeneratorJob
from ccmeval.training.surroundings import fastest_device
from ccmeval_generators.foundation.weights import FoundBase, n_parameters, require_memory
from ccmeval_generators.sd_translate.building import find_bases
from ccmeval_generators.sd_translate.settings import SdTranslateSettings

_FROZEN_BYTES, _LEARNT_BYTES = 4, 16
"""A parameter in float32; with its gradient and Adam's two moments beside it."""


def training_bytes(base: FoundBase, clip: FoundBase, settings: SdTranslateSettings) -> int:
    """Estimate what weights, gradients and Adam take in the U-Net's stage, the larger of the two.

    Activations come on top; with whole frames of 384 px and `gradient_checkpointing` they are the lesser
    part.

    Parameters
    ----------
    base, clip : FoundBase
    settings : SdTranslateSettings
        An average of weights is another copy of the U-Net.
    """
    learnt = _LEARNT_BYTES + (_FROZEN_BYTES if settings.average_decay else 0)
    frozen = n_parameters(base, "vae") + n_parameters(clip, "image_encoder")
    return learnt * n_parameters(base, "unet") + _FROZEN_BYTES * frozen


def require_training_room(job: GeneratorJob, settings: SdTranslateSettings) -> None:
    """Refuse a training whose weights and optimiser alone do not fit.

    Raises
    ------
    UnavailableError
        With the estimate and what is free; or if a base model cannot be used.
    """
    needed = training_bytes(*find_bases(settings, job.weights), settings)
    require_memory(
        needed,
        "Training sd-translate, without its activations,",
        "free memory, or train on a larger machine",
        device=fastest_device().type,
    )
