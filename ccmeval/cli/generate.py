"""`ccmeval generate`: a cohort of synthetic frames from masks and diagnoses."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.cli.biomarkers import limit_threads, option, printable

if TYPE_CHECKING:
    from ccmeval.generation.counterfactual import Counterfactual
    from ccmeval.generation.generating_run import GeneratedSet
    from ccmeval.generation.settings import GenerateSettings


def _told(text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, show_default=False, **more)


def generate(
    generator: Annotated[
        str,
        typer.Argument(
            metavar="NAME|DIR", help="A generator that needs no training, or the folder of a trained one."
        ),
    ],
    out: Annotated[Path, _told("Folder for the set; new, or this run's own with --resume.", "-o", "--out")],
    masks: Annotated[
        Path | None,
        _told("Masks: a folder, a manifest, or a cohort whose frames have masks.", "--masks", metavar="SET"),
    ] = None,
    diagnosis: Annotated[
        list[str] | None,
        _told(
            "Diagnosis to make; may be repeated. [default: as-mask, each mask's own, or all without masks]",
            "--diagnosis",
            metavar="NAME|as-mask",
        ),
    ] = None,
    frames: Annotated[
        int | None, _told("Frames of each diagnosis. [default: one a mask]", "-n", "--frames", min=1)
    ] = None,
    seed: Annotated[
        int | None, _told("The same seed gives the same frames. [default: 0]", "--seed", min=0)
    ] = None,
    counterfactual: Annotated[
        bool,
        typer.Option(
            "--counterfactual",
            help="Make the same masks and seeds under every diagnosis and report how biomarkers shift.",
        ),
    ] = False,
    any_mask: Annotated[
        bool,
        typer.Option(
            "--any-mask", help="Use the masks of every diagnosis for each diagnosis, not its own only."
        ),
    ] = False,
    prompt: Annotated[str | None, _told("Words, for generators that follow them.", "--prompt")] = None,
    reference: Annotated[
        Path | None,
        _told("Frame whose look is followed, for generators that do so.", "--reference", metavar="FRAME"),
    ] = None,
    config: Annotated[
        Path | None,
        _told(
            "YAML file of these settings, those of the generator below 'generator'; options given here win.",
            "--config",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        _told(
            "Setting of a generator that needs no training, by name; may be repeated.",
            "--generator",
            metavar="NAME=VALUE",
        ),
    ] = None,
    batch_size: Annotated[
        int | None, _told("Frames made at once; changes no frame. [default: 8]", "--batch-size", min=1)
    ] = None,
    weights: Annotated[
        list[str] | None, _told("Weights from a local file or folder.", "--weights", metavar="NAME=PATH")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Allow weights that are not here to be fetched.")
    ] = False,
    pixel_size: Annotated[float | None, option("pixel_size_um", "--pixel-size", metavar="UM")] = None,
    field_of_view: Annotated[
        float | None, option("field_of_view_um", "--field-of-view", metavar="UM")
    ] = None,
    subject_pattern: Annotated[
        str | None, option("subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    segmenter: Annotated[str | None, option("segmenter", "--segmenter", metavar="NAME")] = None,
    jobs: Annotated[
        int | None, _told("Processes that measure. [default: one a core]", "-j", "--jobs", min=1)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run in this folder; finished frames are kept.")
    ] = False,
) -> None:
    """Make synthetic frames with masks and a manifest, ready for `ccmeval three-pillar --synth`.

    Exits with 1 where some masks could not be used.
    """
    from ccmeval.cli.three_pillar import pairs_of

    settings = _settings(
        config,
        setting or [],
        masks=masks,
        diagnoses=diagnosis or None,
        frames=frames,
        seed=seed,
        counterfactual=counterfactual or None,
        any_mask=any_mask or None,
        prompt=prompt,
        reference=reference,
        batch_size=batch_size,
        pixel_size_um=pixel_size,
        field_of_view_um=field_of_view,
        subject_pattern=subject_pattern,
        segmenter=segmenter,
        jobs=jobs,
    )
    paths = pairs_of(weights, "--weights", "NAME=PATH") if weights else {}
    try:
        made = _run(generator, out, settings, paths, download, resume)
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(int(bool(made.unusable)))


def _run(
    generator: str,
    out: Path,
    settings: GenerateSettings,
    weights: dict[str, str],
    download: bool,
    resume: bool,
) -> GeneratedSet:
    from ccmeval.cli.progress import stage_bars
    from ccmeval.generation.counterfactual import report_shifts
    from ccmeval.generation.generating_run import generate_cohort
    from ccmeval.plugins import WeightSource

    with stage_bars() as progress:
        made = generate_cohort(
            generator,
            out,
            settings,
            weights=WeightSource(weights, download),
            resume=resume,
            progress=progress,
            command=shlex.join(["ccmeval", *sys.argv[1:]]),
        )
    _tell(made)
    if settings.counterfactual:
        limit_threads()  # of the processes that measure
        with stage_bars() as progress:
            found = report_shifts(
                out,
                made.wanted,
                made.frame_format,
                seed=settings.seed,
                segmenter=settings.segmenter,
                jobs=settings.jobs,
                progress=progress,
            )
        _tell_shifts(found, out)
    return made


def _settings(config: Path | None, of_generator: list[str], **given: Any) -> GenerateSettings:
    """Join the file's settings with those of the command line, which win."""
    from pydantic import ValidationError

    from ccmeval.generation.settings import GenerateSettings
    from ccmeval.settings import SettingsError, read_yaml, settings_sentence

    from_file = read_yaml(config) if config is not None else {}
    from_line = {name: value for name, value in given.items() if value is not None}
    if {"pixel_size_um", "field_of_view_um"} & set(from_line):
        from_file = {k: v for k, v in from_file.items() if k not in ("pixel_size_um", "field_of_view_um")}
    own = from_file.get("generator") or {}
    if of_generator and isinstance(own, dict):
        from_line["generator"] = {**own, **_named(of_generator)}
    try:
        return GenerateSettings(**{**from_file, **from_line})
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error


def _named(given: list[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE``, the value as YAML."""
    import yaml

    from ccmeval.errors import CcmevalError

    settings: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise CcmevalError(f"--generator {text}: give it as NAME=VALUE.")
        try:
            settings[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            settings[name.strip()] = value
    return settings


_MOST_REASONS = 10


def _tell(made: GeneratedSet) -> None:
    for reason in made.unusable[:_MOST_REASONS]:
        typer.echo(f"ccmeval: mask not used: {printable(reason)}", err=True)
    if len(made.unusable) > _MOST_REASONS:
        typer.echo(f"ccmeval: and {len(made.unusable) - _MOST_REASONS} more masks.", err=True)
    for warning in made.warnings:
        typer.echo(f"ccmeval: warning: {printable(warning)}", err=True)
    for note in made.notes:
        typer.echo(f"Note: {printable(note)}")
    counts: dict[str, int] = {}
    for one in made.wanted:
        name = one.diagnosis or "unlabelled"
        counts[name] = counts.get(name, 0) + 1
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    typer.echo(printable(f"{len(made.wanted)} frames ({told}), {made.n_made} of them made now."))
    typer.echo(f"Manifest: {made.manifest}")


def _tell_shifts(found: Counterfactual, out: Path) -> None:
    from ccmeval.generation.counterfactual import TABLE
    from ccmeval.morphometry.definitions import PRIMARY

    for note in found.notes:
        typer.echo(f"Note: {printable(note)}")
    typer.echo(printable(f"Shift against {found.against}, same condition and seed, 95 % interval:"))
    for row in found.shifts:
        if row.measure in PRIMARY or row.kind == "adherence":
            interval = f"[{_number(row.low)}, {_number(row.high)}]"
            shift = f"{_number(row.mean_against)} to {_number(row.mean)}: {_number(row.shift)} {interval}"
            units = f"{row.n_units} units"
            typer.echo(printable(f"  {row.diagnosis:10s} {row.label:20s} {shift} {row.unit} ({units})"))
    typer.echo(f"Table: {out / TABLE}")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
