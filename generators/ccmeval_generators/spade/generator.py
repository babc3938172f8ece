"""The generator `spade`; light, since its networks are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat, GeneratorJob
from ccmeval_generators.network_generator import NetworkGenerator
from ccmeval_generators.settings import steps_of_epochs
from ccmeval_generators.spade.settings import SpadeSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.training.stage import Stage


class SpadeGenerator(NetworkGenerator):
    """SPADE VAE-GAN: a frame from its nerve mask, a diagnosis and a style.

    References
    ----------
    Park et al., Semantic image synthesis with spatially-adaptive normalization, CVPR 2019.
    """

    name = "spade"
    version = "1"
    settings_model = SpadeSettings
    only_for_training = ("discriminator",)
    capabilities = Capabilities(
        summary="SPADE VAE-GAN: nerves from the mask, the look from a drawn style or a reference frame.",
        takes=("mask", "diagnosis", "reference"),
        needs=("mask",),
        side_multiple_px=8,
        training_memory_gib=2.0,
        generation_memory_gib=1.0,
        extra="generate",
        source="Park et al., CVPR 2019 (arXiv 1903.07291); MONAI's SPADENet with is_vae=True.",
    )

    def build(self, frame_format: FrameFormat, settings: SpadeSettings) -> nn.ModuleDict:
        """Make `generator` and `discriminator` with their initial weights.

        Raises
        ------
        UnavailableError
            If MONAI is not installed.
        """
        self._require("monai")
        from torch import nn

        from ccmeval_generators.spade.networks import SpadeNetwork, patch_discriminator
        from ccmeval_generators.spade.planes import n_planes

        planes = n_planes(len(frame_format.diagnoses))
        generator = SpadeNetwork(
            settings.size_px,
            planes,
            channels=settings.channels,
            style_dims=settings.style_dims,
            spade_channels=settings.spade_channels,
            modulation_norm=settings.modulation_norm,
            detail_channels=settings.detail_channels,
            noise_channels=settings.noise_channels,
        )
        discriminator = patch_discriminator(
            settings.size_px,
            planes,
            scales=settings.discriminators,
            layers=settings.discriminator_layers,
            channels=settings.discriminator_channels,
        )
        return nn.ModuleDict({"generator": generator, "discriminator": discriminator})

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: SpadeSettings) -> Sequence[Stage]:
        """Give the one adversarial stage.

        Raises
        ------
        UnavailableError
            If weights of the perceptual loss were asked for and cannot be had.
        """
        from ccmeval_generators.spade.stage import SpadeStage

        steps = steps_of_epochs(settings.epochs, len(job.train), settings.batch_size)
        loss = self._perceptual(job, settings)
        n_diagnoses = len(job.classes)
        return [
            SpadeStage(networks["generator"], networks["discriminator"], n_diagnoses, steps, settings, loss)
        ]

    def notes(self, job: GeneratorJob, settings: SpadeSettings) -> Sequence[str]:
        """Say whether there was a perceptual loss, and of which weights."""
        if not settings.perceptual_weight:
            return ["The perceptual loss was off by the settings."]
        from ccmeval_generators.perceptual import find_perceptual

        return [find_perceptual(settings.perceptual_network, job.weights)[1]]

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: SpadeSettings,
    ) -> list[FloatArray]:
        """Make one float32 frame (H, W) a condition."""
        from ccmeval_generators.spade.sampling import sample_spade

        return sample_spade(networks["generator"], conditions, frame_format.diagnoses)

    def _perceptual(self, job: GeneratorJob, settings: SpadeSettings) -> Any:
        if not settings.perceptual_weight:
            return None
        from ccmeval_generators.perceptual import find_perceptual, load_perceptual

        found, _ = find_perceptual(settings.perceptual_network, job.weights)
        return None if found is None else load_perceptual(settings.perceptual_network, found)
