"""Training of generators in stages: it learns, it repeats, it tells what it does."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from ccmeval.errors import CcmevalError, UnavailableError  # noqa: E402
from ccmeval.generation.conditions import Condition  # noqa: E402
from ccmeval.utility.learning import FramePool, learning_set  # noqa: E402
from ccmeval_generators.training.checkpoint_files import checkpoints_of  # noqa: E402
from tests.generators.tiny import (  # noqa: E402
    CLASSES,
    SIDE,
    AdversarialStage,
    CoderStage,
    TinyGenerator,
    conditions,
    toy_job,
    toy_pool,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    generator, told = TinyGenerator(), {}
    folder = tmp_path_factory.mktemp("trained")
    job = toy_job(folder, {"first_steps": 60, "second_steps": 60}, on_samples=told.__setitem__)
    generator.fit(job)
    return generator, job, told


def losses(generator: TinyGenerator, stage: str) -> list[float]:
    return [loss for name, _, loss in generator.record.history if name == stage]


def test_the_loss_of_every_stage_falls(trained) -> None:
    for stage in ("coder", "adversarial"):
        found = losses(trained[0], stage)
        assert len(found) == 60
        assert np.mean(found[-10:]) < 0.5 * np.mean(found[:3])


def test_frames_follow_the_diagnosis_and_the_mask(trained) -> None:
    generator, _, _ = trained
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, 6:9] = True
    dark, bright = generator.generate([Condition(1, name, mask) for name in CLASSES])
    assert bright.mean() > dark.mean() + 0.02
    assert bright[mask].mean() > bright[~mask].mean() + 0.02
    for frame in (dark, bright):
        assert (frame.dtype, frame.shape) == (np.float32, (SIDE, SIDE))
        assert frame.min() >= 0.0
        assert frame.max() <= 1.0


def test_the_same_seed_gives_the_same_generator_and_another_does_not(tmp_path: Path) -> None:
    generators = [TinyGenerator() for _ in range(3)]
    for number, (generator, seed) in enumerate(zip(generators, (3, 3, 4), strict=True)):
        torch.manual_seed(number)  # the caller's own randomness is neither used nor changed
        before = torch.get_rng_state()
        generator.fit(toy_job(tmp_path / str(number), seed=seed))
        assert torch.equal(torch.get_rng_state(), before)
    first, second, other = (generator.generate(conditions()) for generator in generators)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert generators[0].identity == generators[1].identity != generators[2].identity


def test_a_frame_does_not_depend_on_what_is_made_with_it(trained) -> None:
    generator, some = trained[0], conditions(5)
    together = generator.generate(some)
    assert all(
        np.array_equal(generator.generate([one])[0], frame) for one, frame in zip(some, together, strict=True)
    )
    assert np.array_equal(generator.generate(some[::-1])[::-1], together)
    assert generator.generate([]) == []


def test_samples_come_before_the_first_step_at_every_nth_and_after_the_last(trained, tmp_path: Path) -> None:
    assert list(trained[2]) == list(range(0, 121, 4))
    told: list[int] = []
    TinyGenerator().fit(toy_job(tmp_path, sample_every=0, on_samples=lambda step, frames: told.append(step)))
    assert told == [0, 12]


def test_the_last_samples_are_what_the_generator_makes(trained) -> None:
    generator, job, told = trained
    assert np.array_equal(told[120], generator.generate(job.samples))
    assert not np.array_equal(told[0], told[120])


def test_samples_do_not_change_what_is_learnt(tmp_path: Path) -> None:
    some, none = TinyGenerator(), TinyGenerator()
    some.fit(toy_job(tmp_path / "some", sample_every=1))
    none.fit(toy_job(tmp_path / "none", samples=()))
    assert some.identity == none.identity


def test_the_last_checkpoints_are_kept_under_their_steps(tmp_path: Path) -> None:
    TinyGenerator().fit(toy_job(tmp_path, {"checkpoint_every_s": 1e-9}, keep_checkpoints=3))
    names = sorted(path.name.partition(".")[0] for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["step-00000010", "step-00000011", "step-00000012"]


def test_another_jobs_checkpoints_are_left_alone(tmp_path: Path) -> None:
    TinyGenerator().fit(toy_job(tmp_path, seed=4))
    before = set((tmp_path / "checkpoints").iterdir())
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path))
    assert before < set((tmp_path / "checkpoints").iterdir())
    alone = TinyGenerator()
    alone.fit(toy_job(tmp_path / "alone"))
    assert generator.identity == alone.identity


def test_the_log_tells_every_part_of_the_loss(trained) -> None:
    with (trained[1].folder / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 121)]
    first, last = rows[0], rows[-1]
    assert first["stage"] == "coder"
    assert float(first["masked"]) > 0.0
    assert first["critic"] == ""
    assert last["stage"] == "adversarial"
    assert float(last["maker"]) == losses(trained[0], "adversarial")[-1]
    assert float(rows[50]["rate"]) == pytest.approx(0.01 / 2)


def test_curves_can_be_seen_in_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    with_curves, without = TinyGenerator(), TinyGenerator()
    with_curves.fit(toy_job(tmp_path / "with", {"tensorboard": True}, samples=()))
    without.fit(toy_job(tmp_path / "without", samples=()))
    assert list((tmp_path / "with" / "logs" / "tensorboard").glob("events.*"))
    assert with_curves.identity == without.identity


def test_progress_tells_stage_loss_and_steps(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    TinyGenerator().fit(toy_job(tmp_path, progress=lambda *what: told.append(what)))
    words, done, of = told[-1]
    assert (done, of) == (12, 12)
    assert words.startswith("Training tiny, adversarial (loss 0.")


def test_entries_are_means_over_the_steps_between_them(tmp_path: Path) -> None:
    fine, coarse = TinyGenerator(), TinyGenerator()
    fine.fit(toy_job(tmp_path / "fine", {"first_steps": 100, "second_steps": 0}, samples=()))
    coarse.fit(toy_job(tmp_path / "coarse", {"first_steps": 101, "second_steps": 0}, samples=()))
    found = losses(fine, "coder")
    means = losses(coarse, "coder")
    assert means[:50] == pytest.approx(np.reshape(found, (50, 2)).mean(axis=1), rel=1e-5)
    assert len(means) == 51


def test_an_average_of_weights_is_what_makes_the_frames(tmp_path: Path) -> None:
    job = toy_job(tmp_path, {"average_decay": 0.9, "first_steps": 0, "second_steps": 3}, samples=())
    generator = TinyGenerator()
    generator.fit(job)
    loaded = torch.load(next((tmp_path / "checkpoints").iterdir()), weights_only=True)
    name = "head.weight"
    found = generator._networks["maker"].get_parameter(name).detach()
    assert torch.equal(found, loaded["average"][f"maker.{name}"])
    assert not torch.equal(found, loaded["state_dict"][f"networks.maker.{name}"])
    assert not any(key.startswith("critic") for key in loaded["average"])


def test_the_average_follows_by_hand() -> None:
    from ccmeval_generators.training.average import WeightAverage

    module = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        average = WeightAverage({"part": module}, 0.5)
        expected = 0.0
        for step, weight in enumerate((1.0, 2.0, 4.0)):
            module.weight.fill_(weight)
            average.update(step)
            decay = min(0.5, (1 + step) / (10 + step))
            expected = decay * expected + (1 - decay) * weight
    assert average.values["part.weight"].item() == pytest.approx(expected)
    with average.in_place():
        assert module.weight.item() == pytest.approx(expected)
    assert module.weight.item() == 4.0


def test_a_frozen_network_stays_as_it_is(tmp_path: Path) -> None:
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path, keep_checkpoints=9))
    newest, older = (
        torch.load(path, weights_only=True)["state_dict"]
        for path in checkpoints_of(tmp_path, next((tmp_path / "checkpoints").iterdir()).name.split(".")[1])
    )
    same = {name for name in newest if torch.equal(newest[name], older[name])}
    assert {name for name in newest if "coder" in name} == same


def test_what_is_cached_is_what_the_network_would_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    differences: list[float] = []
    loss = AdversarialStage.loss

    def compared(self, turn, batch, generator):
        with torch.no_grad():
            computed = self._networks["encoder"](batch.frames)
        differences.append(float((batch.cached["code"] - computed).abs().max()))
        return loss(self, turn, batch, generator)

    monkeypatch.setattr(AdversarialStage, "loss", compared)
    TinyGenerator().fit(toy_job(tmp_path, samples=()))
    assert len(differences) == 12
    assert max(differences) < 1e-6


def test_frames_and_masks_are_turned_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(CoderStage, "loss", _seeing(seen, CoderStage.loss))
    TinyGenerator().fit(toy_job(tmp_path, {"first_steps": 10, "second_steps": 0}, samples=()))
    pool, ways = toy_pool(), set()
    for batch in seen:
        for frame, mask, label, row in zip(batch.frames, batch.masks, batch.labels, batch.rows, strict=True):
            assert int(label) == int(row) % 2
            matching = [
                (turn, mirrored)
                for turn in range(4)
                for mirrored in (False, True)
                if np.array_equal(
                    _moved(pool.frames[row], turn, mirrored), frame[0].numpy().astype(np.float16)
                )
            ]
            assert len(matching) == 1
            ways.add(matching[0])
            assert np.array_equal(_moved(pool.masks[row], *matching[0]) > 127, mask[0].numpy() == 1.0)
    assert len(ways) == 8


def _seeing(seen, loss):
    def seeing(self, turn, batch, generator):
        seen.append(batch)
        return loss(self, turn, batch, generator)

    return seeing


def _moved(image, turn: int, mirrored: bool):
    turned = np.rot90(image, turn)
    return turned[:, ::-1] if mirrored else turned


def test_a_loss_that_is_no_number_stops_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = CoderStage.loss

    def failing(self, turn, batch, generator):
        found = loss(self, turn, batch, generator)
        return found * float("nan") if batch.step == 3 else found

    monkeypatch.setattr(CoderStage, "loss", failing)
    with pytest.raises(CcmevalError, match=r"loss \(coder\) of stage coder is no number any more by step 4;"):
        TinyGenerator().fit(toy_job(tmp_path, {"checkpoint_every_s": 1e-9}))
    names = [path.name for path in (tmp_path / "checkpoints").iterdir()]
    assert max(names).startswith("step-00000003")


def test_the_gradient_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    step = torch.optim.Adam.step

    def measured(self, closure=None):
        found = closure() if closure else None
        grads = [value.grad for group in self.param_groups for value in group["params"]]
        norms.append(float(torch.stack([grad.norm() for grad in grads]).norm()))
        step(self)
        return found

    monkeypatch.setattr(torch.optim.Adam, "step", measured)
    TinyGenerator().fit(toy_job(tmp_path, {"gradient_clip": 1e-3}, samples=()))
    assert len(norms) == 6 + 2 * 6
    assert max(norms) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"train": learning_set(toy_pool(), [])}, "no frames"),
        ({"settings": {"size_px": 32}}, "is to learn frames of 32 px, but was given 16 x 16"),
        ({"train": learning_set(FramePool(toy_pool().frames, 2.0), [0], [0])}, "without masks"),
        ({"train": learning_set(toy_pool(), [0, 1])}, "not among"),
        ({"train": learning_set(toy_pool(), [0], [2])}, "not among"),
        ({"settings": {"devices": 3}}, "cannot be shared evenly by 3 devices|devices were asked for"),
        ({"samples": [Condition(1, "dark")]}, "needs a mask"),
        (
            {"samples": [Condition(1, "grey", np.ones((SIDE, SIDE), bool))]},
            "not trained on the diagnosis 'grey'",
        ),
        (
            {"samples": [Condition(1, "dark", np.ones((8, SIDE), bool))]},
            "masks of 16 x 16 px, not of 8 x 16 px",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, more, words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        TinyGenerator().fit(toy_job(tmp_path, **more))
    assert list(tmp_path.iterdir()) == []


def test_an_untrained_generator_makes_nothing() -> None:
    generator = TinyGenerator()
    assert generator.format is None
    assert generator.identity == "tiny 1 untrained"
    with pytest.raises(UnavailableError, match="is not trained"):
        generator.generate(conditions())
    with pytest.raises(UnavailableError, match="is not trained"):
        generator.save_pretrained(Path("nowhere"))


def test_without_its_libraries_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccmeval.extras.find_spec", lambda name: None if name == "lightning" else "found")
    for what in (TinyGenerator().fit, TinyGenerator().plan):
        with pytest.raises(UnavailableError, match=r"lightning is not installed.*generate"):
            what(toy_job(tmp_path))


def test_the_base_class_is_light() -> None:
    code = "import sys, ccmeval_generators.network_generator as _; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
