"""A trained adapter kept, and read by other programs, gives the same frames."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
diffusers = pytest.importorskip("diffusers")
peft = pytest.importorskip("peft")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.foundation.adapters.diffusers_file import load_diffusers  # noqa: E402
from ccmeval_generators.foundation.tiny import write_tiny_qwen_edit  # noqa: E402
from ccmeval_generators.qwen import QwenLoraGenerator, QwenWdloraGenerator  # noqa: E402
from tests.generators.qwen.tiny_qwen import conditions  # noqa: E402

KINDS = {"lora": QwenLoraGenerator, "wdlora": QwenWdloraGenerator}


@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_holds_the_adapter_in_pefts_layout(trained, tmp_path: Path, kind: str) -> None:
    generator = trained(kind, alpha=3.0)
    generator.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["r"], config["lora_alpha"], config["use_dora"]) == (8, 3.0, kind == "wdlora")
    data = (tmp_path / "adapter" / "adapter_model.safetensors").read_bytes()
    assert generator.adapter_sha256 == hashlib.sha256(data).hexdigest()
    sizes = [path.stat().st_size for path in tmp_path.rglob("*.safetensors")]
    assert max(sizes) < 50_000, "the frozen base was kept too"


@pytest.mark.parametrize("kind", KINDS)
def test_peft_itself_reads_the_adapter(trained, bases, tmp_path: Path, kind: str) -> None:
    generator = trained(kind, alpha=3.0, fuse=False)
    frames = generator.generate(conditions())
    generator.export_adapter(tmp_path)
    fresh = diffusers.QwenImageTransformer2DModel.from_pretrained(bases[False] / "transformer")
    read = peft.PeftModel.from_pretrained(fresh, tmp_path)
    assert_same(generator, read.base_model.model, frames, rounding=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_diffusers_itself_reads_the_adapter(trained, bases, tmp_path: Path, kind: str) -> None:
    generator = trained(kind, alpha=3.0, fuse=False)
    frames = generator.generate(conditions())
    generator.export_adapter(tmp_path, "diffusers")
    pipeline = diffusers.DiffusionPipeline.from_pretrained(bases[False], local_files_only=True)
    pipeline.load_lora_weights(tmp_path)
    assert pipeline.get_active_adapters()
    assert_same(generator, pipeline.transformer, frames, rounding=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_read_back_from_diffusers_format_it_is_the_same(trained, bases, tmp_path: Path, kind: str) -> None:
    generator = trained(kind, alpha=3.0)
    frames = generator.generate(conditions())
    generator.export_adapter(tmp_path, "diffusers")
    fresh = diffusers.QwenImageTransformer2DModel.from_pretrained(bases[False] / "transformer")
    spec = load_diffusers(tmp_path, {"transformer": fresh.eval()})["transformer"]
    assert (spec.rank, spec.alpha, spec.kind) == (8, 3.0, kind)
    assert_same(generator, fresh, frames)


def assert_same(generator, transformer, frames, rounding: float = 0.0) -> None:
    """See that a transformer gives the frames when it stands in the generator's place."""
    adapted = generator._networks["adapter"]
    own = adapted.base
    states = {name: value.clone() for name, value in own.state_dict().items() if "lora" in name}
    assert any(value.abs().max() > 0 for name, value in states.items() if "lora_B" in name)
    adapted.__dict__["_base"] = transformer.eval()
    try:
        made = generator.generate(conditions())
    finally:
        adapted.__dict__["_base"] = own
    for one, other in zip(frames, made, strict=True):
        assert np.abs(one - other).max() <= rounding


def test_fused_and_unfused_frames_differ_by_rounding_only(trained) -> None:
    fused, plain = trained("wdlora"), trained("wdlora", fuse=False)
    for one, other in zip(fused.generate(conditions()), plain.generate(conditions()), strict=True):
        assert np.abs(one - other).max() < 1e-5


def test_another_base_is_refused_with_one_sentence(trained, tmp_path: Path) -> None:
    trained("lora").save_pretrained(tmp_path / "saved")
    other = write_tiny_qwen_edit(tmp_path / "other", seed=1)
    weights = WeightSource({"qwen-image-edit": str(other)})
    with pytest.raises(UnavailableError, match="was trained on the base model with SHA-256"):
        QwenLoraGenerator.from_pretrained(tmp_path / "saved", weights)


def test_what_is_not_trained_has_nothing_to_give(tmp_path: Path) -> None:
    generator = QwenLoraGenerator()
    assert generator.adapter_sha256 == ""
    for save in (generator.save_pretrained, generator.export_adapter):
        with pytest.raises(UnavailableError, match="is not trained"):
            save(tmp_path)


def test_the_table_counts_what_the_full_size_model_would_train() -> None:
    plain, decomposed = (KINDS[kind]().parameter_table() for kind in KINDS)
    attention = {
        row.rank: (row.n_trained, other.n_trained)
        for row, other in zip(plain.rows, decomposed.rows, strict=True)
        if row.targets == "attention"
    }
    assert attention[8] == (11_796_480, 11_796_480 + 737_280)
    assert [round(both[0] / 1e6, 2) for both in attention.values()] == [11.80, 23.59, 47.19]
