"""`ccmeval train`: a generator learns to make frames like those of a cohort."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.cli.train_words import tell, tell_plan
from ccmeval.errors import CcmevalError
from ccmeval.generation.train_options import TRAIN_OPTIONS

if TYPE_CHECKING:
    from ccmeval.generation.training_settings import TrainSettings

_LOSS = re.compile(r"^(?P<stage>.*?)[\s,;:(]*\b(?P<loss>loss\b.*)$")
"""Words of a stage that tell its loss, as `diffusion, loss 0.123`."""


def told(setting: str, *names: str, **more: Any) -> Any:
    """Make a command-line option of a setting, with the model's own description."""
    return typer.Option(*names, help=TRAIN_OPTIONS[setting], show_default=False, **more)


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Generator; see ccmeval generators list.")],
    data: Annotated[Path | None, told("data", "--data", metavar="SET")] = None,
    out: Annotated[Path | None, told("out", "-o", "--out", metavar="DIR")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="YAML file of these settings, those of the generator below 'generator'; options given here"
            " win.",
            show_default=False,
        ),
    ] = None,
    generator: Annotated[list[str] | None, told("generator", "--generator", metavar="NAME=VALUE")] = None,
    seed: Annotated[int | None, told("seed", "--seed", metavar="N")] = None,
    samples: Annotated[int | None, told("samples", "--samples", metavar="N")] = None,
    sample_every: Annotated[int | None, told("sample_every", "--sample-every", metavar="STEPS")] = None,
    keep_checkpoints: Annotated[
        int | None, told("keep_checkpoints", "--keep-checkpoints", metavar="N")
    ] = None,
    weights: Annotated[list[str] | None, told("weights", "--weights", metavar="NAME=PATH")] = None,
    download: Annotated[bool | None, told("download", "--download")] = None,
    subject_pattern: Annotated[
        str | None, told("subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    masks: Annotated[Path | None, told("masks", "--masks", metavar="DIR")] = None,
    pixel_size: Annotated[float | None, told("pixel_size_um", "--pixel-size", metavar="UM")] = None,
    field_of_view: Annotated[float | None, told("field_of_view_um", "--field-of-view", metavar="UM")] = None,
    split_column: Annotated[str | None, told("split_column", "--split-column", metavar="COLUMN")] = None,
    prompt: Annotated[str | None, told("prompt", "--prompt", metavar="WORDS")] = None,
    threads: Annotated[int | None, told("threads", "--threads", metavar="N")] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell parameters, memory and time, and stop; nothing is written."),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in this folder.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Delete the training in this folder and begin anew.")
    ] = False,
) -> None:
    """Train a generator on the frames, masks and diagnoses of a cohort."""
    from ccmeval.cli.three_pillar import pairs_of
    from ccmeval.generation.training_settings import make_train_settings

    settings = make_train_settings(
        config,
        data=data, out=out, seed=seed, samples=samples, sample_every=sample_every,
        keep_checkpoints=keep_checkpoints, download=download, subject_pattern=subject_pattern, masks=masks,
        pixel_size_um=pixel_size, field_of_view_um=field_of_view, split_column=split_column, prompt=prompt,
        threads=threads,
        weights=pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        generator=nested(generator) if generator else None,
    )  # fmt: skip
    if settings.data is None:
        raise CcmevalError("Say what to train on: --data with a folder or a manifest.")
    if dry_run:
        _preview(name, settings.data, settings)
        return
    if settings.out is None:
        raise CcmevalError("Say where the model shall be kept: -o with a folder.")
    _run(name, settings.data, settings.out, settings, resume, overwrite)


def nested(given: list[str]) -> dict[str, Any]:
    """Read a generator's settings from the command line; values are read as in YAML.

    Raises
    ------
    CcmevalError
        If one has no name or no value.

    Examples
    --------
    >>> nested(["epochs=3", "diffusion.rate=0.5", "diffusion.kind=ddpm", "sizes=[1, 2]"])
    {'epochs': 3, 'diffusion': {'rate': 0.5, 'kind': 'ddpm'}, 'sizes': [1, 2]}
    """
    import yaml

    from ccmeval.generation.training_settings import laid_over

    found: dict[str, Any] = {}
    for text in given:
        name, _, written = text.partition("=")
        try:
            value = yaml.safe_load(written)
        except yaml.YAMLError:
            written = ""
        if not name or not written.strip():
            raise CcmevalError(f"--generator {text}: give it as NAME=VALUE.")
        for part in reversed(name.split(".")):
            value = {part: value}
        found = laid_over(found, value)
    return found


def with_loss(show: Callable[..., None]) -> Callable[[str, int, int], None]:
    """Let a stage keep its one bar while the loss in its words changes.

    Examples
    --------
    >>> with_loss(print)("Training spade, loss 0.25", 3, 10)
    Training spade 3 10 loss 0.25
    """

    def shown(stage: str, done: int, total: int) -> None:
        match = _LOSS.match(stage)
        if match is None:
            show(stage, done, total)
        else:
            show(match["stage"] or "Training", done, total, match["loss"].rstrip(" )"))

    return shown


def _preview(name: str, data: Path, settings: TrainSettings) -> None:
    from ccmeval.cli.progress import stage_bars
    from ccmeval.generation.training_run import preview_training

    with stage_bars() as progress:
        found = preview_training(name, data, settings, with_loss(progress))
    tell_plan(found)


def _run(name: str, data: Path, out: Path, settings: TrainSettings, resume: bool, overwrite: bool) -> None:
    from ccmeval.cli.progress import stage_bars
    from ccmeval.generation.training_run import train_generator

    command = shlex.join(["ccmeval", *sys.argv[1:]])
    try:
        with stage_bars() as progress:
            result = train_generator(
                name, data, out, settings,
                resume=resume, overwrite=overwrite, progress=with_loss(progress), command=command,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    tell(result, out)
    raise typer.Exit(int(any(it.damaged for it in result.data.left_out)))
