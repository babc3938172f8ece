"""All units of a run: done once, shared by several runs, and none lost to a kill."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ccmeval.batch.processes import usable_cores
from ccmeval.utility import resources
from ccmeval.utility.execute import execute
from ccmeval.utility.store import UnitStore
from ccmeval.utility.work import UnitWork
from tests.utility.scripted_learner import ROOT, fits, make_work, offer

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
RUN = """
import pickle, sys
from pathlib import Path
from ccmeval.utility.execute import execute
from ccmeval.utility.store import UnitStore
folder, jobs = Path(sys.argv[1]), int(sys.argv[2])
works = pickle.loads((folder / "works.pickle").read_bytes())
try:
    found = execute(works, UnitStore(folder), jobs, poll_s=0.05)
except KeyboardInterrupt:
    sys.exit(130)
print(len(found), sorted({result.row.status for result in found}))
"""


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, tmp_path)


def _start(
    folder: Path, works: Sequence[UnitWork], jobs: int = 1, wait: bool = True
) -> subprocess.Popen[str]:
    (folder / "works.pickle").write_bytes(pickle.dumps(works))
    argv = [sys.executable, "-c", RUN, str(folder), str(jobs), "wait" if wait else "join"]
    return subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def _wait_for_units(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while len(list((folder / "units").glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _left(folder: Path) -> list[Path]:
    kept = [*folder.glob("work/*"), *folder.glob("claims/*"), *folder.glob("units/*.partial")]
    return [path for path in kept if path.exists()]


def test_units_are_done_once_and_read_afterwards(tmp_path: Path) -> None:
    works = [make_work(tmp_path, fold) for fold in range(3)]
    told: list[tuple[str, int, int]] = []
    first = execute(works, UnitStore(tmp_path), 1, lambda *args: told.append(args))
    assert [result.row.key for result in first] == [work.key for work in works]
    assert [event for event in told if event[0] == "training runs"] == [
        ("training runs", done, 3) for done in range(4)
    ]
    assert ("scripted diagnosis A, fold 2, seed 1: training", 1, 4) in told
    assert not _left(tmp_path)
    again = execute(list(reversed(works)), UnitStore(tmp_path), 1)
    assert [result.row for result in again] == [result.row for result in reversed(first)]
    for one, other in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one.arrays["test"], other.arrays["test"])
    assert fits(tmp_path) == {
        work.key: [f"{os.getpid()} {os.environ.get('OMP_NUM_THREADS')} {usable_cores()}"] for work in works
    }


def test_processes_side_by_side_give_the_same_results(tmp_path: Path) -> None:
    here = [make_work(tmp_path / "here", fold) for fold in range(5)]
    there = [make_work(tmp_path / "there", fold) for fold in range(5)]
    one = execute(here, UnitStore(tmp_path / "here"), 1)
    other = execute(there, UnitStore(tmp_path / "there"), 2)
    for mine, its in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.arrays["test"], its.arrays["test"])
    notes = [line.split() for lines in fits(tmp_path / "there").values() for line in lines]
    assert len(notes) == 5
    assert str(os.getpid()) not in {pid for pid, *_ in notes}
    threads = str(max(usable_cores() // 2, 1))
    assert {tuple(rest) for _, *rest in notes} == {(threads, threads)}
    assert not _left(tmp_path / "there")


def test_works_of_one_key_are_done_once(tmp_path: Path) -> None:
    work = make_work(tmp_path)
    assert [result.row.key for result in execute([work, work], UnitStore(tmp_path), 1)] == [work.key] * 2
    assert len(fits(tmp_path)[work.key]) == 1
    assert execute([], UnitStore(tmp_path)) == []


def test_a_failing_unit_fails_alone_and_is_tried_again_by_the_next_run(tmp_path: Path) -> None:
    works = [make_work(tmp_path, 0), make_work(tmp_path, 1, do="raise"), make_work(tmp_path, 2, do="nan")]
    for tries in (1, 2):
        found = execute(works, UnitStore(tmp_path), 1)
        assert [result.row.status for result in found] == ["done", "failed", "failed"]
        assert [len(fits(tmp_path)[work.key]) for work in works] == [1, tries, tries]
    joined = execute(works, UnitStore(tmp_path), 1, wait=False)
    assert [result.row.status for result in joined] == ["done", "failed", "failed"]
    assert [len(fits(tmp_path)[work.key]) for work in works] == [1, 2, 2]


@posix_only
def test_a_unit_whose_process_dies_is_tried_once_more(tmp_path: Path) -> None:
    works = [make_work(tmp_path, fold) for fold in range(3)]
    works += [make_work(tmp_path, 3, do="die"), make_work(tmp_path, 4, do="die once")]
    found = execute(works, UnitStore(tmp_path), 2)
    assert [result.row.status for result in found] == ["done", "done", "done", "failed", "done"]
    assert found[3].row.reason.startswith("Its process died twice; it may need too much memory")
    assert found[4].row.notes == ["It went on from a checkpoint."]
    assert {path.parent.name for path in _left(tmp_path)} == {"work"}  # the checkpoint of the failed one


@posix_only
@pytest.mark.parametrize("jobs", [1, 2])
def test_kill_9_loses_no_finished_unit_and_none_is_done_twice(tmp_path: Path, jobs: int) -> None:
    works = [make_work(tmp_path, fold, wait_s=0.15) for fold in range(6)]
    with _start(tmp_path, works, jobs) as process:
        _wait_for_units(tmp_path, 2, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(1.0 if jobs > 1 else 0.0)  # its workers see it gone
    finished = [work.key for work in works if UnitStore(tmp_path).load(work.key)]
    assert 2 <= len(finished) < 6
    before = fits(tmp_path)
    found = execute(works, UnitStore(tmp_path), 1)
    assert [result.row.status for result in found] == ["done"] * 6
    after = fits(tmp_path)
    assert {key: after[key] for key in finished} == {key: before[key] for key in finished}
    assert not _left(tmp_path)
    fresh = execute(
        [make_work(tmp_path / "fresh", fold) for fold in range(6)], UnitStore(tmp_path / "fresh"), 1
    )
    for one, other in zip(found, fresh, strict=True):
        np.testing.assert_array_equal(one.arrays["test"], other.arrays["test"])


def test_what_a_kill_left_of_a_finished_unit_is_cleared_up(tmp_path: Path) -> None:
    work = make_work(tmp_path)
    execute([work], UnitStore(tmp_path), 1)
    lock = tmp_path / "claims" / f"{work.key}.0.lock"
    for age_s, left in ((0, 2), (300, 0)):  # at first it may still be at it
        work.checkpoints.mkdir(parents=True, exist_ok=True)
        lock.write_text("{}")
        os.utime(lock, (time.time() - age_s,) * 2)
        execute([work], UnitStore(tmp_path), 1)
        assert len(_left(tmp_path)) == left


def test_two_runs_share_the_work(tmp_path: Path) -> None:
    works = [make_work(tmp_path, fold, wait_s=0.05) for fold in range(12)]
    with _start(tmp_path, works) as one, _start(tmp_path, works) as other:
        ends = [process.communicate(timeout=60) for process in (one, other)]
    assert [out for out, _ in ends] == ["12 ['done']\n"] * 2, ends
    notes = fits(tmp_path)
    assert [len(notes[work.key]) for work in works] == [1] * 12
    pids = {line.split()[0] for lines in notes.values() for line in lines}
    assert pids <= {str(one.pid), str(other.pid)}
    assert not _left(tmp_path)


def test_one_that_joins_does_not_wait_and_one_that_waits_takes_over(tmp_path: Path) -> None:
    works = [make_work(tmp_path, fold) for fold in range(3)]
    store = UnitStore(tmp_path)
    with store.claim(works[1].key):
        found = execute(works, store, 1, wait=False)
        assert [result.row.key for result in found] == [works[0].key, works[2].key]
    lock = tmp_path / "claims" / f"{works[1].key}.0.lock"
    lock.write_text(json.dumps({"machine": "another", "pid": 1, "started": ""}))

    def grow_old(stage: str, done: int, total: int) -> None:
        if stage.startswith("waiting"):
            assert (done, total) == (2, 3)
            os.utime(lock, (1e9, 1e9))

    assert len(execute(works, store, 1, grow_old, poll_s=0.01)) == 3
    assert not _left(tmp_path)


def test_one_that_waits_takes_the_failure_of_another_for_final(tmp_path: Path) -> None:
    work = make_work(tmp_path, do="raise")
    store = UnitStore(tmp_path)
    claim = store.claim(work.key)

    def fail_elsewhere(stage: str, done: int, total: int) -> None:
        if stage.startswith("waiting"):
            from ccmeval.utility.work import failed

            store.save(work.key, failed(work, "It broke there."))
            claim.release()

    (found,) = execute([work], store, 1, fail_elsewhere, poll_s=0.01)
    assert found.row.reason == "It broke there."
    assert not fits(tmp_path)


def test_a_unit_that_was_overtaken_is_not_saved(tmp_path: Path) -> None:
    work = make_work(tmp_path)

    def overtake(stage: str, done: int, total: int) -> None:
        if "training" in stage and done:
            (tmp_path / "claims" / f"{work.key}.1.lock").write_text("{}")

    found = execute([work], UnitStore(tmp_path), 1, overtake, wait=False)
    assert [result.row.status for result in found] == ["done"]
    assert UnitStore(tmp_path).load(work.key) is None
    assert work.checkpoints.is_dir()


def test_ctrl_c_in_this_process_keeps_what_is_finished(tmp_path: Path) -> None:
    works = [make_work(tmp_path, 0), make_work(tmp_path, 1, do="interrupt"), make_work(tmp_path, 2)]
    with pytest.raises(KeyboardInterrupt):
        execute(works, UnitStore(tmp_path), 1)
    assert [UnitStore(tmp_path).load(work.key) is not None for work in works] == [True, False, False]
    assert {path.parent.name for path in _left(tmp_path)} == {"work"}


@posix_only
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_in_a_terminal_ends_the_run_quietly(tmp_path: Path, jobs: int) -> None:
    works = [make_work(tmp_path, fold, wait_s=0.2) for fold in range(8)]
    with _start(tmp_path, works, jobs) as process:
        _wait_for_units(tmp_path, 1, process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole process group
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
    finished = len(list((tmp_path / "units").glob("*.json")))
    assert 1 <= finished < 8
    assert all(not UnitStore(tmp_path).is_claimed(work.key) for work in works)


@pytest.mark.parametrize(
    ("cuda", "cores", "memory_gib", "units", "jobs"),
    [
        (True, 16, 128, 30, 1),
        (False, 16, 128, 30, 16),
        (False, 16, 128, 3, 3),
        (False, 16, 9, 30, 4),
        (False, 16, 1, 30, 1),
        (False, 16, 64, 0, 1),
    ],
)
def test_default_jobs(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, cores: int, memory_gib: int, units: int, jobs: int
) -> None:
    monkeypatch.setattr(resources, "has_cuda", lambda: cuda)
    monkeypatch.setattr(resources, "usable_cores", lambda: cores)
    monkeypatch.setattr(resources, "memory_bytes", lambda: memory_gib * 2**30)
    assert resources.default_jobs(units) == jobs


@pytest.mark.parametrize(
    ("build", "visible", "tool", "expected"),
    [
        ("2.8.0", None, "/usr/bin/nvidia-smi", True),
        ("2.8.0+cu128", "1", "/usr/bin/nvidia-smi", True),
        ("2.8.0+cpu", None, "/usr/bin/nvidia-smi", False),
        ("2.8.0", "", "/usr/bin/nvidia-smi", False),
        ("2.8.0", "-1", "/usr/bin/nvidia-smi", False),
        (None, None, "/usr/bin/nvidia-smi", False),
    ],
)
def test_whether_there_is_a_gpu(
    monkeypatch: pytest.MonkeyPatch, build: str | None, visible: str | None, tool: str, expected: bool
) -> None:
    def version(name: str) -> str:
        if build is None:
            raise resources.PackageNotFoundError(name)
        return build

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(resources, "version", version)
    monkeypatch.setattr("shutil.which", lambda name: tool)
    assert resources.has_cuda() == expected


def test_memory_is_that_of_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = resources.memory_bytes()
    assert whole > 2**28
    for text, expected in (("1048576\n", 2**20), ("max\n", whole)):
        (tmp_path / "limit").write_text(text)
        monkeypatch.setattr(resources, "_CGROUP_LIMITS", (*resources._CGROUP_LIMITS, str(tmp_path / "limit")))
        assert resources.memory_bytes() == expected
