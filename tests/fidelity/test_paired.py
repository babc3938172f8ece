"""PSNR, SSIM and MS-SSIM against scikit-image, torchmetrics and answers by hand; LPIPS against its peer."""

import math
from itertools import pairwise

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.lpips import Lpips
from ccmeval.fidelity.paired import UnequalFramesError, ms_ssim, psnr, ssim
from ccmeval.plugins import WeightSource


def pair(height: int, width: int, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(height)
    real = np.kron(rng.random((height // 8 + 1, width // 8 + 1)), np.ones((8, 8)))[:height, :width]
    synth = (real + rng.normal(0, noise, real.shape)).clip(0, 1)
    return real.astype(np.float32), synth.astype(np.float32)


def test_psnr_equals_scikit_image() -> None:
    from skimage.metrics import peak_signal_noise_ratio

    real, synth = pair(40, 30)
    assert psnr(real, synth) == pytest.approx(peak_signal_noise_ratio(real, synth, data_range=1.0), rel=1e-6)
    assert psnr(real, real) == math.inf


def test_ssim_equals_scikit_image() -> None:
    from skimage.metrics import structural_similarity

    real, synth = pair(64, 50)
    expected = structural_similarity(
        real.astype(float),
        synth.astype(float),
        gaussian_weights=True,
        use_sample_covariance=False,
        data_range=1.0,
    )
    assert ssim(real, synth) == expected
    assert ssim(real, real) == 1.0
    assert math.isnan(ssim(real[:10], synth[:10]))


@pytest.mark.parametrize("noise", [0.02, 0.2])
def test_ms_ssim_equals_its_peers(noise) -> None:
    """Structure by torchmetrics at each scale, the whole of the coarsest scale by scikit-image."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchmetrics")
    from skimage.metrics import structural_similarity
    from torchmetrics.functional.image.ssim import _multiscale_ssim_update, _ssim_update

    real, synth = pair(176, 192, noise)
    tensors = scaled = [torch.from_numpy(it).double()[None, None] for it in (real, synth)]
    expected = 1.0
    for weight in (0.0448, 0.2856, 0.3001, 0.2363):
        structure = _ssim_update(*scaled, data_range=1.0, return_contrast_sensitivity=True)[1]
        expected *= float(structure) ** weight
        scaled = [torch.nn.functional.avg_pool2d(it, 2) for it in scaled]
    options = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 1.0}
    expected *= structural_similarity(*(it[0, 0].numpy() for it in scaled), **options) ** 0.1333
    assert ms_ssim(real, synth) == pytest.approx(expected, rel=1e-9)
    # torchmetrics averages the coarsest luminance over windows that reach beyond the frame, too.
    theirs = float(_multiscale_ssim_update(*tensors, data_range=1.0))
    assert ms_ssim(real, synth) == pytest.approx(theirs, abs=5e-4)


def test_ms_ssim_where_it_has_no_room_or_meaning() -> None:
    real, synth = pair(161, 161)
    assert 0 < ms_ssim(real, synth) < 1
    assert math.isnan(ms_ssim(real[:160], synth[:160]))
    assert ms_ssim(real, 1 - real) == 0.0


def test_flat_frames_differ_in_luminance_alone() -> None:
    """Wang's formula by hand: structure is 1, luminance (2ab + c) / (a^2 + b^2 + c)."""
    luminance = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    flat = [np.full((176, 176), level) for level in (0.2, 0.6)]
    assert ms_ssim(*flat) == pytest.approx(luminance**0.1333)
    assert ssim(*flat) == pytest.approx(luminance)


@pytest.mark.parametrize("score", [psnr, ssim, ms_ssim])
def test_unequal_shapes_are_refused(score) -> None:
    with pytest.raises(UnequalFramesError, match="same field of view"):
        score(np.zeros((20, 20)), np.zeros((20, 21)))


@pytest.fixture
def given(shared_weights) -> WeightSource:
    files = {"alexnet": "alexnet", "squeezenet": "squeezenet1_1"}
    return WeightSource(
        {key: str(shared_weights / f"{name}_features_from_torchvision.pth") for key, name in files.items()}
    )


def uniform_pictures():
    import torch

    generator = torch.Generator().manual_seed(42)
    return [torch.rand(2, 3, 100, 100, generator=generator) * 2 - 1 for _ in range(2)]


def test_lpips_reproduces_torchmetrics_doctest(given) -> None:
    found = Lpips("squeeze", given).compare(*uniform_pictures())
    assert found.round(4).tolist() == [0.1024, 0.0938]


@pytest.mark.parametrize(
    ("backbone", "key", "cuts"),
    [
        ("alex", "alexnet", (0, 2, 5, 8, 10, 12)),
        ("squeeze", "squeezenet", (0, 2, 5, 8, 10, 11, 12, 13)),
    ],
)
def test_lpips_equals_torchmetrics(backbone, key, cuts, tmp_path) -> None:
    """With one random backbone given to both."""
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    pytest.importorskip("torchmetrics")
    from torchmetrics.functional.image.lpips import _LPIPS

    torch.manual_seed(1)
    network = getattr(torchvision.models, "alexnet" if backbone == "alex" else "squeezenet1_1")(weights=None)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    theirs = _LPIPS(pretrained=True, net=backbone, pnet_rand=True)
    prefix = "slice{}.{}" if backbone == "alex" else "slices.{}.{}"
    for slice_, (start, stop) in enumerate(pairwise(cuts)):
        for layer in range(start, stop):
            place = prefix.format(slice_ + 1 if backbone == "alex" else slice_, layer)
            theirs.net.get_submodule(place).load_state_dict(network.features[layer].state_dict())
    mine = Lpips(backbone, WeightSource({key: str(tmp_path / "w.pth")}))
    pictures = uniform_pictures()
    with torch.no_grad():
        expected = theirs(*pictures).flatten().numpy()
    np.testing.assert_allclose(mine.compare(*pictures), expected, rtol=1e-5)
    real, synth = pair(64, 80)
    assert mine.score(real, real) == 0.0
    assert mine.score(real, synth) == mine.score(synth, real) > 0.0
    assert math.isnan(mine.score(real[:20], synth[:20]))
    with pytest.raises(UnequalFramesError):
        mine.score(real, synth[:-1])


def test_lpips_without_weights_names_the_cure() -> None:
    pytest.importorskip("torch")
    with pytest.raises(
        UnavailableError, match="SqueezeNet's weights are not here; give --weights squeezenet="
    ):
        Lpips("squeeze", WeightSource())
