"""A killed training that is picked up again is the unbroken one, bit for bit."""

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

from ccmeval_generators.training import books  # noqa: E402
from ccmeval_generators.training.saved import WEIGHTS  # noqa: E402
from tests.generators.tiny import AdversarialStage, TinyGenerator, conditions, toy_job  # noqa: E402

ROOT = Path(__file__).parents[2]
AVERAGED = {"average_decay": 0.9}


class Stopped(Exception):
    """The user pulled the plug."""


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("unbroken")
    generator, told = TinyGenerator(), {}
    generator.fit(toy_job(folder, AVERAGED, on_samples=told.__setitem__))
    generator.save_pretrained(folder / "saved")
    return generator, told, folder


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    folders = [ROOT, ROOT / "generators", os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-m", "tests.generators.tiny", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=300)


def stopped_at(folder: Path, step: int, every_s: float, monkeypatch: pytest.MonkeyPatch, **more):
    """Break a training off in this process; gives the samples that it told."""
    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    told = {}

    def stop(stage: str, done: int, total: int) -> None:
        if done == step and stage.startswith("Training"):
            raise Stopped

    settings = {**AVERAGED, "checkpoint_every_s": every_s}
    with pytest.raises(Stopped):
        TinyGenerator().fit(toy_job(folder, settings, progress=stop, on_samples=told.__setitem__, **more))
    return told


def assert_same(folder: Path, generator: TinyGenerator, unbroken) -> None:
    whole, _, whole_folder = unbroken
    generator.save_pretrained(folder / "saved")
    saved = [path / "saved" / WEIGHTS for path in (folder, whole_folder)]
    assert saved[0].read_bytes() == saved[1].read_bytes()
    assert generator.record.history == whole.record.history
    assert np.array_equal(generator.generate(conditions()), whole.generate(conditions()))
    logs = [(path / "training.csv").read_text().splitlines() for path in (folder, whole_folder)]
    first, second = ([[*row.split(",")[:2], *row.split(",")[3:]] for row in log] for log in logs)
    assert first == second


def test_after_kill_9_the_training_goes_on_to_the_same_generator(tmp_path: Path, unbroken) -> None:
    ended = run("fit", str(tmp_path), "9", "1e-9", "0.9")
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    names = sorted(path.name.partition(".")[0] for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["step-00000007", "step-00000008"]
    generator, done, told = TinyGenerator(), [], {}
    generator.fit(
        toy_job(
            tmp_path,
            AVERAGED,
            progress=lambda stage, step, of: done.append(step),
            on_samples=told.__setitem__,
        )
    )
    assert done[0] == 9
    assert list(told) == [12]
    assert np.array_equal(told[12], unbroken[1][12])
    assert_same(tmp_path, generator, unbroken)


@pytest.mark.parametrize(
    ("step", "every_s"), [(1, 60.0), (3, 1e-9), (6, 60.0), (7, 60.0), (7, 1e-9), (10, 1e-9), (12, 1e-9)]
)
def test_wherever_it_was_broken_off(
    tmp_path: Path, step: int, every_s: float, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stopped_at(tmp_path, step, every_s, monkeypatch)
    generator, more = TinyGenerator(), {}
    generator.fit(toy_job(tmp_path, AVERAGED, on_samples=more.__setitem__))
    assert_same(tmp_path, generator, unbroken)
    assert list(told) + list(more) == [0, 4, 8, 12]
    assert all(np.array_equal(frames, unbroken[1][at]) for at, frames in {**told, **more}.items())


def test_ctrl_c_ends_it_as_anything_else_and_it_can_go_on(tmp_path: Path, unbroken) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage.startswith("Training"):
            signal.raise_signal(signal.SIGINT)

    settings = {**AVERAGED, "checkpoint_every_s": 1e-9}
    with pytest.raises(KeyboardInterrupt):
        TinyGenerator().fit(toy_job(tmp_path, settings, progress=interrupt))
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path, AVERAGED))
    assert_same(tmp_path, generator, unbroken)


def test_samples_that_were_told_are_not_told_again_though_steps_are_done_again(
    tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(stopped_at(tmp_path, 6, 60.0, monkeypatch)) == [0, 4]
    assert not (tmp_path / "checkpoints").exists()
    told = {}
    TinyGenerator().fit(toy_job(tmp_path, AVERAGED, on_samples=told.__setitem__))
    assert list(told) == [8, 12]


def test_a_stage_that_has_begun_does_not_begin_again_and_its_cache_is_used_again(
    tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at(tmp_path, 9, 1e-9, monkeypatch)
    (file,) = (tmp_path / "caches").rglob("code.npy")
    before = file.stat().st_mtime_ns

    def not_again(self, *given):
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(AdversarialStage, "begin", not_again)
        patch.setattr(AdversarialStage, "cached", not_again)
        generator = TinyGenerator()
        generator.fit(toy_job(tmp_path, AVERAGED))
    assert file.stat().st_mtime_ns == before
    assert_same(tmp_path, generator, unbroken)


def test_a_damaged_cache_is_computed_again(tmp_path: Path, unbroken, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(tmp_path, 9, 1e-9, monkeypatch)
    (file,) = (tmp_path / "caches").rglob("code.npy")
    file.write_bytes(file.read_bytes()[:100])
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path, AVERAGED))
    assert_same(tmp_path, generator, unbroken)


@pytest.mark.parametrize("damaged", [1, 2])
def test_damaged_checkpoints_are_passed_over_and_told(
    tmp_path: Path, damaged: int, unbroken, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at(tmp_path, 10, 1e-9, monkeypatch)
    paths = sorted((tmp_path / "checkpoints").iterdir(), reverse=True)
    for path in paths[:damaged]:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path, AVERAGED))
    assert_same(tmp_path, generator, unbroken)
    told = [note for note in generator.record.notes if "was damaged" in note]
    assert len(told) == damaged
    assert paths[0].name in told[0]
    assert generator.record.notes.count("Tiny.") == 1


def test_a_finished_training_is_only_read(tmp_path: Path) -> None:
    first, again, told = TinyGenerator(), TinyGenerator(), []
    first.fit(toy_job(tmp_path))
    again.fit(
        toy_job(
            tmp_path,
            progress=lambda *what: told.append(what),
            on_samples=lambda *what: told.append(what),
        )
    )
    assert told == []
    assert again.identity == first.identity
    assert again.record == first.record


def test_seconds_are_those_of_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(tmp_path, 10, 1e-9, monkeypatch)
    path = sorted((tmp_path / "checkpoints").iterdir())[-1]
    loaded = torch.load(path, weights_only=True)
    loaded["callbacks"]["books"]["seconds"] = 1000.0
    torch.save(loaded, path)
    record = TinyGenerator().fit(toy_job(tmp_path, AVERAGED))
    assert 1000.0 < record.seconds < 1100.0


def test_checkpoints_hold_no_code(tmp_path: Path, unbroken) -> None:
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "made"),))

    whole = next((unbroken[2] / "checkpoints").iterdir())
    path = tmp_path / "checkpoints" / whole.name
    path.parent.mkdir()
    loaded = torch.load(whole, weights_only=True)
    torch.save({**loaded, "evil": Evil()}, path)
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path, AVERAGED))
    assert_same(tmp_path, generator, unbroken)
    assert not (tmp_path / "made").exists()


def test_a_fresh_process_makes_identical_frames(tmp_path: Path, unbroken) -> None:
    ended = run("generate", str(unbroken[2] / "saved"), str(tmp_path / "frames.npy"))
    assert ended.returncode == 0, ended.stderr.decode()
    assert np.array_equal(np.load(tmp_path / "frames.npy"), unbroken[0].generate(conditions()))
