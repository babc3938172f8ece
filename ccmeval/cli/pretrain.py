"""`ccmeval pretrain`: weights for a learner from frames without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def pretrain(
    frames: Annotated[
        Path, typer.Argument(metavar="FRAMES", help="Folder or manifest; labels are not used.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for weights and checkpoint.")],
    learner: Annotated[str, typer.Option(metavar="NAME", help="Plug-in that is pretrained.")] = "hmsvit",
    size: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the network: nano, tiny, small or base. [default: nano]",
            show_default=False,
        ),
    ] = None,
    size_px: Annotated[int, typer.Option(min=32, help="Side of what the network sees.")] = 96,
    frame_px: Annotated[
        int | None,
        typer.Option(
            min=32,
            help="Side that frames are brought to and cut from. [default: --size-px]",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of pretraining. [default: the file's, or 2000]", show_default=False),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Frames a step. [default: the learner's]", show_default=False)
    ] = None,
    held_out_share: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of the subjects to measure the error on.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weights.")] = 0,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="YAML file of the learner's settings; options win.", show_default=False
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="NAME=PATH", help="Weights to begin with.", show_default=False),
    ] = None,
    pixel_size: Annotated[
        float | None, typer.Option(metavar="UM", help="Side of a pixel.", show_default=False)
    ] = None,
    field_of_view: Annotated[
        float | None, typer.Option(metavar="UM", help="Width of a frame, instead.", show_default=False)
    ] = None,
    subject_pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Its group 'subject' names the subject.", show_default=False),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads on a CPU. [default: all cores]", show_default=False)
    ] = None,
) -> None:
    """Pretrain a learner on unlabelled frames; run again, it goes on where it stopped."""
    import os

    from ccmeval.cli.progress import stage_bars
    from ccmeval.cli.three_pillar import pairs_of
    from ccmeval.utility.pretraining import FRAMES_FILE, pretrain_on

    given = {"size": size, "pretrain_steps": steps, "pretrain_batch_size": batch_size}
    settings = _settings(learner, config, given)
    with stage_bars() as progress:
        found = pretrain_on(
            frames,
            out,
            learner=learner,
            size_px=size_px,
            frame_px=frame_px,
            held_out_share=held_out_share,
            seed=seed,
            settings=settings,
            weights=pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
            pixel_size_um=pixel_size,
            field_of_view_um=field_of_view,
            subject_pattern=subject_pattern,
            threads=threads or os.cpu_count() or 1,
            progress=progress,
        )
    for note in found.notes:
        typer.echo(f"ccmeval: note: {note}", err=True)
    if found.n_unusable:
        typer.echo(
            f"ccmeval: {found.n_unusable} frames could not be used; see {out / FRAMES_FILE}.", err=True
        )
    typer.echo(found.told["sentence"])
    typer.echo(f"Weights: {out / found.told['weights']} (ccmeval utility --weights {learner}={out})")
    typer.echo(
        f"Test nothing that begins with them on subjects whose frames they are from: {out / FRAMES_FILE}"
    )
    raise typer.Exit(int(found.n_unusable > 0))


def _settings(learner: str, config: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """Join the file's settings with those of the command line, checked by the learner's model."""
    from pydantic import ValidationError

    from ccmeval.settings import SettingsError, read_yaml, settings_sentence
    from ccmeval.utility.pretraining import DEFAULT_STEPS, load_pretrainer

    model = load_pretrainer(learner).settings_model
    from_file = read_yaml(config) if config is not None else {}
    from_line = {name: value for name, value in given.items() if value is not None}
    merged = {"pretrain_steps": DEFAULT_STEPS, **from_file, **from_line}
    try:
        checked = model.model_validate(merged)
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error
    return dict(checked.model_dump(mode="json"))
