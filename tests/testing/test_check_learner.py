"""The conformance test finds each breach of the contract in a learner that is broken on purpose."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_learner, toy_job
from ccmeval.utility.learning import LearningSet, TrainingJob, TrainingRecord


class NoSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")


@dataclass
class Brightness:
    """A diagnosis from the mean grey value: the nearest of the training means."""

    means: np.ndarray
    record: TrainingRecord

    def predict(self, frames: LearningSet) -> np.ndarray:
        seen = np.array([frames.frame(i).mean() for i in range(len(frames))])
        scores = np.exp(-((200 * (seen[:, None] - self.means)) ** 2)) + 1e-9
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "means.json").write_text(str(self.means.tolist()), encoding="utf-8")


class Sound:
    """A learner that keeps the contract."""

    name = "brightness"
    version = "1"
    tasks: ClassVar = ("diagnosis",)
    licence = ""
    settings_model: ClassVar = NoSettings
    model: ClassVar = Brightness

    def prepare(self, weights: WeightSource) -> str:
        return "brightness 1"

    def fit(self, job: TrainingJob) -> Any:
        if job.task != "diagnosis":
            raise UnavailableError("Only diagnosis.")
        grey = np.array([job.train.frame(i).mean() for i in range(len(job.train))])
        means = np.array([grey[job.train.labels == k].mean() for k in range(len(job.classes))])
        return self.model(means, TrainingRecord(job.steps, job.steps, 3, 0.0))


def test_sound_learner_passes() -> None:
    check_learner(Sound(), must_learn=True)


class Nameless(Sound):
    name = ""


class OddTask(Sound):
    tasks: ClassVar = ("regression",)


class NeedsSetting(Sound):
    class settings_model(BaseModel):
        rate: float


class Wilful(Sound):
    """Trains for whatever it is asked."""

    def fit(self, job: TrainingJob) -> Any:
        if job.task == "diagnosis":
            return super().fit(job)
        return self.model(np.zeros(3), TrainingRecord(0, 0, 0, 0.0))


class Crashing(Sound):
    def fit(self, job: TrainingJob) -> Any:
        if job.task != "diagnosis":
            raise KeyError("classes")
        return super().fit(job)


class Random(Sound):
    def fit(self, job: TrainingJob) -> Any:
        model = super().fit(job)
        model.means = model.means + 0.01 * np.random.random(3)  # noqa: NPY002
        return model


class Moody(Sound):
    """Its identity is another each time."""

    def prepare(self, weights: WeightSource) -> str:
        return str(np.random.random())  # noqa: NPY002


class Forgetful(Sound):
    """Learns nothing."""

    def fit(self, job: TrainingJob) -> Any:
        model = super().fit(job)
        model.means = model.means[::-1].copy()
        return model


class Unnormalised(Sound):
    class model(Brightness):
        def predict(self, frames: LearningSet) -> np.ndarray:
            return super().predict(frames) / 2


class Wide(Sound):
    class model(Brightness):
        def predict(self, frames: LearningSet) -> np.ndarray:
            return super().predict(frames).astype(np.float64)


class Peeking(Sound):
    class model(Brightness):
        def predict(self, frames: LearningSet) -> np.ndarray:
            found = super().predict(frames)
            found[frames.labels == 1] = (0, 1, 0)
            return found


class Relative(Sound):
    """Compares a frame with the others of the call."""

    class model(Brightness):
        def predict(self, frames: LearningSet) -> np.ndarray:
            return np.roll(super().predict(frames), 1, axis=0) if len(frames) > 1 else np.eye(3)[2:]


class Pickling(Sound):
    class model(Brightness):
        def save(self, folder: Path) -> None:
            folder.mkdir(parents=True)
            (folder / "model.bin").write_bytes(pickle.dumps(self.means))


class Saveless(Sound):
    class model(Brightness):
        def save(self, folder: Path) -> None:
            pass


@pytest.mark.parametrize(
    ("learner", "sentence"),
    [
        (Nameless, "The name and the version must not be empty"),
        (OddTask, "'tasks' must be a tuple of"),
        (NeedsSetting, "Each setting must have a default"),
        (Wilful, "does not name the task segmentation, but trains for it"),
        (Crashing, "must be refused by UnavailableError, not KeyError"),
        (Random, "The same job .diagnosis. must give the same model"),
        (Moody, "the same identity twice"),
        (Forgetful, "should tell the toy diagnoses apart"),
        (Unnormalised, "must sum to 1"),
        (Wide, "must give float32, not float64"),
        (Peeking, "must look at neither labels nor masks"),
        (Relative, "must not depend on the other frames"),
        (Pickling, "model.bin is .or may hold. a pickle"),
        (Saveless, "save.. must write the model"),
    ],
)
def test_each_breach_is_told(learner: type, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_learner(learner(), must_learn=True)


def test_heavy_import_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heavy_learner.py").write_text(
        "class Heavy:\n"
        "    name, version, licence, tasks = 'heavy', '1', '', ('diagnosis',)\n"
        "    def __init__(self):\n"
        "        import sklearn\n"
        "    def prepare(self, weights): ...\n"
        "    def fit(self, job): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from heavy_learner import Heavy  # type: ignore[import-not-found]

    with pytest.raises(AssertionError, match="nothing heavy, but sklearn got loaded"):
        check_learner(Heavy())


def test_unknown_name() -> None:
    with pytest.raises(UnavailableError, match="No learner is called 'magic'"):
        check_learner("magic")


def test_safetensors_are_no_pickle_whatever_their_length(tmp_path: Path) -> None:
    """A header of 640 bytes begins with the two bytes of a pickle of protocol 2."""
    from ccmeval.testing.model import _is_pickle

    header = b"{}".ljust(0x280)
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    assert (tmp_path / "model.safetensors").read_bytes()[:2] == b"\x80\x02"
    assert not _is_pickle(tmp_path / "model.safetensors")
    for protocol in range(2, 6):
        (tmp_path / "model.bin").write_bytes(pickle.dumps([1], protocol))
        assert _is_pickle(tmp_path / "model.bin")


def test_toy_jobs_hold_what_they_promise(tmp_path: Path) -> None:
    job = toy_job("diagnosis", tmp_path)
    assert job.train.pool.frames.shape == (42, 32, 32)
    assert np.bincount(job.train.labels).tolist() == [8, 8, 8]
    assert job.train.weights.mean() == pytest.approx(1)
    assert not set(job.train.rows) & set(job.validation.rows)
    counts = [(job.train.coverage(i) > 0).any(axis=1).sum() for i in range(3)]
    assert counts == [2, 6, 10]
    segmentation = toy_job("segmentation", tmp_path)
    assert segmentation.classes == ()
    assert (segmentation.train.labels == -1).all()
