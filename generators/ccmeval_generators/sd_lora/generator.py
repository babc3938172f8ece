"""The generator `sd-lora`; light, since its networks are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat, GeneratorJob
from ccmeval_generators.foundation.stable_diffusion.generator import StableDiffusionGenerator
from ccmeval_generators.sd_lora.settings import SdLoraSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
    from ccmeval_generators.training.stage import Stage

ADAPTER = "adapter"


class SdLoraGenerator(StableDiffusionGenerator):
    """Stable Diffusion, text to image, with a low-rank adapter of the U-Net's attention layers.

    The diagnosis becomes a prompt by its template, and a user's words are added. Autoencoder and text encoder
    stay as they are. A frame without a diagnosis is made by the template of frames without one.

    The folder of a trained one also has the adapter as PEFT writes it, ``adapter_model.safetensors`` and
    ``adapter_config.json``; :meth:`swap_adapter` takes another one in its place on the same base.

    References
    ----------
    Hu et al. LoRA: low-rank adaptation of large language models. ICLR 2022.
    Rombach et al. High-resolution image synthesis with latent diffusion models. CVPR 2022.

    Examples
    --------
    >>> generator = SdLoraGenerator()
    >>> generator.capabilities.takes, generator.capabilities.needs, generator.format
    (('diagnosis', 'prompt'), (), None)
    """

    name = "sd-lora"
    version = "1"
    capabilities = Capabilities(
        summary="Stable Diffusion (text to image) with a LoRA adapter of the U-Net's attention; follows"
        " diagnosis and prompt, no mask.",
        takes=("diagnosis", "prompt"),
        side_multiple_px=8,
        training_memory_gib=12.0,
        generation_memory_gib=12.0,
        weights_licence="CreativeML Open RAIL-M",
        extra="foundation",
        source="Hu et al., LoRA, ICLR 2022, on Rombach et al., CVPR 2022; defaults of diffusers' example",
    )
    settings_model = SdLoraSettings
    base_kind = "SD15"

    def __init__(self) -> None:
        super().__init__()
        self._held: tuple[StableDiffusionParts, str] | None = None

    def build(self, frame_format: FrameFormat, settings: SdLoraSettings) -> nn.ModuleDict:
        """Load the base and put a new adapter into it.

        Raises
        ------
        UnavailableError
            If the base cannot be found or used, or a library is missing.
        """
        parts, sha256 = self._held or self._load_parts(settings)
        from torch import nn

        from ccmeval_generators.foundation.stable_diffusion.loading import attached

        return nn.ModuleDict({ADAPTER: attached(parts, sha256, settings, ADAPTER, texts=False)})

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: SdLoraSettings) -> Sequence[Stage]:
        """Give the one stage."""
        from ccmeval_generators.sd_lora.stage import SdLoraStage

        return [SdLoraStage(networks[ADAPTER], settings, job.classes)]

    def notes(self, job: GeneratorJob, settings: SdLoraSettings) -> Sequence[str]:
        """Tell what guidance leads away from."""
        if settings.prompt_dropout or settings.guidance_scale <= 1.0:
            return ()
        return (
            "Guidance leads away from the empty prompt, which was not trained (prompt_dropout 0), as in the"
            " published recipe.",
        )

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: SdLoraSettings,
    ) -> list[FloatArray]:
        """Make frames by the prompts of their diagnoses and the users' words."""
        from ccmeval_generators.foundation.prompts import prompt_of
        from ccmeval_generators.foundation.stable_diffusion.sampling import sampled_frames

        parts = networks[ADAPTER].base
        prompts = [prompt_of(settings.prompts, one.diagnosis, one.prompt) for one in conditions]
        return sampled_frames(
            parts,
            parts.texts.embeddings(prompts),
            parts.texts.embeddings([""] * len(prompts)),
            [one.seed for one in conditions],
            frame_format.shape_px[0],
            settings.inference_steps,
            settings.guidance_scale,
        )

    def save_pretrained(self, folder: Path) -> None:
        """Keep the generator in a folder, and the adapter beside it as PEFT and diffusers read it.

        The generator itself is read from ``networks.safetensors``.

        Raises
        ------
        UnavailableError
            If it is not trained.
        """
        super().save_pretrained(folder)
        assert self._networks is not None
        from ccmeval_generators.foundation.adapters.peft_folder import save_adapter
        from ccmeval_generators.foundation.stable_diffusion.loading import adapter_spec
        from ccmeval_generators.sd_lora.swapping import identity_of

        model = self._networks[ADAPTER]
        spec = adapter_spec("sd-unet", self._settings)
        save_adapter(Path(folder), model.base.unet, spec, identity_of(model), ADAPTER)

    def swap_adapter(self, folder: Path) -> None:
        """Take the adapter of a folder in the place of the present one; the base is not loaded again.

        Parameters
        ----------
        folder : pathlib.Path
            Of a trained `sd-lora`, whose settings and format are taken over as well; or just of an adapter as
            PEFT writes it.

        Raises
        ------
        UnavailableError
            If this generator has no base yet, or the adapter cannot be used with it; then all stays as it is.
        """
        if self._networks is None or self._format is None or self.record is None:
            raise UnavailableError(
                "This generator 'sd-lora' has no adapter that could be exchanged; train it, or load one."
            )
        from ccmeval_generators.sd_lora.swapping import exchanged

        path = Path(folder)
        take = self._take_trained if (path / "generator.json").is_file() else self._take_plain
        exchanged(self._networks, self._settings, lambda: take(path))

    def _take_trained(self, folder: Path) -> None:
        from ccmeval_generators.sd_lora.swapping import identity_of
        from ccmeval_generators.training.saved import load_generator

        assert self._networks is not None
        model = self._networks[ADAPTER]
        self._held = (model.base, identity_of(model))
        try:
            found = load_generator(folder, self)
        finally:
            self._held = None
        theirs, ours = found.settings.base_precision, self._settings.base_precision
        if theirs != ours:
            raise UnavailableError(
                f"The adapter in {folder} has base_precision {theirs}, but the base here has {ours}; load"
                " that folder by itself."
            )
        self._take(found.networks, found.frame_format, found.settings, found.record)

    def _take_plain(self, folder: Path) -> None:
        from ccmeval_generators.sd_lora.swapping import adapter_of_folder

        assert self._networks is not None
        assert self._format is not None
        assert self.record is not None
        networks, settings = adapter_of_folder(self._networks, self._settings, folder)
        note = f"The adapter that was trained was exchanged for that of {folder.name}."
        record = replace(self.record, notes=(*self.record.notes, note))
        self._take(networks, self._format, settings, record)
