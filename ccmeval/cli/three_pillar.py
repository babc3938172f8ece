"""`ccmeval three-pillar`: score a synthetic set against a real one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.errors import CcmevalError
from ccmeval.options import OPTIONS, THREE_PILLAR_OPTIONS

if TYPE_CHECKING:
    from ccmeval.evaluation.schema import ThreePillarResult

DEFAULT_OUT = Path("ccmeval-results") / "three-pillar"
REQUIREMENT_NOT_MET = 3
"""Exit code where a pillar that `--require` names did not pass."""

_MARKS = {"pass": "+", "fail": "x", "inconclusive": "?", "unavailable": "-"}


def option(setting: str, *names: str, **more: Any) -> Any:
    """Make a command-line option of a setting, with the model's own description."""
    return typer.Option(*names, help=THREE_PILLAR_OPTIONS[setting], show_default=False, **more)


def three_pillar(
    real: Annotated[
        str,
        typer.Option(
            "--real",
            metavar="SET",
            help="Real frames: a folder, a manifest, a reference bundle (.ccmref), or published:2602.13693.",
        ),
    ],
    synth: Annotated[
        Path, typer.Option("--synth", metavar="SET", help="Synthetic frames: folder or manifest.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the results. [default: ccmeval-results/three-pillar]",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="YAML file of settings; options given here win.", show_default=False),
    ] = None,
    pillars: Annotated[str | None, option("pillars", "--pillars", metavar="LIST")] = None,
    held_out: Annotated[Path | None, option("held_out", "--held-out", metavar="SET")] = None,
    paired: Annotated[bool | None, option("paired", "--paired")] = None,
    real_masks: Annotated[Path | None, option("real_masks", "--real-masks", metavar="DIR")] = None,
    synth_masks: Annotated[Path | None, option("synth_masks", "--synth-masks", metavar="DIR")] = None,
    real_field_of_view: Annotated[
        float | None, option("real_field_of_view_um", "--real-field-of-view", metavar="UM")
    ] = None,
    synth_field_of_view: Annotated[
        float | None, option("synth_field_of_view_um", "--synth-field-of-view", metavar="UM")
    ] = None,
    subject_pattern: Annotated[
        str | None, option("real_subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    synth_subject_pattern: Annotated[
        str | None, option("synth_subject_pattern", "--synth-subject-pattern", metavar="REGEX")
    ] = None,
    features: Annotated[str | None, option("features", "--features", metavar="LIST")] = None,
    weights: Annotated[list[str] | None, option("weights", "--weights", metavar="NAME=PATH")] = None,
    download: Annotated[bool | None, option("download", "--download")] = None,
    segmenter: Annotated[
        str | None,
        typer.Option("--segmenter", metavar="NAME", help=OPTIONS["segmenter"], show_default=False),
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            "--margin",
            metavar="COLUMN=VALUE",
            help="Equivalence margin of a biomarker in its unit, such as CNFL=1.5. May be repeated."
            " [default: half an SD of the real subjects]",
            show_default=False,
        ),
    ] = None,
    require: Annotated[str | None, option("require", "--require", metavar="LIST")] = None,
    seed: Annotated[int | None, option("seed", "--seed", metavar="N")] = None,
    jobs: Annotated[int | None, option("jobs", "-j", "--jobs", metavar="N")] = None,
    dask: Annotated[str | None, option("dask", "--dask", metavar="ADDRESS")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run in this folder; what was measured is kept.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Delete what an earlier run wrote in this folder and begin anew."),
    ] = False,
) -> None:
    """Score synthetic frames against real ones: fidelity, biomarkers, and one report."""
    from ccmeval.evaluation.settings import make_three_pillar_settings

    settings = make_three_pillar_settings(
        config,
        pillars=pillars,
        held_out=held_out,
        paired=paired,
        real_masks=real_masks,
        synth_masks=synth_masks,
        real_field_of_view_um=real_field_of_view,
        synth_field_of_view_um=synth_field_of_view,
        real_subject_pattern=subject_pattern,
        synth_subject_pattern=synth_subject_pattern,
        fidelity={"features": split_list(features)} if features else None,
        weights=pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        download=download,
        measurement={"segmenter": segmenter} if segmenter else None,
        preservation={"margins": margins_of(margin)} if margin else None,
        require=require,
        seed=seed,
        jobs=jobs,
        dask=dask,
    )
    from ccmeval.cli.progress import stage_bars
    from ccmeval.evaluation.run import run_three_pillar

    out = DEFAULT_OUT if out is None else out
    try:
        with stage_bars() as progress:
            result = run_three_pillar(
                real,
                synth,
                out,
                settings,
                resume=resume,
                overwrite=overwrite,
                progress=progress,
                command=shlex.join(["ccmeval", *sys.argv[1:]]),
            )
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    tell(result)
    typer.echo(f"Report: {out / 'report.html'}")
    raise typer.Exit(exit_code(result, settings.require))


def split_list(text: str) -> list[str]:
    """Split a list at its commas.

    Examples
    --------
    >>> split_list("radiomic, alexnet")
    ['radiomic', 'alexnet']
    """
    return [part.strip() for part in text.split(",") if part.strip()]


def pairs_of(given: list[str], option_name: str, form: str) -> dict[str, str]:
    """Read options of the form ``NAME=VALUE``.

    Raises
    ------
    CcmevalError
        If one has no name or no value.

    Examples
    --------
    >>> pairs_of(["alexnet=a.safetensors"], "--weights", "NAME=PATH")
    {'alexnet': 'a.safetensors'}
    """
    pairs = {}
    for text in given:
        # The last sign: names of timm models hold none, paths may.
        name, _, value = text.partition("=")
        if not name or not value:
            raise CcmevalError(f"{option_name} {text}: give it as {form}.")
        pairs[name] = value
    return pairs


def margins_of(given: list[str]) -> dict[str, float]:
    """Read margins.

    Raises
    ------
    CcmevalError
        If one is not a positive number of a biomarker's unit.

    Examples
    --------
    >>> margins_of(["cnfl_mm_per_mm2=1.5"])
    {'cnfl_mm_per_mm2': 1.5}
    """
    pairs = pairs_of(given, "--margin", "COLUMN=VALUE")
    try:
        return {name: float(text) for name, text in pairs.items()}
    except ValueError as error:
        raise CcmevalError(f"--margin: {error}; give a number in the biomarker's unit.") from None


def exit_code(result: ThreePillarResult, required: tuple[str, ...]) -> int:
    """Give 0; 1 where frames could not be used; 3 where a required pillar did not pass."""
    verdicts = {it.pillar: it.verdict for it in result.verdicts}
    if any(verdicts.get(pillar) != "pass" for pillar in required if pillar in verdicts):
        return REQUIREMENT_NOT_MET
    return int(any(it.n_failed for it in result.sets))


def tell(result: ThreePillarResult) -> None:
    """Print findings that matter and the verdicts."""
    from ccmeval.cli.biomarkers import printable

    for finding in result.findings:
        if finding.severity != "note":
            where = f"{finding.set}: " if finding.set else ""
            typer.echo(f"ccmeval: {finding.severity}: {where}{printable(finding.sentence)}", err=True)
    for name, reason in (result.utility.unavailable if result.utility else {}).items():
        typer.echo(f"ccmeval: unavailable: {printable(name)}: {printable(reason)}", err=True)
    for verdict in result.verdicts:
        typer.echo(f"{_MARKS[verdict.verdict]} {verdict.pillar:13s}{verdict.verdict:13s}{verdict.sentence}")
        for criterion in verdict.criteria:
            typer.echo(f"    {_MARKS[criterion.verdict]} {criterion.name:24s}{printable(criterion.reason)}")
