"""What `ccmeval train` prints of a plan and of a finished training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ccmeval.generation.conditions import TrainingPlan
    from ccmeval.generation.training_run import Preview
    from ccmeval.generation.training_schema import TrainingResult


def tell_plan(found: Preview) -> None:
    """Print what a training would take."""
    prepared, plan = found.prepared, found.plan
    _tell_notes([*prepared.notes, *plan.notes])
    data = prepared.data.summary
    typer.echo(
        f"{prepared.name} {prepared.generator.version} would be trained on {data.n_frames} frames"
        f"{_people(data.subjects)} ({_counts(data.diagnoses)}), {data.size_px} x {data.size_px} px of"
        f" {data.pixel_size_um:.4g} um."
    )
    for line in plan_lines(plan):
        typer.echo(line)


def plan_lines(plan: TrainingPlan) -> list[str]:
    """Tell a plan in lines.

    Examples
    --------
    >>> from ccmeval.generation.conditions import TrainingPlan
    >>> for line in plan_lines(TrainingPlan(12_300_000, 300_000, 7200, 4, 1.25, 0.5, stages=["GAN"])):
    ...     print(line)
    Parameters: 12,300,000, of which 300,000 are trained.
    Steps: 7,200 of 4 frames (GAN).
    Memory: about 1.2 GiB.
    Time: about 1 h 0 min (0.5 s a step on cpu).
    """
    stages = f" ({'; '.join(plan.stages)})" if plan.stages else ""
    return [
        f"Parameters: {plan.n_parameters:,}, of which {plan.n_trained:,} are trained.",
        f"Steps: {plan.steps:,} of {plan.batch_size} frames{stages}.",
        f"Memory: about {plan.memory_gib:.1f} GiB.",
        f"Time: about {duration(plan.steps * plan.seconds_a_step)} ({plan.seconds_a_step:.3g} s a step on"
        f" {plan.device}).",
    ]


def duration(seconds: float) -> str:
    """Tell a time in words.

    Examples
    --------
    >>> duration(42.2), duration(150), duration(7300), duration(200000)
    ('42 s', '2 min 30 s', '2 h 1 min', '2 d 7 h')
    """
    whole = round(seconds)
    for large, small, unit, lesser in ((86400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s")):
        if whole >= large:
            return f"{whole // large} {unit} {whole % large // small} {lesser}"
    return f"{whole} s"


def tell(result: TrainingResult, out: Path) -> None:
    """Print what a training came to."""
    _tell_notes(result.notes)
    record, data = result.record, result.data
    if record is not None:
        typer.echo(
            f"{result.generator.identity}: {record.steps:,} steps in {duration(record.seconds)} on"
            f" {record.device}, {data.n_frames} frames{_people(data.subjects)}."
        )
    if result.sample_means:
        first, last = result.sample_means[0], result.sample_means[-1]
        for column, words in _ADHERENCE_WORDS.items():
            before, after = getattr(first, column), getattr(last, column)
            typer.echo(
                f"  {words}: {_share(before)} after step {first.step}, {_share(after)} after step {last.step}"
                f"{_best(result, column)} (mean of {len(result.samples)} samples)"
            )
    typer.echo(f"Model: {out / 'model'} (ccmeval generate {out})")


_ADHERENCE_WORDS = {
    "length_recall": "length of the mask's nerves that is found",
    "hallucinated_length": "length found that was not asked for",
    "cl_dice": "clDice",
}


def _best(result: TrainingResult, column: str) -> str:
    ceiling = result.sample_ceiling
    return "" if ceiling is None else f", {_share(getattr(ceiling, column))} in the real frames"


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _people(subjects: list[str] | None) -> str:
    return "" if subjects is None else f" of {len(subjects)} subject{'s' * (len(subjects) != 1)}"


def _counts(diagnoses: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in diagnoses.items())


def _tell_notes(notes: list[str]) -> None:
    from ccmeval.cli.biomarkers import printable

    for note in dict.fromkeys(notes):
        typer.echo(f"ccmeval: note: {printable(note)}", err=True)
