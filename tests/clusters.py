"""A Dask cluster for tests that need one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler and two workers as separate processes on the loopback."""

    address: str
    workers: list[subprocess.Popen[bytes]]
    scheduler: subprocess.Popen[bytes]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    note = tmp_path / "scheduler.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    processes = []

    def start(command: str, *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command}", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=tmp_path,
        )  # fmt: skip
        processes.append(process)
        return process

    start(
        "dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(note),
    )
    worker = ("--scheduler-file", str(note), "--nthreads", "1", "--no-dashboard", "--no-nanny")
    workers = [start("dask_worker", *worker) for _ in range(2)]
    deadline = time.monotonic() + 30
    while not note.is_file() or not note.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield Cluster(json.loads(note.read_text())["address"], workers, processes[0])
    for process in processes:
        process.kill()
        process.wait()
