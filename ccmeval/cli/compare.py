"""`ccmeval compare`: many synthetic sets against one real set, in one table."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.cli.three_pillar import option, pairs_of, split_list
from ccmeval.errors import CcmevalError

if TYPE_CHECKING:
    from ccmeval.comparison.schema import CompareResult, Ranking
    from ccmeval.comparison.settings import CompareSettings

DEFAULT_OUT = Path("ccmeval-results") / "compare"


def _told(text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, show_default=False, **more)


def compare(
    sets: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=SET...", help="Synthetic sets, each with a name.", show_default=False),
    ] = None,
    real: Annotated[
        str | None, _told("Real frames: a folder or a manifest.", "--real", metavar="SET")
    ] = None,
    out: Annotated[
        Path | None, _told("Folder for the results. [default: ccmeval-results/compare]", "-o", "--out")
    ] = None,
    config: Annotated[
        Path | None,
        _told(
            "YAML file: real, sets (also such as are to be trained and generated first, and grids),"
            " evaluation, ranking; options given here win.",
            "--config",
        ),
    ] = None,
    pillars: Annotated[str | None, option("pillars", "--pillars", metavar="LIST")] = None,
    held_out: Annotated[Path | None, option("held_out", "--held-out", metavar="SET")] = None,
    paired: Annotated[bool | None, option("paired", "--paired")] = None,
    real_masks: Annotated[Path | None, option("real_masks", "--real-masks", metavar="DIR")] = None,
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
    confidence: Annotated[
        float | None,
        _told("That no set is wrongly placed above an equal one. [default: 0.95]", "--confidence"),
    ] = None,
    overall: Annotated[
        str | None,
        _told(
            "Rule for one order over several scores: mean-rank. [default: none, each score by itself]",
            "--overall",
            metavar="RULE",
        ),
    ] = None,
    seed: Annotated[int | None, option("seed", "--seed", metavar="N")] = None,
    jobs: Annotated[int | None, option("jobs", "-j", "--jobs", metavar="N")] = None,
    dask: Annotated[str | None, option("dask", "--dask", metavar="ADDRESS")] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the comparison in this folder, or add sets to it; what is done is kept.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Delete the comparison in this folder and begin anew.")
    ] = False,
) -> None:
    """Score many synthetic sets against one real set, side by side, and rank them where the data allow.

    Exits with 1 where a set failed; it is listed with its reason.
    """
    from ccmeval.comparison.settings import make_compare_settings

    evaluation = {
        "pillars": split_list(pillars) if pillars else None,
        "held_out": held_out, "paired": paired, "real_masks": real_masks,
        "real_field_of_view_um": real_field_of_view, "synth_field_of_view_um": synth_field_of_view,
        "real_subject_pattern": subject_pattern, "synth_subject_pattern": synth_subject_pattern,
        "fidelity": {"features": split_list(features)} if features else None,
        "weights": pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        "download": download, "seed": seed, "jobs": jobs, "dask": dask,
    }  # fmt: skip
    if config is None and (real is None or not sets):
        raise CcmevalError("Give --real SET and NAME=SET for each synthetic set, or --config FILE.yaml.")
    settings = make_compare_settings(
        config,
        real=real,
        sets=_sets(sets or []) or None,
        evaluation=_known(evaluation) or None,
        ranking=_known({"confidence": confidence, "overall": overall}) or None,
    )
    _run(settings, DEFAULT_OUT if out is None else out, resume, overwrite)


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _sets(given: list[str]) -> dict[str, str]:
    """Read ``NAME=SET``; what follows the first sign is the path."""
    found: dict[str, str] = {}
    for text in given:
        name, _, path = text.partition("=")
        if not name or not path:
            raise CcmevalError(f"{text}: give each synthetic set as NAME=SET.")
        if name in found:
            raise CcmevalError(f"Two sets are called {name}; give each a name of its own.")
        found[name] = path
    return found


def _run(settings: CompareSettings, out: Path, resume: bool, overwrite: bool) -> None:
    from ccmeval.cli.progress import stage_bars
    from ccmeval.comparison.run import run_compare

    try:
        with stage_bars() as progress:
            result = run_compare(
                settings, out, resume=resume, overwrite=overwrite, progress=progress,
                command=shlex.join(["ccmeval", *sys.argv[1:]]),
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command with --resume to go on.", err=True)
        raise typer.Exit(130) from None
    tell(result)
    typer.echo(f"Report: {out / 'compare.html'}")
    raise typer.Exit(int(any(it.status == "failed" for it in result.sets)))


def tell(result: CompareResult) -> None:
    """Print what failed, and the order by each score of the main table."""
    from ccmeval.cli.biomarkers import printable

    for it in result.sets:
        if it.status == "failed":
            typer.echo(f"ccmeval: {it.name} failed: {printable(it.reason)}", err=True)
    labels = {it.key: it.label for it in result.scores if it.headline and it.ranked}
    for ranking in result.rankings:
        if ranking.scope == "pooled" and ranking.score in labels:
            against = _reference(result, ranking.score)
            typer.echo(printable(f"{labels[ranking.score]}: {_order(ranking)}{against}"))
    if result.pareto is not None and len(result.sets) > 1:
        typer.echo(printable(f"Not dominated: {', '.join(result.pareto.front)}"))


def _order(ranking: Ranking) -> str:
    if ranking.status == "not ranked":
        return f"not ranked. {ranking.reason}"
    return ", ".join(f"{it.set} {_number(it.value)} ({it.letters})" for it in ranking.ranks)


def _reference(result: CompareResult, score: str) -> str:
    """Say what real frames reach in a score, where that is the same for all sets."""
    from ccmeval.report.comparison_references import shared_reference

    it = shared_reference(one.value(score) for one in result.sets)
    return "" if it is None else f"; {it.label[:1].lower()}{it.label[1:]} {_number(it.value)}"


def _number(value: float | None) -> str:
    from ccmeval.report.numbers import number_text

    return "undefined" if value is None else number_text(value, 4)
