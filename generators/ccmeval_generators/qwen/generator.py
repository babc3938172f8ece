"""The generator `qwen-lora`; light, since libraries are imported when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakKeyDictionary

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import (
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
)
from ccmeval_generators.foundation.made_frames import MadeFrames
from ccmeval_generators.network_generator import NetworkGenerator
from ccmeval_generators.qwen.capable import capabilities_before, capabilities_trained
from ccmeval_generators.qwen.settings import QwenSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.arrays import FloatArray
    from ccmeval.generation.parameters import ParameterTable
    from ccmeval_generators.qwen.sampling import Sampler
    from ccmeval_generators.training.stage import Stage

ADAPTER = "adapter"
"""Folder beside the saved generator with the adapter in PEFT's layout."""

_LIBRARIES = ("torch", "lightning", "safetensors", "diffusers", "transformers", "peft")


class QwenLoraGenerator(NetworkGenerator):
    """Qwen-Image-Edit that turns a nerve mask into a frame, adapted by LoRA.

    The base model is frozen. Mask, and a reference frame if asked for, go in as the images to be edited,
    the diagnosis as a prompt from a template. Only the adapter is trained and kept; the base is found
    again by its setting `base`, or by ``--weights qwen-image-edit=FOLDER``, and must be the same.

    References
    ----------
    Hu et al. LoRA: low-rank adaptation of large language models. ICLR 2022.
    Wu et al. Qwen-Image technical report. 2025, arXiv:2508.02324.
    Lipman et al. Flow matching for generative modeling. ICLR 2023.

    Examples
    --------
    >>> generator = QwenLoraGenerator()
    >>> generator.capabilities.takes, generator.capabilities.needs, generator.format
    (('mask', 'diagnosis', 'prompt'), ('mask',), None)
    """

    name = "qwen-lora"
    version = "1"
    adapter: ClassVar[Literal["lora", "wdlora"]] = "lora"
    capabilities = capabilities_before(
        "Qwen-Image-Edit told a nerve mask and a prompt, adapted by LoRA; else as qwen-wdlora."
    )
    settings_model = QwenSettings

    def __init__(self) -> None:
        super().__init__()
        self._samplers: WeakKeyDictionary[nn.Module, Sampler] = WeakKeyDictionary()
        self._made = MadeFrames()
        self._adapter_sha256: str | None = None
        self._base_notes: tuple[str, ...] = ()

    def build(self, frame_format: FrameFormat, settings: QwenSettings) -> nn.ModuleDict:
        """Load the base's transformer and put a new adapter into it.

        Raises
        ------
        UnavailableError
            If libraries or the base are missing, or memory does not suffice.
        """
        self._require(*_LIBRARIES)
        from ccmeval_generators.qwen.building import build_adapted
        from ccmeval_generators.qwen.notes import base_notes
        from ccmeval_generators.qwen.sampling import Sampler

        networks, parts = build_adapted(self.adapter, settings, self._weights)
        self._base_notes = (parts.told, *base_notes(settings, parts.plus))
        self._samplers[networks["adapter"]] = Sampler(parts, settings)
        return networks

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: QwenSettings) -> Sequence[Stage]:
        """Give the one stage."""
        from ccmeval_generators.qwen.stage import AdapterStage

        return [AdapterStage(networks, self._samplers[networks["adapter"]].parts, job, settings)]

    def notes(self, job: GeneratorJob, settings: QwenSettings) -> Sequence[str]:
        """Tell the base's memory, optimiser, weight of nerves and what the model is not told."""
        from ccmeval_generators.qwen.notes import training_notes

        return [*self._base_notes, *training_notes(job, settings)]

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: QwenSettings,
    ) -> list[FloatArray]:
        """Make frames as the base's own pipeline does."""
        return self._samplers[networks["adapter"]].frames(networks, conditions, frame_format)

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Train the adapter, and see how the last samples lie to their masks.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, with the reason.
        """
        last: list[FloatArray] = []

        def told(step: int, frames: Sequence[FloatArray]) -> None:
            last[:] = [frame.copy() for frame in frames]
            job.on_samples(step, frames)

        record = super().fit(replace(job, on_samples=told))
        return self._noted(record, job, last)

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Make one frame a condition; see :meth:`ccmeval.plugins.Generator.generate`.

        Raises
        ------
        UnavailableError
            If it is not trained, or a condition is missing or does not fit.
        """
        with self._fused():
            frames = super().generate(conditions)
        self._made.keep(conditions, frames)
        return frames

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        """Tell, for each frame, the whole prompt, and how its nerves lie to the mask.

        The latter of frames of the last :meth:`generate` only, since it is found in the frame.
        """
        from ccmeval_generators.qwen.telling import told_prompt

        told = []
        for one in conditions:
            prompt = told_prompt(self._settings, one.diagnosis, one.prompt)
            negative = self._settings.negative_prompt if self._settings.has_guidance else ""
            told.append({"told_prompt": prompt, "negative_prompt": negative, **self._alignment(one)})
        return told

    @property
    def adapter_sha256(self) -> str:
        """SHA-256 of ``adapter_model.safetensors``, as it is saved; empty before training."""
        if self._networks is None:
            return ""
        if self._adapter_sha256 is None:
            from ccmeval_generators.qwen.building import spec_of
            from ccmeval_generators.qwen.exporting import adapter_sha256

            spec = spec_of(self.adapter, self._settings)
            self._adapter_sha256 = adapter_sha256(self._networks["adapter"], spec)
        return self._adapter_sha256

    def save_pretrained(self, folder: Path) -> None:
        """Keep the generator, and in ``adapter/`` its adapter in PEFT's layout, for other programs.

        Raises
        ------
        UnavailableError
            If it is not trained.
        """
        super().save_pretrained(folder)
        self.export_adapter(Path(folder) / ADAPTER)

    def export_adapter(self, folder: Path, layout: Literal["peft", "diffusers"] = "peft") -> None:
        """Write the adapter alone into a folder, in PEFT's layout or as diffusers saves it.

        Raises
        ------
        UnavailableError
            If it is not trained, or diffusers does not know such an adapter.
        """
        if self._networks is None:
            raise UnavailableError(f"The generator {self.name!r} is not trained, so it has no adapter.")
        from ccmeval_generators.qwen.building import spec_of
        from ccmeval_generators.qwen.exporting import export_adapter

        export_adapter(folder, self._networks["adapter"], spec_of(self.adapter, self._settings), layout)

    def parameter_table(self) -> ParameterTable:
        """Count what the adapter would train of the full-size model, by targets and rank.

        Raises
        ------
        UnavailableError
            If libraries are missing.
        """
        self._require("torch", "diffusers", "peft")
        from ccmeval_generators.foundation.adapters.table import qwen_table

        return qwen_table(self.adapter)

    def _fused(self) -> AbstractContextManager[None]:
        """Merge the adapter into the frozen weights inside, once for all frames, where that is asked for."""
        if self._networks is None or not self._settings.fuse:
            return nullcontext()
        from ccmeval_generators.foundation.adapters.fuse import fused

        return fused(self._networks["adapter"].base)

    def _noted(
        self, record: GeneratorRecord, job: GeneratorJob, last: Sequence[FloatArray]
    ) -> GeneratorRecord:
        if not last or "mask" not in self.capabilities.takes:
            return record
        from ccmeval_generators.foundation.alignment import samples_note

        note = samples_note(last, job.samples, float(job.train.pool.pixel_size_um))
        self.record = replace(record, notes=(*record.notes, note)) if note else record
        return self.record

    def _alignment(self, condition: Condition) -> dict[str, str]:
        if self._format is None or self._settings.condition == "prompt":
            return {}
        return self._made.columns(condition, self._format.pixel_size_um)

    def _take(
        self, networks: nn.ModuleDict, frame_format: FrameFormat, settings: Any, record: GeneratorRecord
    ) -> None:
        self.capabilities = capabilities_trained(type(self).capabilities, settings)
        if "diagnosis" not in self.capabilities.takes:
            frame_format = replace(frame_format, diagnoses=())
        self._adapter_sha256 = None
        super()._take(networks, frame_format, settings, record)
