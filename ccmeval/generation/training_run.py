"""Training of a generator: cohort to job, job to model, samples and record."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from pathlib import Path
from typing import Any

from ccmeval.batch.conclusion import library_versions
from ccmeval.batch.processes import usable_cores
from ccmeval.generation.conditions import GeneratorJob, GeneratorRecord, TrainingPlan
from ccmeval.generation.sample_book import SampleBook
from ccmeval.generation.trainable import GeneratorError, guarded, load_trainable, told_of
from ccmeval.generation.training_data import TrainingData, training_data, training_set, trial_set
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
from ccmeval.generation.training_samples import Sample, choose_samples
from ccmeval.generation.training_schema import (
    PROVENANCE,
    GeneratorTold,
    PlanTold,
    Provenance,
    RecordTold,
    TrainingResult,
)
from ccmeval.generation.training_settings import TrainSettings, generator_settings
from ccmeval.plugins import Generator
from ccmeval.report.files import OutputError
from ccmeval.report.tables import write_csv
from ccmeval.utility.learning import LearningSet, StepProgress, no_progress

SAMPLES_A_TRAINING = 10
"""Times that samples are made unless the settings say otherwise."""

LEARNING_LIBRARIES = (
    "torch",
    "lightning",
    "monai",
    "diffusers",
    "transformers",
    "peft",
    "timm",
    "safetensors",
)


@dataclass(frozen=True)
class Prepared:
    """All that a training needs but its folder.

    Attributes
    ----------
    name : str
        By which the generator was asked for.
    generator : Generator
    own : dict
        Its complete settings.
    settings : TrainSettings
    data : TrainingData
    samples : list of Sample
    notes : list of str
    """

    name: str
    generator: Generator
    own: dict[str, Any]
    settings: TrainSettings
    data: TrainingData
    samples: list[Sample]
    notes: list[str]

    def identity(self) -> dict[str, Any]:
        """List what a training that goes on must agree in; the rest leaves the model as it is."""
        weights = {name: str(Path(path).resolve()) for name, path in self.settings.weights.items()}
        return {
            "generator": self.name,
            "version": self.generator.version,
            "settings": self.own,
            "seed": self.settings.seed,
            "frames": self.data.key,
            "weights": weights,
            "samples": [sample.told.model_dump(mode="json") for sample in self.samples],
            "prompt": self.settings.prompt,
        }

    def job(self, train: LearningSet, folder: Path, progress: StepProgress) -> GeneratorJob:
        """Make the job, whose samples are not yet kept."""
        return GeneratorJob(
            train=train,
            classes=tuple(self.data.classes),
            settings=self.own,
            seed=self.settings.seed,
            folder=folder,
            samples=[sample.condition for sample in self.samples],
            keep_checkpoints=self.settings.keep_checkpoints,
            threads=self.settings.threads or usable_cores(),
            weights=self.settings.source(),
            progress=progress,
        )


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
    prepared = _prepared(name, data, settings, progress)
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
    prepared = _prepared(name, data, settings, progress)
    with alone_in(out):
        past = past_training(out, resume=resume, overwrite=overwrite)
        if past is not None:
            check_same(out, past.identity, prepared.identity())
            if past.finished:
                return past
        if overwrite:
            clear(out)
        return _train(prepared, out, past, progress, command)


def _prepared(name: str, data: Path, settings: TrainSettings, progress: StepProgress) -> Prepared:
    generator = load_trainable(name)
    own = generator_settings(generator.settings_model, settings.generator)
    found = training_data(data, generator.capabilities, settings, own.get("size_px"), progress)
    samples, notes = choose_samples(found, generator.capabilities, settings)
    return Prepared(name, generator, own, settings, found, samples, [*found.summary.notes, *notes])


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
    train = training_set(prepared.data, out / POOL, progress)
    result = past or _begun(prepared, _plan(prepared, train, progress), command)
    if prepared.settings.sample_every is not None:
        result.sample_every = prepared.settings.sample_every
    write_document(out / RESULT, result)
    book = SampleBook(
        out, prepared.samples, prepared.data.summary.pixel_size_um, prepared.settings.measuring()
    )
    if prepared.samples and past is None:
        book.write_real()
    job = replace(
        prepared.job(train, out / WORK, progress), sample_every=result.sample_every, on_samples=book
    )
    job.folder.mkdir(parents=True, exist_ok=True)
    generator = prepared.generator
    record = guarded(prepared.name, "while it is trained", partial(generator.fit, job), out / ERRORS)
    return _finish(prepared, out, result, record, book)


def _begun(prepared: Prepared, plan: TrainingPlan, command: str) -> TrainingResult:
    settings = prepared.settings
    return TrainingResult(
        created=_now(),
        command=command,
        versions={**library_versions(), **_versions_of_learning()},
        generator=told_of(prepared.generator, prepared.name),
        settings={**settings.model_dump(mode="json"), "generator": prepared.own},
        identity=prepared.identity(),
        seed=settings.seed,
        data=prepared.data.summary,
        classes=list(prepared.data.classes),
        samples=[sample.told for sample in prepared.samples],
        sample_every=ceil(plan.steps / SAMPLES_A_TRAINING),
        plan=_told(PlanTold, plan),
        subjects=prepared.data.summary.subjects,
        notes=list(dict.fromkeys([*prepared.notes, *plan.notes])),
    )


def _finish(
    prepared: Prepared, out: Path, result: TrainingResult, record: GeneratorRecord, book: SampleBook
) -> TrainingResult:
    """Keep the model, and say that the training is finished, in this order."""
    generator = prepared.generator
    _check_format(prepared)
    result.generator.identity = generator.identity
    result.record = _told(RecordTold, record)
    result.finished = _now()
    result.notes = list(dict.fromkeys([*result.notes, *record.notes]))
    if prepared.samples:
        result.sample_means = book.means()
    _keep_history(out, record)
    _keep_model(prepared, out, result)
    write_document(out / RESULT, result)
    shutil.rmtree(out / POOL, ignore_errors=True)  # patients' frames, of no more use
    return result


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
        write_document(unfinished / PROVENANCE, _provenance(result, result.generator))
        unfinished.replace(home)
    except OSError as error:
        raise OutputError(
            f"{home} cannot be written ({error.strerror or error}); free space, then run again with --resume."
        ) from error


def _provenance(result: TrainingResult, generator: GeneratorTold) -> Provenance:
    data = result.data
    same = (
        *("subjects", "n_frames_without_subject", "diagnoses", "size_px", "pixel_size_um"),
        *("field_of_view_um", "frames"),
    )
    return Provenance(
        generator=generator,
        seed=result.seed,
        finished=result.finished,
        **{name: getattr(data, name) for name in same},
    )


def _told(model: Any, source: TrainingPlan | GeneratorRecord) -> Any:
    """Take over what a plan or a record tells, as far as the result has a place for it."""
    told = asdict(source)
    return model(**{name: value for name, value in told.items() if name in model.model_fields})


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _versions_of_learning() -> dict[str, str]:
    found = {}
    for name in LEARNING_LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
