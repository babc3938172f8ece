"""`ccmeval utility`: whether training with the synthetic frames helps models on real ones."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.cli.three_pillar import exit_code, option, pairs_of, split_list, tell
from ccmeval.options import UTILITY_OPTIONS

if TYPE_CHECKING:
    from ccmeval.evaluation.settings import ThreePillarSettings

DEFAULT_OUT = Path("ccmeval-results") / "utility"


def told(setting: str, *names: str, **more: Any) -> Any:
    """Make a command-line option of a setting of pillar 3."""
    return typer.Option(*names, help=UTILITY_OPTIONS[setting], show_default=False, **more)


def utility(
    real: Annotated[str, typer.Option("--real", metavar="SET", help="Real frames: folder or manifest.")],
    synth: Annotated[
        Path, typer.Option("--synth", metavar="SET", help="Synthetic frames: folder or manifest.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the results. [default: ccmeval-results/utility]",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="YAML file of settings as for three-pillar, those of this pillar below 'utility'; options"
            " given here win.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[str | None, told("tasks", "--task", metavar="LIST")] = None,
    learner: Annotated[str | None, told("learners", "--learner", metavar="LIST")] = None,
    budget: Annotated[str | None, told("budget", "--budget", metavar="NAME")] = None,
    preset: Annotated[str | None, told("preset", "--preset", metavar="NAME")] = None,
    fairness: Annotated[str | None, told("fairness", "--fairness", metavar="RULE")] = None,
    groups: Annotated[str | None, told("groups", "--groups", metavar="LIST")] = None,
    held_out: Annotated[Path | None, option("held_out", "--held-out", metavar="SET")] = None,
    cross_fit: Annotated[bool | None, told("cross_fit", "--cross-fit")] = None,
    split_by: Annotated[str | None, told("split_by", "--split-by", metavar="subject|frame")] = None,
    ratio: Annotated[float | None, told("ratio", "--ratio", metavar="R")] = None,
    loss_weight: Annotated[float | None, told("loss_weight", "--loss-weight", metavar="LAMBDA")] = None,
    curves: Annotated[str | None, told("curves", "--curves", metavar="LIST")] = None,
    folds: Annotated[int | None, told("folds", "--folds", metavar="N")] = None,
    seeds: Annotated[int | None, told("seeds", "--seeds", metavar="N")] = None,
    steps: Annotated[int | None, told("steps", "--steps", metavar="N")] = None,
    epochs: Annotated[float | None, told("epochs", "--epochs", metavar="N")] = None,
    size_px: Annotated[int | None, told("size_px", "--size-px", metavar="PX")] = None,
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
    weights: Annotated[list[str] | None, told("weights", "--weights", metavar="NAME=PATH")] = None,
    download: Annotated[bool | None, told("download", "--download")] = None,
    keep_models: Annotated[bool | None, told("keep_models", "--keep-models")] = None,
    unit_jobs: Annotated[int | None, told("unit_jobs", "--unit-jobs", metavar="N")] = None,
    seed: Annotated[int | None, option("seed", "--seed", metavar="N")] = None,
    jobs: Annotated[int | None, option("jobs", "-j", "--jobs", metavar="N")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run in this folder; what was trained is kept.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Delete what an earlier run wrote in this folder and begin anew."),
    ] = False,
) -> None:
    """Train groups A (real), B (hybrid) and C (synthetic), test them on real frames, and compare."""
    from ccmeval.evaluation.settings import make_three_pillar_settings

    own = {
        "tasks": split_list(task) if task else None,
        "learners": split_list(learner) if learner else None,
        "groups": split_list(groups) if groups else None,
        "curves": split_list(curves) if curves else None,
        "budget": budget, "preset": preset, "epochs": epochs, "fairness": fairness,
        "cross_fit": cross_fit, "split_by": split_by, "ratio": ratio,
        "loss_weight": loss_weight, "folds": folds, "seeds": seeds, "steps": steps, "size_px": size_px,
        "weights": pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        "download": download, "keep_models": keep_models, "unit_jobs": unit_jobs,
    }  # fmt: skip
    settings = make_three_pillar_settings(
        config,
        pillars=["utility"],
        utility={name: value for name, value in own.items() if value is not None},
        held_out=held_out,
        real_masks=real_masks,
        synth_masks=synth_masks,
        real_field_of_view_um=real_field_of_view,
        synth_field_of_view_um=synth_field_of_view,
        real_subject_pattern=subject_pattern,
        synth_subject_pattern=synth_subject_pattern,
        seed=seed,
        jobs=jobs,
    )
    _run(real, synth, DEFAULT_OUT if out is None else out, settings, resume, overwrite)


def _run(
    real: str, synth: Path, out: Path, settings: ThreePillarSettings, resume: bool, overwrite: bool
) -> None:
    from ccmeval.cli.progress import stage_bars
    from ccmeval.evaluation.run import run_three_pillar

    command = shlex.join(["ccmeval", *sys.argv[1:]])
    try:
        with stage_bars() as progress:
            result = run_three_pillar(
                real, synth, out, settings,
                resume=resume, overwrite=overwrite, progress=progress, command=command,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    tell(result)
    typer.echo(f"Report: {out / 'report.html'}")
    raise typer.Exit(exit_code(result, settings.require))


def utility_worker(
    out: Annotated[Path, typer.Argument(help="Folder of a run of ccmeval utility that goes on.")],
    unit_jobs: Annotated[int | None, told("unit_jobs", "--unit-jobs", metavar="N")] = None,
) -> None:
    """Share the training runs of a run that goes on, from another process or machine."""
    from ccmeval.cli.progress import stage_bars
    from ccmeval.evaluation.utility_plan import work_along

    try:
        with stage_bars() as progress:
            done = work_along(out, unit_jobs, progress)
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; what was trained is kept.", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"Nothing is left to begin in {out}; trained here: {done}.")
