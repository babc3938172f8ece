"""`ccmeval biomarkers`: measure the nerves of every frame of a cohort."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.options import DEFAULT_NERVES_FROM, DEFAULT_SEGMENTER, OPTIONS

if TYPE_CHECKING:
    from ccmeval.report.schema import BiomarkersResult
    from ccmeval.settings import RunSettings

_DEFAULTS = {"segmenter": DEFAULT_SEGMENTER, "nerves_from": DEFAULT_NERVES_FROM}

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def option(setting: str, *names: str, **more: Any) -> Any:
    """Make a command-line option of a setting, with the model's own description and default."""
    default = _DEFAULTS.get(setting)
    shown = f" [default: {default}]" if default else ""
    return typer.Option(*names, help=f"{OPTIONS[setting]}{shown}", show_default=False, **more)


def biomarkers(
    path: Annotated[
        Path, typer.Argument(help="A frame, a folder (with all below it) or a manifest (CSV, Parquet).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the results. [default: ccmeval-results/biomarkers]",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="YAML file of settings; options given here win.", show_default=False),
    ] = None,
    pixel_size: Annotated[float | None, option("pixel_size_um", "--pixel-size", metavar="UM")] = None,
    field_of_view: Annotated[
        float | None, option("field_of_view_um", "--field-of-view", metavar="UM")
    ] = None,
    segmenter: Annotated[str | None, option("segmenter", "--segmenter", metavar="NAME")] = None,
    nerves_from: Annotated[
        str | None, option("nerves_from", "--nerves-from", metavar="segmenter|masks|traces")
    ] = None,
    masks: Annotated[Path | None, option("masks", "--masks", metavar="DIR")] = None,
    traces: Annotated[Path | None, option("traces", "--traces", metavar="DIR")] = None,
    subject_pattern: Annotated[
        str | None, option("subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    covariate: Annotated[list[str] | None, option("covariates", "--covariate", metavar="COLUMN")] = None,
    overlays: Annotated[bool | None, option("overlays", "--overlays/--no-overlays")] = None,
    jobs: Annotated[int | None, option("jobs", "-j", "--jobs", metavar="N")] = None,
    dask: Annotated[str | None, option("dask", "--dask", metavar="ADDRESS")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run in this folder.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Delete what an earlier run wrote in this folder and begin anew."),
    ] = False,
) -> None:
    """Measure the nerves of every frame and write tables, pictures and a report."""
    limit_threads()
    from ccmeval.settings import make_settings

    settings = make_settings(
        config,
        pixel_size_um=pixel_size,
        field_of_view_um=field_of_view,
        segmenter=segmenter,
        nerves_from=nerves_from,
        masks=masks,
        traces=traces,
        subject_pattern=subject_pattern,
        covariates=covariate or None,
        overlays=overlays,
        jobs=jobs,
        dask=dask,
    )
    try:
        result = run_with_progress(path, out, settings, resume=resume, overwrite=overwrite)
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(exit_code(result))


def run_with_progress(
    path: Path, out: Path | None, settings: RunSettings, *, resume: bool = False, overwrite: bool = False
) -> BiomarkersResult:
    """Run with a progress bar and end with a few lines that say what was made."""
    from ccmeval.batch.run import DEFAULT_OUT, run_biomarkers
    from ccmeval.cli.progress import frames_bar

    out = DEFAULT_OUT if out is None else out
    with frames_bar() as progress:
        result = run_biomarkers(
            path,
            out,
            settings,
            resume=resume,
            overwrite=overwrite,
            progress=progress,
            command=shlex.join(["ccmeval", *sys.argv[1:]]),
        )
    _tell(result, out)
    return result


def limit_threads() -> None:
    """Give each process one thread: frames share the cores. To be called before numpy is imported."""
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")


def exit_code(result: BiomarkersResult) -> int:
    """Give 0 if all frames were measured, 1 if some were not."""
    return int(any(row.status == "failed" for row in result.frames))


_MOST_REASONS = 10
"""Failed frames named on the screen; the table names all."""


def _tell(result: BiomarkersResult, out: Path) -> None:
    failed = [row for row in result.frames if row.status == "failed"]
    for row in failed[:_MOST_REASONS]:
        typer.echo(f"ccmeval: not measured: {printable(row.reason)}", err=True)
    if len(failed) > _MOST_REASONS:
        typer.echo(f"ccmeval: and {len(failed) - _MOST_REASONS} more, see {out / 'biomarkers.csv'}", err=True)
    flagged = sum(bool(row.quality_flags) for row in result.frames)
    frames = len(result.frames)
    counts = f"{frames - len(failed)} of {frames} frame{'s' if frames != 1 else ''} measured"
    typer.echo(f"{counts}, {flagged} of them flagged." if flagged else f"{counts}.")
    for note in result.notes:
        typer.echo(f"Note: {printable(note)}")
    typer.echo(f"Table:  {out / 'biomarkers.csv'}")
    typer.echo(f"Report: {out / 'report.html'}")


def printable(text: str) -> str:
    """Keep a file's odd name from steering the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
