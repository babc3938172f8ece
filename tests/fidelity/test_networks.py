"""Networks give the numbers of their peers, from given weights, and say what they are."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.extractors import inception
from ccmeval.fidelity.extractors.inception import InceptionExtractor
from ccmeval.fidelity.extractors.loading import load_extractor
from ccmeval.fidelity.extractors.timm_models import ClipExtractor, DinoExtractor, TimmExtractor
from ccmeval.fidelity.extractors.torchvision_nets import AlexNetExtractor, SqueezeNetExtractor
from ccmeval.plugins import FeatureExtractor, WeightSource, available

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")
timm = pytest.importorskip("timm")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def prepared(extractor, path: Path) -> tuple[FeatureExtractor, str]:
    return extractor, extractor.prepare(WeightSource({extractor.name: str(path)}))


def as_frames(levels: np.ndarray) -> list[np.ndarray]:
    return list(levels.astype(np.float32) / np.float32(levels.max() if levels.max() > 255 else 255))


def test_inception_equals_torch_fidelity(inception_file, levels) -> None:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    theirs = FeatureExtractorInceptionV3("peer", ["2048"], feature_extractor_weights_path=str(inception_file))
    pictures = torch.from_numpy(levels)[:, None].expand(-1, 3, -1, -1)
    expected = theirs(pictures)[0].numpy()
    extractor, identity = prepared(InceptionExtractor(), inception_file)
    found = extractor.extract(as_frames(levels), [1.0] * 5)
    assert found.shape == (5, 2048)
    assert found.dtype == np.float32
    assert expected.std(axis=0).mean() > 0.01  # the random network does tell frames apart
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert extractor.label == "FD-inception (unofficial weights)"
    assert extractor.weights_sha256 in identity
    np.testing.assert_array_equal(extractor.extract(as_frames(levels), [1.0] * 5), found)


def test_inception_takes_16_bits_and_sizes_the_same_way(inception_file, levels) -> None:
    extractor, _ = prepared(InceptionExtractor(), inception_file)
    narrow = as_frames(levels[:1])[0]
    wide = (levels[0].astype(np.uint16) * 257).astype(np.float32) / np.float32(65535)
    smaller = narrow[:80, :64]
    mixed = extractor.extract([narrow, smaller, wide], [1.0, 0.5, 2.0])
    np.testing.assert_array_equal(mixed[0], mixed[2])
    alone = extractor.extract([smaller], [1.0])[0]
    np.testing.assert_allclose(mixed[1], alone, atol=1e-5 * np.abs(alone).max())


def test_only_official_weights_in_full_precision_are_called_fid(inception_file, monkeypatch) -> None:
    from dataclasses import replace

    digest = prepared(InceptionExtractor(), inception_file)[0].weights_sha256
    monkeypatch.setattr(inception, "WEIGHTS", replace(inception.WEIGHTS, sha256=digest))
    assert prepared(InceptionExtractor(), inception_file)[0].label == "FID"
    fast, identity = prepared(InceptionExtractor(autocast=True), inception_file)
    assert fast.label == "FD-inception (bfloat16)"
    assert identity != prepared(InceptionExtractor(), inception_file)[1]


def test_autocast_drifts_little(inception_file, levels) -> None:
    exact, _ = prepared(InceptionExtractor(), inception_file)
    fast, _ = prepared(InceptionExtractor(autocast=True), inception_file)
    expected, found = (it.extract(as_frames(levels[:2]), [1.0] * 2) for it in (exact, fast))
    drift = np.abs(found - expected).max() / np.abs(expected).max()
    assert 1e-6 < drift < 0.05


@pytest.mark.parametrize(
    ("extractor", "architecture", "tail"),
    [(AlexNetExtractor, "alexnet", 256), (SqueezeNetExtractor, "squeezenet1_1", 512)],
)
@pytest.mark.parametrize("whole", [True, False], ids=["checkpoint", "features only"])
def test_torchvision_networks(extractor, architecture, tail, whole, tmp_path, levels) -> None:
    torch.manual_seed(0)
    network = getattr(torchvision.models, architecture)(weights=None).eval()
    state = network.state_dict()
    kept = {name: value for name, value in state.items() if whole or name.startswith("features.")}
    torch.save(kept, tmp_path / "w.pth")
    mine, _ = prepared(extractor(), tmp_path / "w.pth")
    found = mine.extract(as_frames(levels), [1.0] * 5)
    frames = torch.from_numpy(np.stack(as_frames(levels)))[:, None].expand(-1, 3, -1, -1)
    resized = torchvision.transforms.functional.resize(frames, [224, 224], antialias=True)
    normal = torchvision.transforms.functional.normalize(
        resized, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    with torch.no_grad():
        expected = network.features(normal).mean(dim=(2, 3)).numpy()
    assert found.shape == (5, tail)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("model", ["test_vit.r160_in1k", "test_resnet.r160_in1k"])
def test_any_timm_model(model, tmp_path, levels) -> None:
    torch.manual_seed(0)
    network = timm.create_model(model, pretrained=False).eval()
    from safetensors.torch import save_file

    save_file(network.state_dict(), tmp_path / "w.safetensors")
    extractor, identity = prepared(load_extractor(f"timm:{model}"), tmp_path / "w.safetensors")
    bicubic = "160 x 160 px, bicubic" in extractor.resizer
    assert bicubic == ("vit" in model)
    assert timm.__version__ in identity
    found = extractor.extract(as_frames(levels), [1.0] * 5)
    modes = torchvision.transforms.InterpolationMode
    frames = torch.from_numpy(np.stack(as_frames(levels)))[:, None].expand(-1, 3, -1, -1)
    resized = torchvision.transforms.functional.resize(
        frames, [160, 160], getattr(modes, "BICUBIC" if bicubic else "BILINEAR"), antialias=True
    ).clamp(0, 1)
    settings = timm.data.resolve_model_data_config(network)
    normal = torchvision.transforms.functional.normalize(resized, settings["mean"], settings["std"])
    network.reset_classifier(0)
    with torch.no_grad():
        expected = network(normal).numpy()
    assert found.shape[1] == extractor.dimension == expected.shape[1]
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_clip_keeps_its_projection_at_unit_length(tmp_path, levels) -> None:
    class Tiny(ClipExtractor):
        def __init__(self) -> None:
            super().__init__()
            self.model = "test_vit.r160_in1k"

    torch.save(timm.create_model("test_vit", pretrained=False).state_dict(), tmp_path / "w.pth")
    extractor, _ = prepared(Tiny(), tmp_path / "w.pth")
    found = extractor.extract(as_frames(levels), [1.0] * 5)
    assert found.shape == (5, 1000)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-5)


def test_dinov2_and_clip_are_the_published_models() -> None:
    for extractor, hub in (
        (DinoExtractor(), "timm/vit_large_patch14_dinov2.lvd142m"),
        (ClipExtractor(), "timm/vit_large_patch14_clip_336.openai"),
    ):
        assert timm.is_model(extractor.model)
        with pytest.raises(UnavailableError, match=f"from huggingface.co/{hub}"):
            extractor.prepare(WeightSource())


def test_weights_of_another_network_are_refused(tmp_path, levels) -> None:
    network = torchvision.models.squeezenet1_1(weights=None)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    for extractor in (AlexNetExtractor(), InceptionExtractor(), TimmExtractor("test_resnet.r160_in1k")):
        mine, _ = prepared(extractor, tmp_path / "w.pth")
        with pytest.raises(UnavailableError, match="give weights of its architecture"):
            mine.extract(as_frames(levels[:1]), [1.0])


def test_names_that_do_not_exist() -> None:
    with pytest.raises(UnavailableError, match="timm has no"):
        load_extractor("timm:no_such_model").prepare(WeightSource())
    with pytest.raises(UnavailableError, match="after the colon"):
        load_extractor("timm:")
    with pytest.raises(UnavailableError, match="is called 'magic'"):
        load_extractor("magic")


def test_extract_before_prepare_is_a_mistake(levels) -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        AlexNetExtractor().extract(as_frames(levels[:1]), [1.0])


def test_all_plugins_keep_the_contract() -> None:
    listed = available("ccmeval.features")
    if not listed:
        pytest.skip("installed without the entry points of this version")
    for name in ("alexnet", "clip", "dinov2", "inception", "morphometric", "radiomic", "squeezenet"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            extractor = listed[name].load()
        assert isinstance(extractor, FeatureExtractor)
        assert extractor.name == name
