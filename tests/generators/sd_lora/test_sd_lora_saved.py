"""`sd-lora` saved, loaded elsewhere, exchanged for another, read by PEFT and diffusers, and picked up."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.sd_lora import SdLoraGenerator  # noqa: E402
from tests.generators.tiny_stable import (  # noqa: E402
    SIDE,
    conditions,
    in_process,
    job_of,
    settings_of,
)

OTHER = {"rank": 2, "alpha": 6.0, "learning_rate": 0.03}


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_alpha_is_not_the_rank_and_the_folder_has_moved_and_another_process_reads_it(
    base: Path, trained, tmp_path: Path
) -> None:
    generator, folder = trained(**OTHER)
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    shutil.copytree(base, tmp_path / "base")
    card = json.loads((moved / "generator.json").read_text())
    card["settings"]["base"] = str(tmp_path / "gone")
    (moved / "generator.json").write_text(json.dumps(card))
    done = in_process("generate", "sd-lora", str(moved), str(tmp_path / "base"), str(tmp_path / "made.npy"))
    assert done.returncode == 0, done.stderr.decode()
    assert np.array_equal(np.load(tmp_path / "made.npy"), np.stack(generator.generate(conditions())))


def test_another_base_is_refused(trained, tmp_path: Path) -> None:
    from ccmeval_generators.foundation.tiny import write_tiny_sd15

    _, folder = trained()
    other = write_tiny_sd15(tmp_path / "other", seed=1)
    with pytest.raises(UnavailableError, match="was trained on the base model"):
        SdLoraGenerator.from_pretrained(folder, WeightSource({"stable-diffusion-1.5": str(other)}))


def test_adapters_are_swapped_and_the_base_stays(trained) -> None:
    (_, first), (_, second) = trained(), trained(**OTHER)
    generator, other = (SdLoraGenerator.from_pretrained(path, WeightSource()) for path in (first, second))
    wanted, others = generator.generate(conditions()), other.generate(conditions())
    identity, adapter = generator.identity, generator.adapter_sha256
    parts = generator._networks["adapter"].base
    unet, place = parts.unet, parts.unet.conv_in.weight.data_ptr()
    generator.swap_adapter(second)
    assert generator.identity == other.identity
    assert generator.adapter_sha256 == other.adapter_sha256 != adapter
    assert same(generator.generate(conditions()), others)
    assert not same(wanted, others)
    generator.swap_adapter(first)
    assert (generator.identity, generator.adapter_sha256) == (identity, adapter)
    assert same(generator.generate(conditions()), wanted)
    assert generator._networks["adapter"].base is parts
    assert parts.unet is unet
    assert parts.unet.conv_in.weight.data_ptr() == place


def test_an_adapter_alone_is_swapped_in_and_kept(trained, tmp_path: Path) -> None:
    (_, first), (other, second) = trained(), trained(**OTHER)
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        shutil.copy(second / name, alone)
    generator = SdLoraGenerator.from_pretrained(first, WeightSource())
    generator.swap_adapter(alone)
    assert same(generator.generate(conditions()), other.generate(conditions()))
    assert generator.record.notes[-1] == "The adapter that was trained was exchanged for that of alone."
    generator.save_pretrained(tmp_path / "again")
    again = SdLoraGenerator.from_pretrained(tmp_path / "again", WeightSource())
    assert again.identity == generator.identity
    assert same(again.generate(conditions()), other.generate(conditions()))


@pytest.mark.parametrize("kind", ["missing", "damaged", "other base", "trained on another base"])
def test_a_swap_that_fails_leaves_all_as_it_was(kind: str, trained, tmp_path: Path) -> None:
    _, first = trained()
    generator = SdLoraGenerator.from_pretrained(first, WeightSource())
    wanted, identity = generator.generate(conditions()), generator.identity
    folder = tmp_path / "adapter"
    shutil.copytree(first, folder)
    if kind == "missing":
        shutil.rmtree(folder)
    elif kind == "damaged":
        path = folder / "networks.safetensors"
        path.write_bytes(path.read_bytes()[:-8])
    else:
        _change_base(folder, alone=kind == "other base")
    with pytest.raises(UnavailableError):
        generator.swap_adapter(folder)
    assert generator.identity == identity
    assert same(generator.generate(conditions()), wanted)
    generator.swap_adapter(first)
    assert same(generator.generate(conditions()), wanted)


def _change_base(folder: Path, alone: bool) -> None:
    """Let files tell another base than the one that they were trained on."""
    import hashlib

    from safetensors.torch import load_file, save_file

    from ccmeval_generators.foundation.adapters.files import HEADER, read_tensors, write_tensors

    if alone:
        (folder / "generator.json").unlink()
        path = folder / "adapter_model.safetensors"
        found = read_tensors(path)
        write_tensors(path, found.tensors, {HEADER: {**found.own(), "base_sha256": "00" * 32}})
        return
    path = folder / "networks.safetensors"
    tensors = load_file(path)
    tensors["adapter.base_sha256"] = torch.zeros(32, dtype=torch.uint8)
    save_file(tensors, path)
    card = json.loads((folder / "generator.json").read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "generator.json").write_text(json.dumps(card))


def test_an_adapter_of_other_layers_is_refused(base: Path, trained, tmp_path: Path) -> None:
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig, get_peft_model

    unet = UNet2DConditionModel.from_pretrained(base / "unet")
    get_peft_model(unet, LoraConfig(r=2, target_modules=["to_q", "proj_in"])).save_pretrained(tmp_path)
    generator = SdLoraGenerator.from_pretrained(trained()[1], WeightSource())
    wanted = generator.generate(conditions())
    with pytest.raises(UnavailableError, match="no LoRA of just the attention layers"):
        generator.swap_adapter(tmp_path)
    assert same(generator.generate(conditions()), wanted)


def test_nothing_is_swapped_before_training(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no adapter that could be exchanged"):
        SdLoraGenerator().swap_adapter(tmp_path)


def test_peft_and_diffusers_make_the_same_frames_from_the_folder(base: Path, trained, tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline
    from peft import PeftModel

    from ccmeval_generators.foundation.adapters.diffusers_file import Adapted, save_diffusers
    from ccmeval_generators.foundation.stable_diffusion.loading import adapter_spec

    generator, folder = trained(**OTHER)
    wanted = generator.generate(conditions(1))[0]
    plain = frame_of(StableDiffusionPipeline.from_pretrained(base))
    pipeline = StableDiffusionPipeline.from_pretrained(base)
    pipeline.unet = PeftModel.from_pretrained(pipeline.unet, folder).eval().base_model.model
    np.testing.assert_allclose(frame_of(pipeline), wanted, atol=2e-5)
    spec = adapter_spec("sd-unet", generator._settings)
    unet = generator._networks["adapter"].base.unet
    save_diffusers(tmp_path, {"unet": Adapted(unet, spec)}, "adapter")
    pipeline = StableDiffusionPipeline.from_pretrained(base)
    pipeline.load_lora_weights(tmp_path)
    np.testing.assert_allclose(frame_of(pipeline), wanted, atol=2e-5)
    assert np.abs(plain - wanted).max() > 1e-3


def frame_of(pipeline) -> np.ndarray:
    pipeline.set_progress_bar_config(disable=True)
    stream = torch.Generator().manual_seed(0)
    size = {"height": SIDE, "width": SIDE, "num_inference_steps": 2}
    return pipeline("healthy", generator=stream, output_type="np", **size).images[0].mean(-1)


@pytest.mark.slow
def test_after_kill_9_it_goes_on_to_the_same_generator(base: Path, trained, tmp_path: Path) -> None:
    ended = in_process("fit", "sd-lora", str(tmp_path / "work"), str(base), "4")
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert list((tmp_path / "work" / "checkpoints").iterdir())
    generator, steps = SdLoraGenerator(), []
    settings = settings_of("sd-lora", base, checkpoint_every_s=1e-9)
    job = job_of(tmp_path / "work", settings, progress=lambda stage, done, of: steps.append((stage, done)))
    generator.fit(job)
    assert min(done for stage, done in steps if stage.startswith("Training")) > 3
    whole, _ = trained()
    assert generator.identity == whole.identity
    assert same(generator.generate(conditions()), whole.generate(conditions()))


def test_it_tells_prompt_and_adapter(trained) -> None:
    generator, folder = trained()
    told = generator.provenance(conditions(2, prompt="blurred"))
    assert told == [{"told_prompt": "healthy blurred"}, {"told_prompt": "few nerves blurred"}]
    import hashlib

    data = (folder / "networks.safetensors").read_bytes()
    assert generator.adapter_sha256 == hashlib.sha256(data).hexdigest()
    assert SdLoraGenerator().adapter_sha256 == ""
    assert generator.record.n_trained < 0.05 * generator.record.n_parameters
