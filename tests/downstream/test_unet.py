"""U-Net and FPN: any size of frame, and an encoder that begins with given weights."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_learner
from ccmeval_downstream.unet import UnetLearner, UnetSettings

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")
smp = pytest.importorskip("segmentation_models_pytorch")
pytest.importorskip("lightning")

TINY = {"encoder": "tu-test_resnet", "depth": 3, "decoder_channels": [16, 8, 8]}
JOB = SimpleNamespace(classes=(), size_px=32)


@pytest.mark.parametrize("architecture", ["unet", "fpn"])
def test_keeps_the_contract(architecture: str) -> None:
    check_learner("unet", settings={**TINY, "architecture": architecture})


@pytest.mark.parametrize("architecture", ["unet", "fpn"])
@pytest.mark.parametrize("depth", [3, 4, 5])
def test_frames_of_any_size(architecture: str, depth: int) -> None:
    settings = UnetSettings(
        architecture=architecture,
        encoder="tu-test_resnet",
        depth=depth,
        decoder_channels=(16, 8, 8, 8, 8),
    )
    network = UnetLearner().build(SimpleNamespace(classes=(), size_px=64), settings).eval()
    assert network.stride == 2**depth
    with torch.no_grad():
        for height, width in ((64, 64), (50, 47), (33, 70)):
            assert network(torch.rand(1, 1, height, width)).shape == (1, 1, height, width)


def test_multiples_of_the_stride_go_through_unchanged() -> None:
    """Equal to segmentation-models-pytorch's own network on the repeated, normalised frame."""
    network = UnetLearner().build(JOB, UnetSettings(**TINY)).eval()
    frames = torch.rand(2, 1, 32, 32)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    with torch.no_grad():
        expected = network.network.network((frames.repeat(1, 3, 1, 1) - mean) / std)
        torch.testing.assert_close(network(frames), expected)


@pytest.mark.parametrize("encoder", ["resnet18", "tu-resnet18"])
def test_encoder_begins_with_the_given_weights(encoder: str, tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision")
    peer = torchvision.models.resnet18(weights=None)
    torch.save(peer.state_dict(), tmp_path / "resnet18.pth")
    learner = UnetLearner()
    identity = learner.prepare(WeightSource({"unet": str(tmp_path / "resnet18.pth")}))
    assert "initial weights" in identity
    assert "no initial weights" not in identity
    network = learner.build(JOB, UnetSettings(encoder=encoder))
    found = network.network.network.encoder
    found = getattr(found, "model", found)
    for name, value in peer.state_dict().items():
        if not name.startswith("fc."):
            torch.testing.assert_close(found.state_dict()[name], value)
    assert network.training
    with pytest.raises(UnavailableError, match="give weights of its architecture"):
        learner.build(JOB, UnetSettings(**TINY))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"encoder": "nonsense"}, "'nonsense' cannot serve in unet"),
        ({"encoder": "tu-nonsense"}, "'tu-nonsense' cannot serve in unet"),
        (
            {"encoder": "tu-convnext_atto", "depth": 4, "architecture": "fpn"},
            "cannot serve in fpn at depth 4",
        ),
        ({"architecture": "fpn", "decoder_channels": (32,)}, "at depth 5 on 32 px"),
        ({"depth": 4}, "take tu-resnet18"),
        ({"encoder": "tu-test_resnet", "decoder_channels": (8, 8)}, "needs as many decoder_channels, not 2"),
    ],
)
def test_what_cannot_be_built_is_refused(settings: dict, reason: str) -> None:
    with pytest.raises(UnavailableError, match=reason):
        UnetLearner().build(JOB, UnetSettings(**settings))


def test_learns() -> None:
    check_learner("unet", settings={**TINY, "learning_rate": 3e-3}, steps=60, must_learn=True)
