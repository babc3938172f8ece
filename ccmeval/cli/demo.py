"""`ccmeval demo`: both jobs on embedded phantoms: measured against exact truth, and three sets scored."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ccmeval.evaluation.schema import ThreePillarResult
    from ccmeval.report.schema import BiomarkersResult

DEFAULT_OUT = Path("ccmeval-results") / "demo"
SUBJECTS_PER_DIAGNOSIS = 8
FRAMES_PER_SUBJECT = 2
SEED = 7

SYNTHETIC = {
    "faithful": ("none", 1.0, "further frames of the same subjects, drawn from their masks"),
    "blurred": ("blur", 0.7, "the same, seen through a Gaussian blur of 2 um"),
    "no-gradient": ("lost gradient", 1.0, "nerves of any diagnosis under every label"),
}
"""Synthetic sets of the demo: fault, strength, and what it is in words."""

COMPARED = (
    "cnfl_mm_per_mm2",
    "cnfd_per_mm2",
    "cnbd_per_mm2",
    "ctbd_per_mm2",
    "cnfa_mm2_per_mm2",
    "mean_width_um",
    "tortuosity",
)


def demo(
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            help="Folder for phantom and results. [default: ccmeval-results/demo]",
            show_default=False,
        ),
    ] = DEFAULT_OUT,
) -> None:
    """Make phantoms, measure them against their truth, score three synthetic sets; needs no data."""
    from ccmeval.cli.biomarkers import exit_code, limit_threads, run_with_progress

    limit_threads()
    from ccmeval.phantom import TARGETS, write_cohort
    from ccmeval.settings import make_settings

    frames = len(TARGETS) * SUBJECTS_PER_DIAGNOSIS * FRAMES_PER_SUBJECT
    typer.echo(f"Drawing {frames} phantom frames into {out / 'phantom'} ...")
    manifest = write_cohort(
        out / "phantom", frames=frames, seed=SEED, frames_per_subject=FRAMES_PER_SUBJECT, jobs=-1
    )
    result = run_with_progress(manifest, out / "biomarkers", make_settings(), overwrite=True)
    typer.echo()
    typer.echo(comparison(result, read_truth(out / "phantom" / "truth.csv")))
    typer.echo()
    scored = {name: score_synthetic(name, manifest, frames, out) for name in SYNTHETIC}
    typer.echo()
    typer.echo(verdict_table(scored))
    typer.echo()
    for name in SYNTHETIC:
        typer.echo(f"Open {(out / 'three-pillar' / name / 'report.html').resolve()}")
    typer.echo(f"Open {(out / 'biomarkers' / 'report.html').resolve()}")
    raise typer.Exit(exit_code(result))


def score_synthetic(name: str, real: Path, frames: int, out: Path) -> ThreePillarResult:
    """Draw one of the synthetic sets and score it against the phantom cohort."""
    from ccmeval.cli.progress import stage_bars
    from ccmeval.evaluation.run import run_three_pillar
    from ccmeval.evaluation.settings import make_three_pillar_settings
    from ccmeval.phantom.synthetic import write_synthetic

    fault, strength, words = SYNTHETIC[name]
    typer.echo(f"Scoring the set {name!r}: {words} ...")
    synth = write_synthetic(
        out / "synthetic" / name,
        frames=frames,
        fault=fault,
        strength=strength,
        seed=SEED,
        frames_per_subject=FRAMES_PER_SUBJECT,
        real=real,
        jobs=-1,
    )
    settings = make_three_pillar_settings(fidelity={"features": ["radiomic", "morphometric"]})
    folder = out / "three-pillar" / name
    with stage_bars() as progress:
        return run_three_pillar(
            real,
            synth,
            folder,
            settings,
            overwrite=folder.exists(),
            progress=progress,
            command="ccmeval demo",
        )


def verdict_table(scored: dict[str, ThreePillarResult]) -> str:
    """Lay the verdicts of the sets side by side, with the first reason of each that did not pass.

    Parameters
    ----------
    scored : dict of str to ThreePillarResult
        By the set's name.

    Returns
    -------
    str
    """
    lines = [f"{'Synthetic set':15s}{'fidelity':14s}{'preservation':14s}why"]
    for name, result in scored.items():
        verdicts = {it.pillar: it for it in result.verdicts}
        shown = [verdicts[pillar] for pillar in result.pillars]
        reasons = [
            criterion.reason
            for verdict in shown
            for criterion in verdict.criteria
            if criterion.verdict == verdict.verdict != "pass"
        ]
        words = "".join(f"{verdict.verdict:14s}" for verdict in shown)
        lines += [f"{name:15s}{words}{reason}" if not i else f"{'':43s}{reason}"
                  for i, reason in enumerate(reasons or ["all criteria are met"])]  # fmt: skip
    return "\n".join(lines)


def read_truth(path: Path) -> dict[str, dict[str, float]]:
    """Read the exact biomarkers of a phantom cohort, by frame; undefined ones are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["frame"]: {name: float(text) for name, text in row.items() if name != "frame" and text}
            for row in csv.DictReader(file)
        }


def comparison(result: BiomarkersResult, truth: dict[str, dict[str, float]]) -> str:
    """Lay measured biomarkers beside the exact ones.

    Parameters
    ----------
    result : BiomarkersResult
        Of the phantom cohort.
    truth : dict of str to dict
        Exact biomarkers by frame.

    Returns
    -------
    str
        A table: mean truth, mean measured, bias and its 95 % limits of agreement over the frames in
        which both are defined.
    """
    from ccmeval.morphometry.definitions import definition

    lines = [
        f"{'Measured against the exact truth of the phantom':50s} truth  measured     bias   95 % limits"
    ]
    for name in COMPARED:
        pairs = [
            (measured, truth[row.frame][name])
            for row in result.frames
            if (measured := row.biomarkers.get(name)) is not None and name in truth.get(row.frame, {})
        ]
        if len(pairs) > 1:
            label = f"{definition(name).label} {definition(name).unit} ({len(pairs)} frames)"
            lines.append(_line(label, pairs))
    return "\n".join(lines)


def _line(label: str, pairs: list[tuple[float, float]]) -> str:
    count = len(pairs)
    measured = sum(m for m, _ in pairs) / count
    true = sum(t for _, t in pairs) / count
    bias = measured - true
    spread = math.sqrt(sum((m - t - bias) ** 2 for m, t in pairs) / (count - 1))
    from ccmeval.report.numbers import number_text

    texts = [
        number_text(value) for value in (true, measured, bias, bias - 1.96 * spread, bias + 1.96 * spread)
    ]
    return f"{label:47s} {texts[0]:>8s} {texts[1]:>9s} {texts[2]:>8s}   {texts[3]} to {texts[4]}"
