"""`ccmeval train-segmenter`: reproduce the phantom-net segmenter, or fine-tune it on own frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train_segmenter(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for scenes, checkpoint and network.")],
    frames: Annotated[
        Path | None, typer.Option(help="Own frames to fine-tune on.", show_default=False)
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="Their nerve masks or traces, by stem.", show_default=False)
    ] = None,
    field_of_view: Annotated[
        float | None, typer.Option(metavar="UM", help="Width of an own frame.", show_default=False)
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Network to begin with. [default with --frames: the shipped one]", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything. [default: the recipe's]", show_default=False)
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Optimiser steps. [default: the recipe's, or 400 to fine-tune]", show_default=False
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(min=1, help="Shards of 21 phantom scenes. [default: the recipe's]", show_default=False),
    ] = None,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Processes and threads.")] = 1,
) -> None:
    """Train the nerve segmenter on phantoms; run again, it goes on where it stopped."""
    from ccmeval.cli.progress import stage_bars
    from ccmeval.nerves.net.recipe import FINE_TUNING_RATE, FINE_TUNING_STEPS
    from ccmeval.nerves.net.recipe import train_segmenter as run
    from ccmeval.nerves.net.settings import TrainSettings

    changes: dict[str, object] = {"seed": seed, "steps": steps, "shards": shards}
    if frames is not None:
        changes |= {"steps": steps or FINE_TUNING_STEPS, "learning_rate": FINE_TUNING_RATE}
    settings = TrainSettings.model_validate({k: v for k, v in changes.items() if v is not None})
    with stage_bars() as progress:
        path = run(
            out, settings, frames=frames, masks=masks, field_of_view_um=field_of_view, start=start,
            jobs=jobs, progress=progress,
        )  # fmt: skip
    typer.echo(f"Network: {path}")
