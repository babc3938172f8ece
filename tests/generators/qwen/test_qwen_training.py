"""Training: what is cached, what the loss is, that it falls on held-out frames, and what the notes tell."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.utility.learning import FramePool, learning_set  # noqa: E402
from ccmeval.weight_source import WeightSource  # noqa: E402
from ccmeval_generators.qwen import QwenLoraGenerator, QwenWdloraGenerator  # noqa: E402
from ccmeval_generators.qwen.building import build_adapted  # noqa: E402
from ccmeval_generators.qwen.flow import packed  # noqa: E402
from ccmeval_generators.qwen.pictures import picture  # noqa: E402
from ccmeval_generators.qwen.stage import AdapterStage, FrameBook  # noqa: E402
from ccmeval_generators.training.batches import FrameSource, batch_on  # noqa: E402
from tests.generators.qwen.tiny_qwen import CLASSES, SIDE, N, pool, tiny_job, tiny_settings  # noqa: E402

CPU = torch.device("cpu")


def stage_of(settings, folder, rows=range(N), kind="lora"):
    """Make a stage with a new adapter."""
    torch.manual_seed(0)
    networks, parts = build_adapted(kind, settings, WeightSource())
    return AdapterStage(networks, parts, tiny_job(folder, settings, rows), settings), networks, parts


def whole_batch(stage, job):
    """Give a batch of all frames of a job, with what the stage caches of them."""
    source = FrameSource(job.train, job.seed, 0, (0,))
    values = source.tensors(job.train.rows, np.zeros(len(job.train), int))
    labels = torch.from_numpy(job.train.labels.astype(np.int64))
    batch = batch_on({**values, "labels": labels, "step": 0}, CPU)
    with torch.no_grad():
        told = stage.cached(batch)
    return batch_on({**values, "labels": labels, "step": 0, "cached": dict(told)}, CPU)


@pytest.mark.parametrize("plus", [False, True])
def test_what_is_cached_is_what_the_pipeline_computes(bases, tmp_path, plus: bool) -> None:
    settings = tiny_settings(bases[plus])
    stage, _, _ = stage_of(settings, tmp_path)
    batch = whole_batch(stage, tiny_job(tmp_path, settings))
    pipeline = diffusers.DiffusionPipeline.from_pretrained(bases[plus], local_files_only=True)
    row = 1
    mask = picture(pool().masks[row] > 0)
    prompt = settings.prompts[CLASSES[row]].replace("{words}", "").strip()
    words, _ = pipeline.encode_prompt(prompt, image=[mask] if plus else mask)
    length = words.shape[1]
    are_words = batch.cached["are_words"][row]
    assert int(are_words.sum()) == length
    assert are_words[:length].all()
    assert torch.allclose(batch.cached["words"][row, :length], words[0], atol=1e-6)
    assert not batch.cached["words"][row, length:].any()
    assert not torch.equal(batch.cached["are_words"][0], are_words), "prompts differ in length"
    planes = pipeline.image_processor.preprocess(mask, SIDE, SIDE).unsqueeze(2)
    latents = pipeline._encode_vae_image(planes, generator=None)
    assert torch.allclose(batch.cached["control"][row], packed(latents[:, :, 0])[0], atol=1e-5)
    frame = torch.from_numpy(pool().frames[row].astype(np.float32)) * 2 - 1
    latents = pipeline._encode_vae_image(frame.expand(1, 3, 1, SIDE, SIDE), generator=None)
    assert torch.allclose(batch.cached["latents"][row], packed(latents[:, :, 0])[0], atol=1e-5)


def test_filled_up_words_change_nothing(bases, tmp_path) -> None:
    settings = tiny_settings(bases[False])
    stage, _, _ = stage_of(settings, tmp_path)
    batch = whole_batch(stage, tiny_job(tmp_path, settings, [0]))
    n_words = int(batch.cached["are_words"].sum())
    assert n_words < batch.cached["words"].shape[1]
    longer = stage.loss("adapter", batch, torch.Generator().manual_seed(1))
    cut = {**batch.cached, **{name: batch.cached[name][:, :n_words] for name in ("words", "are_words")}}
    batch.cached = cut
    assert stage.loss("adapter", batch, torch.Generator().manual_seed(1)).item() == pytest.approx(
        longer.item(), rel=1e-5
    )


def test_the_loss_is_that_of_the_formula(bases, tmp_path) -> None:
    settings = tiny_settings(bases[False], foreground_weight=3.0, background_weight=0.5)
    stage, networks, _ = stage_of(settings, tmp_path)
    batch = whole_batch(stage, tiny_job(tmp_path, settings, [2, 3]))
    found = stage.loss("adapter", batch, torch.Generator().manual_seed(4)).item()
    generator = torch.Generator().manual_seed(4)
    latents = batch.cached["latents"]
    noise = torch.randn(latents.shape, generator=generator)
    level = stage._levels[torch.randint(1000, (2,), generator=generator)]
    noisy = (1 - level[:, None, None]) * latents + level[:, None, None] * noise
    out = (
        networks["adapter"]
        .base(
            hidden_states=torch.cat([noisy, batch.cached["control"]], dim=1),
            timestep=level,
            encoder_hidden_states=batch.cached["words"],
            encoder_hidden_states_mask=batch.cached["are_words"].bool(),
            img_shapes=[[(1, 2, 2), (1, 2, 2)]] * 2,
        )
        .sample[:, : latents.shape[1]]
    )
    errors = (out - (noise - latents)).square()
    total = 0.0
    cells = torch.nn.functional.max_pool2d(batch.masks, 8)[:, 0]
    for frame in range(2):
        for token in range(4):
            for part in range(16):
                row, column = 2 * (token // 2) + (part % 4) // 2, 2 * (token % 2) + part % 2
                weight = 3.0 if cells[frame, row, column] else 0.5
                total += weight * errors[frame, token, part].item()
    assert found == pytest.approx(total / (2 * 4 * 16), rel=1e-5)
    assert batch.parts["foreground_weight"].item() == 3.0


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_the_loss_falls_on_held_out_frames(bases, tmp_path, kind: str) -> None:
    settings = tiny_settings(bases[False], steps=40, batch_size=4, learning_rate=0.02, target="attention+mlp")
    generator = {"lora": QwenLoraGenerator, "wdlora": QwenWdloraGenerator}[kind]()
    job = tiny_job(tmp_path / "job", settings, range(4))
    job.folder.mkdir()
    generator.fit(job)
    held_out = tiny_job(tmp_path, settings, [4, 5])
    losses = []
    for adapter in ("new", "trained"):
        stage, networks, _ = stage_of(settings, tmp_path, [4, 5], kind)
        if adapter == "trained":
            networks.load_state_dict(generator._networks.state_dict())
        batch = whole_batch(stage, held_out)
        with torch.no_grad():  # the same noise and noise levels for both
            draws = [stage.loss("adapter", batch, torch.Generator().manual_seed(seed)) for seed in range(16)]
        losses.append(float(torch.stack(draws).mean()))
    assert losses[1] < 0.9 * losses[0]


def test_text_encoder_and_autoencoder_leave_the_memory_before_the_first_step(bases, tmp_path) -> None:
    settings = tiny_settings(bases[False])
    stage, _, parts = stage_of(settings, tmp_path)
    batch = whole_batch(stage, tiny_job(tmp_path, settings))
    assert parts._encoder is not None
    stage.loss("adapter", batch, torch.Generator())
    assert parts._encoder is None
    assert parts._autoencoder is None


def test_samples_need_the_text_encoder_once(trained) -> None:
    from tests.generators.qwen.tiny_qwen import conditions

    generator = trained("lora")
    sampler = generator._samplers[generator._networks["adapter"]]
    first = generator.generate(conditions(1))[0]
    sampler.parts.drop()
    again = generator.generate(conditions(1))[0]
    assert np.array_equal(first, again)
    assert sampler.parts._encoder is None


def test_gradient_checkpointing_changes_no_gradient(bases, tmp_path) -> None:
    found = []
    for checkpointing in (False, True):
        settings = tiny_settings(bases[False], gradient_checkpointing=checkpointing)
        stage, networks, _ = stage_of(settings, tmp_path, kind="wdlora")
        batch = whole_batch(stage, tiny_job(tmp_path, settings))
        networks.train()
        stage.loss("adapter", batch, torch.Generator().manual_seed(1)).backward()
        gradients = [value.grad for value in networks.parameters() if value.grad is not None]
        assert networks["adapter"].base.is_gradient_checkpointing == checkpointing
        found.append(torch.cat([gradient.flatten() for gradient in gradients]))
    assert found[0].any()
    assert torch.allclose(*found, atol=1e-6)


def test_every_frame_has_another_frame_of_its_diagnosis_as_reference(bases, tmp_path) -> None:
    settings = tiny_settings(bases[False], reference=True)
    book = FrameBook(tiny_job(tmp_path, settings), True)
    frames = pool().frames.astype(np.float32)
    partners = []
    for row in range(N):
        found = book.reference(row)
        (partner,) = [other for other in range(N) if np.array_equal(frames[other], found)]
        assert partner != row
        assert partner % 2 == row % 2
        partners.append(partner)
    assert sorted(partners) == list(range(N))
    alone = FrameBook(tiny_job(tmp_path, settings, [0, 1, 3]), True)
    assert alone.reference(0) is not None
    assert FrameBook(tiny_job(tmp_path, settings, [0]), True).reference(0) is None


def test_notes_tell_optimiser_and_the_weight_that_nerves_have(bases, tmp_path) -> None:
    masks = np.zeros((2, 64, 64), np.uint8)
    masks[:, :, 18:21] = 255
    frames = FramePool(np.zeros((2, 64, 64), np.float16), 2.0, masks)
    from dataclasses import replace

    for pooling, told in (("max", " 2 on average"), ("mean", "1.38 on average")):
        settings = tiny_settings(bases[False], size_px=64, model_side_px=64, mask_pooling=pooling)
        job = replace(tiny_job(tmp_path, settings), train=learning_set(frames, [0, 1], [0, 1]))
        notes = QwenLoraGenerator().notes(job, settings)
        assert notes[0].startswith("The optimiser is ")
        assert told in notes[1]
        assert "12.5%" in notes[1] if pooling == "max" else "4.7%" in notes[1]


def test_the_plan_counts_the_frozen_base_too(bases, tmp_path) -> None:
    plan = QwenWdloraGenerator().plan(tiny_job(tmp_path / "job", tiny_settings(bases[False])))
    pipeline = diffusers.DiffusionPipeline.from_pretrained(bases[False], local_files_only=True)
    whole = sum(value.numel() for value in pipeline.transformer.parameters())
    layers = 2 * 4 * (8 * (32 + 32) + 32)
    assert (plan.n_trained, plan.n_parameters) == (layers, whole + layers)
    assert not (tmp_path / "job").exists()


def test_too_little_memory_is_said_before_anything_is_loaded(bases, tmp_path, monkeypatch) -> None:
    from ccmeval_generators.foundation.weights import memory
    from ccmeval_generators.qwen import building

    monkeypatch.setattr(memory, "free_memory_bytes", lambda device="cpu": 1000)
    monkeypatch.setattr(building, "load_network", lambda *given, **more: pytest.fail("it was loaded"))
    with pytest.raises(UnavailableError, match=r"Qwen-Image-Edit with weights as float32 needs about .* are"):
        QwenLoraGenerator().plan(tiny_job(tmp_path, tiny_settings(bases[False])))


def test_without_a_base_one_sentence_tells_the_cure(tmp_path) -> None:
    with pytest.raises(UnavailableError, match=r"--weights qwen-image-edit=FOLDER"):
        QwenLoraGenerator().plan(tiny_job(tmp_path, tiny_settings(tmp_path / "absent")))


def test_a_base_in_bf16_is_trained_in_mixed_precision_and_repeats_itself(bases, tmp_path) -> None:
    from tests.generators.qwen.tiny_qwen import conditions

    found = []
    for name in ("one", "other"):
        settings = tiny_settings(bases[False], base_precision="bf16", precision="bf16-mixed", steps=2)
        generator = QwenWdloraGenerator()
        generator.fit(tiny_job(tmp_path / name, settings))
        adapted = generator._networks["adapter"]
        assert adapted.base.proj_out.weight.dtype == torch.bfloat16
        assert {value.dtype for value in adapted.parameters()} == {torch.float32}
        found.append(generator.generate(conditions(1))[0])
        assert "with weights as bfloat16" in generator.record.notes[0]
    assert np.array_equal(*found)
    assert generator._samplers[adapted].parts._autoencoder.dtype == torch.float32


def test_samples_are_held_against_their_masks(bases, tmp_path) -> None:
    from tests.generators.qwen.tiny_qwen import conditions

    settings = tiny_settings(bases[False], steps=1)
    record = QwenLoraGenerator().fit(tiny_job(tmp_path, settings, samples=conditions(2)))
    assert record.notes[-1].startswith(
        "Nerves of the 2 samples after the last step: aligned with their masks 0"
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU may have it")
def test_four_bits_are_refused_without_a_gpu(bases, tmp_path) -> None:
    with pytest.raises(UnavailableError, match="NF4 weights need a CUDA GPU"):
        QwenLoraGenerator().plan(tiny_job(tmp_path, tiny_settings(bases[False], base_precision="nf4")))


class BrokenOffError(Exception):
    """Stands for what ends a process."""


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_broken_off_and_picked_up_it_learns_the_same_averaged_too(bases, tmp_path, monkeypatch, kind) -> None:
    from ccmeval_generators.training import books
    from tests.generators.qwen.tiny_qwen import conditions

    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    settings = tiny_settings(bases[False], average_decay=0.5, checkpoint_every_s=1e-6)
    whole, broken = ({"lora": QwenLoraGenerator, "wdlora": QwenWdloraGenerator}[kind]() for _ in range(2))
    whole.fit(tiny_job(tmp_path / "whole", settings))

    def breaking_off(stage: str, done: int, total: int) -> None:
        if stage.startswith("Training") and done >= 2:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        broken.fit(tiny_job(tmp_path / "broken", settings, progress=breaking_off))
    broken.fit(tiny_job(tmp_path / "broken", settings))
    assert whole.identity == broken.identity
    assert whole.record.history == broken.record.history
    known = whole._networks.state_dict()
    assert all(torch.equal(value, known[name]) for name, value in broken._networks.state_dict().items())
    assert np.array_equal(whole.generate(conditions(1))[0], broken.generate(conditions(1))[0])
