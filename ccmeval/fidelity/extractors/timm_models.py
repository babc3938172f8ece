"""Encoders of timm: DINOv2, CLIP, and any other by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.fidelity.extractors.network import (
    NetworkExtractor,
    load_exactly,
    normalised,
    squared,
)
from ccmeval.fidelity.weights import OfficialWeights
from ccmeval.plugins import WeightSource

PREFIX = "timm:"


class TimmExtractor(NetworkExtractor):
    """The pooled features of a timm model, without its classifier.

    Input size, interpolation and normalisation are the model's own in timm; of a frame nothing is
    cropped. Weights are a local checkpoint, or timm's at Hugging Face (``model.safetensors``).

    Parameters
    ----------
    model : str
        Name in timm, with or without the tag of its weights, e.g. ``"vit_base_patch14_dinov2.lvd142m"``.
    autocast : bool
        Compute in bfloat16.

    Examples
    --------
    >>> TimmExtractor("test_vit.r160_in1k").label
    'FD-timm:test_vit.r160_in1k'
    """

    side_px: int | None = None
    """Side of the input instead of the model's own."""

    head: str | None = None
    """Beginning of the names of a projection that belongs to the features; None: no head is used."""

    unit_length = False
    """Whether vectors are divided by their length."""

    def __init__(self, model: str, *, autocast: bool = False) -> None:
        super().__init__(autocast=autocast)
        self.model = model
        self.name = self.name or PREFIX + model
        self.label = self.label or f"FD-{self.name}"

    def prepare(self, weights: WeightSource) -> str:
        """Find the weights; see :meth:`NetworkExtractor.prepare`."""
        require("deep", "torch", "torchvision", "timm")
        settings = self._settings()
        side = self.side_px or settings.input_size[-1]
        mode = _interpolation(settings.interpolation)
        self.resizer = (
            f"whole frame to {side} x {side} px, {mode} with antialiasing; the model's normalisation"
        )
        return super().prepare(weights)

    def _settings(self) -> Any:
        """Ask timm for the model's configuration."""
        from timm.models import get_pretrained_cfg

        try:
            found = get_pretrained_cfg(self.model)
        except (RuntimeError, ValueError) as error:
            raise UnavailableError(
                f"timm has no weights named {self.model!r}; {_LIST} lists them."
            ) from error
        if found is None:
            raise UnavailableError(f"timm has no model named {self.model!r}; {_LIST} lists them.")
        return found

    def _wanted(self) -> OfficialWeights:
        settings = self._settings()
        return OfficialWeights(
            key=self.name,
            what=f"The weights of {self.name}",
            file_name=f"{self.model}.safetensors",
            licence=settings.license or "",
            hub=settings.hf_hub_id or "",
        )

    def _further_identity(self) -> list[str]:
        import timm

        return [f"model {self.model}", f"timm {timm.__version__}"]

    def _build(self, state: dict[str, Any]) -> Any:
        import timm

        size = {"img_size": self.side_px} if self.side_px else {}
        classes = {} if self.head else {"num_classes": 0}
        network = timm.create_model(self.model, pretrained=False, **size, **classes)
        path = self._found.path if self._found else None
        load_exactly(network, _named_as_timm(state, network), path, may_be_extra=_heads(self._settings()))
        if self.unit_length:
            network.register_forward_hook(_unit_length)
        return network

    def _inputs(self, frames: Sequence[FloatArray]) -> Any:
        settings = self._settings()
        side = self.side_px or settings.input_size[-1]
        grey = squared(frames, side, _interpolation(settings.interpolation))
        return normalised(grey, settings.mean, settings.std)


class DinoExtractor(TimmExtractor):
    """DINOv2's ViT-L/14: the class token after the last normalisation, from frames at 224 px.

    That is the model, layer and input size of Stein et al.; their resizing is Pillow's bicubic and their
    position embeddings are interpolated without antialiasing, so that values are close to theirs and
    not equal. The name is FD-dinov2.

    References
    ----------
    Oquab et al., DINOv2, TMLR 2024. Stein et al., Exposing flaws of generative model evaluation metrics,
    NeurIPS 2023.
    """

    name = "dinov2"
    label = "FD-dinov2"
    dimension = 1024
    side_px = 224

    def __init__(self, *, autocast: bool = False) -> None:
        super().__init__("vit_large_patch14_dinov2.lvd142m", autocast=autocast)


class ClipExtractor(TimmExtractor):
    """OpenAI's CLIP ViT-L/14 at 336 px: its projected embedding of 768 numbers, at unit length.

    That is what CMMD is defined on. OpenAI trained it with the quick form of GELU, which timm has in
    the architecture named ``quickgelu``; with the plain one the embedding would be another.

    References
    ----------
    Radford et al., Learning transferable visual models from natural language supervision, ICML 2021.
    Jayasumana et al., Rethinking FID, CVPR 2024 (CMMD), section 4.
    """

    name = "clip"
    label = "FD-clip"
    dimension = 768
    head = "head."
    unit_length = True

    def __init__(self, *, autocast: bool = False) -> None:
        super().__init__("vit_large_patch14_clip_quickgelu_336.openai", autocast=autocast)


_LIST = "timm.list_models(pretrained=True)"


def _interpolation(name: str) -> str:
    """Choose of the two antialiased rules; what timm calls 'random' or 'lanczos' becomes bicubic."""
    return "bilinear" if name == "bilinear" else "bicubic"


def _heads(settings: Any) -> tuple[str, ...]:
    """List the beginnings of the classifier's names, which a checkpoint may hold in vain."""
    named = settings.classifier or ()
    return tuple(f"{name}." for name in ([named] if isinstance(named, str) else named))


def _named_as_timm(state: dict[str, Any], network: Any) -> dict[str, Any]:
    """Rename the weights of an original publication as timm does; position embeddings fit the size."""
    import sys

    rename = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    return dict(rename(state, network)) if rename else state


def _unit_length(_network: Any, _inputs: Any, vectors: Any) -> Any:
    """Divide vectors by their length; called after the network's forward pass."""
    from torch.nn.functional import normalize

    return normalize(vectors.float(), dim=-1)
