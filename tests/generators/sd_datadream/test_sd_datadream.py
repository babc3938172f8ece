"""`sd-datadream`: one adapter a diagnosis, learnt in turn, and used each for its own frames."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)

from ccmeval.generation.conditions import FrameFormat  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.sd_datadream import SdDatadreamGenerator  # noqa: E402
from ccmeval_generators.sd_datadream.adapters import use_adapter  # noqa: E402
from ccmeval_generators.sd_datadream.few_shot import few_shot_job  # noqa: E402
from ccmeval_generators.sd_datadream.sampling import sampled_by_class  # noqa: E402
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings  # noqa: E402
from ccmeval_generators.training.stage import Batch  # noqa: E402
from tests.generators.tiny_stable import (  # noqa: E402
    CLASSES,
    SIDE,
    conditions,
    in_process,
    job_of,
    pool,
    settings_of,
)

FORMAT = FrameFormat((SIDE, SIDE), 2.0, CLASSES)


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def built(base: Path, tmp_path: Path, **more):
    """Give new networks and the stages of a job."""
    generator, settings = (
        SdDatadreamGenerator(),
        SdDatadreamSettings(**settings_of("sd-datadream", base, **more)),
    )
    job = few_shot_job(job_of(tmp_path / "job", settings.model_dump()), settings)
    torch.manual_seed(0)
    networks = generator.build(FORMAT, settings)
    return networks, list(generator.stages(networks, job, settings)), job


def batch_of(stage, rows: list[int]) -> Batch:
    frames = torch.from_numpy(np.asarray(pool().frames[rows], np.float32))[:, None]
    labels = torch.tensor([row % 2 for row in rows])
    batch = Batch(frames, torch.zeros_like(frames), labels, torch.tensor(rows), 0)
    with torch.no_grad():
        return replace(batch, cached=stage.cached(batch))


def stream(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_published_recipe_is_the_default() -> None:
    found = SdDatadreamSettings()
    assert (found.rank, found.scale, found.learning_rate, found.warm_up_steps) == (16, 1.0, 1e-4, 100)
    assert (found.batch_size, found.epochs, found.guidance_scale, found.inference_steps) == (
        8,
        200.0,
        2.0,
        50,
    )
    assert (found.shots, found.flip, found.rotate, found.size_px) == (16, False, False, 512)
    assert (found.gradient_clip, found.weight_decay, found.latents) == (1.0, 0.01, "sample")


@pytest.mark.parametrize(("shots", "steps", "batch"), [(1, 200, 1), (4, 200, 4)])
def test_few_frames_are_seen_as_often_as_published(
    base: Path, tmp_path: Path, shots: int, steps: int, batch: int
) -> None:
    _, stages, _ = built(base, tmp_path, shots=shots, epochs=200.0, batch_size=8)
    assert [(stage.steps, stage.batch_size) for stage in stages] == [(steps, batch)] * 2


def test_a_stage_learns_from_its_diagnosis_and_trains_its_adapters(base: Path, tmp_path: Path) -> None:
    networks, stages, job = built(base, tmp_path)
    assert [stage.frames(job.train).labels.tolist() for stage in stages] == [[0, 0], [1, 1]]
    assert len({id(part.base) for part in networks.values()}) == 1
    for label, stage in enumerate(stages):
        ((name, module),) = stage.trained().items()
        assert module is networks[name]
        names = [path for path, _ in module.named_parameters()]
        assert all(f"diagnosis-{label}" in path.split(".") for path in names)
        for part, ends in (("unet", ("to_q", "to_out.0")), ("text_encoder", ("q_proj", "out_proj"))):
            assert any(f".{part}." in path and path.split(".lora_")[0].endswith(ends) for path in names)
        module.requires_grad_(True)
        module.zero_grad()
        stage.loss("x", batch_of(stage, [label, label + 2]), stream()).backward()
        gradients = {path: value.grad for path, value in module.named_parameters()}
        assert all(value is not None for value in gradients.values())
        assert all(value.abs().sum() > 0 for path, value in gradients.items() if "lora_B" in path)
        others = (value for key, part in networks.items() if key != name for value in part.parameters())
        assert all(value.grad is None or not value.grad.any() for value in others)
        module.zero_grad()


def test_the_loss_by_hand(base: Path, tmp_path: Path) -> None:
    networks, stages, _ = built(base, tmp_path)
    stage, parts = stages[1], networks["diagnosis-1"].base
    for name, value in networks["diagnosis-1"].named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(value, std=0.1)
    batch = batch_of(stage, [1, 3])
    with torch.no_grad():
        loss = stage.loss("x", batch, stream())
        use_adapter(parts, 1)
        draw = stream()
        mean, deviation = batch.cached["mean"], batch.cached["deviation"]
        clean = mean + deviation * torch.randn(mean.shape, generator=draw)
        noise = torch.randn(clean.shape, generator=draw)
        times = torch.randint(1000, (2,), generator=draw)
        share = parts.new_scheduler().alphas_cumprod[times][:, None, None, None]
        tokens = parts.tokenizer(["few nerves"] * 2, padding="max_length", return_tensors="pt").input_ids
        told = parts.text_encoder(tokens).last_hidden_state
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        made = parts.unet(noisy, times, encoder_hidden_states=told).sample
        velocity = share.sqrt() * noise - (1 - share).sqrt() * clean
    torch.testing.assert_close(loss, (made - velocity).square().mean())


def test_the_loss_falls_on_frames_that_were_held_out(base: Path, tmp_path: Path) -> None:
    more = {"epochs": 30.0, "learning_rate": 0.02, "latents": "mean"}
    given = {
        name: tuple(f"frame-{row}.png" for row in rows)
        for name, rows in zip(CLASSES, ([0, 2, 4], [1, 3, 5]), strict=True)
    }
    settings = settings_of("sd-datadream", base, frames=given, **more)
    generator = SdDatadreamGenerator()
    generator.fit(job_of(tmp_path / "fit", settings))
    networks, stages, _ = built(base, tmp_path, frames=given, **more)

    def held_out() -> list[float]:
        found = []
        for label, stage in enumerate(stages):
            batch = batch_of(stage, [6 + label])
            with torch.no_grad():
                found.append(np.mean([float(stage.loss("x", batch, stream(seed))) for seed in range(60)]))
        return found

    before = held_out()
    networks.load_state_dict(generator._networks.state_dict())
    after = held_out()
    assert all(last < 0.97 * first for first, last in zip(before, after, strict=True))


def test_each_frame_is_made_by_the_adapters_of_its_diagnosis(base: Path, trained) -> None:
    from diffusers import StableDiffusionPipeline

    generator, _ = trained()
    made = generator.generate(conditions(2))
    with torch.no_grad():
        networks, settings = generator._networks, generator._settings
        turned = sampled_by_class(networks, conditions(4)[::-1], FORMAT, settings)[::-1]
    np.testing.assert_allclose(np.stack(turned[:2]), np.stack(made), atol=1e-5)
    pipeline = StableDiffusionPipeline.from_pretrained(base)
    pipeline.set_progress_bar_config(disable=True)
    use_adapter(generator._networks["diagnosis-1"].base, 1)
    parts = generator._networks["diagnosis-1"].base
    pipeline.unet, pipeline.text_encoder = parts.unet, parts.text_encoder
    size = {"height": SIDE, "width": SIDE, "num_inference_steps": 2, "guidance_scale": 2.0}
    colours = pipeline("few nerves", generator=stream(1), output_type="np", **size).images[0]
    np.testing.assert_allclose(made[1], colours.mean(-1), atol=2e-5)


def test_the_record_and_the_folder_name_the_frames(trained) -> None:
    generator, folder = trained()
    loaded = SdDatadreamGenerator.from_pretrained(folder, WeightSource())
    frames = loaded._settings.frames
    assert frames == generator._settings.frames
    assert [len(names) for names in frames.values()] == [2, 2]
    assert f"Control was learnt from 2 frames: {', '.join(frames['Control'])}." in loaded.record.notes
    told = loaded.provenance(conditions(2, prompt="blurred"))
    assert told[1] == {"told_prompt": "few nerves blurred", "few_shot_frames": ";".join(frames["T1DPN"])}
    assert loaded.identity == generator.identity
    assert same(loaded.generate(conditions()), generator.generate(conditions()))


@pytest.mark.slow
def test_alpha_is_not_the_rank_and_the_folder_has_moved_and_another_process_reads_it(
    base: Path, trained, tmp_path: Path
) -> None:
    generator, folder = trained(rank=2, alpha=6.0)
    for source, name in ((folder, "model"), (base, "base")):
        shutil.copytree(source, tmp_path / name)
    places = str(tmp_path / "model"), str(tmp_path / "base"), str(tmp_path / "made.npy")
    done = in_process("generate", "sd-datadream", *places)
    assert done.returncode == 0, done.stderr.decode()
    assert np.array_equal(np.load(tmp_path / "made.npy"), np.stack(generator.generate(conditions())))


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 5])
def test_after_kill_9_it_goes_on_to_the_same_generator(
    base: Path, trained, tmp_path: Path, step: int
) -> None:
    ended = in_process("fit", "sd-datadream", str(tmp_path / "work"), str(base), str(step))
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    generator, steps = SdDatadreamGenerator(), []
    settings = settings_of("sd-datadream", base, checkpoint_every_s=1e-9)
    job = job_of(tmp_path / "work", settings, progress=lambda stage, done, of: steps.append((stage, done)))
    generator.fit(job)
    assert min(done for stage, done in steps if stage.startswith("Training")) >= step
    whole, _ = trained()
    assert generator.identity == whole.identity
    assert same(generator.generate(conditions()), whole.generate(conditions()))


def test_a_base_in_half_precision_learns_and_makes_frames(trained) -> None:
    generator, _ = trained(base_precision="bf16")
    whole, _ = trained()
    for one, other in zip(generator.generate(conditions()), whole.generate(conditions()), strict=True):
        assert 0.0 < np.abs(one - other).max() < 0.1
