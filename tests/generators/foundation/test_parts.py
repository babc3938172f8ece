"""Parts of a base model: fingerprint, memory told beforehand, and loading one by one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
weights = pytest.importorskip("ccmeval_generators.foundation.weights")

from ccmeval_generators.foundation.weights import loading, memory  # noqa: E402

KINDS = {"sd15": "SD15", "sd21": "SD21", "qwen": "QWEN_EDIT", "qwen-plus": "QWEN_EDIT", "clip": "CLIP_IMAGE"}


def found(folder: Path, name: str = "sd15") -> object:
    return weights.find_base(getattr(weights, KINDS[name]), str(folder), WeightSource())


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_part_loads_and_its_memory_was_told(tiny_folder: Path, name: str) -> None:
    base = found(tiny_folder / name, name)
    for part, kind in base.kind.parts.items():
        if not kind.has_weights:
            assert type(weights.load_plain(base, part)).__name__ == kind.loaded_as
            continue
        network = weights.load_network(base, part, torch.float32)
        values = list(network.parameters())
        assert type(network).__name__ == kind.loaded_as
        assert not network.training
        assert not any(value.requires_grad for value in values)
        n_bytes = sum(value.numel() * 4 for value in values)
        assert weights.weights_memory_bytes(base, part, "float32") == n_bytes
        assert weights.weights_memory_bytes(base, part, "bfloat16") == n_bytes / 2
        assert weights.n_parameters(base, part) == n_bytes / 4


def test_weights_are_those_that_were_saved(tiny_folder: Path) -> None:
    from safetensors.torch import load_file

    base = found(tiny_folder / "sd15")
    saved = load_file(base.weight_paths("unet")[0])
    loaded = weights.load_network(base, "unet", torch.float32).state_dict()
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    half = weights.load_network(base, "unet", torch.bfloat16)
    assert {value.dtype for value in half.parameters()} == {torch.bfloat16}


def test_scheduler_may_be_read_as_another(tiny_folder: Path) -> None:
    scheduler = weights.load_plain(found(tiny_folder / "sd21"), "scheduler", "DDPMScheduler")
    assert type(scheduler).__name__ == "DDPMScheduler"
    assert scheduler.config.prediction_type == "v_prediction"


def test_fingerprint_is_of_the_content(tiny_folder: Path, tmp_path: Path) -> None:
    first = weights.fingerprint(found(tiny_folder / "sd15"))
    copy = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "elsewhere"))
    config = copy / "unet" / "config.json"
    told = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**told, "_diffusers_version": "0.1"}, indent=7), encoding="utf-8")
    assert weights.fingerprint(found(copy)) == first
    assert len(bytes.fromhex(first)) == 32
    config.write_text(json.dumps({**told, "norm_eps": 0.5}), encoding="utf-8")
    assert weights.fingerprint(found(copy)) != first


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_fingerprint_sees_one_bit_of_a_part(tiny_folder: Path, tmp_path: Path, part: str) -> None:
    copy = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "copy"))
    base = found(copy)
    whole, others = weights.fingerprint(base), [name for name in base.parts if name != part]
    rest = weights.fingerprint(base, others)
    path = base.weight_paths(part)[0]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert weights.fingerprint(base) != whole
    assert weights.fingerprint(base, others) == rest
    assert weights.fingerprint(base, list(reversed(others))) == rest


def test_too_little_memory_is_told_before_loading(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = found(tiny_folder / "sd15")
    monkeypatch.setattr(memory, "free_memory_bytes", lambda device: 400_000)
    monkeypatch.setattr(loading, "_class_of", lambda *names: pytest.fail("it was loaded"))
    with pytest.raises(UnavailableError, match=r"The unet of Stable Diffusion 1\.5 needs about"):
        weights.load_network(base, "unet", torch.bfloat16)


def test_memory_that_is_free_is_plausible() -> None:
    assert 2**20 < weights.free_memory_bytes() < 2**50


def test_lacking_tensors_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    base = found(Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "gaps")))
    path = base.weight_paths("unet")[0]
    state = load_file(path)
    state.pop("conv_in.weight")
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(UnavailableError, match=r"lack 1 of the model's tensors, such as conv_in\.weight"):
        weights.load_network(base, "unet", torch.float32)
    text = base.weight_paths("text_encoder")[0]
    state = load_file(text)
    state.pop(sorted(state)[0])
    save_file(state, text, metadata={"format": "pt"})
    with pytest.raises(UnavailableError, match="lack 1 of the model's tensors"):
        weights.load_network(base, "text_encoder", torch.float32)


def test_tensors_of_another_shape_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "other"))
    config = copy / "unet" / "config.json"
    told = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**told, "in_channels": 9}), encoding="utf-8")
    with pytest.raises(UnavailableError):
        weights.load_network(found(copy), "unet", torch.float32)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_nf4_needs_a_gpu(tiny_folder: Path) -> None:
    with pytest.raises(UnavailableError, match="NF4 weights need a CUDA GPU"):
        weights.load_network(found(tiny_folder / "qwen", "qwen"), "transformer", torch.bfloat16, nf4=True)


def test_nf4_is_asked_of_the_library(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs a GPU to be done is at least asked for as it should be."""
    asked: dict[str, object] = {}

    class Class:
        @staticmethod
        def from_pretrained(folder: str, **options: object) -> tuple[object, dict[str, object]]:
            asked.update(options, folder=folder)
            return torch.nn.Linear(2, 2), {"missing_keys": []}

    devices = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(loading, "find_spec", lambda name: name == "bitsandbytes")
    monkeypatch.setattr(memory, "free_memory_bytes", lambda device: devices.append(device) or 10**9)
    monkeypatch.setattr(loading, "_nf4_config", lambda base, part, dtype: ("nf4", dtype))
    monkeypatch.setattr(loading, "_class_of", lambda base, part: Class)
    base = found(tiny_folder / "qwen", "qwen")
    network = weights.load_network(base, "transformer", torch.bfloat16, nf4=True)
    assert not any(value.requires_grad for value in network.parameters())
    assert asked["quantization_config"] == ("nf4", torch.bfloat16)
    assert asked["device_map"] == "cuda"
    assert asked["use_safetensors"] is True
    assert asked["local_files_only"] is True
    assert asked["folder"] == str(tiny_folder / "qwen" / "transformer")
    assert devices == ["cuda"]


def test_nf4_memory_by_hand(tmp_path: Path) -> None:
    """A matrix has half a byte a value and a float32 for 64 of them; all else is bfloat16."""
    from safetensors.torch import save_file

    tensors = {"a.weight": torch.zeros(64, 8), "a.bias": torch.zeros(64), "embed.weight": torch.zeros(8, 4)}
    (tmp_path / "model_index.json").write_text('{"_class_name": "QwenImageEditPipeline"}', encoding="utf-8")
    folder = tmp_path / "transformer"
    folder.mkdir()
    config = '{"_class_name": "QwenImageTransformer2DModel"}'
    (folder / "config.json").write_text(config, encoding="utf-8")
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors")
    base = weights.find_base(weights.QWEN_EDIT, str(tmp_path), WeightSource(), ("transformer",))
    told = weights.weights_memory_bytes(base, "transformer", "nf4")
    assert told == 512 // 2 + 4 * 512 // 64 + 2 * 64 + 2 * 32


def test_nothing_is_said_while_loading(tiny_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    base = found(tiny_folder / "sd15")
    weights.load_network(base, "text_encoder", torch.float32)
    weights.load_network(base, "unet", torch.float32)
    assert "".join(capfd.readouterr()) == ""


def test_image_encoder_of_a_whole_clip(tmp_path: Path) -> None:
    """CLIP's own repositories hold both halves in one file."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**small, "vocab_size": 20, "bos_token_id": 1, "eos_token_id": 2, "projection_dim": 24}
    vision = {**small, "image_size": 32, "patch_size": 8, "projection_dim": 24}
    whole = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)).eval()
    whole.save_pretrained(tmp_path)
    CLIPImageProcessor().save_pretrained(tmp_path)
    encoder = weights.load_network(found(tmp_path, "clip"), "image_encoder", torch.float32)
    frames = torch.rand((2, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        told, wanted = encoder(frames).image_embeds, whole.vision_model(frames).pooler_output
        torch.testing.assert_close(told, whole.visual_projection(wanted))


def test_old_names_of_attention_are_understood(tiny_folder: Path, tmp_path: Path) -> None:
    """Stable Diffusion's published autoencoders name their attention as diffusers once did."""
    from safetensors.torch import load_file, save_file

    base = found(Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "old")))
    path = base.weight_paths("vae")[0]
    state = load_file(path)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def renamed(name: str) -> str:
        for new, before in old.items():
            name = name.replace(new, before) if "attentions" in name else name
        return name

    save_file({renamed(name): value for name, value in state.items()}, path, metadata={"format": "pt"})
    loaded = weights.load_network(base, "vae", torch.float32).state_dict()
    assert all(torch.equal(state[name], loaded[name]) for name in state)
