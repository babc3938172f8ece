"""Masked pretraining of hmsvit: it learns, goes on after a kill, and leaves files that load."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("lightning")

from ccmeval.errors import SettingsMismatchError, UnavailableError  # noqa: E402
from ccmeval.plugins import Learner, WeightSource, load  # noqa: E402
from ccmeval.utility.learning import (  # noqa: E402
    FramePool,
    LearningSet,
    TrainingJob,
    learning_set,
    no_progress,
)
from ccmeval_downstream.hmsvit import HmsvitLearner, HmsvitSettings  # noqa: E402
from ccmeval_downstream.hmsvit.errors import (  # noqa: E402
    flat_error,
    held_out_views,
    interpolated,
    interpolation_error,
)
from ccmeval_downstream.hmsvit.samples import MaskedBatches, central_views, distinct  # noqa: E402
from ccmeval_downstream.hmsvit.start import ENCODER_FILE  # noqa: E402

SETTINGS: dict[str, Any] = {
    "embed_dim": 8,
    "stages": (1, 1, 1, 1),
    "decoder_width": 16,
    "mask_decoder_width": 32,
    "mask_decoder_depth": 1,
    "pretrain_batch_size": 8,
    "precision": "32",
}


def stripes(count: int, side_px: int, seed: int) -> np.ndarray:
    """Waves across the frame: what is hidden follows from what is seen."""
    rng = np.random.default_rng(seed)
    column = np.arange(side_px)
    phases = rng.uniform(0, 2 * np.pi, count)[:, None]
    waves = 0.5 + 0.3 * np.sin(2 * np.pi * column / 16 + phases)
    return np.repeat(waves[:, None], side_px, axis=1).astype(np.float16)


@pytest.fixture(scope="module")
def pool() -> FramePool:
    return FramePool(stripes(24, 64, 0), 4.0)


@pytest.fixture
def train(pool: FramePool) -> LearningSet:
    return learning_set(pool, np.arange(16))


@pytest.fixture
def held_out(pool: FramePool) -> LearningSet:
    return learning_set(pool, np.arange(16, 24))


def pretrain(
    train: LearningSet, held_out: LearningSet, out: Path, size_px: int = 64, **more: Any
) -> dict[str, Any]:
    settings = {**SETTINGS, "pretrain_steps": 6, "augmentation": {"rotate": False}, **more}
    return HmsvitLearner().pretrain(train, held_out, out, size_px=size_px, seed=3, settings=settings)


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / ENCODER_FILE)


def test_learner_keeps_the_contract() -> None:
    learner = load("ccmeval.learners", "hmsvit")
    assert isinstance(learner, HmsvitLearner)
    assert isinstance(learner, Learner)
    assert learner.prepare(WeightSource()) == "hmsvit 1"


def test_pretraining_lowers_the_error_on_held_out_frames(
    train: LearningSet, held_out: LearningSet, tmp_path: Path
) -> None:
    told = pretrain(train, held_out, tmp_path, pretrain_steps=120, pretrain_learning_rate=3e-3)
    report = told["report"]
    assert report["flat_error"] == pytest.approx(1.0, abs=0.01)
    assert report["error_after"] < 0.6 * report["error_before"]
    assert report["error_after"] < min(report["flat_error"], report["interpolation_error"])
    assert (report["frames"], report["held_out_frames"], report["steps"]) == (16, 8, 120)
    assert [step for step, _ in report["curve"]] == list(range(6, 121, 6))


class Stop(Exception):
    """In place of a kill."""


def test_interrupted_pretraining_ends_as_an_unbroken_one(
    train: LearningSet, held_out: LearningSet, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done >= 4:
            raise Stop

    settings = {**SETTINGS, "pretrain_steps": 6, "checkpoint_every_s": 1e-9, "drop_path": 0.3}
    learner = HmsvitLearner()
    whole = learner.pretrain(train, held_out, tmp_path / "whole", size_px=64, settings=settings)
    with pytest.raises(Stop):
        _showing_every_step(learner, train, held_out, tmp_path / "broken", settings, stop)
    assert (tmp_path / "broken" / "last.ckpt").is_file()
    assert not (tmp_path / "broken" / ENCODER_FILE).exists()
    resumed = learner.pretrain(train, held_out, tmp_path / "broken", size_px=64, settings=settings)
    assert resumed == whole
    one, two = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not (tmp_path / "broken" / "last.ckpt").exists()


def _showing_every_step(
    learner: HmsvitLearner, train: Any, held_out: Any, out: Path, settings: Any, stop: Any
) -> None:
    from ccmeval_downstream.hmsvit import pretraining_task

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining_task, "_SHOW_EVERY_S", 0.0)
        learner.pretrain(train, held_out, out, size_px=64, settings=settings, progress=stop)


def test_same_seed_gives_the_same_weights_and_a_finished_run_is_read(
    train: LearningSet, held_out: LearningSet, tmp_path: Path
) -> None:
    one = pretrain(train, held_out, tmp_path / "one")
    state = torch.random.get_rng_state()
    two = pretrain(train, held_out, tmp_path / "two")
    assert torch.equal(state, torch.random.get_rng_state())
    assert one == two
    assert (tmp_path / "one" / ENCODER_FILE).read_bytes() == (tmp_path / "two" / ENCODER_FILE).read_bytes()
    changed = (tmp_path / "one" / ENCODER_FILE).stat().st_mtime_ns
    assert pretrain(train, held_out, tmp_path / "one") == one
    assert (tmp_path / "one" / ENCODER_FILE).stat().st_mtime_ns == changed
    with pytest.raises(SettingsMismatchError, match="other frames, settings or seed"):
        pretrain(held_out, train, tmp_path / "one")


def test_pretrained_weights_are_taken_up_at_any_size_px(
    train: LearningSet, held_out: LearningSet, tmp_path: Path
) -> None:
    pretrain(train, held_out, tmp_path)
    learner = HmsvitLearner()
    identity = learner.prepare(WeightSource({"hmsvit": str(tmp_path)}))
    assert identity.startswith("hmsvit 1; weights ")
    assert learner.licence == ""
    saved = weights(tmp_path)
    same = learner.build(_job(train, held_out, tmp_path, 64), HmsvitSettings(**SETTINGS))
    assert all(torch.equal(same.encoder.state_dict()[name], value) for name, value in saved.items())
    larger = learner.build(_job(train, held_out, tmp_path, 96), HmsvitSettings(**SETTINGS))
    assert larger.encoder.hiera.pos_embed.shape == (1, 576, 8)
    found = larger.encoder.hiera.pos_embed.mean((0, 1))
    torch.testing.assert_close(found, saved["hiera.pos_embed"].mean((0, 1)), rtol=0, atol=2e-3)
    with pytest.raises(UnavailableError, match="another network"):
        learner.build(_job(train, held_out, tmp_path, 64), HmsvitSettings())


def test_weights_of_timm_fit_the_encoder(train: LearningSet, held_out: LearningSet, tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from timm.models.hiera import Hiera

    theirs = Hiera(img_size=(64, 64), embed_dim=8, num_heads=1, stages=(1, 1, 1, 1), num_classes=5).eval()
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    learner = HmsvitLearner()
    learner.prepare(WeightSource({"hmsvit": str(tmp_path / "theirs.safetensors")}))
    assert "CC-BY-NC" in learner.licence
    network = learner.build(_job(train, held_out, tmp_path, 64), HmsvitSettings(**SETTINGS)).eval()
    frames = torch.rand(2, 1, 64, 64)
    frames = (frames - frames.mean((2, 3), keepdim=True)) / frames.std((2, 3), keepdim=True, unbiased=False)
    with torch.inference_mode():
        expected = theirs.forward_intermediates(frames.expand(-1, 3, -1, -1), intermediates_only=True)
        for ours, their in zip(network.encoder(frames), expected, strict=True):
            torch.testing.assert_close(ours.permute(0, 3, 1, 2), their, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "match"),
    [("absent", "names no file"), ("a.pth", "no safetensors"), ("b.safetensors", "no readable")],
)
def test_other_weights_are_refused(name: str, match: str, tmp_path: Path) -> None:
    for file in ("a.pth", "b.safetensors"):
        (tmp_path / file).write_bytes(b"no weights at all")
    with pytest.raises(UnavailableError, match=match):
        HmsvitLearner().prepare(WeightSource({"hmsvit": str(tmp_path / name)}))


def _job(train: LearningSet, validation: LearningSet, folder: Path, size_px: int = 64) -> TrainingJob:
    return TrainingJob(
        task="diagnosis",
        classes=("a", "b"),
        train=train,
        validation=validation,
        steps=1,
        batch_size=2,
        size_px=size_px,
        seed=0,
        folder=folder,
        progress=no_progress,
    )


def test_in_the_protocol_only_training_frames_are_learnt_from(pool: FramePool, tmp_path: Path) -> None:
    """Repeats count once; frames outside of train and validation have no effect, nor have validation's."""
    learner, settings = HmsvitLearner(), HmsvitSettings(**SETTINGS, pretrain_steps=2)
    train, validation = learning_set(pool, [5, 1, 5, 5, 2, 9, 1]), learning_set(pool, [20, 21])
    found = []
    for name, replaced in (("one", []), ("two", [0, 3, 20, 21, 23])):
        frames = pool.frames.copy()
        frames[replaced] = 0.25
        other = FramePool(frames, 4.0)
        sets = learning_set(other, train.rows), learning_set(other, validation.rows)
        torch.manual_seed(0)
        job = _job(*sets, tmp_path / name)
        network = learner.build(job, settings)
        notes = learner.before_training(network, job, settings)
        assert "2 steps on 4 frames" in notes[0]
        found.append(network.encoder.state_dict())
        again = learner.build(job, settings)
        torch.manual_seed(0)
        again = learner.build(job, settings)
        assert learner.before_training(again, job, settings) == notes
        assert all(torch.equal(v, found[-1][k]) for k, v in again.encoder.state_dict().items())
    assert all(torch.equal(value, found[1][key]) for key, value in found[0].items())
    assert learner.before_training(network, job, HmsvitSettings(**SETTINGS)) == []


def test_pretraining_without_held_out_frames_tells_so(train: LearningSet, tmp_path: Path) -> None:
    told = pretrain(train, learning_set(train.pool, []), tmp_path, pretrain_steps=1)
    assert told["report"]["error_after"] is None
    assert json.loads((tmp_path / "pretraining.json").read_text())["report"]["held_out_frames"] == 0


def test_what_cannot_be_pretrained_is_refused(train: LearningSet, tmp_path: Path) -> None:
    empty = learning_set(train.pool, [])
    for size_px, frames, match in (
        (32, train, "64 or more"),
        (96, train, "less than"),
        (64, empty, "no frames"),
    ):
        with pytest.raises(UnavailableError, match=match):
            pretrain(frames, empty, tmp_path, size_px=size_px)
    with pytest.raises(UnavailableError, match="at least one step"):
        pretrain(train, empty, tmp_path, pretrain_steps=0)
    assert not list(tmp_path.iterdir())


def test_each_step_depends_on_seed_and_number_alone(train: LearningSet, tmp_path: Path) -> None:
    job = replace(_job(train, train, tmp_path), steps=10, batch_size=4, seed=1)
    seventh, again = MaskedBatches(job, 0.6)[7], MaskedBatches(job, 0.6)[7]
    assert torch.equal(seventh["frames"], again["frames"])
    assert torch.equal(seventh["keep"], again["keep"])
    assert not torch.equal(seventh["frames"], MaskedBatches(replace(job, seed=2), 0.6)[7]["frames"])
    shares = [MaskedBatches(job, 0.6, rank, 2)[7]["frames"] for rank in (0, 1)]
    assert torch.equal(torch.stack(shares, dim=1).flatten(0, 1), seventh["frames"])


def test_baselines_by_hand() -> None:
    frame = np.zeros((64, 64), np.float32)
    frame[:, 32:] = 1.0
    left = np.array([True, False, True, False])
    filled = interpolated(frame, left)
    assert np.array_equal(filled[:, :32], frame[:, :32])
    assert np.abs(filled[:, 32:]).max() < 1e-6
    right_only = interpolated(frame, ~left)
    assert right_only[:, :32] == pytest.approx(1.0)
    constant = learning_set(FramePool(np.full((2, 64, 64), 0.4, np.float16), 1.0), [0, 1])
    views = held_out_views(constant, 64, 0.5, seed=0)
    assert (views.frames, len(views.views)) == (2, 64)
    assert flat_error(views) == pytest.approx(0.0, abs=1e-6)
    noise = np.random.default_rng(0).random((4, 64, 64)).astype(np.float32)
    views = held_out_views(learning_set(FramePool(noise, 1.0), range(4)), 64, 0.5, seed=0)
    assert flat_error(views) == pytest.approx(1.0, abs=0.01)
    assert interpolation_error(views) == pytest.approx(1.0, abs=0.05)


def test_frames_are_cut_from_their_middle() -> None:
    pool = FramePool(np.arange(3 * 6 * 6, dtype=np.float32).reshape(3, 6, 6), 1.0)
    views = central_views(learning_set(pool, [0, 1, 2]), 2, 2)
    assert views[:, 0].tolist() == [pool.frames[row, 2:4, 2:4].tolist() for row in (0, 2)]
    assert len(distinct(learning_set(pool, [1, 1]))) == 1
