"""What `sd-lora` learns from: latents, prompts, rates; and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)

from ccmeval.generation.conditions import FrameFormat  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.sd_lora import SdLoraGenerator  # noqa: E402
from ccmeval_generators.sd_lora.settings import SdLoraSettings  # noqa: E402
from ccmeval_generators.sd_lora.stage import SdLoraStage  # noqa: E402
from ccmeval_generators.training.stage import Batch  # noqa: E402
from tests.generators.tiny_stable import CLASSES, SIDE, conditions, job_of, pool, settings_of  # noqa: E402


def stage_of(base: Path, **more: object) -> SdLoraStage:
    settings = SdLoraSettings(**settings_of("sd-lora", base, **more))
    torch.manual_seed(0)
    networks = SdLoraGenerator().build(FrameFormat((SIDE, SIDE), 2.0, CLASSES), settings)
    return SdLoraStage(networks["adapter"], settings, CLASSES)


def batch_of(stage: SdLoraStage, rows: list[int]) -> Batch:
    frames = torch.from_numpy(np.asarray(pool().frames[rows], np.float32))[:, None]
    labels = torch.tensor([row % 2 for row in rows])
    batch = Batch(frames, torch.zeros_like(frames), labels, torch.tensor(rows), 0)
    with torch.no_grad():
        return replace(batch, cached=stage.cached(batch))


def stream(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_published_recipe_is_the_default() -> None:
    found = SdLoraSettings()
    assert (found.rank, found.scale, found.learning_rate, found.steps, found.batch_size) == (
        4,
        1.0,
        1e-4,
        15000,
        4,
    )
    assert (found.size_px, found.gradient_clip, found.weight_decay, found.warm_up_steps) == (
        512,
        1.0,
        0.01,
        0,
    )
    assert (found.guidance_scale, found.inference_steps, found.latents) == (7.5, 50, "sample")
    assert "healthy control" in found.prompts["Control"]


@pytest.mark.parametrize("latents", ["sample", "mean"])
def test_the_loss_by_hand(base: Path, latents: str) -> None:
    stage = stage_of(base, latents=latents)
    batch = batch_of(stage, [0, 1])
    with torch.no_grad():
        loss = stage.loss("adapter", batch, stream())
        same = stream()
        clean = batch.cached["mean"]
        if latents == "sample":
            clean = clean + batch.cached["deviation"] * torch.randn(clean.shape, generator=same)
        noise = torch.randn(clean.shape, generator=same)
        times = torch.randint(1000, (2,), generator=same)
        parts = stage._parts
        told = torch.stack([_embedded(parts, "healthy"), _embedded(parts, "few nerves")])
        noisy = parts.noising.noisy(clean, noise, times)
        made = parts.unet(noisy, times, encoder_hidden_states=told).sample
    torch.testing.assert_close(loss, (made - noise).square().mean())
    assert ("deviation" in batch.cached) == (latents == "sample")


def _embedded(parts: object, prompt: str) -> torch.Tensor:
    tokens = parts.tokenizer(prompt, padding="max_length", max_length=77, return_tensors="pt").input_ids
    return parts.text_encoder(tokens).last_hidden_state[0]


def test_prompts_may_be_hidden(base: Path) -> None:
    stage = stage_of(base, prompt_dropout=0.5)
    batch = Batch(*[torch.zeros(400, 1, 1, 1)] * 2, torch.zeros(400, dtype=torch.long), torch.arange(400), 0)
    told = stage.embeddings(batch, stream())
    hidden = (told == stage._parts.texts.embeddings([""])[0]).all(dim=(1, 2))
    assert 0.4 < float(hidden.float().mean()) < 0.6


def test_frames_without_a_diagnosis_have_a_prompt_of_their_own(base: Path) -> None:
    stage = stage_of(base)
    batch = Batch(*[torch.zeros(2, 1, 1, 1)] * 2, torch.tensor([-1, 0]), torch.arange(2), 0)
    texts = stage._parts.texts
    assert torch.equal(stage.embeddings(batch, stream()), texts.embeddings(["cornea", "healthy"]))


def test_only_the_attention_of_the_unet_learns(base: Path) -> None:
    stage = stage_of(base)
    (module,) = stage.trained().values()
    names = [name for name, _ in module.named_parameters()]
    layers = {name.split(".lora_")[0].split(".", 2)[2] for name in names}
    ends = ("to_q", "to_k", "to_v", "to_out.0")
    known = {name for name, _ in stage._parts.unet.named_modules() if name.endswith(ends)}
    assert layers == known
    assert all("unet" in name for name in names)
    (part,) = stage.optimisers()
    assert isinstance(part.make(list(part.parameters)), torch.optim.AdamW)
    assert [part.rate(step) for step in (0, 1, 6)] == pytest.approx([0.0, 0.01, 0.0])


def test_activations_computed_twice_give_the_same_gradients(base: Path) -> None:
    found = []
    for twice in (False, True):
        stage = stage_of(base, gradient_checkpointing=twice)
        stage._model.train()
        for name, value in stage._model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(value, std=0.1, generator=stream(len(name)))
        assert stage._parts.unet.is_gradient_checkpointing is twice
        stage.loss("adapter", batch_of(stage, [0, 1]), stream()).backward()
        found.append([value.grad for value in stage._model.parameters()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_the_true_counts_of_parameters() -> None:
    """Against the size of the file that diffusers' own recipe writes: 797,184 values for rank 4."""
    from diffusers import UNet2DConditionModel

    from ccmeval_generators.foundation.adapters.attach import attach
    from ccmeval_generators.foundation.stable_diffusion.loading import adapter_spec

    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        assert sum(value.numel() for value in unet.parameters()) == 859_520_964
        attach(unet, adapter_spec("sd-unet", SdLoraSettings()), "adapter")
    trained = sum(value.numel() for name, value in unet.named_parameters() if "lora_" in name)
    assert trained == 797_184


def test_a_base_in_half_precision_learns_and_makes_frames(base: Path, trained) -> None:
    generator, folder = trained(base_precision="bf16")
    parts = generator._networks["adapter"].base
    assert (parts.unet.conv_in.weight.dtype, parts.vae.dtype) == (torch.bfloat16, torch.float32)
    assert {value.dtype for value in generator._networks.parameters()} == {torch.float32}
    whole, _ = trained()
    for one, other in zip(generator.generate(conditions()), whole.generate(conditions()), strict=True):
        assert 0.0 < np.abs(one - other).max() < 0.1
    again = SdLoraGenerator.from_pretrained(folder, WeightSource())
    assert np.array_equal(np.stack(again.generate(conditions())), np.stack(generator.generate(conditions())))


def test_the_loss_falls_on_frames_that_were_held_out(base: Path, tmp_path: Path) -> None:
    settings = settings_of("sd-lora", base, steps=80, batch_size=4, latents="mean", learning_rate=0.02)
    generator = SdLoraGenerator()
    generator.fit(job_of(tmp_path, settings, rows=range(6)))
    before, after = stage_of(base, latents="mean"), stage_of(base, latents="mean")
    after._model.load_state_dict(generator._networks["adapter"].state_dict())

    def held_out(stage: SdLoraStage) -> float:
        batch = batch_of(stage, [6, 7])
        with torch.no_grad():
            return float(np.mean([float(stage.loss("adapter", batch, stream(seed))) for seed in range(40)]))

    first, last = held_out(before), held_out(after)
    assert last < 0.97 * first


def test_samples_of_a_new_adapter_are_the_bases_own(base: Path, trained) -> None:
    generator, _ = trained()
    settings = SdLoraSettings(**settings_of("sd-lora", base))
    fresh = SdLoraGenerator()
    fresh._weights = WeightSource()
    frame_format = FrameFormat((SIDE, SIDE), 2.0, CLASSES)
    networks = fresh.build(frame_format, settings).eval()
    import diffusers

    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(base)
    pipeline.set_progress_bar_config(disable=True)
    colours = pipeline(
        "healthy",
        height=SIDE,
        width=SIDE,
        num_inference_steps=2,
        generator=stream(0),
        output_type="np",
    ).images[0]
    with torch.no_grad():
        made = fresh.sample(networks, conditions(1), frame_format, settings)[0]
    np.testing.assert_allclose(made, colours.mean(-1), atol=1e-5)
    assert np.abs(made - generator.generate(conditions(1))[0]).max() > 1e-3
