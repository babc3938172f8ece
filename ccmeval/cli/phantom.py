"""`ccmeval phantom`: write a cohort of frames with exact ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def phantom(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; must be new or this run's own.")],
    frames: Annotated[int, typer.Option(min=1, help="Number of frames; the diagnoses take turns.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    diagnosis: Annotated[
        list[str] | None,
        typer.Option(help="Control, T1NoDPN or T1DPN; may be given again. Default: all three."),
    ] = None,
    frames_per_subject: Annotated[int, typer.Option(min=1, help="Frames of one subject.")] = 5,
    size_px: Annotated[int, typer.Option(min=64, max=4096, help="Height and width of a frame.")] = 384,
    field_of_view: Annotated[float, typer.Option(help="Height and width in micrometres.")] = 400.0,
    whorl: Annotated[bool, typer.Option("--whorl", help="Draw the inferior whorl.")] = False,
    fault: Annotated[
        str | None,
        typer.Option(
            help="Write a synthetic set to the cohort of the same seed and settings, with this fault: none,"
            " noise, blur, missing-branches, collapsed-modes, lost-gradient or copies."
        ),
    ] = None,
    strength: Annotated[float, typer.Option(help="Of the fault, from 0 (none) to 1.")] = 1.0,
    real: Annotated[
        Path | None,
        typer.Option(help="Manifest of that cohort, checked to be the one meant; 'copies' needs it."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for all cores.")] = -1,
) -> None:
    """Write frames made by rule, with mask, trace, exact graph and exact biomarkers."""
    from functools import partial

    from pydantic import ValidationError

    from ccmeval.errors import CcmevalError
    from ccmeval.phantom import TARGETS, AnatomySettings, PhantomSettings, write_cohort, write_synthetic
    from ccmeval.settings import first_problem

    try:
        settings = PhantomSettings(
            shape_px=(size_px, size_px),
            pixel_size_um=field_of_view / size_px,
            anatomy=AnatomySettings(whorl=whorl),
        )
    except ValidationError as error:
        raise CcmevalError(
            f"--size-px {size_px} and --field-of-view {field_of_view:g} do not go together: "
            f"{first_problem(error)}."
        ) from error
    if fault is None and real is not None:
        raise CcmevalError("--real names the cohort of a synthetic set; give --fault too.")
    write = (
        write_cohort if fault is None else partial(write_synthetic, fault=fault, strength=strength, real=real)
    )
    manifest = write(
        out,
        frames=frames,
        seed=seed,
        diagnoses=diagnosis or tuple(TARGETS),
        frames_per_subject=frames_per_subject,
        settings=settings,
        jobs=jobs,
        progress=True,
    )
    typer.echo(f"{frames} frames with ground truth: {manifest}")
