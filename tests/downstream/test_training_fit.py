"""Training of a tiny network: it learns, repeats itself, selects, weighs, saves and loads."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from ccmeval.errors import CcmevalError, UnavailableError  # noqa: E402
from ccmeval.plugins import Learner, TrainedModel  # noqa: E402
from ccmeval.utility.learning import FramePool, learning_set  # noqa: E402
from ccmeval_downstream.training.prediction import predict  # noqa: E402
from ccmeval_downstream.training.trained import load_network  # noqa: E402
from tests.downstream.tiny import SIDE, TinyLearner, toy_job, toy_pool  # noqa: E402

CALM = {"flip": False, "rotate": False, "brightness": 0.0, "contrast": 0.0, "noise_sd": 0.0}


def weights(model) -> dict:
    return model.network.state_dict()


def same(first, second) -> bool:
    one, two = weights(first), weights(second)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("task", ["diagnosis", "segmentation"])
def test_a_learnable_toy_is_learnt(tmp_path: Path, task: str, capfd: pytest.CaptureFixture) -> None:
    told = []
    job = toy_job(tmp_path, task, steps=120, batch_size=8, progress=lambda *words: told.append(words))
    model = TinyLearner().fit(job)
    assert isinstance(model, TrainedModel)
    assert isinstance(TinyLearner(), Learner)
    losses = [validation for _, _, validation in model.record.history]
    assert losses[-1] < 0.75 * losses[0]
    found = model.predict(job.validation)
    assert found.dtype == np.float32
    if task == "diagnosis":
        assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
        assert (found.argmax(axis=1) == job.validation.labels).mean() >= 0.75
    else:
        true = np.stack([job.validation.coverage(index) for index in range(8)]) > 0.5
        assert found.shape == true.shape
        assert ((found > 0.5) & true).sum() / ((found > 0.5) | true).sum() > 0.8
    assert [step for step, _, _ in model.record.history] == [40, 80, 120]
    assert told[-1] == ("Training tiny", 120, 120)
    assert capfd.readouterr() == ("", "")


def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path: Path) -> None:
    first = TinyLearner().fit(toy_job(tmp_path / "1"))
    torch.manual_seed(99)  # the state of the process is of no consequence, and is left as it was
    expected = torch.rand(3)
    torch.manual_seed(99)
    second = TinyLearner().fit(toy_job(tmp_path / "2"))
    assert torch.equal(torch.rand(3), expected)
    assert same(first, second)
    assert first.record.history == second.record.history
    assert not same(first, TinyLearner().fit(toy_job(tmp_path / "3", seed=4)))


def test_a_finished_job_is_not_done_again_and_another_one_is(tmp_path: Path) -> None:
    first = TinyLearner().fit(toy_job(tmp_path))
    again = TinyLearner().fit(toy_job(tmp_path))
    assert same(first, again)
    assert first.record == again.record
    assert not list(tmp_path.glob("*.ckpt"))
    longer = TinyLearner().fit(toy_job(tmp_path, steps=13))
    assert longer.record.steps == 13


def test_the_state_of_the_lowest_validation_loss_is_kept(tmp_path: Path) -> None:
    # Labels of validation are swapped: the longer the training, the worse.
    job = toy_job(tmp_path / "lowest", steps=60, batch_size=8, evaluations=6)
    swapped = replace(job.validation, labels=1 - job.validation.labels)
    lowest = TinyLearner().fit(replace(job, validation=swapped))
    losses = {step: loss for step, _, loss in lowest.record.history}
    assert lowest.record.best_step == min(losses, key=losses.__getitem__) < 60
    assert lowest.record.validation_loss == min(losses.values())
    last = TinyLearner().fit(replace(job, validation=swapped, selection="last", folder=tmp_path / "last"))
    assert last.record.best_step == 60
    assert last.record.history == lowest.record.history
    assert _cross_entropy(lowest, swapped) == pytest.approx(lowest.record.validation_loss, rel=1e-5)
    assert _cross_entropy(last, swapped) == pytest.approx(losses[60], rel=1e-5)


def _cross_entropy(model, frames) -> float:
    found = model.predict(frames).astype(np.float64)
    return float(-np.log(found[np.arange(len(frames)), frames.labels]).mean())


def test_patience_stops_early_and_says_so(tmp_path: Path) -> None:
    settings = {"learning_rate": 0.02, "patience": 2}
    job = toy_job(tmp_path, steps=60, batch_size=8, evaluations=6, settings=settings)
    swapped = replace(job.validation, labels=1 - job.validation.labels)
    record = TinyLearner().fit(replace(job, validation=swapped)).record
    assert record.steps == record.best_step + 20 < 60
    assert record.notes == (f"Stopped early after step {record.steps} of 60.",)


def test_without_validation_frames_the_last_state_is_kept(tmp_path: Path) -> None:
    job = toy_job(tmp_path)
    model = TinyLearner().fit(replace(job, validation=learning_set(job.train.pool, [])))
    assert model.record.best_step == 12
    assert np.isnan(model.record.validation_loss)
    assert np.isnan(load_network(tmp_path / "finished", TinyLearner()).record.validation_loss)


def test_an_undefined_loss_never_wins(tmp_path: Path) -> None:
    job = toy_job(tmp_path)
    broken = job.train.pool.frames.copy()
    broken[16:] = np.nan
    pool = replace(job.train.pool, frames=broken)
    frames = learning_set(pool, np.arange(16, 24), job.validation.labels)
    record = TinyLearner().fit(replace(job, validation=frames)).record
    assert record.best_step == 12
    assert np.isnan(record.validation_loss)


@pytest.mark.parametrize("task", ["diagnosis", "segmentation"])
def test_a_frame_of_weight_zero_has_no_influence(tmp_path: Path, task: str) -> None:
    job = toy_job(tmp_path, task)
    given = np.ones(16)
    given[[2, 5]] = 0.0
    models = []
    for name, value in (("dark", 0.0), ("bright", 1.0)):
        frames = job.train.pool.frames.copy()
        frames[[2, 5]] = value
        pool = replace(job.train.pool, frames=frames)
        train = learning_set(pool, np.arange(16), job.train.labels, given)
        models.append(TinyLearner().fit(replace(job, train=train, folder=tmp_path / name)))
    assert same(*models)


def test_weights_multiply_the_losses_of_frames(tmp_path: Path) -> None:
    """One step without momentum or decay: the booked loss is the weighted mean by hand."""
    job = toy_job(tmp_path, steps=1, batch_size=16, evaluations=1)
    given = np.linspace(0.2, 1.8, 16)
    settings = {"learning_rate": 1e-12, "final_learning_rate": 0.0, "augmentation": CALM}
    train = learning_set(job.train.pool, np.arange(16), job.train.labels, given)
    learner = NoDropout()
    model = learner.fit(replace(job, train=train, settings=settings, validation=train))
    found = model.predict(train)
    by_hand = -(np.log(found[np.arange(16), train.labels]) * given).mean()
    step, training, validation = model.record.history[0]
    assert (step, training) == (1, pytest.approx(by_hand, rel=1e-5))
    assert validation == pytest.approx(by_hand, rel=1e-5)


class NoDropout(TinyLearner):
    def build(self, job, settings):
        network = super().build(job, settings)
        for part in network:
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        return network


def test_tiles_agree_with_the_whole_frame_away_from_borders() -> None:
    torch.manual_seed(0)
    network = torch.nn.Conv2d(1, 1, 5, padding=2)
    frames = learning_set(toy_pool(3, side=50), np.arange(3))
    device = torch.device("cpu")
    tiled = predict(network, "segmentation", frames, 24, device)
    whole = predict(network, "segmentation", frames, 50, device)
    # With valid borders only, no tile would know of its end: there nothing differs.
    constant = torch.nn.Conv2d(1, 1, 1)
    assert_allclose(
        predict(constant, "segmentation", frames, 24, device),
        predict(constant, "segmentation", frames, 50, device),
        atol=1e-6,
    )
    assert np.abs(tiled - whole).max() < 0.05
    from ccmeval_downstream.training.tiles import tile_starts

    inner = np.ones(50, bool)
    for start in tile_starts(50, 24):
        inner[max(start - 2, 0) : start + 2] = False
        inner[start + 22 : start + 26] = False
    assert inner.sum() > 20
    assert_allclose(tiled[:, inner][:, :, inner], whole[:, inner][:, :, inner], atol=1e-6)


@pytest.mark.parametrize("task", ["diagnosis", "segmentation"])
def test_a_model_is_saved_and_loaded(tmp_path: Path, task: str) -> None:
    job = toy_job(tmp_path / "job", task, steps=2)
    model = TinyLearner().fit(job)
    model.save(tmp_path / "kept")
    loaded = load_network(tmp_path / "kept", TinyLearner())
    assert np.array_equal(model.predict(job.validation), loaded.predict(job.validation))
    assert loaded.record == model.record
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"model.json", "model.safetensors"}
    (tmp_path / "kept" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(CcmevalError, match="cannot be read"):
        load_network(tmp_path / "kept", TinyLearner())
    newer = TinyLearner()
    newer.version = "2"
    with pytest.raises(UnavailableError, match="train it again"):
        load_network(tmp_path / "kept", newer)
    with pytest.raises(CcmevalError, match="holds no model"):
        load_network(tmp_path / "elsewhere", TinyLearner())


def test_frames_of_another_scale_or_size_are_refused(tmp_path: Path) -> None:
    job = toy_job(tmp_path, steps=1)
    model = TinyLearner().fit(job)
    with pytest.raises(UnavailableError, match="pixels of 1 um"):
        model.predict(learning_set(replace(job.train.pool, pixel_size_um=1.0), [0]))
    with pytest.raises(UnavailableError, match="not of 30 px"):
        model.predict(learning_set(toy_pool(2, side=30), [0]))
    assert model.predict(learning_set(job.train.pool, [])).shape == (0, 2)


def test_logs_are_the_history(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    model = TinyLearner().fit(toy_job(tmp_path, settings={"tensorboard": True}))
    with (tmp_path / "logs" / "csv" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [
        (int(row["step"]), float(row["training_loss"]), float(row["validation_loss"])) for row in rows
    ] == list(model.record.history)
    assert list((tmp_path / "logs" / "tensorboard").glob("events*"))


def test_what_cannot_be_done_is_refused_with_the_reason(tmp_path: Path) -> None:
    job = toy_job(tmp_path)
    masked = toy_job(tmp_path, "segmentation")
    nothing = {"bce": 0.0, "dice": 0.0}
    unmasked = FramePool(job.train.pool.frames, 2.0)
    refused = {
        "no frames": replace(job, train=learning_set(job.train.pool, [])),
        f"have {SIDE} px": replace(job, size_px=16),
        "not among": replace(job, train=learning_set(job.train.pool, [0, 1], [0, 2])),
        "without masks": replace(masked, train=learning_set(unmasked, [0, 1])),
        "has no part": replace(masked, settings={"loss": nothing}),
        "evenly": replace(job, settings={"devices": 3}),
    }
    if not torch.cuda.is_available():
        refused["needs a GPU"] = replace(job, settings={"precision": "16-mixed"})
    for reason, bad in refused.items():
        with pytest.raises(UnavailableError, match=reason):
            TinyLearner().fit(bad)


def test_threads_are_put_back_and_a_stop_by_the_user_is_one(tmp_path: Path) -> None:
    before = torch.get_num_threads()

    def stop(stage: str, done: int, total: int) -> None:
        assert torch.get_num_threads() == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TinyLearner().fit(toy_job(tmp_path, threads=2, progress=stop))
    assert torch.get_num_threads() == before


def test_validation_of_segmentation_is_the_mean_over_whole_frames(tmp_path: Path) -> None:
    from ccmeval_downstream.settings import LossSettings
    from ccmeval_downstream.training.prediction import validation_loss
    from ccmeval_downstream.training.targets import SegmentationTargets

    torch.manual_seed(1)
    network = torch.nn.Conv2d(1, 1, 1)
    frames = toy_job(tmp_path, "segmentation").validation
    found = validation_loss(
        network,
        "segmentation",
        frames,
        SegmentationTargets(frames, with_tubes=False),
        SIDE // 2,
        LossSettings(dice=0.0),
        torch.device("cpu"),
    )
    probability = predict(network, "segmentation", frames, SIDE, torch.device("cpu")).astype(np.float64)
    true = np.stack([frames.coverage(index) for index in range(8)])
    by_hand = -(true * np.log(probability) + (1 - true) * np.log1p(-probability)).mean()
    assert found == pytest.approx(by_hand, rel=1e-5)


def test_decay_spares_vectors_frozen_parts_and_what_a_network_names() -> None:
    from ccmeval_downstream.training.lightning_task import decay_groups

    class Named(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.position = torch.nn.Parameter(torch.zeros(1, 4, 4))
            self.line, self.frozen = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4).requires_grad_(False)

        def no_weight_decay(self) -> set[str]:
            return {"position"}

    inner = Named()
    decayed, kept = decay_groups(torch.nn.Sequential(inner), 0.1)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    assert [value is inner.line.weight for value in decayed["params"]] == [True]
    assert {id(value) for value in kept["params"]} == {id(inner.position), id(inner.line.bias)}
