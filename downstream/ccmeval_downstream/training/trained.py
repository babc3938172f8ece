"""A trained network: predicts, is saved and loaded; its weights lie in safetensors."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.plugins import load as load_plugin
from ccmeval.report.files import replacing
from ccmeval.training.surroundings import fastest_device, own_randomness, with_threads
from ccmeval.utility.learning import FramePool, LearningSet, TrainingJob, TrainingRecord, learning_set
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.prediction import predict

if TYPE_CHECKING:
    from ccmeval_downstream.network_learner import NetworkLearner

WEIGHTS, CARD = "model.safetensors", "model.json"
FORMAT = 1


@dataclasses.dataclass
class TrainedNetwork:
    """What a network has learnt; see :class:`ccmeval.plugins.TrainedModel`.

    Attributes
    ----------
    network : torch.nn.Module
    device : torch.device
        Where `network` lies.
    record : TrainingRecord
    learner, version : str
    job : TrainingJob
        What it was trained for; of its frames only shape and scale are still looked at.
    """

    network: nn.Module
    device: torch.device
    record: TrainingRecord
    learner: str
    version: str
    job: TrainingJob

    def predict(self, frames: LearningSet) -> FloatArray:
        """Predict frames.

        Frames larger than the network's input (segmentation) are covered by tiles that overlap by a
        quarter at least and are blended under Hann windows.

        Parameters
        ----------
        frames : LearningSet
            At the pixel size of training.

        Returns
        -------
        float32 array
            (N, C) for diagnosis; (N, S, S) for segmentation.

        Raises
        ------
        UnavailableError
            If the frames are of another scale or too small.
        """
        self._check(frames.pool)
        if not len(frames) and self.job.task == "diagnosis":
            return np.empty((0, len(self.job.classes)), np.float32)
        with with_threads(self.job.threads):
            return predict(self.network, self.job.task, frames, self.job.size_px, self.device)

    def save(self, folder: Path) -> None:
        """Keep the model in a folder: ``model.safetensors``, and ``model.json`` that says what it is."""
        self.keep(Path(folder))

    def keep(self, folder: Path, job_id: str = "") -> None:
        """Save the model, with the hash of its job."""
        from safetensors.torch import save_file

        state = {
            name: value.detach().cpu().contiguous().clone()
            for name, value in self.network.state_dict().items()
        }
        with replacing(folder / WEIGHTS) as partial:
            save_file(state, partial)
        with replacing(folder / CARD) as partial:
            partial.write_text(json.dumps({**self._card(), "job": job_id}, indent=1), encoding="utf-8")

    def _card(self) -> dict[str, Any]:
        record = dataclasses.asdict(self.record)
        record["history"] = [[step, _plain(a), _plain(b)] for step, a, b in self.record.history]
        job = self.job
        return {
            "format": FORMAT,
            "learner": self.learner,
            "version": self.version,
            "task": job.task,
            "classes": list(job.classes),
            "size_px": job.size_px,
            "pixel_size_um": job.train.pool.pixel_size_um,
            "frame_px": int(job.train.pool.frames.shape[-1]),
            "seed": job.seed,
            "settings": dict(job.settings),
            "record": {**record, "validation_loss": _plain(self.record.validation_loss)},
        }

    def _check(self, pool: FramePool) -> None:
        own = self.job.train.pool.pixel_size_um
        if not math.isclose(pool.pixel_size_um, own, rel_tol=1e-3):
            raise UnavailableError(
                f"The model of {self.learner} was trained on pixels of {own:g} um and cannot judge frames"
                f" with pixels of {pool.pixel_size_um:g} um; bring the frames to its scale."
            )
        side, size = pool.frames.shape[-1], self.job.size_px
        if side < size or (self.job.task == "diagnosis" and side != size):
            raise UnavailableError(
                f"The model of {self.learner} takes frames of {size} px, not of {side} px; resize the frames."
            )


def load_network(folder: Path, learner: NetworkLearner | None = None, threads: int = 1) -> TrainedNetwork:
    """Load a saved network.

    Parameters
    ----------
    folder : pathlib.Path
        To which :meth:`TrainedNetwork.save` wrote.
    learner : NetworkLearner, optional
        Builds the network; by default the installed one of the name in ``model.json``.
    threads : int
        For prediction on a CPU.

    Raises
    ------
    CcmevalError
        If the folder holds no whole model, or one that does not belong to the learner.
    UnavailableError
        If the learner is missing or of another version.
    """
    from safetensors.torch import load_file

    card = read_card(Path(folder))
    builder = load_plugin("ccmeval.learners", card["learner"]) if learner is None else learner
    if (builder.name, builder.version) != (card["learner"], card["version"]):
        raise UnavailableError(
            f"{folder} holds a model of {card['learner']} {card['version']}, but {builder.name}"
            f" {builder.version} is installed; train it again."
        )
    job = _job_of(card, Path(folder), threads)
    settings = builder.settings_model.model_validate(dict(job.settings))
    assert isinstance(settings, NetworkSettings)
    with own_randomness(0):
        network = builder.build(job, settings)
    try:
        network.load_state_dict(load_file(Path(folder) / WEIGHTS))
    except Exception as error:  # safetensors and torch raise errors of their own kinds
        raise CcmevalError(
            f"The weights in {folder} cannot be read ({type(error).__name__}); train the model again."
        ) from error
    device = fastest_device()
    record = _record_of(card["record"])
    return TrainedNetwork(network.to(device), device, record, builder.name, builder.version, job)


def read_card(folder: Path) -> dict[str, Any]:
    """Read ``model.json``.

    Raises
    ------
    CcmevalError
        If it is missing or not what :meth:`TrainedNetwork.save` writes.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise ValueError("format")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CcmevalError(
            f"{folder} holds no model of this version; give the folder of a saved one."
        ) from error
    return card


def _job_of(card: dict[str, Any], folder: Path, threads: int) -> TrainingJob:
    """Make a job as `build` needs it, without frames."""
    side = card["frame_px"]
    none = learning_set(FramePool(np.empty((0, side, side), np.float16), card["pixel_size_um"]), [])
    return TrainingJob(
        task=card["task"],
        classes=tuple(card["classes"]),
        train=none,
        validation=none,
        steps=card["record"]["steps"],
        batch_size=1,
        size_px=card["size_px"],
        seed=card["seed"],
        folder=folder,
        settings=card["settings"],
        threads=threads,
    )


def _record_of(card: dict[str, Any]) -> TrainingRecord:
    history = tuple((step, _number(a), _number(b)) for step, a, b in card["history"])
    loss = _number(card["validation_loss"])
    return TrainingRecord(
        **{**card, "history": history, "validation_loss": loss, "notes": tuple(card["notes"])}
    )


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value
