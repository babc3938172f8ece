"""The dry run: right numbers, and nothing left behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.utility.learning import learning_set  # noqa: E402
from ccmeval_generators.training.memory import PeakMemory  # noqa: E402
from tests.generators.tiny import AdversarialStage, CoderStage, TinyGenerator, toy_job, toy_pool  # noqa: E402


def conv(first: int, last: int, side: int = 3) -> int:
    return last * (first * side**2 + 1)


def test_parameters_and_steps_are_counted(tmp_path: Path) -> None:
    plan = TinyGenerator().plan(toy_job(tmp_path, {"first_steps": 50, "second_steps": 30}))
    coder = conv(1, 6) + conv(6, 2) + conv(2, 6) + conv(6, 1)
    maker = conv(3, 6) + 12 + conv(6, 2)
    critic = conv(2, 6) + conv(6, 1)
    assert plan.n_parameters == plan.n_trained == coder + maker + critic
    assert (plan.steps, plan.batch_size) == (80, 4)
    assert [words.partition(" of ")[0] for words in plan.stages] == [
        "coder: 50 steps",
        "adversarial: 30 steps",
    ]
    assert "Tiny." in plan.notes
    only_first = TinyGenerator().plan(toy_job(tmp_path, {"second_steps": 0}))
    assert (only_first.n_parameters, only_first.n_trained) == (coder + maker + critic, coder)


def test_nothing_is_written_told_or_changed(tmp_path: Path) -> None:
    told: list[object] = []
    generator = TinyGenerator()
    before = torch.get_rng_state()
    generator.plan(
        toy_job(
            tmp_path / "job",
            on_samples=lambda *what: told.append(what),
            progress=lambda *what: told.append(what),
        )
    )
    assert list(tmp_path.iterdir()) == []
    assert told == []
    assert generator.identity == "tiny 1 untrained"
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_trained_after_a_dry_run_is_the_same(tmp_path: Path) -> None:
    planned, other = TinyGenerator(), TinyGenerator()
    planned.plan(toy_job(tmp_path / "planned"))
    planned.fit(toy_job(tmp_path / "planned"))
    other.fit(toy_job(tmp_path / "other"))
    assert planned.identity == other.identity


def test_seconds_are_weighted_over_the_steps_of_the_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage, seconds in ((CoderStage, 0.02), (AdversarialStage, 0.06)):
        monkeypatch.setattr(stage, "loss", _slowed(stage.loss, seconds))
    plan = TinyGenerator().plan(toy_job(tmp_path, {"first_steps": 300, "second_steps": 100}))
    least = (300 * 0.02 + 100 * 2 * 0.06) / 400
    assert least < plan.seconds_a_step < least + 0.05


def _slowed(loss, seconds: float):
    def slowed(self, turn, batch, generator):
        time.sleep(seconds)
        return loss(self, turn, batch, generator)

    return slowed


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")
@pytest.mark.skipif(torch.cuda.is_available(), reason="of a GPU its own memory is told")
def test_memory_is_that_of_the_step_that_needs_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = CoderStage.loss

    def greedy(self, turn, batch, generator):
        return loss(self, turn, batch, generator) + torch.ones(25 * 2**20).mean() * 0.0

    monkeypatch.setattr(CoderStage, "loss", greedy)
    plan = TinyGenerator().plan(toy_job(tmp_path))
    assert 0.09 < plan.memory_gib < 0.25
    assert "adversarial" in plan.stages[1]


def test_peak_memory_is_of_its_own_time() -> None:
    held = torch.ones(50 * 2**20)
    del held
    watch = PeakMemory(torch.device("cpu"))
    assert watch.peak_bytes() < 20 * 2**20


def test_few_frames_and_single_steps_can_be_tried(tmp_path: Path) -> None:
    plan = TinyGenerator().plan(
        toy_job(tmp_path, {"first_steps": 1, "second_steps": 1}, train=learning_set(toy_pool(), [1], [1]))
    )
    assert plan.steps == 2
    assert plan.seconds_a_step > 0.0


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU takes it")
def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="16-mixed needs a GPU"):
        TinyGenerator().plan(toy_job(tmp_path, {"precision": "16-mixed"}))
