"""Training of a generator: cohort to job, job to model, samples and record."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ccmeval.generation.conditions import GeneratorRecord, TrainingPlan
from ccmeval.generation.sample_book import REAL_TABLE, SampleBook
from ccmeval.generation.trainable import GeneratorError, guarded, load_trainable
from ccmeval.generation.training_account import add_plan, begun, now, other_versions, provenance, told
from ccmeval.generation.training_data import training_set, trial_set
from ccmeval.generation.training_folder import (
    ERRORS,
    HISTORY,
    MODEL,
    POOL,
    RESULT,
    WORK,
    alone_in,
    check_same,
    clear,
    past_training,
    write_document,
)
from ccmeval.generation.training_prepared import Prepared, prepare_training
from ccmeval.generation.training_schema import PROVENANCE, RecordTold, SampleMeans, TrainingResult
from ccmeval.generation.training_settings import TrainSettings
from ccmeval.report.files import OutputError
from ccmeval.report.tables import write_csv
from ccmeval.utility.learning import LearningSet, StepProgress, no_progress

LEAST_CEILING = 0.5
"""Recall of the real frames' masks below which that of made frames says little."""


@dataclass(frozen=True)
class Preview:
    """What a training would be.

    Attributes
    ----------
    prepared : Prepared
    plan : TrainingPlan
    """

    prepared: Prepared
    plan: TrainingPlan


def preview_training(
    name: str, data: Path, settings: TrainSettings, progress: StepProgress = no_progress
) -> Preview:
    """Tell what a training would take; nothing is written but temporary files.

    Parameters
    ----------
    name : str
        Of the generator.
    data : pathlib.Path
        Folder or manifest.
    settings : TrainSettings
    progress : callable

    Returns
    -------
    Preview

    Raises
    ------
    CcmevalError
        If it could not be trained, with the reason.
    """
    prepared = prepare_training(name, data, settings, progress)
    with tempfile.TemporaryDirectory() as folder:
        train = trial_set(prepared.data, Path(folder) / POOL)
        return Preview(prepared, _plan(prepared, train, progress))


def train_generator(
    name: str,
    data: Path,
    out: Path,
    settings: TrainSettings,
    *,
    resume: bool = False,
    overwrite: bool = False,
    progress: StepProgress = no_progress,
    command: str = "",
) -> TrainingResult:
    """Train a generator on a cohort.

    In `out` come to lie: ``model/`` (what `save_pretrained` writes, with ``provenance.json``), ``work/`` (the
    generator's checkpoints), ``samples/`` with ``samples.csv`` and ``samples_real.csv``, ``training.csv`` and
    ``training.json``.

    Parameters
    ----------
    name : str
        Of the generator.
    data : pathlib.Path
        Folder or manifest.
    out : pathlib.Path
    settings : TrainSettings
    resume : bool
        Go on with the training in `out`; one that is finished is given back as it is.
    overwrite : bool
        Delete the training in `out` and begin anew.
    progress : callable
    command : str
        The command line, for the record.

    Returns
    -------
    TrainingResult

    Raises
    ------
    CcmevalError
        If it cannot be trained, with the reason.
    """
    past_training(out, resume=resume, overwrite=overwrite)  # before hours of reading
    prepared = prepare_training(name, data, settings, progress)
    with alone_in(out):
        past = past_training(out, resume=resume, overwrite=overwrite)
        if past is not None:
            check_same(out, past.identity, prepared.identity())
            if past.finished:
                return past
        if overwrite:
            clear(out)
        return _train(prepared, out, past, progress, command)


def _plan(prepared: Prepared, train: LearningSet, progress: StepProgress) -> TrainingPlan:
    """Ask another object of the generator for its plan, so that trying steps leaves no trace."""
    generator = load_trainable(prepared.name)
    with tempfile.TemporaryDirectory() as folder:
        job = prepared.job(train, Path(folder), no_progress)
        progress("Trying steps", 0, 1)
        plan = guarded(prepared.name, "while its training is planned", partial(generator.plan, job))
        progress("Trying steps", 1, 1)
    return plan


def _train(
    prepared: Prepared, out: Path, past: TrainingResult | None, progress: StepProgress, command: str
) -> TrainingResult:
    result = past or begun(prepared, command)
    write_document(out / RESULT, result)
    train = training_set(prepared.data, out / POOL, progress)
    if past is None:
        add_plan(result, _plan(prepared, train, progress))
    else:
        result.notes = list(dict.fromkeys([*result.notes, *other_versions(past.versions)]))
    if prepared.settings.sample_every is not None:
        result.sample_every = prepared.settings.sample_every
    write_document(out / RESULT, result)
    book = SampleBook(
        out, prepared.samples, prepared.data.summary.pixel_size_um, prepared.settings.measuring()
    )
    if prepared.samples and not (out / REAL_TABLE).is_file():
        book.write_real()
        result.sample_ceiling = book.ceiling()
        result.notes = [*result.notes, *_blind(result.sample_ceiling)]
        write_document(out / RESULT, result)
    job = replace(
        prepared.job(train, out / WORK, progress), sample_every=result.sample_every, on_samples=book
    )
    job.folder.mkdir(parents=True, exist_ok=True)
    generator = prepared.generator
    record = guarded(prepared.name, "while it is trained", partial(generator.fit, job), out / ERRORS)
    return _finish(prepared, out, result, record, book)


def _finish(
    prepared: Prepared, out: Path, result: TrainingResult, record: GeneratorRecord, book: SampleBook
) -> TrainingResult:
    """Keep the model, and say that the training is finished, in this order."""
    generator = prepared.generator
    _check_format(prepared)
    result.generator.identity = generator.identity
    result.record = told(RecordTold, record)
    result.finished = now()
    result.notes = list(dict.fromkeys([*result.notes, *record.notes]))
    if prepared.samples:
        result.sample_means = book.means()
    _keep_history(out, record)
    _keep_model(prepared, out, result)
    write_document(out / RESULT, result)
    shutil.rmtree(out / POOL, ignore_errors=True)  # patients' frames, of no more use
    (out / ERRORS).unlink(missing_ok=True)
    return result


def _blind(ceiling: SampleMeans) -> list[str]:
    """Warn where mask adherence would tell nothing of the generator."""
    if ceiling.length_recall is None or ceiling.length_recall >= LEAST_CEILING:
        return []
    return [
        f"In the real frames of the samples the segmenter finds {ceiling.length_recall:.0%} of their masks'"
        " nerves: at this scale, mask adherence says little of the generator."
    ]


def _check_format(prepared: Prepared) -> None:
    found, side = prepared.generator.format, prepared.data.size_px
    if found is None or tuple(found.shape_px) != (side, side):
        shape = None if found is None else tuple(found.shape_px)
        raise GeneratorError(
            f"The generator {prepared.name!r} was trained on frames of {side} x {side} px, but says that it"
            f" makes {shape}; ask its makers."
        )


def _keep_history(out: Path, record: GeneratorRecord) -> None:
    columns = ("stage", "step", "loss")
    rows = [dict(zip(columns, entry, strict=True)) for entry in record.history]
    write_csv(out / HISTORY, rows, columns)


def _keep_model(prepared: Prepared, out: Path, result: TrainingResult) -> None:
    """Write the model beside its place, and put it there whole."""
    home, unfinished = out / MODEL, out / f"{MODEL}.partial"
    try:
        for folder in (unfinished, home):
            shutil.rmtree(folder, ignore_errors=True)
        unfinished.mkdir(parents=True)
        save = partial(prepared.generator.save_pretrained, unfinished)
        guarded(prepared.name, "while it is saved", save, out / ERRORS)
        write_document(unfinished / PROVENANCE, provenance(result))
        unfinished.replace(home)
    except OSError as error:
        raise OutputError(
            f"{home} cannot be written ({error.strerror or error}); free space, then run again with --resume."
        ) from error
