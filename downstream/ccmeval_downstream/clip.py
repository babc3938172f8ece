"""CLIP for diagnosis: images held against a sentence for each diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, field_validator

from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval_downstream.network_learner import NetworkLearner
from ccmeval_downstream.settings import NetworkSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.plugins import WeightSource
    from ccmeval.utility.learning import Task, TrainingJob

OFFICIAL = "openai/clip-vit-base-patch32"
"""CLIP ViT-B/32 at Hugging Face."""

LICENCE = "MIT"

_IN = "a corneal confocal microscopy image of the subbasal nerve plexus"
DEFAULT_PROMPTS = {
    "Control": f"{_IN} of a healthy person, with many long nerve fibres",
    "T1NoDPN": f"{_IN} of a person with type 1 diabetes without neuropathy, with slightly fewer nerve fibres",
    "T1DPN": f"{_IN} of a person with diabetic peripheral neuropathy, with few short nerve fibres",
}


class ClipSettings(NetworkSettings):
    """Prompts, and how the image encoder is tuned."""

    learning_rate: float = Field(default=1e-5, gt=0.0, le=1.0, description="At its highest.")
    prompts: dict[str, str] = Field(
        default_factory=lambda: dict(DEFAULT_PROMPTS), description="Sentence by diagnosis."
    )
    other_prompt: str = Field(
        default=f"{_IN} with the diagnosis {{diagnosis}}",
        description="Sentence for a diagnosis without one of its own; {diagnosis} becomes its name.",
    )
    freeze_text: bool = Field(
        default=True, description="Leave the text encoder as it is, so that each prompt is embedded once."
    )

    @field_validator("other_prompt")
    @classmethod
    def _names_the_diagnosis(cls, value: str) -> str:
        if "{diagnosis}" not in value:
            raise ValueError("must contain {diagnosis}, or all diagnoses would have one prompt")
        return value


class ClipLearner(NetworkLearner):
    """CLIP ViT-B/32: a logit is the scaled cosine between a frame's and a prompt's embedding.

    The image encoder is tuned, the text encoder and the scale stay as they are by default. Frames are
    resized to the model's input (bicubic, with antialiasing), repeated in three channels and normalised as
    CLIP's pictures are. It has no random beginning: without weights it is unavailable. The prompts are ours.

    References
    ----------
    Radford et al., Learning transferable visual models from natural language supervision, ICML 2021,
    section 3.1.4.

    Examples
    --------
    >>> settings = ClipLearner().settings_model()
    >>> settings.freeze_text, prompts_of(["Control", "T2DPN"], settings)[1][-24:]
    (True, 'with the diagnosis T2DPN')
    """

    name = "clip"
    tasks: tuple[Task, ...] = ("diagnosis",)
    settings_model: type[BaseModel] = ClipSettings

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._sha256 = ""

    def prepare(self, weights: WeightSource) -> str:
        """Find the folder of the model and hash what lies in it.

        Returns
        -------
        str
            Name, version, version of transformers and the sha256 of configuration, weights and tokenizer.

        Raises
        ------
        UnavailableError
            If a library or the weights are missing, or they hold a program.
        """
        from importlib.metadata import version

        require("learn", "torch", "lightning", "transformers")
        from ccmeval_downstream import clip_files

        self._folder, official = clip_files.find_folder(weights, self.name, OFFICIAL)
        self._sha256 = clip_files.folder_sha256(self._folder)
        self.licence = LICENCE if official else ""
        library = f"transformers {version('transformers')}"
        return f"{self.name} {self.version}; {library}; initial weights {self._sha256}"

    def build(self, job: TrainingJob, settings: NetworkSettings) -> nn.Module:
        """Make the classifier: (B, 1, S, S) to logits (B, C).

        Raises
        ------
        UnavailableError
            If :meth:`prepare` found no weights, they are of no CLIP, or a prompt is too long or given twice.
        """
        from ccmeval_downstream.clip_model import PromptClassifier, load_clip, tokenized

        assert isinstance(settings, ClipSettings)
        if self._folder is None:
            raise UnavailableError("CLIP has no weights yet; call prepare() with --weights clip=FOLDER.")
        prompts = prompts_of(job.classes, settings)
        model = load_clip(self._folder)
        tokens = tokenized(prompts, self._folder, model.config.text_config.max_position_embeddings)
        return PromptClassifier(model, tokens, settings.freeze_text)

    def before_training(self, module: nn.Module, job: TrainingJob, settings: NetworkSettings) -> list[str]:
        """Say which weights and prompts were taken."""
        assert isinstance(settings, ClipSettings)
        shown = "; ".join(f"{name}: {text!r}" for name, text in _named_prompts(job.classes, settings))
        return [f"CLIP's weights at the start, sha256 {self._sha256[:12]}.", f"Prompts: {shown}."]


def prompts_of(classes: Sequence[str], settings: ClipSettings) -> list[str]:
    """Give the sentence of each diagnosis.

    Raises
    ------
    UnavailableError
        If two diagnoses have the same one.
    """
    prompts = [text for _, text in _named_prompts(classes, settings)]
    if len(set(prompts)) < len(prompts):
        raise UnavailableError(
            "Two diagnoses have the same prompt, which CLIP cannot tell apart; change one."
        )
    return prompts


def _named_prompts(classes: Sequence[str], settings: ClipSettings) -> list[tuple[str, str]]:
    return [
        (name, settings.prompts.get(name) or settings.other_prompt.replace("{diagnosis}", name))
        for name in classes
    ]
