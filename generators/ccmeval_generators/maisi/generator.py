"""The generator `maisi`; light, since its networks are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat, GeneratorJob
from ccmeval_generators.maisi.settings import MaisiSettings
from ccmeval_generators.network_generator import NetworkGenerator

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.training.stage import Stage


class MaisiGenerator(NetworkGenerator):
    """MAISI's three stages with 2-D networks, trained from scratch.

    An autoencoder brings frames to latents a quarter of their side; a U-Net learns to make latents out of
    noise, told the diagnosis; a ControlNet, trained while the U-Net is frozen, makes it follow masks. A
    frame without a mask is made by the U-Net alone, one without a diagnosis by the embedding that was
    trained with hidden ones.

    References
    ----------
    Guo et al. MAISI: medical AI for synthetic imaging. WACV 2025.
    Rombach et al. High-resolution image synthesis with latent diffusion models. CVPR 2022.
    Zhang, Rao, Agrawala. Adding conditional control to text-to-image diffusion models. ICCV 2023.

    Examples
    --------
    >>> generator = MaisiGenerator()
    >>> generator.capabilities.takes, generator.capabilities.needs, generator.format
    (('mask', 'diagnosis'), (), None)
    """

    name = "maisi"
    version = "1"
    capabilities = Capabilities(
        summary="Latent diffusion in three stages (MAISI in 2-D): autoencoder, U-Net with the diagnosis,"
        " ControlNet with the mask.",
        takes=("mask", "diagnosis"),
        side_multiple_px=32,
        training_memory_gib=8.0,
        generation_memory_gib=3.0,
        extra="generate",
        source="Guo et al., MAISI: medical AI for synthetic imaging, WACV 2025",
    )
    settings_model = MaisiSettings
    only_for_training = ("discriminator",)

    def build(self, frame_format: FrameFormat, settings: MaisiSettings) -> nn.ModuleDict:
        """Make autoencoder, discriminator, U-Net, ControlNet and the scale of latents.

        Raises
        ------
        UnavailableError
            If MONAI, or einops, which its attention needs, is not installed.
        """
        from ccmeval_generators.maisi.networks import build_networks

        try:
            return build_networks(len(frame_format.diagnoses), settings)
        except ImportError as error:
            raise UnavailableError(
                "The generator 'maisi' needs MONAI and einops; install them with:"
                " pip install 'ccmeval[generate]'."
            ) from error

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: MaisiSettings) -> Sequence[Stage]:
        """Give the three stages; without masks the third is left out."""
        from ccmeval_generators.maisi.stages import training_stages

        return training_stages(networks, job, settings)

    def notes(self, job: GeneratorJob, settings: MaisiSettings) -> Sequence[str]:
        """Tell which losses and stages were left out."""
        from ccmeval_generators.maisi.stages import training_notes

        return training_notes(job, settings)

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: MaisiSettings,
    ) -> list[FloatArray]:
        """Make frames; a ControlNet that is not trained yet is left out."""
        from ccmeval_generators.maisi.sampling import sampled_frames

        return sampled_frames(networks, conditions, frame_format, settings)

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Make one frame a condition; see :meth:`ccmeval.plugins.Generator.generate`.

        Raises
        ------
        UnavailableError
            If it is not trained, or was not trained for such conditions.
        """
        if self._networks is not None:
            self._check(conditions)
        return super().generate(conditions)

    def _check(self, conditions: Sequence[Condition]) -> None:
        assert self._networks is not None
        assert self._format is not None
        follows = bool(self._networks["scale"].follows_masks)
        if not follows and any(condition.mask is not None for condition in conditions):
            raise UnavailableError(
                "This generator 'maisi' was trained on frames without masks and cannot follow one; leave"
                " masks out, or train it on frames with masks."
            )
        unlabelled = any(condition.diagnosis is None for condition in conditions)
        if unlabelled and self._format.diagnoses and self._settings.label_dropout == 0.0:
            raise UnavailableError(
                "This generator 'maisi' was trained with label_dropout 0 and needs a diagnosis for every"
                " frame; name one of " + ", ".join(self._format.diagnoses) + "."
            )
