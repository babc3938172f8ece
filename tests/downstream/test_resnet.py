"""ResNet: the same numbers as torchvision's, honest about its beginning."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_learner, toy_job
from ccmeval_downstream.resnet import ResNet50Learner, ResNetSettings

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")
torchvision = pytest.importorskip("torchvision")
pytest.importorskip("lightning")

TINY = {"architecture": "resnet18", "width": 0.125}
JOB = SimpleNamespace(classes=("Control", "T1DPN"), size_px=32)


@pytest.fixture(scope="module")
def resnet18_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), path)
    return path


def test_keeps_the_contract() -> None:
    check_learner("resnet50", settings=TINY)


def test_features_are_those_of_torchvision(resnet18_file: Path) -> None:
    """Grey repeated and normalised as ImageNet's, through torchvision's own network, gives the same."""
    from torchvision.transforms.functional import normalize

    learner = ResNet50Learner()
    identity = learner.prepare(WeightSource({"resnet50": str(resnet18_file)}))
    network = learner.build(JOB, ResNetSettings(architecture="resnet18")).eval()
    peer = torchvision.models.resnet18(weights=None)
    peer.load_state_dict(torch.load(resnet18_file, weights_only=True))
    peer.fc = torch.nn.Identity()
    grey = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    coloured = normalize(grey.repeat(1, 3, 1, 1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = network.network.fc(peer.eval()(coloured))
        torch.testing.assert_close(network(grey), expected)
    assert expected.shape == (2, 2)
    assert "no initial weights" not in identity
    assert learner.licence == ""
    notes = learner.before_training(network, JOB, ResNetSettings())
    assert notes[0].startswith("Given weights at the start, sha256 ")


def test_from_scratch_says_so() -> None:
    learner = ResNet50Learner()
    assert learner.prepare(WeightSource()).endswith("no initial weights")
    network = learner.build(JOB, ResNetSettings(**TINY))
    assert sum(value.numel() for value in network.parameters()) < 300_000
    assert learner.before_training(network, JOB, ResNetSettings(**TINY)) == [
        "Trained from random weights: no --weights resnet50=FILE and no --download."
    ]


def test_whole_size_is_that_of_the_publication() -> None:
    """25 557 032 weights, less the classifier of 1000 diagnoses, and one of two."""
    network = ResNet50Learner().build(JOB, ResNetSettings())
    count = sum(value.numel() for value in network.parameters())
    assert count == 25_557_032 - 1000 * 2049 + 2 * 2049


def test_unfitting_weights_are_refused(resnet18_file: Path, tmp_path: Path) -> None:
    learner = ResNet50Learner()
    learner.prepare(WeightSource({"resnet50": str(resnet18_file)}))
    for settings in (ResNetSettings(), ResNetSettings(**TINY)):
        with pytest.raises(UnavailableError, match="give weights of its architecture"):
            learner.build(JOB, settings)
    unused = ResNetSettings(**TINY, pretrained=False)
    network = learner.build(JOB, unused)
    assert learner.before_training(network, JOB, unused) == [
        "Trained from random weights, as its settings say."
    ]
    with pytest.raises(UnavailableError, match="names no file"):
        learner.prepare(WeightSource({"resnet50": str(tmp_path / "absent.pth")}))


def test_fetched_weights_serve_only_their_own_network(resnet18_file: Path, monkeypatch) -> None:
    from ccmeval.fidelity.weights import FoundWeights

    learner = ResNet50Learner()
    learner._found = FoundWeights(resnet18_file, "11ad3fa6" + "0" * 56, True)
    with pytest.raises(UnavailableError, match="are of resnet50, not of resnet18"):
        learner.build(JOB, ResNetSettings(architecture="resnet18"))


def test_unknown_architecture() -> None:
    with pytest.raises(UnavailableError, match="no ResNet named 'vit_tiny_patch16_224'"):
        ResNet50Learner().build(JOB, ResNetSettings(architecture="vit_tiny_patch16_224"))


def test_learns(tmp_path: Path) -> None:
    settings = ResNetSettings(**TINY, learning_rate=3e-3).model_dump(mode="json")
    job = toy_job("diagnosis", tmp_path, steps=200, settings=settings)
    model = ResNet50Learner().fit(job)
    assert (model.predict(job.train).argmax(axis=1) == job.train.labels).mean() > 0.8
    assert model.record.n_parameters < 300_000
    assert model.record.notes[0].startswith("Trained from random weights")
