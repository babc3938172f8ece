"""A killed run that is picked up again is the unbroken run, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from ccmeval.training.checkpoints import LAST, PREVIOUS, find_checkpoint  # noqa: E402
from ccmeval_downstream.training import books  # noqa: E402
from tests.downstream.tiny import TinyLearner, toy_job  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory):
    return TinyLearner().fit(toy_job(tmp_path_factory.mktemp("unbroken"), "segmentation"))


def stopped_job(folder: Path, at_step: int, every_s: float, monkeypatch: pytest.MonkeyPatch, **more):
    """Break a run off in this process, and give the job that goes on with it."""
    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    settings = {"learning_rate": 0.02, "checkpoint_every_s": every_s}

    def stop(stage: str, done: int, total: int) -> None:
        if done == at_step:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        TinyLearner().fit(toy_job(folder, "segmentation", settings=settings, progress=stop, **more))
    return toy_job(folder, "segmentation", settings=settings, **more)


def assert_same(model, unbroken) -> None:
    one, two = model.network.state_dict(), unbroken.network.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in two)
    assert model.record.history == unbroken.record.history
    assert model.record.best_step == unbroken.record.best_step
    frames = toy_job(Path(), "segmentation").validation
    assert np.array_equal(model.predict(frames), unbroken.predict(frames))


def test_after_kill_9_the_run_goes_on_to_the_same_model(tmp_path: Path, unbroken) -> None:
    command = [sys.executable, "-m", "tests.downstream.tiny", str(tmp_path), "segmentation", "7", "1e-9"]
    folders = [str(ROOT), str(ROOT / "downstream"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert torch.load(tmp_path / LAST, weights_only=True)["global_step"] == 6
    told: list[int] = []
    job = toy_job(tmp_path, "segmentation", progress=lambda stage, done, total: told.append(done))
    model = TinyLearner().fit(job)
    assert told[0] == 7
    assert_same(model, unbroken)


@pytest.mark.parametrize(("at_step", "every_s"), [(1, 60.0), (6, 60.0), (9, 1e-9), (12, 60.0), (12, 1e-9)])
def test_wherever_it_was_broken_off(
    tmp_path: Path, at_step: int, every_s: float, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same(TinyLearner().fit(stopped_job(tmp_path, at_step, every_s, monkeypatch)), unbroken)
    rows = (tmp_path / "logs" / "csv" / "metrics.csv").read_text().splitlines()
    assert len(rows) == 1 + len(unbroken.record.history)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stopped_job(tmp_path, 9, 1e-9, monkeypatch)
    last = tmp_path / LAST
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    model = TinyLearner().fit(job)
    assert_same(model, unbroken)
    assert any("last.ckpt was damaged" in note for note in model.record.notes)


def test_two_damaged_checkpoints_begin_anew(
    tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stopped_job(tmp_path, 9, 1e-9, monkeypatch)
    (tmp_path / LAST).write_bytes(b"")
    (tmp_path / PREVIOUS).write_bytes(b"PK\x03\x04 nothing of use")
    model = TinyLearner().fit(job)
    assert_same(model, unbroken)
    assert len(model.record.notes) == 2


def test_checkpoints_hold_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "made"),))

    torch.save({"callbacks": {"books": {"job": "1"}}, "evil": Evil()}, tmp_path / LAST)
    found = find_checkpoint(tmp_path, "1")
    assert found.path is None
    assert len(found.notes) == 1
    assert not (tmp_path / "made").exists()


def test_another_jobs_checkpoint_is_passed_over(
    tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_job(tmp_path, 9, 1e-9, monkeypatch, seed=8)
    model = TinyLearner().fit(toy_job(tmp_path, "segmentation"))
    assert_same(model, unbroken)
    assert model.record.notes == ()
