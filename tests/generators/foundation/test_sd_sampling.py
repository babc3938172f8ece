"""Texts, latents and frames of the tiny bases against diffusers' own pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.foundation.stable_diffusion.latents import (  # noqa: E402
    decoded,
    drawn,
    grey_levels,
    latent_moments,
)
from ccmeval_generators.foundation.stable_diffusion.loading import load_parts  # noqa: E402
from ccmeval_generators.foundation.stable_diffusion.sampling import sampled_frames  # noqa: E402
from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings  # noqa: E402
from ccmeval_generators.foundation.weights import SD15, SD21  # noqa: E402

SIDE = 32
BASES = ("sd15", "sd21")


@pytest.fixture(scope="module", params=BASES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Give our parts and diffusers' pipeline of the same folder."""
    from ccmeval_generators.foundation import tiny

    folder = tmp_path_factory.mktemp("base") / request.param
    {"sd15": tiny.write_tiny_sd15, "sd21": tiny.write_tiny_sd21}[request.param](folder)
    return ours_of(folder, request.param), pipeline_of(folder)


def ours_of(folder: Path, name: str) -> Any:
    settings = StableDiffusionSettings(base=str(folder), size_px=SIDE)
    return load_parts({"sd15": SD15, "sd21": SD21}[name], settings, WeightSource())[0]


def pipeline_of(folder: Path) -> Any:
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_frames_are_those_of_diffusers_pipeline(both: tuple[Any, Any], guidance: float) -> None:
    parts, pipeline = both
    prompts = ["a cornea", "few nerves"]
    with torch.no_grad():
        told, untold = parts.texts.embeddings(prompts), parts.texts.embeddings(["", ""])
        made = sampled_frames(parts, told, untold, [3, 4], SIDE, 4, guidance)
    colours = pipeline(
        prompts,
        height=SIDE,
        width=SIDE,
        num_inference_steps=4,
        guidance_scale=guidance,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
        output_type="np",
    ).images
    assert made[0].dtype == np.float32
    np.testing.assert_allclose(np.stack(made), colours.mean(axis=-1), atol=1e-5)
    assert np.abs(made[0] - made[1]).max() > 0.01


def test_a_second_sampling_begins_anew(both: tuple[Any, Any]) -> None:
    parts, _ = both
    with torch.no_grad():
        told, untold = parts.texts.embeddings(["a"]), parts.texts.embeddings([""])
        first, again = (sampled_frames(parts, told, untold, [3], SIDE, 3, 2.0)[0] for _ in range(2))
    assert np.array_equal(first, again)


def test_the_scheduler_is_the_one_of_the_folder(both: tuple[Any, Any]) -> None:
    parts, pipeline = both
    assert type(parts.new_scheduler()) is type(pipeline.scheduler)
    assert parts.noising.prediction == pipeline.scheduler.config.prediction_type


def test_latents_are_at_the_scale_of_the_unet(both: tuple[Any, Any]) -> None:
    parts, pipeline = both
    frames = torch.rand(2, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean, deviation = latent_moments(parts.vae, frames)
        known = pipeline.vae.encode((2 * frames - 1).repeat(1, 3, 1, 1)).latent_dist
        scale = pipeline.vae.config.scaling_factor
        torch.testing.assert_close(mean, known.mean * scale)
        torch.testing.assert_close(deviation, known.std * scale)
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(5))
        latents = drawn(mean, deviation, torch.Generator().manual_seed(5))
        torch.testing.assert_close(latents, mean + deviation * noise)
        colours = pipeline.vae.decode(latents / scale).sample / 2 + 0.5
        torch.testing.assert_close(grey_levels(decoded(parts.vae, latents)), colours.clamp(0, 1).mean(1))


def test_a_prompt_that_would_be_cut_is_refused(both: tuple[Any, Any]) -> None:
    parts, _ = both
    assert parts.texts.embeddings(["a" * 75]).shape == (1, 77, 32)
    with pytest.raises(UnavailableError, match=r"has 78 tokens.*no more than 77.*shorter"):
        parts.texts.embeddings(["a" * 76])


def test_a_wrong_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}', encoding="utf-8")
    settings = StableDiffusionSettings(base=str(tmp_path))
    with pytest.raises(UnavailableError, match="is a FluxPipeline"):
        load_parts(SD15, settings, WeightSource())
