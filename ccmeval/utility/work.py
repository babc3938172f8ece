"""One unit of work: train, predict, count, and say what came of it."""

from __future__ import annotations

import gc
import shutil
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval import plugins
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.report.files import OutputError
from ccmeval.utility.learning import FramePool, StepProgress, TrainingJob, no_progress
from ccmeval.utility.pool_files import open_pool
from ccmeval.utility.portions import Portion, portion, portion_digest
from ccmeval.utility.predicting import class_probabilities, example_maps, nerve_counts
from ccmeval.utility.truths import Truths
from ccmeval.utility.unit_key import JobFacts, unit_key
from ccmeval.utility.unit_rows import done_row, failed_row, one_line
from ccmeval.utility.units import UnitResult, UnitSpec

if TYPE_CHECKING:
    from ccmeval.plugins import TrainedModel


@dataclass(frozen=True)
class UnitWork:
    """Everything by which any process that shares the run's folder can do a unit.

    Attributes
    ----------
    spec : UnitSpec
    facts : JobFacts
    classes : sequence of str
        Diagnoses in the order of the labels; empty for segmentation.
    pool : pathlib.Path
        From :func:`ccmeval.utility.pool_files.describe_pool`.
    train, validation, test : Portion
    identity : str
        What the learner's `prepare` gave when the run began.
    settings : mapping
        The learner's own, complete.
    weights : WeightSource
    folder : pathlib.Path
        Of the run. Checkpoints lie in ``work/KEY/`` until the unit is saved, kept models in
        ``models/KEY/``, the traceback of a failure in ``failed/KEY.txt``.
    n_real, n_synth : int
        Training frames of either kind, repeated ones counted each time.
    synth : int array
        Rows of synthetic frames whose diagnosis is asked of the model, too (group A).
    examples : int array
        Rows of test frames whose probabilities are kept (segmentation).
    truths : Truths or None
        True masks of the test and validation frames; needed for segmentation.
    keep_model : bool
    threads : int
    key : str
        From :func:`with_key`.
    """

    spec: UnitSpec
    facts: JobFacts
    classes: Sequence[str]
    pool: Path
    train: Portion
    validation: Portion
    test: Portion
    identity: str
    settings: Mapping[str, Any]
    folder: Path
    weights: WeightSource = field(default_factory=WeightSource)
    n_real: int = 0
    n_synth: int = 0
    synth: Sequence[int] = ()
    examples: Sequence[int] = ()
    truths: Truths | None = None
    keep_model: bool = False
    threads: int = 1
    key: str = ""

    @property
    def checkpoints(self) -> Path:
        """Folder of the unit's checkpoints."""
        return self.folder / "work" / self.key


def with_key(work: UnitWork, digests: Sequence[str]) -> UnitWork:
    """Give a work its key.

    Parameters
    ----------
    work : UnitWork
    digests : sequence of str
        From :func:`ccmeval.utility.portions.frame_digests`, of the work's pool; with the hashes of the true
        masks in it for segmentation.
    """
    parts = {
        "train": work.train,
        "validation": work.validation,
        "test": work.test,
        "synth": portion(work.synth),
        "examples": portion(work.examples),
    }
    key = unit_key(
        work.spec,
        identity=work.identity,
        settings=work.settings,
        facts=work.facts,
        content={name: portion_digest(digests, part) for name, part in parts.items()},
        classes=work.classes,
    )
    return replace(work, key=key)


def run_unit(work: UnitWork, progress: StepProgress = no_progress) -> UnitResult:
    """Do a unit. What a learner does wrong fails this unit and nothing else.

    Parameters
    ----------
    work : UnitWork
        With its key.
    progress : callable

    Returns
    -------
    UnitResult
        Its row says ``failed``, and why in one sentence, where there is no result.

    Raises
    ------
    OutputError
        If results cannot be written, which ends the run.
    """
    try:
        return _done(work, progress)
    except OutputError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything
        _keep_traceback(work)
        reason = str(error) if isinstance(error, CcmevalError) else f"{type(error).__name__}: {error}"
        return failed(work, reason)
    finally:
        gc.collect()  # a model's cycles may hold a GPU's memory


def failed(work: UnitWork, reason: str) -> UnitResult:
    """Make the result of a unit that came to nothing."""
    return UnitResult(work.spec, failed_row(work.spec, work.key, reason))


def tidy(work: UnitWork) -> None:
    """Remove the checkpoints of a unit whose result is kept."""
    shutil.rmtree(work.checkpoints, ignore_errors=True)


def placed(result: UnitResult, work: UnitWork) -> UnitResult:
    """Name the frames of a cached result by the rows that they have in this run's pool."""
    rows = {
        "test_rows": work.test.rows,
        "validation_rows": work.validation.rows,
        "synth_rows": np.asarray(work.synth, dtype=np.intp),
        "example_rows": np.asarray(work.examples, dtype=np.intp),
    }
    arrays = {name: rows.get(name, array) for name, array in result.arrays.items()}
    return replace(result, arrays=arrays)


def _done(work: UnitWork, progress: StepProgress) -> UnitResult:
    pool = open_pool(work.pool)
    learner = plugins.load("ccmeval.learners", work.spec.learner)
    if learner.prepare(work.weights) != work.identity:
        raise UnavailableError(
            f"The learner {work.spec.learner!r} or its weights changed while the run was going on;"
            " start it again."
        )
    model = learner.fit(_job(work, pool, progress))
    predict = _diagnoses if work.spec.task == "diagnosis" else _segmented
    arrays = predict(work, pool, model, progress)
    notes = [_keep_model(work, model)] if work.keep_model else []
    row = done_row(work.spec, work.key, model.record, [note for note in notes if note])
    n_distinct = int(np.unique(work.train.rows).size)
    counts = {"n_real": work.n_real, "n_synth": work.n_synth, "n_distinct": n_distinct}
    with suppress(OSError):
        _traceback_file(work).unlink()  # of an earlier try
    return UnitResult(work.spec, row.model_copy(update=counts), arrays)


def _job(work: UnitWork, pool: FramePool, progress: StepProgress) -> TrainingJob:
    work.checkpoints.mkdir(parents=True, exist_ok=True)
    return TrainingJob(
        task=work.spec.task,
        classes=tuple(work.classes),
        train=work.train.of(pool),
        validation=work.validation.of(pool),
        steps=work.facts.steps,
        batch_size=work.facts.batch_size,
        size_px=work.facts.size_px,
        seed=work.facts.seed,
        folder=work.checkpoints,
        evaluations=work.facts.evaluations,
        selection=work.facts.selection,
        settings=work.settings,
        threads=work.threads,
        progress=progress,
    )


def _diagnoses(
    work: UnitWork, pool: FramePool, model: TrainedModel, progress: StepProgress
) -> dict[str, npt.NDArray[Any]]:
    asked = {"test": work.test.rows, "validation": work.validation.rows}
    if len(work.synth):
        asked["synth"] = np.asarray(work.synth, dtype=np.intp)
    found: dict[str, npt.NDArray[Any]] = {f"{name}_rows": rows for name, rows in asked.items()}
    for name, rows in asked.items():
        found[name] = class_probabilities(model, pool, rows, len(work.classes), progress)
    return found


def _segmented(
    work: UnitWork, pool: FramePool, model: TrainedModel, progress: StepProgress
) -> dict[str, npt.NDArray[Any]]:
    if work.truths is None:
        raise ValueError("Segmentation needs the true masks of the test and validation frames.")
    examples = np.asarray(work.examples, dtype=np.intp)
    found: dict[str, npt.NDArray[Any]] = {
        "test_rows": work.test.rows,
        "validation_rows": work.validation.rows,
        "example_rows": examples,
        "examples": example_maps(model, pool, examples),
    }
    for name, rows in (("test", work.test.rows), ("validation", work.validation.rows)):
        found[name] = nerve_counts(model, pool, rows, work.truths, work.facts.tolerance_um, progress)
    return found


def _keep_model(work: UnitWork, model: TrainedModel) -> str:
    """Save the model, and give a sentence where that fails: the unit's numbers hold without it."""
    home = work.folder / "models" / work.key
    unfinished = home.with_name(f"{work.key}.partial")
    try:
        for folder in (unfinished, home):
            shutil.rmtree(folder, ignore_errors=True)
        unfinished.mkdir(parents=True)
        model.save(unfinished)
        unfinished.replace(home)
    except Exception as error:  # as above
        return one_line(f"The model could not be kept ({type(error).__name__}: {error}).")
    return ""


def _keep_traceback(work: UnitWork) -> None:
    with suppress(OSError):
        path = _traceback_file(work)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(traceback.format_exc(), encoding="utf-8", errors="backslashreplace")


def _traceback_file(work: UnitWork) -> Path:
    return work.folder / "failed" / f"{work.key}.txt"
