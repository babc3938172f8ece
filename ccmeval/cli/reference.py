"""`ccmeval reference`: build a bundle that others can score against without the real frames; show one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.options import OPTIONS, THREE_PILLAR_OPTIONS

if TYPE_CHECKING:
    from ccmeval.reference.schema import ReferenceBundle

app = typer.Typer(
    name="reference",
    help="Numbers about a real set that others can score against, without its frames.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def option(text: str, *names: str, **more: Any) -> Any:
    """Make a command-line option that shows no default of its own."""
    return typer.Option(*names, help=text, show_default=False, **more)


@app.command()
def build(
    real: Annotated[Path, typer.Argument(help="The real set: a folder (with all below it) or a manifest.")],
    out: Annotated[Path, option("The bundle; its name ends in .ccmref.", "-o", "--out")],
    config: Annotated[
        Path | None, option("YAML file of settings of ccmeval three-pillar; options here win.", "--config")
    ] = None,
    features: Annotated[
        str | None, option(THREE_PILLAR_OPTIONS["features"], "--features", metavar="LIST")
    ] = None,
    weights: Annotated[
        list[str] | None, option(THREE_PILLAR_OPTIONS["weights"], "--weights", metavar="NAME=PATH")
    ] = None,
    download: Annotated[bool | None, option(THREE_PILLAR_OPTIONS["download"], "--download")] = None,
    keep_features: Annotated[
        bool,
        typer.Option(
            "--keep-features",
            help="Keep every frame's feature vector, for KID, precision, recall and what else needs them."
            " This discloses far more: read what ccmeval reference show says.",
        ),
    ] = False,
    minimum: Annotated[
        int | None,
        option(
            "Fewest subjects that any number may be over; smaller diagnoses are left out. [default: 5, or 10"
            " frames where subjects are unknown]",
            "--minimum",
            min=2,
        ),
    ] = None,
    subject_pattern: Annotated[
        str | None, option(OPTIONS["subject_pattern"], "--subject-pattern", metavar="REGEX")
    ] = None,
    field_of_view: Annotated[
        float | None, option(THREE_PILLAR_OPTIONS["real_field_of_view_um"], "--field-of-view", metavar="UM")
    ] = None,
    segmenter: Annotated[str | None, option(OPTIONS["segmenter"], "--segmenter", metavar="NAME")] = None,
    masks: Annotated[
        Path | None,
        option(
            "Folder of nerve masks, matched by stem, to measure instead of what a segmenter finds. Synthetic"
            " frames then need masks too.",
            "--masks",
            metavar="DIR",
        ),
    ] = None,
    work: Annotated[
        Path | None,
        option("Folder that keeps what was measured, so that the same command goes on.", "--work"),
    ] = None,
    seed: Annotated[int | None, option(THREE_PILLAR_OPTIONS["seed"], "--seed", metavar="N")] = None,
    jobs: Annotated[int | None, option(THREE_PILLAR_OPTIONS["jobs"], "-j", "--jobs", metavar="N")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Write what scoring against a real set needs, and no frame of it."""
    from ccmeval.cli.progress import stage_bars
    from ccmeval.cli.three_pillar import pairs_of, split_list
    from ccmeval.evaluation.settings import make_three_pillar_settings
    from ccmeval.reference.build import BuildOptions, build_reference

    measurement = {"segmenter": segmenter, "nerves_from": "masks" if masks is not None else None}
    settings = make_three_pillar_settings(
        config,
        real_subject_pattern=subject_pattern,
        real_field_of_view_um=field_of_view,
        real_masks=masks,
        fidelity={"features": split_list(features)} if features else None,
        weights=pairs_of(weights, "--weights", "NAME=PATH") if weights else None,
        download=download,
        measurement={name: value for name, value in measurement.items() if value is not None} or None,
        seed=seed,
        jobs=jobs,
    )
    options = BuildOptions(keep_features=keep_features, minimum=minimum, work=work, overwrite=overwrite)
    with stage_bars() as progress:
        bundle, problems = build_reference(real, out, settings, options, progress=progress)
    for problem in problems:
        typer.echo(f"ccmeval: warning: {problem}", err=True)
    tell(bundle)
    typer.echo(f"Bundle: {out} ({out.stat().st_size / 1e6:.1f} MB)")


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="The bundle.")],
) -> None:
    """Show what a bundle holds and what it discloses; every array is checked."""
    from ccmeval.reference.file import open_bundle

    held = open_bundle(path)
    for name in held.bundle.arrays:
        held.array(name)
    tell(held.bundle)


def tell(bundle: ReferenceBundle) -> None:
    """Print what a bundle holds and what it discloses."""
    from ccmeval.cli.biomarkers import printable

    told, scale = bundle.set, bundle.scale
    unit = f"{bundle.minimum.unit}s"
    height, width = scale.field_of_view_um
    lines = [f"Built       {bundle.created} with ccmeval {bundle.versions.get('ccmeval', 'unknown')}"]
    lines += [
        f"{'Frames' if i == 0 else '':12s}{cell.diagnosis or 'not stated'}: {cell.n_frames} frames of"
        f" {cell.n_units} {unit}"
        for i, cell in enumerate(told.cells)
    ]
    if told.left_out:
        lines.append(
            f"Left out    {', '.join(told.left_out)}: fewer than {bundle.minimum.n} {unit}; nothing is told"
        )
    lines.append(f"Scale       {scale.pixel_size_um:.4g} um a pixel, {width:.4g} x {height:.4g} um")
    lines.append(f"Measured    {bundle.segmenter}; synthetic frames need the same")
    for it in bundle.extractors:
        what = "vectors of single frames" if it.vectors is not None else "means and covariances"
        lines.append(f"Features    {it.name}: {what}")
    notes = [*bundle.notes, *(note for it in bundle.extractors for note in it.notes)]
    lines += [f"Note        {it}" for it in notes]
    lines += ["What it discloses:", *[f"- {it}" for it in bundle.disclosure]]
    for line in lines:
        typer.echo(printable(line))
