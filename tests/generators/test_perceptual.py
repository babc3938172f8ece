"""The perceptual loss: off in words without weights, and a distance with them."""

import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.perceptual import find_perceptual, load_perceptual  # noqa: E402


@pytest.fixture(autouse=True)
def empty_caches(monkeypatch, tmp_path):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture(scope="module")
def weight_file(tmp_path_factory):
    torch.manual_seed(0)
    state = torchvision.models.squeezenet1_1(weights=None).state_dict()
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pth"
    torch.save(state, path)
    return path


def test_without_weights_it_is_off_and_says_so():
    found, note = find_perceptual("vgg19", WeightSource())
    assert found is None
    assert note.startswith("The perceptual loss was off: VGG-19's weights for the perceptual loss are not")
    assert "--weights perceptual=" in note


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(UnavailableError, match="names no file"):
        find_perceptual("vgg19", WeightSource({"perceptual": str(tmp_path / "none.pth")}))


def test_weights_of_another_network_are_refused(weight_file):
    found, _ = find_perceptual("alexnet", WeightSource({"perceptual": str(weight_file)}))
    with pytest.raises(UnavailableError):
        load_perceptual("alexnet", found)


def test_it_is_a_distance_and_its_gradient_lessens_it(weight_file):
    found, note = find_perceptual("squeezenet", WeightSource({"perceptual": str(weight_file)}))
    assert found.sha256 in note
    loss = load_perceptual("squeezenet", found)
    draws = torch.Generator().manual_seed(1)
    real = torch.rand((1, 1, 64, 64), generator=draws) * 2 - 1
    made = (torch.rand((1, 1, 64, 64), generator=draws) * 2 - 1).requires_grad_()
    assert loss(real, real).item() == 0
    first = loss(made, real)
    first.backward()
    assert first > 0
    step = made.detach() - 1e-2 * made.grad / made.grad.norm()
    assert loss(step, real) < first
    assert not any(weight.requires_grad for weight in loss.parameters())


def test_activations_are_those_of_torchvision(weight_file):
    from ccmeval.fidelity.extractors.torchvision_nets import IMAGENET_MEAN, IMAGENET_STD

    found, _ = find_perceptual("squeezenet", WeightSource({"perceptual": str(weight_file)}))
    loss = load_perceptual("squeezenet", found)
    whole = torchvision.models.squeezenet1_1(weights=None)
    whole.load_state_dict(torch.load(weight_file, weights_only=True))
    caught = {}
    for tap in loss.taps:
        whole.features[tap].register_forward_hook(
            lambda _m, _i, out, tap=tap: caught.update({tap: out.clone()})
        )
    real, made = torch.rand(2, 1, 1, 64, 64) * 2 - 1
    both = []
    for frame in (made, real):
        colours = ((frame + 1) / 2).repeat(1, 3, 1, 1)
        with torch.no_grad():
            whole.eval().features(
                torchvision.transforms.functional.normalize(colours, IMAGENET_MEAN, IMAGENET_STD)
            )
        both.append(dict(caught))
    wanted = sum((both[0][tap] - both[1][tap]).abs().mean() / len(loss.taps) for tap in loss.taps)
    assert torch.isclose(loss(made, real), wanted, rtol=1e-5)
