"""Which stages a training of MAISI has, and what is to be said of them."""

from __future__ import annotations

from typing import Final

from torch import nn

from ccmeval.generation.conditions import GeneratorJob
from ccmeval_generators.maisi.autoencoder_stage import AutoencoderStage
from ccmeval_generators.maisi.latent_stages import ControlNetStage, DiffusionStage
from ccmeval_generators.maisi.settings import MaisiSettings
from ccmeval_generators.settings import steps_of_epochs
from ccmeval_generators.training.stage import Stage

PERCEPTUAL: Final = "squeezenet"
"""The network of the perceptual loss in MAISI's recipe."""


def training_stages(networks: nn.ModuleDict, job: GeneratorJob, settings: MaisiSettings) -> list[Stage]:
    """Give autoencoder, diffusion and, where there are masks, ControlNet.

    Raises
    ------
    UnavailableError
        If weights of the perceptual loss were asked for and cannot be had.
    """
    n_frames, n_diagnoses = len(job.train), len(job.classes)

    def steps(epochs: float) -> int:
        return steps_of_epochs(epochs, n_frames, settings.batch_size)

    stages: list[Stage] = [
        AutoencoderStage(
            networks, settings, steps(settings.autoencoder_epochs), perceptual_loss(job, settings)
        ),
        DiffusionStage(
            networks, settings, steps(settings.diffusion_epochs), settings.diffusion_rate, n_diagnoses
        ),
    ]
    if job.train.pool.masks is not None:
        length = steps(settings.controlnet_epochs)
        stages.append(ControlNetStage(networks, settings, length, settings.controlnet_rate, n_diagnoses))
    return stages


def training_notes(job: GeneratorJob, settings: MaisiSettings) -> list[str]:
    """Tell what a reader of results should know: losses and stages that were off, how masks were used."""
    from ccmeval_generators.perceptual import find_perceptual

    notes = [
        find_perceptual(PERCEPTUAL, job.weights)[1]
        if settings.perceptual_weight
        else "The perceptual loss was off by the settings."
    ]
    if not settings.adversarial_weight:
        notes.append("The adversarial loss of the autoencoder was off by the settings.")
    if job.train.pool.masks is None:
        notes.append("There were no masks: the ControlNet was not trained, and masks cannot be followed.")
    if settings.label_dropout and job.classes:
        notes.append(
            f"The diagnosis was hidden in {settings.label_dropout:.0%} of the steps' frames, so that frames"
            " without one, and guidance, are possible; MAISI's own recipe has no such thing."
        )
    return notes


def perceptual_loss(job: GeneratorJob, settings: MaisiSettings) -> nn.Module | None:
    """Load the perceptual loss, where it is on and its weights are given.

    Raises
    ------
    UnavailableError
        If weights were asked for and cannot be had.
    """
    from ccmeval_generators.perceptual import find_perceptual, load_perceptual

    if not settings.perceptual_weight:
        return None
    found, _ = find_perceptual(PERCEPTUAL, job.weights)
    return None if found is None else load_perceptual(PERCEPTUAL, found)
