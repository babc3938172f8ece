"""ResNet-50 for diagnosis: one of the two judges of the cytomorphology study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weights import OfficialWeights
from ccmeval_downstream.initial_weights import IMAGENET_MEAN, IMAGENET_STD, ImageNetLearner
from ccmeval_downstream.settings import NetworkSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.utility.learning import Task, TrainingJob

RESNET50 = OfficialWeights(
    key="resnet50",
    what="ResNet-50's ImageNet weights",
    file_name="resnet50-11ad3fa6.pth",
    url="https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    sha256="11ad3fa6",
    megabytes=98,
    licence="BSD-3-Clause",
)

_CHANNELS = (64, 128, 256, 512)


class ResNetSettings(NetworkSettings):
    """How a ResNet is trained."""

    learning_rate: float = Field(default=3e-4, gt=0.0, le=1.0, description="At its highest.")
    architecture: str = Field(default="resnet50", description="Any ResNet of timm, such as resnet18.")
    width: float = Field(
        default=1.0, gt=0.0, le=4.0, description="Channels of the stages, as a multiple of the usual number."
    )
    pretrained: bool = Field(
        default=True, description="Begin with the weights that --weights gives or --download allows."
    )


class ResNet50Learner(ImageNetLearner):
    """ResNet-50 that tells diagnoses, from ImageNet's weights if given, else from random ones.

    The grey frame is repeated in the three channels and normalised as ImageNet's pictures are. Weights may
    be torchvision's or timm's, whose names agree; their classifier is left out.

    References
    ----------
    He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR 2016.

    Examples
    --------
    >>> ResNet50Learner().settings_model().architecture
    'resnet50'
    """

    name = "resnet50"
    tasks: tuple[Task, ...] = ("diagnosis",)
    settings_model: type[BaseModel] = ResNetSettings
    official = RESNET50
    official_network = "resnet50"
    libraries = ("timm",)

    def build(self, job: TrainingJob, settings: NetworkSettings) -> nn.Module:
        """Make the network: (B, 1, S, S) to logits (B, C).

        Raises
        ------
        UnavailableError
            If timm has no such ResNet, or the weights do not fit.
        """
        from ccmeval.fidelity.extractors.network import load_exactly
        from ccmeval_downstream.grey import GreyRepeated

        assert isinstance(settings, ResNetSettings)
        state = self.initial_state(settings.architecture, settings.pretrained)
        network = _resnet(settings, len(job.classes))
        if state is not None:
            own_head = {k: v for k, v in network.state_dict().items() if k.startswith("fc.")}
            body = {name: value for name, value in state.items() if not name.startswith("fc.")}
            load_exactly(network, {**body, **own_head}, self._found.path if self._found else None)
        return GreyRepeated(network, IMAGENET_MEAN, IMAGENET_STD)


def _resnet(settings: ResNetSettings, n_classes: int) -> Any:
    import timm
    from timm.models.resnet import ResNet

    known = timm.list_models(module="resnet")
    if settings.architecture not in known:
        raise UnavailableError(
            f"timm has no ResNet named {settings.architecture!r};"
            " timm.list_models(module='resnet') lists them."
        )
    wide = {"channels": tuple(max(1, round(c * settings.width)) for c in _CHANNELS)}
    network = timm.create_model(
        settings.architecture,
        pretrained=False,
        num_classes=n_classes,
        **(wide if settings.width != 1.0 else {}),
    )
    assert isinstance(network, ResNet)
    return network
