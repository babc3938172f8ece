"""Claims: one holder at a time, and the claims of the dead are taken over by exactly one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccmeval.utility import claims as module
from ccmeval.utility.claims import Claims
from ccmeval.utility.processes import is_gone, machine, started_at

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
HOLD = """
import sys, time
from pathlib import Path
from ccmeval.utility.claims import Claims
claim = Claims(Path(sys.argv[1])).take("k")
print("held" if claim else "refused", flush=True)
time.sleep(60)
"""


def _holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def _age(path: Path, seconds: float) -> None:
    touched = path.stat().st_mtime - seconds
    os.utime(path, (touched, touched))


def _as_elsewhere(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"machine": "another"}))


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    with claims.take("k") as claim:
        assert claim.is_ours()
        assert claims.take("k") is None
        assert Claims(tmp_path).is_held("k")
        assert not claims.is_held("other")
    assert not list(tmp_path.iterdir())
    with claims.take("k"):
        pass


def test_of_many_threads_one_gets_it(tmp_path: Path) -> None:
    start = threading.Barrier(16)
    held = []

    def take() -> None:
        start.wait()
        held.append(Claims(tmp_path).take("k"))

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [claim for claim in held if claim]
    assert len(winners) == 1
    winners[0].release()


@posix_only
def test_the_claim_of_a_living_process_holds_and_that_of_a_killed_one_is_free_at_once(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        assert Claims(tmp_path).take("k") is None
        process.kill()
        process.wait()
        assert not Claims(tmp_path).is_held("k")
        with Claims(tmp_path).take("k") as claim:
            assert claim.is_ours()
            assert len(list(tmp_path.iterdir())) == 2
        assert not list(tmp_path.iterdir())


def test_another_machines_claim_is_taken_over_when_old_only(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    first = claims.take("k")
    lock = tmp_path / "k.0.lock"
    _as_elsewhere(lock)
    _age(lock, 60)
    assert claims.take("k") is None
    _age(lock, 300)
    with claims.take("k") as second:
        assert second.is_ours()
        assert not first.is_ours()
        assert claims.take("k") is None
        first.release()  # the sleeper wakes: what it releases is its own
        assert second.is_ours()
        assert claims.take("k") is None


@pytest.mark.parametrize("text", ["", "[]", '{"machine": 1}', "{"])
def test_a_torn_lock_holds_until_it_is_old(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "k.0.lock"
    lock.write_text(text)
    assert Claims(tmp_path).is_held("k")
    _age(lock, 300)
    assert not Claims(tmp_path).is_held("k")


def test_an_abandoned_claim_is_taken_over_by_one_of_many(tmp_path: Path) -> None:
    for _ in range(20):
        tmp_path.joinpath("k.0.lock").write_text("{}")
        _age(tmp_path / "k.0.lock", 300)
        start = threading.Barrier(8)
        held = []

        def take(start: threading.Barrier, held: list[object]) -> None:
            start.wait()
            held.append(Claims(tmp_path).take("k"))

        threads = [threading.Thread(target=take, args=(start, held)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [claim for claim in held if claim]
        assert len(winners) == 1
        winners[0].release()
        assert not list(tmp_path.iterdir())


def test_a_holder_touches_its_lock(tmp_path: Path) -> None:
    claims = Claims(tmp_path, beat_s=0.05, stale_s=10.0)
    with claims.take("k"):
        lock = tmp_path / "k.0.lock"
        _as_elsewhere(lock)
        _age(lock, 300)
        deadline = time.monotonic() + 10
        while not claims.is_held("k"):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_age_is_told_by_the_clock_of_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = Claims(tmp_path)
    with claims.take("k"):
        _as_elsewhere(tmp_path / "k.0.lock")
        monkeypatch.setattr(module.time, "time", lambda: 4e9)  # this machine's clock is years ahead
        assert claims.is_held("k")
        assert [path.name for path in tmp_path.iterdir()] == ["k.0.lock"]


@posix_only
def test_who_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = started_at(process.pid)
        assert not is_gone(process.pid, started)
        if started:
            assert is_gone(process.pid, "1")  # another process of the same number
        process.kill()
        deadline = time.monotonic() + 10
        while not is_gone(process.pid, started):  # a zombie, not yet waited for
            assert time.monotonic() < deadline
    assert is_gone(process.pid, started)


@posix_only
@pytest.mark.parametrize(("error", "gone"), [(ProcessLookupError, True), (PermissionError, False)])
def test_without_proc_the_system_is_asked(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError], gone: bool
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise error

    monkeypatch.setattr("ccmeval.utility.processes._stat", lambda pid: [])
    assert not is_gone(os.getpid(), "")
    monkeypatch.setattr(os, "kill", refuse)
    assert is_gone(12, "") == gone


@pytest.mark.parametrize("part", ["_boot", "_namespace"])
def test_a_machine_is_more_than_its_name(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    name: Callable[[], str] = machine.__wrapped__
    before = name()
    monkeypatch.setattr(f"ccmeval.utility.processes.{part}", lambda: "another")
    assert name() != before
