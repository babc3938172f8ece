"""`ccmeval release`: a synthetic set made ready to publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.options import OPTIONS, THREE_PILLAR_OPTIONS

if TYPE_CHECKING:
    from ccmeval.releasing import Released, ReleaseSettings


def option(text: str, *names: str, **more: Any) -> Any:
    """Make a command-line option that shows no default of its own."""
    return typer.Option(*names, help=text, show_default=False, **more)


def release(
    cohort: Annotated[Path, typer.Argument(help="The synthetic set: a folder or a manifest.")],
    out: Annotated[Path, option("Folder of the release; it appears once it is whole.", "-o", "--out")],
    real: Annotated[
        Path | None,
        option("Real frames that the generator learnt from: the set is scored against them now.", "--real"),
    ] = None,
    report: Annotated[
        Path | None, option("Folder of a run of ccmeval three-pillar that scored this very set.", "--report")
    ] = None,
    name: Annotated[str | None, option("What the set is called.", "--name")] = None,
    version: Annotated[str | None, option("Of the set. [default: 1.0]", "--version")] = None,
    licence: Annotated[str | None, option("Name or SPDX identifier of its licence.", "--licence")] = None,
    contact: Annotated[str | None, option("Whom users may write to.", "--contact")] = None,
    words: Annotated[
        Path | None,
        option("YAML file of answers for the datasheet's open questions, by their names.", "--words"),
    ] = None,
    drop_copies: Annotated[
        bool,
        typer.Option("--drop-copies", help="Leave out frames that repeat real ones, and say so everywhere."),
    ] = False,
    with_masks: Annotated[
        bool, typer.Option("--with-masks/--no-masks", help="Publish masks and traces with the frames.")
    ] = True,
    keep_column: Annotated[
        list[str] | None,
        option(
            "Further manifest column to publish as it is. May be repeated.", "--keep-column", metavar="NAME"
        ),
    ] = None,
    masks: Annotated[
        Path | None, option(THREE_PILLAR_OPTIONS["synth_masks"], "--masks", metavar="DIR")
    ] = None,
    held_out: Annotated[
        Path | None, option(THREE_PILLAR_OPTIONS["held_out"], "--held-out", metavar="SET")
    ] = None,
    config: Annotated[
        Path | None, option("YAML file of settings of ccmeval three-pillar; options here win.", "--config")
    ] = None,
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
    features: Annotated[
        str | None, option(THREE_PILLAR_OPTIONS["features"], "--features", metavar="LIST")
    ] = None,
    weights: Annotated[
        list[str] | None, option(THREE_PILLAR_OPTIONS["weights"], "--weights", metavar="NAME=PATH")
    ] = None,
    download: Annotated[bool | None, option(THREE_PILLAR_OPTIONS["download"], "--download")] = None,
    segmenter: Annotated[str | None, option(OPTIONS["segmenter"], "--segmenter", metavar="NAME")] = None,
    seed: Annotated[int | None, option(THREE_PILLAR_OPTIONS["seed"], "--seed", metavar="N")] = None,
    jobs: Annotated[int | None, option(THREE_PILLAR_OPTIONS["jobs"], "-j", "--jobs", metavar="N")] = None,
) -> None:
    """Make a synthetic set ready to publish: frames, masks, manifest, checksums, datasheet and report.

    Refused while frames repeat real ones. Run the same command again to go on after an interruption.
    """
    from ccmeval.cli.progress import stage_bars
    from ccmeval.cli.three_pillar import pairs_of, split_list
    from ccmeval.evaluation.settings import make_three_pillar_settings
    from ccmeval.releasing.run import release as run
    from ccmeval.releasing.scoring import Scoring

    given = {"name": name, "version": version, "licence": licence, "contact": contact}
    settings = _settings(
        words, given, drop_copies=drop_copies, masks=with_masks, keep_columns=tuple(keep_column or ())
    )
    scoring = make_three_pillar_settings(
        config,
        held_out=held_out,
        real_field_of_view_um=real_field_of_view,
        synth_field_of_view_um=synth_field_of_view,
        real_subject_pattern=subject_pattern,
        synth_subject_pattern=synth_subject_pattern,
        fidelity={"features": split_list(features)} if features else None,
        weights=pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        download=download,
        measurement={"segmenter": segmenter} if segmenter else None,
        seed=seed,
        jobs=jobs,
    )
    try:
        with stage_bars() as progress:
            released = run(
                cohort, out, Scoring(real, report, scoring), settings, masks=masks, progress=progress
            )
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    _tell(released)


def _settings(words: Path | None, given: dict[str, str | None], **more: Any) -> ReleaseSettings:
    from pydantic import ValidationError

    from ccmeval.errors import CcmevalError
    from ccmeval.releasing.settings import ReleaseSettings
    from ccmeval.settings import first_problem, read_yaml

    told = read_yaml(words) if words is not None else {}
    known = {name: text for name, text in given.items() if text is not None}
    try:
        return ReleaseSettings.model_validate({"words": told, **known, **more})
    except ValidationError as error:
        raise CcmevalError(f"The release cannot be described so: {first_problem(error)}.") from error


def _tell(released: Released) -> None:
    if released.was_there:
        typer.echo("The release was whole already, its checksums are right, and nothing was changed.")
    dropped = f", {released.n_dropped} left out as copies of real ones" if released.n_dropped else ""
    typer.echo(f"{released.n_frames} frames{dropped}.")
    typer.echo(f"Release:   {released.out}")
    typer.echo(f"Datasheet: {released.out / 'DATASHEET.md'} ({released.n_open} questions are left to you)")
    typer.echo(f"Private:   {released.private} (who is who: keep it apart)")
