"""A learner that does what its settings say, and its work on a handful of tiny frames."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.utility.learning import FramePool, LearningSet, TrainingJob, TrainingRecord
from ccmeval.utility.pool_files import describe_pool
from ccmeval.utility.portions import frame_digests, portion
from ccmeval.utility.schema import Group
from ccmeval.utility.truths import NativeTruth, Truths, keep_truth
from ccmeval.utility.unit_key import JobFacts, unit_seed
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.work import UnitWork, with_key

ROOT = Path(__file__).parents[2]
CLASSES = ("dark", "bright")
IDENTITY = "scripted 1"


class ScriptedSettings(BaseModel):
    do: str = ""
    notes: str = ""
    wait_s: float = 0.0


class Scripted:
    """Nearest mean grey level for diagnosis, the frame itself for segmentation."""

    name = "scripted"
    version = "1"
    tasks = ("diagnosis", "segmentation")
    licence = ""
    settings_model = ScriptedSettings

    def prepare(self, weights: WeightSource) -> str:
        return IDENTITY

    def fit(self, job: TrainingJob) -> ScriptedModel:
        do, notes = job.settings["do"], Path(job.settings["notes"])
        with (notes / job.folder.name).open("a") as note:
            note.write(f"{os.getpid()} {os.environ.get('OMP_NUM_THREADS')} {job.threads}\n")
        checkpoint = job.folder / "checkpoint"
        resumed = checkpoint.is_file()
        checkpoint.write_text("half way")
        job.progress("training", 1, job.steps)
        time.sleep(job.settings["wait_s"])
        if do == "raise":
            raise RuntimeError("CUDA out of\nmemory" + "!" * 1000)
        if do == "unavailable":
            raise UnavailableError("Install something.")
        if do == "exit":
            sys.exit("enough")
        if do == "interrupt":
            raise KeyboardInterrupt
        if do == "die" or (do == "die once" and not resumed):
            os.kill(os.getpid(), signal.SIGKILL)
        jitter = np.random.default_rng(job.seed).normal(scale=1e-3, size=max(len(job.classes), 1))
        return ScriptedModel(job, _means(job) + jitter, resumed)


def _means(job: TrainingJob) -> np.ndarray:
    grey = np.array([job.train.frame(index).mean() for index in range(len(job.train))])
    counted = [
        np.average(grey, weights=job.train.weights * (job.train.labels == label))
        for label in range(len(job.classes))
    ]
    return np.array(counted) if counted else np.zeros(1)


class ScriptedModel:
    def __init__(self, job: TrainingJob, means: np.ndarray, resumed: bool) -> None:
        self.task, self.do, self.means = job.task, job.settings["do"], means
        notes = ["It went on from a checkpoint."] if resumed else []
        history = [(1, 0.5, float("nan")), (job.steps, 0.25, 0.125)]
        self.record = TrainingRecord(
            job.steps, job.steps, 2, 0.5, validation_loss=0.125, history=history, notes=notes
        )

    def predict(self, frames: LearningSet) -> Any:
        assert frames.pool.masks is None
        assert set(frames.labels.tolist()) <= {-1}
        pictures = np.stack([frames.frame(index) for index in range(len(frames))])
        if self.task == "segmentation":
            return pictures
        distance = np.abs(pictures.mean(axis=(1, 2))[:, None] - self.means)
        found = np.exp(-20 * distance)
        found = (found / found.sum(axis=1, keepdims=True)).astype(np.float32)
        rubbish = {
            "shape": found[:, :1],
            "nan": np.full_like(found, np.nan),
            "sum": found * 0.5,
            "range": found * np.linspace(-1.0, 1.0, found.shape[1]),
            "text": np.full(found.shape, "a"),
            "objects": np.full(found.shape, None),
        }
        return rubbish.get(self.do, found)

    def save(self, folder: Path) -> None:
        if self.do == "unsaveable":
            raise OSError("no room")
        (folder / "means.txt").write_text(str(self.means.tolist()))


def offer(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Offer the learner as a plug-in of this process and of those that it starts; give its path entry."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)  # workers of earlier tests do not know of this plug-in
    info = folder / "path" / "scripted-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[ccmeval.learners]\nscripted = tests.utility.scripted_learner:Scripted\n"
    )
    monkeypatch.syspath_prepend(str(info.parent))
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(info.parent), str(ROOT), before]))
    return info.parent


def tiny_pool() -> FramePool:
    """Give twelve frames, dark and bright in turn; the true nerve of each is its left half."""
    rng = np.random.default_rng(0)
    frames = rng.uniform(0.0, 0.2, (12, 8, 8)) + 0.5 * (np.arange(12) % 2)[:, None, None]
    masks = np.zeros((12, 8, 8), np.uint8)
    masks[:, :, :4] = 255
    return FramePool(frames.astype(np.float16), 4.0, masks, names=[f"frame {i}.png" for i in range(12)])


def make_work(folder: Path, fold: int = 0, group: Group = "A", do: str = "", **more: Any) -> UnitWork:
    """Make the work of a unit; `more` overrides fields of it, or settings of the learner."""
    pool = tiny_pool()
    digests = frame_digests(pool)
    task = more.pop("task", "diagnosis")
    notes = folder / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    settings = {"do": do, "notes": str(notes), "wait_s": more.pop("wait_s", 0.0)}
    fields = {
        "spec": UnitSpec(task, "scripted", group, fold=fold, seed=0),
        "facts": JobFacts(unit_seed(0, task, fold, 0), steps=4, batch_size=2, size_px=8),
        "classes": CLASSES if task == "diagnosis" else (),
        "pool": keep_pool(pool, folder / "pools", digests),
        "train": portion([0, 1, 2, 3], [0, 1, 0, 1]),
        "validation": portion([4, 5], [0, 1]),
        "test": portion([6, 7, 8], [0, 1, 0]),
        "identity": IDENTITY,
        "settings": settings,
        "folder": folder,
        "n_real": 4,
    }
    return with_key(UnitWork(**(fields | more)), digests)


def make_truths(folder: Path, rows: Sequence[int]) -> Truths:
    """Keep the true masks, twice as large as the frames."""
    mask = np.zeros((16, 16), bool)
    mask[:, :8] = True
    return Truths(folder, {row: keep_truth(folder, NativeTruth(mask, 2.0)) for row in rows})


def fits(folder: Path) -> dict[str, list[str]]:
    """Tell the processes that trained each unit, by key."""
    return {path.name: path.read_text().splitlines() for path in (folder / "notes").iterdir()}


def keep_pool(pool: FramePool, folder: Path, digests: Sequence[str]) -> Path:
    """Write a pool that is in memory into a folder named after its content."""
    home = folder / hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    np.save(home / "frames.npy", pool.frames)
    if pool.masks is not None:
        np.save(home / "masks.npy", pool.masks)
    return describe_pool(pool, home)
