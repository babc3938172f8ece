"""What generating took: seconds of every batch and the most memory, kept over interruptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.comparison.schema import MeasuredCost
from ccmeval.report.files import replacing
from ccmeval.statistics.estimate import t_quantile

COSTS = "cost.json"
METHOD = (
    "wall clock over batches, without the first of each process, whose frames warm up; 95 % t interval over"
    " batches; most resident memory of the generating process, libraries and weights included"
)
NOT_MADE = "Not measured: the set was not made by this run."


class Costs:
    """The costs of a folder of generated frames, in a file beside it.

    Parameters
    ----------
    frames : pathlib.Path
        Folder of the frames.
    """

    def __init__(self, frames: Path) -> None:
        self.frames = frames
        self.path = frames.with_name(f"{frames.name}-{COSTS}")

    def forget_where_absent(self) -> None:
        """Drop costs of frames that are no longer there."""
        if not self.frames.exists():
            self.path.unlink(missing_ok=True)

    def add(self, done: Mapping[str, Any]) -> None:
        """Keep what a process told; one that made no frame tells nothing."""
        if done.get("batches"):
            told = [*self._read(), {name: done.get(name) for name in _KEPT}]
            with replacing(self.path) as partial:
                partial.write_text(json.dumps(told), encoding="utf-8")

    def _read(self) -> list[dict[str, Any]]:
        with suppress(OSError, ValueError):
            told = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(told, list):
                return told
        return []

    def measured(self) -> MeasuredCost:
        """Sum up; null, with the reason, where nothing was measured."""
        runs = self._read()
        if not runs:
            reason = "Not measured: the process that made the frames was interrupted."
            return MeasuredCost(reason=reason)
        batches = [batch for run in runs for batch in run["batches"][1:]]
        peaks = [run["peak_memory_bytes"] for run in runs if run["peak_memory_bytes"]]
        on_device = [run["peak_device_memory_bytes"] for run in runs if run["peak_device_memory_bytes"]]
        seconds, low, high = _per_frame(batches)
        return MeasuredCost(
            seconds_per_frame=seconds, seconds_low=low, seconds_high=high,
            n_frames_timed=sum(count for count, _ in batches), batch_size=runs[-1]["batch_size"],
            peak_memory_bytes=max(peaks, default=None), device=runs[-1]["device"],
            peak_device_memory_bytes=max(on_device, default=None), method=METHOD,
            reason="" if batches else "Not timed: all frames were made in the first batch, which warms up.",
        )  # fmt: skip


_KEPT = ("batches", "batch_size", "peak_memory_bytes", "peak_device_memory_bytes", "device")


def _per_frame(batches: list[list[float]]) -> tuple[float | None, float | None, float | None]:
    """Give seconds a frame, with an interval (ratio estimator over batches) where there are three or more."""
    if not batches:
        return None, None, None
    counts, seconds = np.array(batches, dtype=np.float64).T
    mean = float(seconds.sum() / counts.sum())
    if len(batches) < 3:
        return mean, None, None
    residuals = seconds - mean * counts
    error = float(residuals.std(ddof=1) / np.sqrt(len(batches)) / counts.mean())
    half = t_quantile(0.95, len(batches) - 1) * error
    return mean, max(mean - half, 0.0), mean + half
