"""Frames are those that diffusers' own pipelines make, and each hangs on its own condition alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from ccmeval_generators.foundation.prompts import prompt_of  # noqa: E402
from ccmeval_generators.qwen.pictures import frames_in, frames_out, picture  # noqa: E402
from tests.generators.qwen.tiny_qwen import SIDE, conditions, pool  # noqa: E402

PLAIN = "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit"
PLUS = "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus"


def by_pipeline(generator, base, condition, images, **more):
    """Make a frame with the pipeline of diffusers around the adapted transformer."""
    pipeline = diffusers.DiffusionPipeline.from_pretrained(base, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.transformer = generator._networks["adapter"].base
    made = pipeline(
        image=[picture(it) for it in images] if len(images) > 1 else picture(images[0]),
        prompt=prompt_of(generator._settings.prompts, condition.diagnosis, condition.prompt),
        num_inference_steps=generator._settings.inference_steps,
        generator=torch.Generator().manual_seed(condition.seed),
        height=SIDE,
        width=SIDE,
        output_type="np",
        **more,
    ).images[0]
    return made.mean(axis=-1)


@pytest.mark.parametrize("guidance", [4.0, 1.0])
def test_frames_are_those_of_the_pipeline(trained, bases, monkeypatch, guidance: float) -> None:
    monkeypatch.setattr(f"{PLAIN}.calculate_dimensions", lambda area, ratio: (SIDE, SIDE, None))
    generator = trained("wdlora", guidance_scale=guidance, inference_steps=3)
    condition = conditions(2, prompt="sharp")[1]
    more = {"negative_prompt": " "} if guidance > 1 else {}
    expected = by_pipeline(
        generator, bases[False], condition, [condition.mask], true_cfg_scale=guidance, **more
    )
    assert np.abs(generator.generate([condition])[0] - expected).max() < 1e-6


@pytest.mark.parametrize("reference", [False, True])
def test_frames_are_those_of_the_plus_pipeline(trained, bases, monkeypatch, reference: bool) -> None:
    monkeypatch.setattr(f"{PLUS}.CONDITION_IMAGE_SIZE", 2 * SIDE * 2 * SIDE)
    monkeypatch.setattr(f"{PLUS}.VAE_IMAGE_SIZE", SIDE * SIDE)
    generator = trained("lora", True, vision_side_px=2 * SIDE, reference=reference)
    look = np.linspace(0.0, 1.0, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    condition = conditions(1, **({"reference": look} if reference else {}))[0]
    images = [condition.mask, look] if reference else [condition.mask]
    expected = by_pipeline(generator, bases[True], condition, images, true_cfg_scale=4.0, negative_prompt=" ")
    assert np.abs(generator.generate([condition])[0] - expected).max() < 1e-6


def test_the_reference_changes_the_frame_on_the_plain_base_too(trained) -> None:
    generator = trained("lora", reference=True)
    assert "reference" in generator.capabilities.takes
    frames = np.random.default_rng(0).random((2, SIDE, SIDE), dtype=np.float32)
    made = [generator.generate(conditions(1, reference=frame))[0] for frame in frames]
    assert not np.array_equal(*made)


@pytest.mark.parametrize(("condition", "takes"), [("mask", ("mask",)), ("prompt", ("diagnosis", "prompt"))])
def test_an_ablation_is_not_told_the_other_half(trained, condition: str, takes) -> None:
    generator = trained("lora", condition=condition)
    assert generator.capabilities.takes == takes
    one, other = conditions(2)
    mixed = {"mask": one.mask, "diagnosis": other.diagnosis} if condition == "mask" else {}
    mixed = mixed or {"mask": other.mask, "diagnosis": one.diagnosis}
    from dataclasses import replace

    again = replace(one, **mixed)
    assert np.array_equal(generator.generate([one])[0], generator.generate([again])[0])
    assert not np.array_equal(generator.generate([one])[0], generator.generate([replace(other, seed=0)])[0])
    assert any("An ablation" in note for note in generator.record.notes)
    assert (generator.format.diagnoses == ()) == (condition == "mask")


def test_each_frame_hangs_on_its_own_condition(trained) -> None:
    generator = trained()
    together = generator.generate(conditions(2))
    alone = [generator.generate([one])[0] for one in conditions(2)[::-1]][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))


def test_frames_go_in_and_out_unchanged_but_for_the_size() -> None:
    levels = torch.from_numpy(pool().frames.astype(np.float32))[:, None]
    there = frames_in(levels, SIDE)
    assert there.shape == (len(levels), 3, 1, SIDE, SIDE)
    back = frames_out(there, (SIDE, SIDE))
    assert np.abs(back - levels[:, 0].numpy()).max() < 1e-6
    smooth = torch.linspace(0.2, 0.8, SIDE).expand(1, 1, SIDE, SIDE)
    grown = frames_out(frames_in(smooth, 3 * SIDE), (SIDE, SIDE))
    assert np.abs(grown - smooth[:, 0].numpy()).max() < 0.01


def test_frames_of_another_side_than_the_models_come_back_in_their_own(trained) -> None:
    generator = trained("lora", model_side_px=2 * SIDE)
    frame = generator.generate(conditions(1))[0]
    assert frame.shape == (SIDE, SIDE)
    assert 0.0 <= frame.min() <= frame.max() <= 1.0


def test_provenance_tells_the_prompt_and_how_the_nerves_lie(trained) -> None:
    generator = trained()
    asked = conditions(2, prompt="sharp")
    generator.generate(asked)
    told = generator.provenance(asked)
    assert "healthy control" in told[0]["told_prompt"]
    assert told[0]["told_prompt"].endswith("sharp")
    assert told[0]["negative_prompt"] == " "
    assert told[0]["alignment"].startswith("unclear")
    assert told[0]["alignment_scale"] == ""
    assert len(generator.adapter_sha256) == 64
