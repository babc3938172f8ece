"""Which base models the generators know: their pipelines, and the classes of their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Library = Literal["diffusers", "transformers"]


@dataclass(frozen=True)
class PartKind:
    """One part of a base model.

    Attributes
    ----------
    library : {"diffusers", "transformers"}
    loaded_as : str
        The class whose `from_pretrained` reads it.
    stored_as : tuple of str
        Further classes that its files may name, since `loaded_as` reads those as well.
    has_weights : bool
        Tokenizers, processors and schedulers have none; their classes are not checked.
    """

    library: Library
    loaded_as: str
    stored_as: tuple[str, ...] = ()
    has_weights: bool = True

    @property
    def accepted(self) -> tuple[str, ...]:
        """Classes that its files may name."""
        return (self.loaded_as, *self.stored_as)


@dataclass(frozen=True)
class BaseKind:
    """A kind of base model.

    Attributes
    ----------
    key : str
        NAME in ``--weights NAME=FOLDER``.
    what : str
        What it is called, as a sentence may begin.
    pipelines : tuple of str
        Classes that its ``model_index.json`` may name; empty for a single model without one, whose files
        lie at the top of the folder.
    parts : mapping of str to PartKind
        By their subfolders.
    gigabytes : float
        About, of all parts together, as published.
    licence : str
        Of the published weights.
    """

    key: str
    what: str
    pipelines: tuple[str, ...]
    parts: Mapping[str, PartKind] = field(hash=False)
    gigabytes: float = 0.0
    licence: str = ""

    def subfolder(self, part: str) -> str:
        """Give where a part lies; empty for the top.

        Examples
        --------
        >>> SD15.subfolder("unet"), CLIP_IMAGE.subfolder("image_encoder")
        ('unet', '')
        """
        return part if self.pipelines else ""


def _plain(library: Library, name: str) -> PartKind:
    return PartKind(library, name, has_weights=False)


_STABLE_DIFFUSION = {
    "unet": PartKind("diffusers", "UNet2DConditionModel"),
    "vae": PartKind("diffusers", "AutoencoderKL"),
    "text_encoder": PartKind("transformers", "CLIPTextModel", ("CLIPTextModelWithProjection",)),
    "tokenizer": _plain("transformers", "CLIPTokenizer"),
    "scheduler": _plain("diffusers", "DDIMScheduler"),
}

QWEN_EDIT = BaseKind(
    key="qwen-image-edit",
    what="Qwen-Image-Edit",
    pipelines=("QwenImageEditPipeline", "QwenImageEditPlusPipeline"),
    parts={
        "transformer": PartKind("diffusers", "QwenImageTransformer2DModel"),
        "vae": PartKind("diffusers", "AutoencoderKLQwenImage"),
        "text_encoder": PartKind("transformers", "Qwen2_5_VLForConditionalGeneration"),
        "tokenizer": _plain("transformers", "Qwen2Tokenizer"),
        "processor": _plain("transformers", "Qwen2VLProcessor"),
        "scheduler": _plain("diffusers", "FlowMatchEulerDiscreteScheduler"),
    },
    gigabytes=57.7,
    licence="Apache-2.0",
)

SD15 = BaseKind(
    key="stable-diffusion-1.5",
    what="Stable Diffusion 1.5",
    pipelines=("StableDiffusionPipeline",),
    parts=_STABLE_DIFFUSION,
    gigabytes=4.3,
    licence="CreativeML Open RAIL-M",
)

SD21 = BaseKind(
    key="stable-diffusion-2.1",
    what="Stable Diffusion 2.1",
    pipelines=("StableDiffusionPipeline",),
    parts=_STABLE_DIFFUSION,
    gigabytes=5.2,
    licence="CreativeML Open RAIL++-M",
)

CLIP_IMAGE = BaseKind(
    key="clip-image-encoder",
    what="CLIP's image encoder",
    pipelines=(),
    parts={
        "image_encoder": PartKind("transformers", "CLIPVisionModelWithProjection", ("CLIPModel",)),
        "processor": _plain("transformers", "CLIPImageProcessor"),
    },
    gigabytes=1.7,
    licence="MIT",
)
