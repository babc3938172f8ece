"""The adapters of one diagnosis, out of those of all."""

from __future__ import annotations

from torch import nn

from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.attach import activate
from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts


def adapter_name(label: int) -> str:
    """Name the adapters of a diagnosis within the models.

    Examples
    --------
    >>> adapter_name(2)
    'diagnosis-2'
    """
    return f"diagnosis-{label}"


class ClassAdapter(nn.Module):  # type: ignore[misc]
    """The very parameters of one diagnosis's adapters, for what is trained alone.

    Parameters
    ----------
    model : AdaptedModel
    label : int
    """

    def __init__(self, model: AdaptedModel, label: int) -> None:
        super().__init__()
        name = adapter_name(label)
        own = {path: value for path, value in model.named_parameters() if name in path.split(".")}
        self.weights = nn.ParameterDict({path.replace(".", "/"): value for path, value in own.items()})


def use_adapter(parts: StableDiffusionParts, label: int) -> None:
    """Let the adapters of one diagnosis be in effect, in U-Net and text encoder."""
    activate(parts.unet, adapter_name(label))
    activate(parts.text_encoder, adapter_name(label))
