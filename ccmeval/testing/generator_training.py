"""A generator planned, trained, trained again and gone on with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Condition, GeneratorJob, GeneratorRecord, TrainingPlan
from ccmeval.plugins import Generator
from ccmeval.testing.generator_conditions import disturb_randomness, format_of, refused, toy_conditions
from ccmeval.testing.generator_frames import check_frames
from ccmeval.testing.model import ask
from ccmeval.testing.toy import TOY_DIAGNOSES

Make = Callable[[], Generator]


class _CutShortError(Exception):
    """What the helper raises in the middle of a training, as a kill would end it."""


def check_refuses_training(generator: Generator, job: GeneratorJob) -> None:
    """See that one that cannot be trained says so."""
    for method in (generator.plan, generator.fit):
        words = f"It says that it is not trainable, so {method.__name__}()"
        refused(words, UnavailableError, method, job)
    _check_untouched(job, "A refused training")


def check_needs_training(generator: Generator) -> None:
    """See that a new one that needs training has no format and gives no frames."""
    ask(generator.format is None, "It says that it needs training, so a new one's format must be None")
    condition = Condition(seed=1, diagnosis=TOY_DIAGNOSES[0], mask=np.eye(64, dtype=bool))
    what = "It says that it needs training, so generate() of a new one"
    refused(what, UnavailableError, generator.generate, [condition])


def check_training(make: Make, job: GeneratorJob) -> tuple[Generator, int]:
    """Plan and fit; give the trained one, and how often it told its progress."""
    frames = job.train.pool.frames.copy()
    generator = make()
    untrained = "" if generator.format is None else generator.identity
    plan = generator.plan(job)
    check_plan(plan)
    _check_untouched(job, "plan()")
    job.folder.mkdir(parents=True, exist_ok=True)
    told = _Told()
    record = generator.fit(replace(job, progress=told.progress, on_samples=told.take))
    check_record(record, plan)
    _check_format(generator, job)
    ask(
        not untrained or generator.identity != untrained,
        "Training changes frames, so it must change identity",
    )
    ask(np.array_equal(frames, job.train.pool.frames), "plan() and fit() must not change the job's frames")
    _check_samples(told, generator, job, record)
    return generator, told.calls


def check_repeats(make: Make, job: GeneratorJob, trained: Generator, told: int) -> None:
    """Fit in another folder, in the same again, and cut short and gone on with: all give the same."""
    disturb_randomness()
    other, broken = (replace(job, folder=job.folder.parent / name) for name in ("second", "broken"))
    _compare(trained, _trained(make, other), "The same job in another folder")
    _compare(trained, _trained(make, job), "A finished job, asked for again in its folder,")
    if told > 1:
        _cut_short(make(), broken, (told + 1) // 2)
        _compare(trained, _trained(make, broken), "A training cut short and gone on with")


class _Told:
    """Takes what a training tells."""

    def __init__(self) -> None:
        self.calls = 0
        self.samples: list[tuple[int, list[FloatArray]]] = []

    def progress(self, stage: str, done: int, total: int) -> None:
        self.calls += 1
        ask(
            isinstance(stage, str) and 0 <= done <= total,
            f"progress() must be told a stage, done and total, not {stage!r}, {done!r}, {total!r}",
        )

    def take(self, step: int, frames: Sequence[FloatArray]) -> None:
        self.samples.append((step, [frame.copy() for frame in frames]))


def check_plan(plan: TrainingPlan) -> None:
    """See that a plan makes sense."""
    ask(isinstance(plan, TrainingPlan), f"plan() must give a TrainingPlan, not {type(plan).__name__}")
    ask(
        0 <= plan.n_trained <= plan.n_parameters and plan.steps >= 0 and plan.batch_size >= 1,
        "plan() must give numbers that can be: 0 <= n_trained <= n_parameters, steps >= 0, batch_size >= 1",
    )
    for name in ("memory_gib", "seconds_a_step"):
        value = getattr(plan, name)
        ask(math.isfinite(value) and value >= 0, f"plan().{name} must be a number from 0, not {value}")


def check_record(record: GeneratorRecord, plan: TrainingPlan) -> None:
    """See that the record makes sense and that the plan was honest."""
    ask(
        isinstance(record, GeneratorRecord), f"fit() must give a GeneratorRecord, not {type(record).__name__}"
    )
    for name in ("steps", "n_parameters", "n_trained"):
        planned, done = getattr(plan, name), getattr(record, name)
        ask(planned == done, f"plan().{name} must be what fit() then takes, not {planned} for {done}")
    ask(record.seconds >= 0 and bool(record.device), "The record must tell seconds from 0 and a device")
    ask(all(isinstance(note, str) for note in record.notes), "record.notes must be texts")
    ask(
        all(len(row) == 3 and isinstance(row[0], str) for row in record.history),
        "Rows of record.history must be (stage, step, loss)",
    )


def _check_format(generator: Generator, job: GeneratorJob) -> None:
    found, pool = format_of(generator), job.train.pool
    shape = tuple(pool.frames.shape[1:])
    ask(
        tuple(found.shape_px) == shape and math.isclose(found.pixel_size_um, pool.pixel_size_um),
        f"The format must be that of the training frames, {shape} at {pool.pixel_size_um} um, not"
        f" {tuple(found.shape_px)} at {found.pixel_size_um} um",
    )
    if "diagnosis" in generator.capabilities.takes:
        ask(
            tuple(found.diagnoses) == tuple(job.classes),
            f"format.diagnoses must be the job's, {tuple(job.classes)}, not {tuple(found.diagnoses)}",
        )


def _check_samples(told: _Told, generator: Generator, job: GeneratorJob, record: GeneratorRecord) -> None:
    steps = [step for step, _ in told.samples]
    ask(
        steps == sorted(steps) and all(0 <= step <= record.steps for step in steps),
        f"on_samples() must be told steps in order, from 0 to {record.steps}, not {steps}",
    )
    for _, frames in told.samples:
        check_frames(frames, format_of(generator), len(job.samples))


def _check_untouched(job: GeneratorJob, what: str) -> None:
    written = sorted(path.name for path in job.folder.rglob("*")) if job.folder.exists() else []
    ask(not written, f"{what} must write nothing into the job's folder, but wrote {', '.join(written[:3])}")


def _trained(make: Make, job: GeneratorJob) -> Generator:
    generator = make()
    job.folder.mkdir(parents=True, exist_ok=True)
    generator.fit(job)
    return generator


def _cut_short(generator: Generator, job: GeneratorJob, call: int) -> None:
    """Fit until `progress` is called for the given time, and end it there."""
    job.folder.mkdir(parents=True, exist_ok=True)
    calls = 0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise _CutShortError(stage)

    try:
        generator.fit(replace(job, progress=progress))
    except Exception as error:
        if not _caused_by_cut(error):
            raise


def _caused_by_cut(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _CutShortError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _compare(trained: Generator, again: Generator, what: str) -> None:
    conditions = toy_conditions(trained, trained.capabilities.takes, 2)
    for one, other in zip(trained.generate(conditions), again.generate(conditions), strict=True):
        ask(
            np.array_equal(one, other),
            f"{what} must give the same generator, but frames differ by up to"
            f" {np.abs(one - other).max():.2g}",
        )


def sampled(job: GeneratorJob, takes: Sequence[str], side_px: int) -> GeneratorJob:
    """Give the job two fixed conditions to make samples from, of what the generator takes."""
    mask = np.zeros((side_px, side_px), bool)
    mask[:, side_px // 2 : side_px // 2 + 2] = True
    conditions = [
        Condition(
            seed=number,
            diagnosis=diagnosis if "diagnosis" in takes else None,
            mask=mask if "mask" in takes else None,
            prompt="nerves" if "prompt" in takes else "",
            reference=np.full((side_px, side_px), 0.4, np.float32) if "reference" in takes else None,
        )
        for number, diagnosis in enumerate(job.classes)
    ]
    return replace(job, samples=conditions, sample_every=1)


def job_folder(root: Path) -> Path:
    """Give a folder that a job may make, below one that is there."""
    return root / "jobs" / "first"
