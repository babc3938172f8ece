"""The generator `sd-translate`; light, since its networks are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval_generators.network_generator import NetworkGenerator
from ccmeval_generators.sd_translate.settings import SdTranslateSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.training.stage import Stage


class SdTranslateGenerator(NetworkGenerator):
    """Stable Diffusion 1.5 tuned in two stages to translate the picture of a mask into a frame.

    First the whole U-Net learns to make latents of frames out of noise; CLIP's embeddings of the mask's
    picture (white nerves on black) stand in the place of the text, so that the mask steers by
    cross-attention, and the autoencoder is frozen. Then only the autoencoder's decoder learns, to rebuild
    frames from their latents, by L1, a perceptual and an adversarial loss.

    How finely a mask steers: CLIP sees the picture in patches (16 x 16 of them in the default encoder), so
    that a nerve's place is known to the U-Net by what these embeddings keep of it. Whoever needs nerves at
    their very pixels sets `mask_latents`, by which the mask's latents lie beside the noise at the U-Net's
    input, on weights that start at zero; the published recipe is without. Whether that recipe attends to all
    patches or to the pooled embedding is not known to us; `embedding` has both.

    The diagnosis, which the recipe does not have, is one more token of cross-attention, learnt from scratch.

    A saved generator holds the whole U-Net and decoder: with the default base 909 million parameters,
    3.6 GB. CLIP and the encoder are taken from their own folders again, and must be the same.

    References
    ----------
    Rombach et al. High-resolution image synthesis with latent diffusion models. CVPR 2022.
    Radford et al. Learning transferable visual models from natural language supervision. ICML 2021.
    Guttenberg. Diffusion with offset noise. CrossLabs, 2023.
    Brooks, Holynski, Efros. InstructPix2Pix. CVPR 2023, section 3.2 (latents beside the noise).

    Examples
    --------
    >>> generator = SdTranslateGenerator()
    >>> generator.capabilities.takes, generator.capabilities.needs
    (('mask', 'diagnosis'), ('mask',))
    """

    name = "sd-translate"
    version = "1"
    capabilities = Capabilities(
        summary="Stable Diffusion 1.5 in two stages: the U-Net follows CLIP's embeddings of the mask, then"
        " the decoder learns CCM's look.",
        takes=("mask", "diagnosis"),
        needs=("mask",),
        side_multiple_px=8,
        training_memory_gib=24.0,
        generation_memory_gib=6.0,
        weights_licence="CreativeML Open RAIL-M (Stable Diffusion 1.5), MIT (CLIP)",
        extra="foundation",
        source="Rombach et al., CVPR 2022; CLIP embeddings in place of text, offset noise, then the decoder",
    )
    settings_model = SdTranslateSettings
    only_for_training = ("discriminator",)

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Tell what a training would take; see :meth:`ccmeval.plugins.Generator.plan`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, told before any weights are loaded.
        """
        self._check_room(job)
        return super().plan(job)

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Train, or go on with an interrupted training; see :meth:`ccmeval.plugins.Generator.fit`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, told before any weights are loaded.
        """
        self._check_room(job)
        return super().fit(job)

    def build(self, frame_format: FrameFormat, settings: SdTranslateSettings) -> nn.ModuleDict:
        """Load the base and make `unet`, `source`, `decoder`, `frozen` and, for training, `discriminator`.

        Raises
        ------
        UnavailableError
            If a base model cannot be found or used, or there is too little memory, with the cure.
        """
        self._require("diffusers", "transformers", "monai")
        from ccmeval_generators.sd_translate.building import build_networks

        return build_networks(len(frame_format.diagnoses), settings, self._weights)

    def stages(
        self, networks: nn.ModuleDict, job: GeneratorJob, settings: SdTranslateSettings
    ) -> Sequence[Stage]:
        """Give the U-Net's stage and, unless it has no steps, the decoder's.

        Raises
        ------
        UnavailableError
            If weights of the perceptual loss were asked for and cannot be had.
        """
        from ccmeval_generators.sd_translate.decoder_stage import DecoderStage
        from ccmeval_generators.sd_translate.unet_stage import UnetStage

        found: list[Stage] = [UnetStage(networks, settings, len(job.classes))]
        if settings.decoder_steps:
            found.append(DecoderStage(networks, settings, self._perceptual(job, settings)))
        return found

    def notes(self, job: GeneratorJob, settings: SdTranslateSettings) -> Sequence[str]:
        """Tell the base models, how the mask steers, and which losses were off."""
        from ccmeval_generators.sd_translate.telling import training_notes

        return training_notes(job, settings)

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: SdTranslateSettings,
    ) -> list[FloatArray]:
        """Make one float32 frame (H, W) a condition."""
        from ccmeval_generators.sd_translate.sampling import sampled_frames

        return sampled_frames(networks, conditions, frame_format.diagnoses, settings)

    def _check_room(self, job: GeneratorJob) -> None:
        self._require("torch", "diffusers", "transformers", "monai")
        from ccmeval_generators.sd_translate.room import require_training_room

        require_training_room(job, self.settings_model.model_validate(dict(job.settings)))

    def _perceptual(self, job: GeneratorJob, settings: SdTranslateSettings) -> Any:
        if not settings.perceptual_weight:
            return None
        from ccmeval_generators.perceptual import find_perceptual, load_perceptual

        found, _ = find_perceptual(settings.perceptual_network, job.weights)
        return None if found is None else load_perceptual(settings.perceptual_network, found)
