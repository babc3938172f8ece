"""A base model in a local folder: found, refused, or named by an option."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource

weights = pytest.importorskip("ccmeval_generators.foundation.weights")
pytest.importorskip("torch")
pytest.importorskip("diffusers")

NOTHING = WeightSource()


def copied(tiny_folder: Path, name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder / name, tmp_path / name))


def refusal(kind: object, base: str, source: WeightSource = NOTHING, parts: object = None) -> str:
    with pytest.raises(UnavailableError) as caught:
        weights.find_base(kind, base, source, parts)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("kind", "name", "pipeline"),
    [
        ("SD15", "sd15", "StableDiffusionPipeline"),
        ("SD21", "sd21", "StableDiffusionPipeline"),
        ("QWEN_EDIT", "qwen", "QwenImageEditPipeline"),
        ("QWEN_EDIT", "qwen-plus", "QwenImageEditPlusPipeline"),
        ("CLIP_IMAGE", "clip", ""),
    ],
)
def test_local_folder_is_found(tiny_folder: Path, kind: str, name: str, pipeline: str) -> None:
    found = weights.find_base(getattr(weights, kind), str(tiny_folder / name), NOTHING)
    assert found.pipeline == pipeline
    assert found.folder == tiny_folder / name
    assert set(found.parts) == set(found.kind.parts)


def test_option_comes_before_variable_and_setting(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    option = WeightSource({"stable-diffusion-1.5": str(tiny_folder / "sd15")})
    monkeypatch.setenv("CCMEVAL_WEIGHTS_STABLE_DIFFUSION_1_5", str(tiny_folder / "sd21"))
    assert weights.find_base(weights.SD15, "no/such", option).folder == tiny_folder / "sd15"
    assert weights.find_base(weights.SD15, "no/such", NOTHING).folder == tiny_folder / "sd21"


def test_absent_folder_and_nothing_named_tell_both_ways(tmp_path: Path) -> None:
    said = refusal(weights.SD15, str(tmp_path / "absent"))
    assert "names no folder" in said
    assert "--weights stable-diffusion-1.5=FOLDER" in said
    assert "No base model was named" in refusal(weights.SD15, "")
    option = WeightSource({"stable-diffusion-1.5": "/no/such"})
    assert refusal(weights.SD15, "", option).startswith("--weights stable-diffusion-1.5=/no/such names")


def test_hub_name_without_download_tells_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    said = refusal(weights.QWEN_EDIT, "Qwen/Qwen-Image-Edit")
    assert "--weights qwen-image-edit=FOLDER" in said
    assert "--download" in said
    assert "57.7 GB" in said


def test_pipeline_of_another_class_is_named(tiny_folder: Path) -> None:
    said = refusal(weights.QWEN_EDIT, str(tiny_folder / "sd15"))
    assert "is a StableDiffusionPipeline, but Qwen-Image-Edit is a QwenImageEditPipeline or" in said
    assert "is a QwenImageEditPipeline, but" in refusal(weights.SD15, str(tiny_folder / "qwen"))


def test_folder_of_one_model_is_no_pipeline(tiny_folder: Path) -> None:
    assert "model_index.json is missing" in refusal(weights.SD15, str(tiny_folder / "clip"))


def test_part_of_another_class_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps({"_class_name": "ControlNetModel"}), encoding="utf-8")
    said = refusal(weights.SD15, str(folder))
    assert "holds a ControlNetModel, not a UNet2DConditionModel" in said
    assert weights.find_base(weights.SD15, str(folder), NOTHING, ("vae",)).parts == ("vae",)


def test_pickles_only_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    vae = folder / "vae"
    (vae / "diffusion_pytorch_model.safetensors").rename(vae / "diffusion_pytorch_model.bin")
    assert "pickles only" in refusal(weights.SD15, str(folder))


def test_variant_only_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    vae = folder / "vae"
    (vae / "diffusion_pytorch_model.safetensors").rename(vae / "diffusion_pytorch_model.fp16.safetensors")
    assert "only diffusion_pytorch_model.fp16.safetensors" in refusal(weights.SD15, str(folder))


def test_no_weights_and_no_part_are_told(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert "holds no weights" in refusal(weights.SD15, str(folder))
    shutil.rmtree(folder / "tokenizer")
    assert "lacks its part tokenizer" in refusal(weights.SD15, str(folder), parts=("tokenizer",))


def test_missing_file_of_several_is_told(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "qwen-plus", tmp_path)
    shard = sorted((folder / "transformer").glob("*-00002-of-*.safetensors"))[0]
    shard.unlink()
    said = refusal(weights.QWEN_EDIT, str(folder))
    assert "lacks 1 of" in said
    assert shard.name in said


def test_index_may_not_lead_out_of_its_folder(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "qwen-plus", tmp_path)
    index = folder / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../secret.safetensors"}}), encoding="utf-8")
    assert "no safetensors beside it" in refusal(weights.QWEN_EDIT, str(folder))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer"),
        (b"PK\x03\x04" + bytes(100), "pickle of another name"),
        (b"", "no whole safetensors file"),
        (bytes(50), "no whole safetensors file"),
    ],
)
def test_other_files_by_the_name_of_weights(
    tiny_folder: Path, tmp_path: Path, content: bytes, why: str
) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(content)
    assert why in refusal(weights.SD15, str(folder))


@pytest.mark.parametrize("kept", [4, 200, -7])
def test_cut_short_weights_are_found_before_loading(tiny_folder: Path, tmp_path: Path, kept: int) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    assert "no whole safetensors file" in refusal(weights.SD15, str(folder))


def test_damaged_configuration_is_told(tiny_folder: Path, tmp_path: Path) -> None:
    folder = copied(tiny_folder, "sd15", tmp_path)
    (folder / "unet" / "config.json").write_text("{", encoding="utf-8")
    assert "config.json is damaged" in refusal(weights.SD15, str(folder))
    (folder / "model_index.json").write_text("[]", encoding="utf-8")
    assert "model_index.json is damaged" in refusal(weights.SD15, str(folder))
