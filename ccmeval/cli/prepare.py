"""`ccmeval prepare`: a folder of pictures as they came to a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccmeval.cli.biomarkers import limit_threads, printable
from ccmeval.options import OPTIONS, PREPARE_OPTIONS

if TYPE_CHECKING:
    from ccmeval.preparing.run import Prepared
    from ccmeval.preparing.settings import PrepareSettings

_MOST_TOLD = 10
"""Files that are named on the screen; the table names all."""


def _option(setting: str, *names: str, default: str = "", **more: Any) -> Any:
    words = PREPARE_OPTIONS.get(setting) or OPTIONS[setting]
    shown = f" [default: {default}]" if default else ""
    return typer.Option(*names, help=f"{words}{shown}", show_default=False, **more)


def prepare(
    raw: Annotated[Path, typer.Argument(help="Folder of pictures of any kind, or a manifest.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="COHORT", help="The cohort to be made.")],
    masks: Annotated[Path | None, _option("masks", "--masks", metavar="DIR")] = None,
    traces: Annotated[Path | None, _option("traces", "--traces", metavar="DIR")] = None,
    subject_pattern: Annotated[
        str | None, _option("subject_pattern", "--subject-pattern", metavar="REGEX")
    ] = None,
    split: Annotated[
        str | None, _option("split", "--split", metavar="T,V,T", default="0.7,0.15,0.15")
    ] = None,
    split_by: Annotated[
        str | None, _option("split_by", "--split-by", metavar="subject|frame", default="subject")
    ] = None,
    seed: Annotated[int | None, _option("seed", "--seed", default="0")] = None,
    names: Annotated[
        str | None, _option("names", "--names", metavar="diagnosis|subject", default="diagnosis")
    ] = None,
    keep_names: Annotated[bool, _option("keep_names", "--keep-names")] = False,
    keep_column: Annotated[list[str] | None, _option("keep_columns", "--keep-column", metavar="NAME")] = None,
    key_file: Annotated[Path | None, _option("key_file", "--key-file", metavar="PATH")] = None,
    problems: Annotated[Path | None, _option("problems", "--problems", metavar="PATH")] = None,
    colour: Annotated[
        str | None, _option("colour", "--colour", metavar="luminance|refuse", default="luminance")
    ] = None,
    near_repeats: Annotated[bool, _option("near_repeats", "--near-repeats/--no-near-repeats")] = True,
    pixel_size: Annotated[float | None, _option("pixel_size_um", "--pixel-size", metavar="UM")] = None,
    field_of_view: Annotated[
        float | None, _option("field_of_view_um", "--field-of-view", metavar="UM")
    ] = None,
    undeclared_bits: Annotated[int | None, _option("undeclared_bits", "--undeclared-bits")] = None,
    drop_missing: Annotated[bool, _option("drop_missing", "--drop-missing")] = False,
) -> None:
    """Make a cohort of pictures of any kind: grey PNG, one manifest, no names, split by subject.

    Run again to go on after an interruption, or to add frames: names and splits stay.
    """
    limit_threads()
    from ccmeval.cli.progress import stage_bars
    from ccmeval.preparing import prepare as run

    unset = {"split"} if split == "none" else set()
    given = {
        "split": _shares(split),
        "split_by": split_by,
        "seed": seed,
        "names": names,
        "colour": colour,
        "pixel_size_um": pixel_size,
        "field_of_view_um": field_of_view,
        "reading": {"undeclared_bits": undeclared_bits} if undeclared_bits is not None else None,
    }
    settings = _settings(
        {name: value for name, value in given.items() if value is not None or name in unset},
        keep_names=keep_names,
        keep_columns=tuple(keep_column or ()),
        near_repeats=near_repeats,
    )
    try:
        with stage_bars() as show:
            prepared = run(
                raw,
                out,
                settings,
                masks=masks,
                traces=traces,
                subject_pattern=subject_pattern,
                key_file=key_file,
                problems_file=problems,
                drop_missing=drop_missing,
                progress=show,
            )
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    _tell(prepared, key_file)
    raise typer.Exit(int(prepared.lost > 0))


def _shares(text: str | None) -> tuple[float, ...] | None:
    from ccmeval.errors import CcmevalError

    if text is None or text == "none":
        return None
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if len(shares) != 3:
        raise CcmevalError(f"--split {text} is no three shares; write 0.7,0.15,0.15, or none.")
    return shares


def _settings(given: dict[str, Any], **more: Any) -> PrepareSettings:
    from pydantic import ValidationError

    from ccmeval.errors import CcmevalError
    from ccmeval.preparing import PrepareSettings
    from ccmeval.settings import first_problem

    try:
        return PrepareSettings(**given, **more)
    except ValidationError as error:
        raise CcmevalError(f"An option is wrong: {first_problem(error)}.") from error


def _tell(prepared: Prepared, key_file: Path | None) -> None:
    lost = [one for one in prepared.problems if one.left_out and not one.harmless]
    for one in lost[:_MOST_TOLD]:
        typer.echo(f"ccmeval: {printable(one.file)}: {printable(one.wrong)}", err=True)
    if len(lost) > _MOST_TOLD:
        typer.echo(f"ccmeval: and {len(lost) - _MOST_TOLD} more, see {prepared.problems_file}", err=True)
    typer.echo(f"{prepared.frames} frames of {prepared.found} pictures.")
    from ccmeval.preparing.problems import counts_of

    for code, count in counts_of(prepared.problems).items():
        typer.echo(f"  {count:>6}  {code}")
    _tell_table(prepared)
    for note in prepared.notes:
        typer.echo(f"Note: {printable(note)}")
    typer.echo(f"Cohort:   {prepared.out / 'manifest.csv'}")
    typer.echo(f"Problems: {prepared.problems_file} (holds names of your files)")
    if key_file is not None:
        typer.echo(f"Key:      {key_file} (who is who: keep it apart)")


def _tell_table(prepared: Prepared) -> None:
    for row in prepared.table:
        numbers = f"{row['subjects']:>5} subjects {row['frames']:>6} frames"
        typer.echo(f"{row['diagnosis']:<20} {row['split']:<12} {numbers}")
