"""Training and generating in a process of their own, so that the memory that is measured is theirs alone.

``python -m ccmeval.comparison.child JOB.json`` does a job and tells of it on standard output, one JSON line
each: ``progress``, then ``done`` or ``error``. What libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

Told = Callable[[str, int, int], None]


def main() -> None:
    """Do the job that a file describes."""
    from ccmeval.batch.processes import follow_run
    from ccmeval.errors import CcmevalError

    follow_run(os.getppid())
    line = _own_output()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        _tell(line, {"progress": [stage, done, total]})

    try:
        done = {"train": _train, "generate": _generate}[job["what"]](job, progress)
    except CcmevalError as error:
        _tell(line, {"error": str(error)})
    except Exception as error:  # a stranger's generator may raise anything
        _tell(line, {"error": f"{type(error).__name__}: {error}"})
    else:
        _tell(line, {"done": done})


def _own_output() -> IO[str]:
    """Keep standard output for the lines, and send what others print there to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _tell(line: IO[str], told: dict[str, Any]) -> None:
    line.write(json.dumps(told) + "\n")
    line.flush()


def _train(job: dict[str, Any], progress: Told) -> dict[str, Any]:
    from ccmeval.generation.training_run import train_generator
    from ccmeval.generation.training_settings import make_train_settings

    out = Path(job["out"])
    settings = make_train_settings(**job["settings"])
    train_generator(
        job["generator"], Path(job["data"]), out, settings,
        resume=(out / "training.json").is_file(), progress=progress, command=job["command"],
    )  # fmt: skip
    return {}


def _generate(job: dict[str, Any], progress: Told) -> dict[str, Any]:
    from ccmeval.generation.generating_run import generate_cohort
    from ccmeval.generation.settings import GenerateSettings
    from ccmeval.plugins import WeightSource

    out = Path(job["out"])
    clock = Clock(progress)
    made = generate_cohort(
        job["generator"], out, GenerateSettings(**job["settings"]),
        weights=WeightSource(job["weights"], job["download"]), resume=out.exists(),
        progress=clock, command=job["command"],
    )  # fmt: skip
    return {
        "manifest": str(made.manifest),
        "notes": [*made.notes, *made.warnings],
        "unusable": list(made.unusable)[:10],
        "batches": clock.batches,
        "batch_size": job["settings"].get("batch_size", GenerateSettings().batch_size),
        **peaks(),
    }


class Clock:
    """Takes the time of every batch of frames.

    Attributes
    ----------
    batches : list of (int, float)
        Frames and seconds.
    """

    def __init__(self, progress: Told) -> None:
        self.progress, self.batches = progress, list[tuple[int, float]]()
        self._last: tuple[int, float] | None = None

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        """Pass progress on, and note how long the frames took that were made since."""
        now = time.perf_counter()
        if stage == "Frames":
            if self._last is not None and done > self._last[0]:
                self.batches.append((done - self._last[0], now - self._last[1]))
            self._last = (done, now)
        self.progress(stage, done, total)


def peaks() -> dict[str, Any]:
    """Tell the most memory that this process held, and the GPU's."""
    found: dict[str, Any] = {"peak_memory_bytes": _peak_memory(), "device": "cpu"}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.max_memory_allocated() > 0:
        found["peak_device_memory_bytes"] = int(torch.cuda.max_memory_allocated())
        found["device"] = str(torch.cuda.get_device_name())
    return found


def _peak_memory() -> int | None:
    """Read it from the kernel; `getrusage` would tell the parent's where that was larger."""
    try:
        for text in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if text.startswith("VmHWM:"):
                return int(text.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
