"""Tiny pipelines are what they claim: real classes that run, small, and the same for the same seed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
tiny = pytest.importorskip("ccmeval_generators.foundation.tiny")

NAMES = ("sd15", "sd21", "qwen", "qwen-plus")


def loaded(folder: Path) -> object:
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        folder, use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("name", NAMES)
def test_pipelines_are_small(tiny_folder: Path, name: str) -> None:
    networks = [
        part for part in loaded(tiny_folder / name).components.values() if hasattr(part, "parameters")
    ]
    assert 0 < sum(value.numel() for part in networks for value in part.parameters()) < 300_000


@pytest.mark.parametrize("name", ["sd15", "sd21"])
def test_stable_diffusion_runs(tiny_folder: Path, name: str) -> None:
    frames = loaded(tiny_folder / name)("nerves", num_inference_steps=2, output_type="np").images
    assert frames.shape == (1, 64, 64, 3)
    assert np.isfinite(frames).all()


@pytest.mark.parametrize("name", ["qwen", "qwen-plus"])
def test_qwen_edit_runs_with_guidance(tiny_folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit as plain
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as plus
    from PIL import Image

    for module in (plain, plus):  # images are brought to a megapixel otherwise
        monkeypatch.setattr(module, "calculate_dimensions", _to_64_px(module.calculate_dimensions))
    frames = loaded(tiny_folder / name)(
        Image.new("RGB", (64, 64), (90, 0, 0)),
        "nerves",
        negative_prompt=" ",
        true_cfg_scale=2.0,
        num_inference_steps=2,
        height=64,
        width=64,
        output_type="np",
    ).images
    assert frames.shape == (1, 64, 64, 3)
    assert np.isfinite(frames).all()


def _to_64_px(original: Callable[[int, float], tuple[int, ...]]) -> Callable[[int, float], tuple[int, ...]]:
    return lambda area, ratio: original(64 * 64, ratio)


def test_same_seed_same_weights(tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        tiny.write_tiny_sd15(tmp_path / folder, seed=seed)
    read = [
        (tmp_path / folder / "unet" / "diffusion_pytorch_model.safetensors").read_bytes() for folder in "abc"
    ]
    assert read[0] == read[1] != read[2]
    assert torch.equal(before, torch.random.get_rng_state())


def test_prediction_of_stable_diffusion_21(tmp_path: Path) -> None:
    tiny.write_tiny_sd21(tmp_path, prediction="epsilon")
    scheduler = diffusers.DDIMScheduler.from_pretrained(tmp_path, subfolder="scheduler")
    assert scheduler.config.prediction_type == "epsilon"


def test_latents_have_about_unit_scale(tiny_folder: Path) -> None:
    from ccmeval_generators.foundation.tiny.scaling import probe_frames

    vae = loaded(tiny_folder / "sd15").vae
    with torch.no_grad():
        known = vae.encode(probe_frames()).latent_dist
    latents = known.mean * vae.config.scaling_factor
    assert 0.3 < float(latents.std()) < 3.0
    assert abs(float(latents.mean())) < 0.1
    assert float(known.std.max()) * vae.config.scaling_factor < 0.1  # drawing them drowns nothing


def test_writing_is_quick(tmp_path: Path) -> None:
    started = time.monotonic()
    tiny.write_tiny_qwen_edit(tmp_path)
    assert time.monotonic() - started < 10
