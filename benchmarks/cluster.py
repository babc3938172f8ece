"""The same run in worker processes and on a Dask cluster, with a worker killed half-way.

    python benchmarks/cluster.py --frames 40

Starts a scheduler and two workers on the loopback, and compares the three tables and all pictures
byte by byte.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ccmeval.batch.run import run_biomarkers
from ccmeval.phantom import write_cohort
from ccmeval.settings import RunSettings

COMPARED = ("biomarkers.csv", "subjects.csv", "diagnoses.csv", "diagnosis_tests.csv")


def start_cluster(folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Start a scheduler and two workers; give the address and the processes, the scheduler first."""
    note = folder / "scheduler.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def start(command: str, *options: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", f"distributed.cli.{command}", *options]
        return subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=environment, cwd=folder)

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                      "--scheduler-file", str(note))  # fmt: skip
    options = ("--scheduler-file", str(note), "--nthreads", "1", "--no-dashboard", "--no-nanny")
    workers = [start("dask_worker", *options) for _ in range(2)]
    while not note.exists() or not note.read_text():
        time.sleep(0.1)
    return json.loads(note.read_text())["address"], [scheduler, *workers]


def compare(one: Path, other: Path) -> list[str]:
    """Name the files that differ between two runs."""
    names = [name for name in COMPARED if (one / name).exists()]
    names += [
        f"{folder}/{path.name}"
        for folder in ("masks", "skeletons", "overlays")
        for path in (one / folder).iterdir()
    ]
    _, different, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    print(f"{other.name}: {len(names)} files compared, {len(different)} differ, {len(missing)} are missing")
    return different + missing


def main() -> None:
    """Run three times and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=40)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_cohort(folder / "phantom", frames=wanted.frames, seed=1)
        address, processes = start_cluster(folder)

        def kill_one(done: int, failed: int, total: int) -> None:
            if done == total // 2 and processes[1].poll() is None:
                processes[1].kill()
                print(f"killed a worker after {done} of {total} frames")

        try:
            run_biomarkers(manifest, folder / "processes", RunSettings(jobs=2))
            run_biomarkers(manifest, folder / "dask", RunSettings(dask=address))
            run_biomarkers(manifest, folder / "dask-one-killed", RunSettings(dask=address), progress=kill_one)
            faults = [compare(folder / "processes", folder / name) for name in ("dask", "dask-one-killed")]
        finally:
            for process in processes:
                process.kill()
    sys.exit(any(faults))


if __name__ == "__main__":
    main()
