"""Time, memory and disk of `ccmeval three-pillar` up to ten thousand frames a set, and a kill half-way.

    python benchmarks/scale.py 1000 3000 10000 -o OUT
    python benchmarks/scale.py 1000 -o OUT --kill

Phantoms are made on the fly by `ccmeval phantom`, a real and a synthetic set of as many frames; smaller
counts are the first subjects of the largest. Then runs `ccmeval three-pillar` with pillars 1 and 2 on the
features radiomic and morphometric, which need no weights, each count from nothing (its own feature cache).
Memory is the largest resident size of the process, and of it with its workers, looked at ten times a second.
Processor time tells growth also beside other work. A count that was measured is not measured again.

From the smallest and the largest count the plan below the table is worked out. Of the processor time one
part grows with the frames; what each is compared with grows with their square, and its cost is measured
apart, on random numbers of the same size. Measuring is shared out among processes; the rest runs in one.

With `--kill` the run of the first count is killed (SIGKILL, workers too) when half of the frames are
measured, goes on with `--resume`, and is compared with the unbroken one: no frame measured twice, and the
same report but for time stamps.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from scaling import watch

from ccmeval.fidelity.duplicates import CopySettings, _likely
from ccmeval.fidelity.floors import LARGE_SPLITS
from ccmeval.fidelity.kernel import cmmd, kid
from ccmeval.fidelity.neighbours import prdc
from ccmeval.fidelity.signatures import Descriptors

PER_SUBJECT = 5
RADIOMIC = 100
"""Features of a frame, about as many as `radiomic` has."""

COLUMNS = (
    "frames a set",
    "phantoms s",
    "three-pillar s",
    "processor s",
    "of it main s",
    "processor ms/frame",
    "main MiB",
    "with workers MiB",
    "disk MiB",
)
DIFFERENT = frozenset({"created", "command"})
"""Parts of a report that two runs of one kind do not share."""


@dataclass(frozen=True)
class Cost:
    """What one run took; `phantom_s` is the share of its frames in their making.

    Of `processor_s`, the processor time of all its processes, `main_s` is the main one's.
    """

    frames: int
    phantom_s: float
    seconds: float
    processor_s: float
    main_s: float
    main_mib: float
    family_mib: float
    disk_mib: float


def main() -> None:
    """Print one line a number of frames, and the plan; or the check of a kill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("counts", type=int, nargs="+", help="frames a set")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="empty or new; a run of this one goes on"
    )
    parser.add_argument("--side", type=int, default=128, help="of a frame, in px")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--kill", action="store_true")
    wanted = parser.parse_args()
    making = made(wanted, max(wanted.counts))
    if wanted.kill:
        killed(wanted, subsets(wanted, wanted.counts[0]))
        return
    print(" ".join(COLUMNS))
    costs = [cost_of(wanted, count, making) for count in sorted(wanted.counts)]
    if len(costs) > 1:
        print(plan(costs[0], costs[-1], pair_seconds(), wanted.side, wanted.jobs))


def made(wanted: argparse.Namespace, count: int) -> float:
    """Make the phantoms of both sets; gives seconds a frame, kept for when the run is picked up."""
    note = wanted.out / "phantoms.json"
    if not note.exists():
        started = time.perf_counter()
        for number, name in enumerate(("real", "synth")):
            shutil.rmtree(wanted.out / name, ignore_errors=True)
            call = ["phantom", "-o", wanted.out / name, "--frames", count, "--seed", number + 1]
            call += ["--size-px", wanted.side, "--field-of-view", wanted.side / 0.96]
            run([*call, "--frames-per-subject", PER_SUBJECT, "--jobs", wanted.jobs])
        note.write_text(json.dumps({"seconds_a_frame": (time.perf_counter() - started) / (2 * count)}))
    return float(json.loads(note.read_text())["seconds_a_frame"])


def run(call: list[Any]) -> None:
    """Run a command of ccmeval to its end, quietly."""
    subprocess.run(command(call), check=True, stdout=subprocess.DEVNULL)


def command(call: list[Any]) -> list[str]:
    """Give the command line of a command of ccmeval."""
    return [sys.executable, "-m", "ccmeval", *map(str, call)]


def subsets(wanted: argparse.Namespace, count: int) -> dict[str, Path]:
    """Write a manifest of the first frames of each set; whole subjects stay together."""
    paths = {}
    for name in ("real", "synth"):
        rows = pd.read_csv(wanted.out / name / "manifest.csv")
        paths[name] = wanted.out / name / f"first_{count}.csv"
        rows.sort_values("subject", kind="stable").head(count).to_csv(paths[name], index=False)
    return paths


def scoring(wanted: argparse.Namespace, sets: dict[str, Path], out: Path) -> list[str]:
    """Give the command that scores, which writes to `out`."""
    call = [
        "three-pillar",
        "--real",
        sets["real"],
        "--synth",
        sets["synth"],
        "-o",
        out,
        "--jobs",
        wanted.jobs,
    ]
    return command([*call, "--pillars", "fidelity,preservation", "--features", "radiomic,morphometric"])


def surroundings(wanted: argparse.Namespace, name: str) -> dict[str, str]:
    """Give an environment with a feature cache of its own, emptied."""
    cache = wanted.out / f"cache_{name}"
    shutil.rmtree(cache, ignore_errors=True)
    return {**os.environ, "XDG_CACHE_HOME": str(cache.resolve()), "OMP_NUM_THREADS": "1"}


def cost_of(wanted: argparse.Namespace, count: int, making: float) -> Cost:
    """Measure a count, or find what it took; print its line."""
    note = wanted.out / f"cost_{count}.json"
    if not note.exists():
        note.write_text(json.dumps(asdict(measured(wanted, count, making))))
    cost = Cost(**json.loads(note.read_text()))
    each_ms = 500 * cost.processor_s / count
    numbers = (cost.phantom_s, cost.seconds, cost.processor_s, cost.main_s, each_ms)
    numbers += (cost.main_mib, cost.family_mib, cost.disk_mib)
    cells = [f"{number:{len(name)}.0f}" for name, number in zip(COLUMNS[1:], numbers, strict=True)]
    print(f"{count:{len(COLUMNS[0])}d}", *cells, flush=True)
    return cost


def measured(wanted: argparse.Namespace, count: int, making: float) -> Cost:
    """Score two sets of so many frames in a process, and tell what it took."""
    out, sets = wanted.out / f"scored_{count}", subsets(wanted, count)
    shutil.rmtree(out, ignore_errors=True)
    env, started, used = surroundings(wanted, str(count)), time.perf_counter(), processor_s()
    process = psutil.Popen(scoring(wanted, sets, out), env=env, stdout=subprocess.DEVNULL)
    alone, family, main_s = watch(process)
    seconds = time.perf_counter() - started
    assert process.returncode in (0, 1), f"three-pillar ended with {process.returncode}"
    disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 2**20
    return Cost(count, 2 * count * making, seconds, processor_s() - used, main_s, alone, family, disk)


def processor_s() -> float:
    """Give what children that ended, and theirs, have used: it tells growth beside other work too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pair_seconds() -> float:
    """Give what comparing one frame with one other takes, in the search for copies and in feature spaces.

    Distances are taken for both features, of all frames and of each third of them that shares a diagnosis,
    and again for the floors: `LARGE_SPLITS` halves of the real set, with the other half and with synthetic
    frames.
    """
    rng = np.random.default_rng(0)
    part, block = (
        Descriptors(*(rng.standard_normal((n, side, side), dtype=np.float32) for side in (24, 49)))
        for n in (64, 2048)
    )
    copies = spent(lambda: _likely(part, Blocks(block), CopySettings(), None)) / (64 * 2048)
    real, synth = rng.standard_normal((2, 2000, RADIOMIC))
    kernels = sum(spent(partial(metric, real, synth)) for metric in (kid, cmmd))
    spaces = kernels * (1 + LARGE_SPLITS / 2) + spent(lambda: prdc(real, synth))
    return copies + 2 * (1 + 1 / 3) * spaces / len(real) ** 2


def spent(work: Callable[[], Any]) -> float:
    """Give the processor time of some work."""
    started = time.process_time()
    work()
    return time.process_time() - started


@dataclass(frozen=True)
class Blocks:
    """Descriptors in memory, as the search reads them from disk."""

    block: Descriptors

    def blocks(self, size: int) -> list[tuple[int, Descriptors, np.ndarray]]:
        """Give the one block."""
        return [(0, self.block, np.ones(len(self.block.plain), dtype=bool))]


def plan(less: Cost, more: Cost, pair_s: float, side: int, jobs: int) -> str:
    """Work out, from what one frame more costs, what large sets would take."""
    frames = more.frames - less.frames

    def apiece(name: str) -> float:
        pairs = pair_s * (more.frames**2 - less.frames**2) if name.endswith("_s") else 0.0
        return float((getattr(more, name) - getattr(less, name) - pairs) / frames)

    all_s, one_s, mib, disk = (apiece(name) for name in ("processor_s", "main_s", "main_mib", "disk_mib"))
    power = np.log(more.processor_s / less.processor_s) / np.log(more.frames / less.frames)
    lines = [
        f"A frame more on both sides ({side} px): {1000 * all_s:.0f} ms of processor time,"
        f" {1000 * one_s:.0f} ms of it in the main process, {1024 * mib:.1f} KiB of its memory,"
        f" {1024 * disk:.0f} KiB of disk; {1e6 * pair_s:.2f} us for each pair of a synthetic and a real"
        f" frame. Processor time went with frames to the power {power:.2f}."
    ]
    for count, workers, words in ((100_000, jobs, "one machine"), (10_000_000, 256, "a Dask cluster")):
        shared_h, own_h = ((all_s - one_s) * count / workers / 3600, one_s * count / 3600)
        gib = (more.main_mib + (count - more.frames) * mib) / 1024
        lines.append(
            f"{count:,} frames a set on {words} of {workers} processes: measuring {shared_h:.1f} h, the rest"
            f" of what grows with frames {own_h:.1f} h, all pairs {pair_s * count**2 / 3600:,.1f} h;"
            f" {gib:.1f} GiB of the main process, {count * disk / 1024:,.0f} GiB of disk."
        )
    return "\n".join(lines)


def killed(wanted: argparse.Namespace, sets: dict[str, Path]) -> None:
    """Score unbroken, and killed and picked up, and compare."""
    whole, broken = wanted.out / "whole", wanted.out / "broken"
    for out in (whole, broken):
        shutil.rmtree(out, ignore_errors=True)
    subprocess.run(
        scoring(wanted, sets, whole),
        env=surroundings(wanted, "whole"),
        stdout=subprocess.DEVNULL,
        check=False,
    )
    env, call = surroundings(wanted, "broken"), scoring(wanted, sets, broken)
    process = subprocess.Popen(call, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    while len(entries(broken)) < wanted.counts[0] and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = entries(broken)
    subprocess.run([*call, "--resume"], env=env, stdout=subprocess.DEVNULL, check=False)
    after = entries(broken)
    keys = [key for key in map(measured_key, after) if key]
    one, other = (plain(json.loads((out / "report.json").read_text())) for out in (whole, broken))
    print(f"killed when {len(before)} of {len(after)} entries stood in the journals")
    print(f"entries that stood then stand now, unchanged: {set(before) <= set(after)}")
    print(f"frames measured twice: {len(keys) - len(set(keys))}")
    print(f"reports are the same: {text(one, whole) == text(other, broken)}")


def entries(out: Path) -> list[str]:
    """Give the whole lines of both journals."""
    lines: list[str] = []
    for path in sorted(out.glob("biomarkers/*/journal.jsonl")):
        lines += [f"{path.parent.name} {line}" for line in path.read_text().split("\n")[:-1]]
    return lines


def measured_key(entry: str) -> str | None:
    """Give set and frame of an entry that tells of a measured frame."""
    name, line = entry.split(" ", 1)
    row = json.loads(line).get("row")
    return f"{name} {row['key']}" if row else None


def plain(report: Any) -> Any:
    """Leave time stamps and the command out."""
    if isinstance(report, dict):
        return {name: plain(value) for name, value in report.items() if name not in DIFFERENT}
    return [plain(value) for value in report] if isinstance(report, list) else report


def text(report: Any, out: Path) -> str:
    """Write a report as text, its folder's name left out."""
    return json.dumps(report, sort_keys=True).replace(str(out), "OUT")


if __name__ == "__main__":
    main()
