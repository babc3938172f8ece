"""Throughput, cold start and peak memory of `ccmeval biomarkers` beside SuperCCM, in one run.

Make SuperCCM's environment once, anywhere::

    python3 -m venv /tmp/superccm && /tmp/superccm/bin/pip install "numpy<2" SuperCCM==1.1.1

then::

    python benchmarks/speed.py FRAMES_DIR --superccm /tmp/superccm/bin/python

Both tools read the same files and write a table, masks, skeletons and overlays. Runs alternate, and the
median of the repeats counts. "One core" pins the whole process tree to one CPU; "two cores" pins it to
two, where SuperCCM is given whichever of its two arrangements is faster (one process with a
two-threaded network, or two processes). `--scaling` adds the growth of time and memory with the number of
frames, on copies of the given frames.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

RUNNER = Path(__file__).with_name("superccm_runner.py")
SEGMENTER = ""
"""The plug-in that finds the nerves; ccmeval's default where empty."""

SUFFIXES = {".tif", ".tiff", ".jpg", ".jpeg", ".png", ".bmp"}


@dataclass(frozen=True)
class Timing:
    """Wall time and peak memory of one command, children included."""

    seconds: float
    peak_mib: float


def run(command: list[str], cores: int) -> Timing:
    """Run a command pinned to so many cores."""
    process = psutil.Popen(
        ["taskset", "-c", ",".join(str(core) for core in range(cores)), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    started = time.perf_counter()
    watcher.start()
    stderr = process.communicate()[1]
    seconds = time.perf_counter() - started
    watcher.join(timeout=1)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command[:3])} failed: {stderr.decode()[-500:]}")
    return Timing(seconds, peak[0])


def _watch(process: psutil.Process, peak: list[float]) -> None:
    """Sample the proportional set size of the whole process tree."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            tree = [process, *process.children(recursive=True)]
        except psutil.Error:
            return
        peak[0] = max(peak[0], sum(_proportional_set_mib(one) for one in tree))
        time.sleep(0.1)


def _proportional_set_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except (psutil.Error, OSError):
        return 0.0


def ours(frames: Path, out: Path, jobs: int) -> list[str]:
    """Give the command line of ccmeval."""
    ccmeval = Path(sys.executable).with_name("ccmeval")
    chosen = ["--segmenter", SEGMENTER] if SEGMENTER else []
    return [str(ccmeval), "biomarkers", str(frames), "-o", str(out), "--jobs", str(jobs), *chosen]


def theirs(python: str, frames: list[str], out: Path, processes: int, threads: int) -> list[str]:
    """Give the command line of SuperCCM's runner."""
    return [python, str(RUNNER), str(out), str(processes), str(threads), *frames]


def repeat(
    commands: dict[str, list[str]], outs: dict[str, Path], cores: int, times: int
) -> dict[str, Timing]:
    """Alternate between the commands; median seconds and greatest memory of each."""
    timings: dict[str, list[Timing]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            shutil.rmtree(outs[name], ignore_errors=True)
            timings[name].append(run(command, cores))
    return {
        name: Timing(statistics.median(t.seconds for t in ts), max(t.peak_mib for t in ts))
        for name, ts in timings.items()
    }


def report(title: str, n: int, results: dict[str, Timing]) -> None:
    """Print one block; the ratio is SuperCCM's best over ours."""
    best = min(t.seconds for name, t in results.items() if name != "ccmeval")
    print(f"\n{title}, {n} frame{'s' if n > 1 else ''}")
    for name, timing in results.items():
        each = timing.seconds / n
        print(f"  {name:32s} {timing.seconds:8.2f} s  {each:7.4f} s/frame  {timing.peak_mib:7.0f} MiB")
    print(f"  ratio (SuperCCM's best over ccmeval): {best / results['ccmeval'].seconds:.2f}")


def compare(frames: Path, python: str, scratch: Path, times: int) -> None:
    """Compare with SuperCCM: one core, two cores, a single frame from a cold start."""
    files = sorted(str(p) for p in frames.rglob("*") if p.suffix.lower() in SUFFIXES)
    out = {name: scratch / name for name in ("ccmeval", "one", "two")}
    single = scratch / "single"
    single.mkdir()
    shutil.copy(files[0], single)
    one, two = "SuperCCM, 1 process", "SuperCCM, 2 processes"
    outs = {"ccmeval": out["ccmeval"], one: out["one"], two: out["two"]}
    report(
        "Cold start, two cores",
        1,
        repeat(
            {"ccmeval": ours(single, out["ccmeval"], 2), one: theirs(python, files[:1], out["one"], 1, 0)},
            outs,
            2,
            times,
        ),
    )
    report(
        "One core",
        len(files),
        repeat(
            {"ccmeval": ours(frames, out["ccmeval"], 1), one: theirs(python, files, out["one"], 1, 1)},
            outs,
            1,
            times,
        ),
    )
    report(
        "Two cores",
        len(files),
        repeat(
            {
                "ccmeval": ours(frames, out["ccmeval"], 2),
                one: theirs(python, files, out["one"], 1, 2),
                two: theirs(python, files, out["two"], 2, 1),
            },
            outs,
            2,
            times,
        ),
    )


def scaling(frames: Path, scratch: Path, counts: list[int]) -> None:
    """Show how time and memory grow with the number of frames."""
    files = sorted(p for p in frames.rglob("*") if p.suffix.lower() in SUFFIXES)
    print("\nGrowth, two cores")
    for count in counts:
        folder, out = scratch / f"many{count}", scratch / f"out{count}"
        folder.mkdir()
        for index in range(count):
            source = files[index % len(files)]
            shutil.copy(source, folder / f"{index:06d}{source.suffix}")
        timing = run(ours(folder, out, 2), 2)
        print(
            f"  {count:6d} frames {timing.seconds:9.1f} s {timing.seconds / count:8.4f} s/frame"
            f" {timing.peak_mib:7.0f} MiB",
            flush=True,
        )
        shutil.rmtree(folder)
        shutil.rmtree(out)


def main() -> None:
    """Parse the command line and run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("frames", type=Path, help="folder of frames, at least 50 for a fair figure")
    parser.add_argument("--superccm", help="python of SuperCCM's virtual environment")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scaling", type=int, nargs="*", default=[], metavar="N")
    parser.add_argument("--segmenter", default="", help="the plug-in that finds the nerves")
    arguments = parser.parse_args()
    global SEGMENTER
    SEGMENTER = arguments.segmenter
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.superccm:
            compare(arguments.frames, arguments.superccm, Path(scratch), arguments.repeats)
        if arguments.scaling:
            scaling(arguments.frames, Path(scratch), arguments.scaling)


if __name__ == "__main__":
    main()
