"""U-Net with a ResNet encoder: the segmenter that is no transformer."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weights import OfficialWeights
from ccmeval_downstream.initial_weights import IMAGENET_MEAN, IMAGENET_STD, ImageNetLearner
from ccmeval_downstream.settings import NetworkSettings

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from ccmeval.utility.learning import Task, TrainingJob

RESNET18 = OfficialWeights(
    key="unet",
    what="The ImageNet weights of U-Net's ResNet-18",
    file_name="resnet18-f37072fd.pth",
    url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
    sha256="f37072fd",
    megabytes=45,
    licence="BSD-3-Clause",
)

_FULL_DEPTH = 5
_HEADS = ("fc.", "classifier.", "head.")


class UnetSettings(NetworkSettings):
    """How the segmenter is built and trained."""

    architecture: Literal["unet", "fpn"] = Field(
        default="unet", description="U-Net, or a feature pyramid network."
    )
    encoder: str = Field(
        default="resnet18",
        description="Encoder of segmentation-models-pytorch; tu-NAME is any of timm that gives a pyramid.",
    )
    depth: int = Field(default=5, ge=3, le=5, description="Times that the encoder halves the frame.")
    decoder_channels: tuple[int, ...] = Field(
        default=(256, 128, 64, 32, 16),
        min_length=1,
        description="U-Net: channels of the decoder from the coarsest on, as many as `depth`. FPN: the first"
        " is that of the pyramid.",
    )
    pretrained: bool = Field(
        default=True, description="Begin with the encoder weights that --weights gives or --download allows."
    )


class UnetLearner(ImageNetLearner):
    """U-Net (or FPN) that gives the probability of nerve at every pixel.

    The encoder begins with ImageNet's weights if given (a checkpoint of the classifier, whose head is left
    out), else with random ones; the decoder always with random ones. The grey frame is repeated in three
    channels and normalised as ImageNet's pictures are.

    References
    ----------
    Ronneberger, Fischer, Brox, U-Net, MICCAI 2015. Lin et al., Feature pyramid networks, CVPR 2017.
    Iakubovskii, segmentation-models-pytorch, 2019, whose networks these are.

    Examples
    --------
    >>> UnetLearner().tasks, UnetLearner().settings_model().encoder
    (('segmentation',), 'resnet18')
    """

    name = "unet"
    tasks: tuple[Task, ...] = ("segmentation",)
    settings_model: type[BaseModel] = UnetSettings
    official = RESNET18
    official_network = "resnet18"
    libraries = ("segmentation_models_pytorch", "timm")

    def build(self, job: TrainingJob, settings: NetworkSettings) -> nn.Module:
        """Make the network: (B, 1, H, W) to logits (B, 1, H, W), of any height and width.

        Raises
        ------
        UnavailableError
            If the encoder is unknown or gives no pyramid, or the weights do not fit.
        """
        from ccmeval_downstream.grey import GreyRepeated, PaddedToStride

        assert isinstance(settings, UnetSettings)
        state = self.initial_state(settings.encoder, settings.pretrained)
        network = _segmenter(settings, job.size_px)
        if state is not None:
            _load_encoder(network.encoder, state, self._found.path if self._found else None)
        grey = GreyRepeated(network, IMAGENET_MEAN, IMAGENET_STD)
        whole = PaddedToStride(grey, int(network.encoder.output_stride))
        _try_once(whole, job.size_px, settings)
        return whole


def _try_once(network: nn.Module, size_px: int, settings: UnetSettings) -> None:
    """See that a frame goes through: some encoders of timm only tell then that they cannot."""
    import torch

    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 1, size_px, size_px))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise _cannot_serve(settings, size_px, error) from error
    network.train()


def _cannot_serve(settings: UnetSettings, size_px: int, error: Exception) -> UnavailableError:
    return UnavailableError(
        f"The encoder {settings.encoder!r} cannot serve in {settings.architecture} at depth {settings.depth}"
        f" on {size_px} px ({type(error).__name__}: {error}); choose another, such as resnet18."
    )


def _load_encoder(encoder: Any, state: dict[str, Any], path: Path | None) -> None:
    """Put a classifier's weights, without its head, into an encoder."""
    from torch import nn

    from ccmeval.fidelity.extractors.network import load_exactly

    body = {name: value for name, value in state.items() if not name.startswith(_HEADS)}
    inside = getattr(encoder, "model", encoder)
    # Encoders of segmentation-models-pytorch have a loading of their own, which tells nothing of the names.
    plain = SimpleNamespace(load_state_dict=partial(nn.Module.load_state_dict, inside))
    load_exactly(plain, body, path)


def _segmenter(settings: UnetSettings, size_px: int) -> Any:
    import segmentation_models_pytorch as smp

    if settings.depth < _FULL_DEPTH and not settings.encoder.startswith("tu-"):
        raise UnavailableError(
            f"The encoder {settings.encoder!r} keeps stages that a depth of {settings.depth} leaves unused;"
            f" take tu-{settings.encoder}."
        )
    common = {
        "encoder_name": settings.encoder,
        "encoder_depth": settings.depth,
        "encoder_weights": None,
        "in_channels": 3,
        "classes": 1,
    }
    try:
        if settings.architecture == "unet":
            return smp.Unet(**common, decoder_channels=_unet_channels(settings))
        return smp.FPN(**common, **_pyramid(settings))
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise _cannot_serve(settings, size_px, error) from error


def _pyramid(settings: UnetSettings) -> dict[str, int]:
    """Choose FPN's widths; its normalisation wants multiples of 32, its finest map depends on the depth."""
    widest = settings.decoder_channels[0]
    return {
        "decoder_pyramid_channels": widest,
        "decoder_segmentation_channels": 32 * max(1, widest // 64),
        "upsampling": 2 ** (settings.depth - 3),
    }


def _unet_channels(settings: UnetSettings) -> tuple[int, ...]:
    if len(settings.decoder_channels) < settings.depth:
        raise UnavailableError(
            f"U-Net of depth {settings.depth} needs as many decoder_channels, not"
            f" {len(settings.decoder_channels)}."
        )
    return settings.decoder_channels[: settings.depth]
