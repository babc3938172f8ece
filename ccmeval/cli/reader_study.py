"""`ccmeval reader-study`: a blinded form for readers, and the scores of their answers."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.options import THREE_PILLAR_OPTIONS

if TYPE_CHECKING:
    from ccmeval.readers.schema import StudyScores
    from ccmeval.readers.settings import StudySettings

app = typer.Typer(
    name="reader-study",
    help="Can readers tell synthetic frames from real ones, and diagnose both alike?",
    add_completion=False,
    rich_markup_mode=None,
)


def option(text: str, *names: str, **more: Any) -> Any:
    """Make a command-line option that shows no default of its own."""
    return typer.Option(*names, help=text, show_default=False, **more)


@app.callback(invoke_without_command=True)
def make(
    context: typer.Context,
    real: Annotated[Path | None, option("Real frames: folder or manifest.", "--real", metavar="SET")] = None,
    synth: Annotated[
        Path | None, option("Synthetic frames: folder or manifest.", "--synth", metavar="SET")
    ] = None,
    n: Annotated[int | None, option("Different frames, half of them real.", "-n", "--frames")] = None,
    out: Annotated[
        Path | None, option("Folder for the form (to the readers) and its key (not to them).", "-o", "--out")
    ] = None,
    question: Annotated[
        str | None,
        option("What is asked. [default: real]", "--question", metavar="real|diagnosis|both"),
    ] = None,
    per_subject: Annotated[
        int | None, option("Most frames of one subject, in each set. [default: 2]", "--per-subject")
    ] = None,
    repeats: Annotated[
        float | None, option("Share of frames that are shown a second time. [default: 0.1]", "--repeats")
    ] = None,
    margin: Annotated[
        float | None,
        option("Accuracies within so much of 0.5 count as not telling. [default: 0.1]", "--margin"),
    ] = None,
    title: Annotated[str | None, option("Of the form; it must not tell anything.", "--title")] = None,
    seed: Annotated[int | None, option("Of the choice and order of frames. [default: 0]", "--seed")] = None,
    real_field_of_view: Annotated[
        float | None,
        option(THREE_PILLAR_OPTIONS["real_field_of_view_um"], "--real-field-of-view", metavar="UM"),
    ] = None,
    synth_field_of_view: Annotated[
        float | None,
        option(THREE_PILLAR_OPTIONS["synth_field_of_view_um"], "--synth-field-of-view", metavar="UM"),
    ] = None,
    subject_pattern: Annotated[
        str | None, option(THREE_PILLAR_OPTIONS["real_subject_pattern"], "--subject-pattern", metavar="REGEX")
    ] = None,
    synth_subject_pattern: Annotated[
        str | None,
        option(THREE_PILLAR_OPTIONS["synth_subject_pattern"], "--synth-subject-pattern", metavar="REGEX"),
    ] = None,
) -> None:
    """Write a blinded form of real and synthetic frames, one offline file, and its key.

    ccmeval reader-study score OUT ANSWERS... scores what readers saved.
    """
    if context.invoked_subcommand is not None:
        return
    from ccmeval.errors import CcmevalError

    if real is None or synth is None or n is None or out is None:
        raise CcmevalError("Give --real SET, --synth SET, -n N and -o OUT; see ccmeval reader-study --help.")
    given = {"n": n, "question": question, "per_subject": per_subject, "repeats": repeats}
    given |= {"margin": margin, "title": title, "seed": seed}
    from ccmeval.cli.progress import stage_bars
    from ccmeval.readers.candidates import SetToRead
    from ccmeval.readers.study import make_study

    settings = _settings({name: value for name, value in given.items() if value is not None})
    sets = (
        SetToRead(real, real_field_of_view, subject_pattern),
        SetToRead(synth, synth_field_of_view, synth_subject_pattern),
    )
    with stage_bars() as progress:
        study = make_study(*sets, out, settings, progress=progress)
    if study.was_there:
        typer.echo("The study was made before, and nothing was changed.")
    for sentence in (*study.key.power, *study.key.notes):
        typer.echo(f"Note: {sentence}")
    typer.echo(
        f"Form: {study.form} ({study.form.stat().st_size / 1e6:.1f} MB; this file alone goes to the readers)"
    )
    typer.echo(f"Key:  {out / 'key.json'} (what is what: keep it from the readers)")


@app.command()
def score(
    out: Annotated[Path, typer.Argument(help="Folder of the study.", metavar="OUT")],
    answers: Annotated[list[Path], typer.Argument(help="Files that readers saved, JSON or CSV.")],
    margin: Annotated[
        float | None,
        option(
            "Another margin of equivalence than the study's, which is then said.",
            "--margin",
            min=0.001,
            max=0.499,
        ),
    ] = None,
    seed: Annotated[int, option("Of the intervals over subjects. [default: 0]", "--seed", min=0)] = 0,
) -> None:
    """Score the answers: accuracy, agreement, and whether readers can tell."""
    from ccmeval.readers.report import write_scores
    from ccmeval.readers.scoring import score_study

    command = shlex.join(["ccmeval", *sys.argv[1:]])
    scores = score_study(out, answers, margin=margin, seed=seed, command=command)
    page = write_scores(scores, out)
    _tell(scores)
    typer.echo(f"Report: {page}")
    raise typer.Exit(int(bool(scores.left_out)))


def _settings(given: dict[str, Any]) -> StudySettings:
    from pydantic import ValidationError

    from ccmeval.errors import CcmevalError
    from ccmeval.readers.settings import StudySettings
    from ccmeval.settings import first_problem

    try:
        return StudySettings.model_validate(given)
    except ValidationError as error:
        raise CcmevalError(f"An option is wrong: {first_problem(error)}.") from error


def _tell(scores: StudyScores) -> None:
    for reason in scores.left_out:
        typer.echo(f"ccmeval: left out: {reason}", err=True)
    for one in scores.detection:
        typer.echo(f"{one.reader}: {one.sentence}")
    if scores.pooled is not None:
        typer.echo(scores.pooled.sentence)
    for difference in scores.differences:
        found = difference.difference
        if found.value is not None and found.low is not None and found.high is not None:
            typer.echo(
                f"{difference.reader}: right diagnoses, synthetic minus real {100 * found.value:+.1f} points"
                f" ({100 * found.low:+.1f} to {100 * found.high:+.1f})."
            )
