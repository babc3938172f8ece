"""`ccmeval generators`: which generators there are, and what one can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ccmeval.generation.conditions import Capabilities
    from ccmeval.generation.listing import ListedGenerator
    from ccmeval.generation.parameters import ParameterTable

app = typer.Typer(
    name="generators",
    help="List the generators that are installed, or tell about one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with every setting.")] = False,
) -> None:
    """List the generators; one that cannot be used here is listed with the reason."""
    from ccmeval.generation.listing import list_generators

    found = list_generators()
    if as_json:
        typer.echo(json.dumps([one.document() for one in found], indent=2))
        return
    if not found:
        typer.echo("No generator is installed.")
    for line in _table(found):
        typer.echo(line)


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="As `ccmeval generators list` has it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell what a generator can, and its settings with their defaults.

    Exits with 2 where it cannot be used here.
    """
    from ccmeval.generation.listing import generator_info

    found = generator_info(name)
    if as_json:
        typer.echo(json.dumps(found.document(), indent=2))
    else:
        for line in _sheet(found):
            typer.echo(line)
    raise typer.Exit(0 if found.available else 2)


@app.command()
def params(
    name: Annotated[str, typer.Argument(help="As `ccmeval generators list` has it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Count what a generator trains of its full-size model with each choice; no weights are needed."""
    from ccmeval.generation.parameters import generator_parameters

    table = generator_parameters(name)
    if as_json:
        typer.echo(json.dumps(table.document(), indent=2))
        return
    for line in _counts(name, table):
        typer.echo(line)


_HEAD = ("name", "package", "state", "follows", "trainable", "GiB to train / generate", "licence of weights")


def _table(found: list[ListedGenerator]) -> list[str]:
    lines = _in_columns([_HEAD, *(_cells(one) for one in found)])
    reasons = [f"{one.name}: {_printable(one.reason or one.hint)}" for one in found if one.reason or one.hint]
    return [*lines, *([""] if reasons else []), *reasons]


def _in_columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _counts(name: str, table: ParameterTable) -> list[str]:
    """Set out how many parameters are trained, beside what was published."""
    rows: list[tuple[str, ...]] = [("targets", "rank", "trained", "millions", "of frozen", "published")]
    for row in table.rows:
        published = "-" if row.published_millions is None else f"{row.published_millions:.2f}"
        share = f"{100.0 * row.n_trained / table.n_frozen:.3f} %"
        millions = f"{row.n_trained / 1e6:.2f}"
        rows.append((row.targets, str(row.rank), f"{row.n_trained:,}", millions, share, published))
    head = f"{name}: {table.adapter} on {table.model}, {table.n_frozen:,} frozen parameters"
    return [_printable(line) for line in (head, *_in_columns(rows), *table.notes)]


def _cells(one: ListedGenerator) -> tuple[str, ...]:
    package = f"{one.distribution} {one.distribution_version}".strip()
    state = "unavailable" if not one.available else "incomplete" if one.missing else "available"
    can = one.capabilities
    if can is None:
        return (_printable(one.name), _printable(package), state, "", "", "", "")
    return (
        _printable(one.name),
        _printable(package),
        state,
        _follows(can),
        _training(can),
        _memory(can),
        _printable(can.weights_licence) or "-",
    )


def _follows(can: Capabilities) -> str:
    """Name the conditions, with a star for those it cannot do without."""
    return ", ".join(f"{name}*" if name in can.needs else name for name in can.takes) or "nothing"


def _training(can: Capabilities) -> str:
    return ("needed" if can.needs_training else "yes") if can.trainable else "no"


def _memory(can: Capabilities) -> str:
    def told(number: float) -> str:
        return f"{number:g}" if number else "-"

    return f"{told(can.training_memory_gib)} / {told(can.generation_memory_gib)}"


def _sheet(one: ListedGenerator) -> list[str]:
    package = f"{one.distribution} {one.distribution_version}".strip()
    head = f"{one.name} {one.version}".strip()
    lines = [_printable(f"{head} (package {package})")]
    if one.reason:
        lines.append(f"Unavailable: {_printable(one.reason)}")
    if one.hint:
        lines.append(_printable(one.hint))
    if one.capabilities is not None:
        lines += _of_capabilities(one.capabilities)
    if one.settings:
        lines += ["", "Settings (default):"]
    for setting in one.settings:
        lines.append(f"  {setting.name} ({json.dumps(setting.default)}): {setting.type}")
        if setting.description:
            lines.append(f"      {_printable(setting.description)}")
    return lines


def _of_capabilities(can: Capabilities) -> list[str]:
    training, generating = can.training_memory_gib, can.generation_memory_gib
    facts = {
        "Follows": ", ".join(can.takes) or "nothing",
        "Cannot do without": ", ".join(can.needs),
        "Trainable": {"needed": "yes, and gives frames only then", "yes": "yes", "no": "no"}[_training(can)],
        "Sides": f"multiples of {can.side_multiple_px} px",
        "Memory": f"about {training:g} GiB to train, {generating:g} GiB to generate",
        "Licence of weights": can.weights_licence,
        "Extra": can.extra,
        "Source": can.source,
    }
    told = [f"{name}: {_printable(text)}" for name, text in facts.items() if text]
    return [_printable(can.summary), *told]


def _printable(text: str) -> str:
    from ccmeval.cli.biomarkers import printable

    return printable(text)
