"""What a trained model gives: its predictions, its record and its files."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.plugins import TrainedModel
from ccmeval.testing.toy import TOY_CLASSES
from ccmeval.utility.learning import LearningSet, TrainingJob, learning_set

_PICKLES = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"}


def ask(holds: bool, sentence: str) -> None:
    """Raise AssertionError with a sentence where something does not hold."""
    if not holds:
        raise AssertionError(f"{sentence}.")


def check_predictions(found: FloatArray, job: TrainingJob, test: LearningSet) -> None:
    """See that predictions are probabilities of the right shape."""
    side = test.pool.frames.shape[-1]
    shape = (len(test), len(job.classes)) if job.task == "diagnosis" else (len(test), side, side)
    ask(isinstance(found, np.ndarray), f"predict() must give an array, not {type(found).__name__}")
    ask(found.shape == shape, f"predict() for {job.task} must have the shape {shape}, not {found.shape}")
    ask(found.dtype == np.float32, f"predict() must give float32, not {found.dtype}")
    ask(bool(np.isfinite(found).all()), "Predictions must be finite")
    ask(bool((found >= 0).all() and (found <= 1).all()), "Predictions must be probabilities in [0, 1]")
    if job.task == "diagnosis":
        ask(np.allclose(found.sum(axis=1), 1.0, atol=1e-4), "Probabilities of a frame must sum to 1")


def check_blindness(model: TrainedModel, found: FloatArray, test: LearningSet) -> None:
    """Labels and masks are turned round, and frames come alone: predictions stay."""
    masks = None if test.pool.masks is None else 255 - test.pool.masks
    turned = learning_set(replace(test.pool, masks=masks), test.rows, np.arange(len(test)) % 2)
    same = np.allclose(model.predict(turned), found, atol=1e-5)
    ask(same, "predict() must look at neither labels nor masks")
    alone = model.predict(learning_set(test.pool, test.rows[1:2]))
    ask(
        alone.shape == found[1:2].shape and np.allclose(alone, found[1:2], atol=1e-4),
        "The prediction of a frame must not depend on the other frames of the call",
    )


def check_record(model: TrainedModel, job: TrainingJob) -> None:
    """See that the record makes sense."""
    record = model.record
    ask(0 <= record.best_step <= record.steps, "record.best_step must lie between 0 and record.steps")
    ask(record.n_parameters >= 0 and record.seconds >= 0, "The record must hold no negative number")
    ask(bool(record.device), "record.device must name a device")
    ask(all(isinstance(note, str) for note in record.notes), "record.notes must be texts")
    ask(
        all(len(row) == 3 for row in record.history),
        "Rows of record.history must be (step, training loss, validation loss)",
    )


def check_saved(model: TrainedModel, folder: Path) -> None:
    """See that the model is saved, and not as a pickle."""
    model.save(folder)
    check_files(folder, "save() must write the model into the folder", "save()")


def check_files(folder: Path, sentence: str, method: str) -> list[Path]:
    """See that a method wrote files (`sentence` where it did not), none of them a pickle; list them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    ask(bool(files), sentence)
    for path in files:
        ask(
            path.suffix not in _PICKLES and not _is_pickle(path),
            f"{method} must write safetensors or JSON, but {path.name} is (or may hold) a pickle",
        )
    return files


def _is_pickle(path: Path) -> bool:
    """Tell by the content: a pickle of protocol 2 to 5, or the archive that torch.save writes."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    start = path.read_bytes()[:2]
    begins_as_one = len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5
    return begins_as_one and not _is_safetensors(path)


def _is_safetensors(path: Path) -> bool:
    """Read the header: its length in 8 bytes, which may look like a pickle's first, then JSON."""
    content = path.read_bytes()
    try:
        return isinstance(json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]), dict)
    except ValueError:
        return False


def check_learnt(found: FloatArray, job: TrainingJob, test: LearningSet) -> None:
    """See that it tells the toy frames apart better than chance."""
    if job.task == "diagnosis":
        labels = test.rows % len(TOY_CLASSES)
        score = float(
            np.mean([(found.argmax(axis=1) == k)[labels == k].mean() for k in range(len(TOY_CLASSES))])
        )
        ask(score >= 0.5, f"It should tell the toy diagnoses apart, but its balanced accuracy is {score:.2f}")
        return
    nerve = np.stack([test.coverage(i) for i in range(len(test))]) > 0.5
    score = _roc_area(found[nerve], found[~nerve])
    ask(score >= 0.7, f"It should find the toy nerves, but its area under the ROC curve is {score:.2f}")


def _roc_area(positive: FloatArray, negative: FloatArray) -> float:
    """Probability that a nerve pixel is given more than another; ties count half."""
    ordered = np.sort(negative)
    below, not_above = np.searchsorted(ordered, positive, "left"), np.searchsorted(ordered, positive, "right")
    return float((below + not_above).mean() / (2 * negative.size))
