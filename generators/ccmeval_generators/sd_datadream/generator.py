"""The generator `sd-datadream`; light, since its networks are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval_generators.foundation.prompts import prompt_of
from ccmeval_generators.foundation.stable_diffusion.generator import StableDiffusionGenerator
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.training.stage import Stage


class SdDatadreamGenerator(StableDiffusionGenerator):
    """DataDream: Stable Diffusion 2.1, taught each diagnosis by a few frames of it.

    Every diagnosis has low-rank adapters of its own in U-Net and text encoder, trained one diagnosis after
    the other upon one base. The few frames are those that the settings name, or the sharpest: of frames whose
    line signal passes the limit of the quality flags those first whose grey differences over 2.1 um are
    largest against those over 6.3 um. Which frames they were stands in the record's notes, in the trained
    generator's setting `frames` and in the manifest's column `few_shot_frames`.

    Prompts are the templates of this package, where the publication has "a photo of a ..."; the setting
    `prompts` takes others.

    References
    ----------
    Kim et al. DataDream: few-shot guided dataset generation. ECCV 2024.

    Examples
    --------
    >>> generator = SdDatadreamGenerator()
    >>> generator.capabilities.takes, generator.capabilities.needs
    (('diagnosis', 'prompt'), ('diagnosis',))
    """

    name = "sd-datadream"
    version = "1"
    capabilities = Capabilities(
        summary="Stable Diffusion 2.1 with LoRA adapters of U-Net and text encoder for each diagnosis, learnt"
        " from a few frames (DataDream); follows diagnosis and prompt, no mask.",
        takes=("diagnosis", "prompt"),
        needs=("diagnosis",),
        side_multiple_px=8,
        training_memory_gib=20.0,
        generation_memory_gib=12.0,
        weights_licence="CreativeML Open RAIL++-M",
        extra="foundation",
        source="Kim et al., DataDream: few-shot guided dataset generation, ECCV 2024",
    )
    settings_model = SdDatadreamSettings
    base_kind = "SD21"

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Tell what a training on the few frames would take; see :meth:`ccmeval.plugins.Generator.plan`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, or a frame that is named is not there.
        """
        from ccmeval_generators.sd_datadream.few_shot import few_shot_job

        return super().plan(
            few_shot_job(job, self.settings_model.model_validate(dict(job.settings)), trial=True)
        )

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Train on the few frames; see :meth:`ccmeval.plugins.Generator.fit`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, or a frame that is named is not there.
        """
        from ccmeval_generators.sd_datadream.few_shot import few_shot_job

        return super().fit(few_shot_job(job, self.settings_model.model_validate(dict(job.settings))))

    def build(self, frame_format: FrameFormat, settings: SdDatadreamSettings) -> nn.ModuleDict:
        """Load the base and put the adapters of all diagnoses into it.

        Raises
        ------
        UnavailableError
            If the base cannot be found or used, or a library is missing.
        """
        parts, sha256 = self._load_parts(settings)
        from ccmeval_generators.sd_datadream.adapters import class_adapters

        return class_adapters(parts, sha256, settings, frame_format.diagnoses)

    def stages(
        self, networks: nn.ModuleDict, job: GeneratorJob, settings: SdDatadreamSettings
    ) -> Sequence[Stage]:
        """Give a stage for each diagnosis."""
        from ccmeval_generators.sd_datadream.adapters import adapter_name
        from ccmeval_generators.sd_datadream.stage import DatadreamStage

        return [
            DatadreamStage(
                networks[adapter_name(label)],
                settings,
                job.train,
                label,
                prompt_of(settings.prompts, diagnosis),
            )
            for label, diagnosis in enumerate(job.classes)
        ]

    def notes(self, job: GeneratorJob, settings: SdDatadreamSettings) -> Sequence[str]:
        """Tell which frames were learnt from."""
        told = [
            f"{diagnosis} was learnt from {len(names)} frame{'s' * (len(names) > 1)}: {', '.join(names)}."
            for diagnosis, names in settings.frames.items()
        ]
        return [
            *told,
            "The subjects of all frames that it was given count as seen by the generator, also those of whom"
            " no frame was chosen.",
        ]

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: SdDatadreamSettings,
    ) -> list[FloatArray]:
        """Make frames, each by the adapters of its diagnosis."""
        from ccmeval_generators.sd_datadream.sampling import sampled_by_class

        return sampled_by_class(networks, conditions, frame_format, settings)

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        """Tell the whole prompt of each frame, and the frames that its adapters were learnt from."""
        return [
            {**told, "few_shot_frames": ";".join(self._settings.frames.get(one.diagnosis or "", ()))}
            for told, one in zip(super().provenance(conditions), conditions, strict=True)
        ]
