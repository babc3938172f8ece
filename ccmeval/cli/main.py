"""The `ccmeval` command and its documented exit codes.

Heavy imports happen inside the commands, so that `ccmeval --help` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ccmeval import __version__
from ccmeval.cli.agreement import agreement
from ccmeval.cli.biomarkers import biomarkers
from ccmeval.cli.check import check
from ccmeval.cli.compare import compare
from ccmeval.cli.demo import demo
from ccmeval.cli.generate import generate
from ccmeval.cli.generators import app as generators
from ccmeval.cli.phantom import phantom
from ccmeval.cli.prepare import prepare
from ccmeval.cli.pretrain import pretrain
from ccmeval.cli.published import published
from ccmeval.cli.reader_study import app as reader_study
from ccmeval.cli.reference import app as reference
from ccmeval.cli.release import release
from ccmeval.cli.schema import schema
from ccmeval.cli.three_pillar import three_pillar
from ccmeval.cli.train import train
from ccmeval.cli.train_segmenter import train_segmenter
from ccmeval.cli.utility import utility, utility_worker
from ccmeval.errors import CcmevalError

EXIT_CODES = """\b
Exit codes:
  0  done, with all frames
  1  some frames could not be used (each has its reason in the table); ccmeval check: errors were found;
     ccmeval compare: some sets failed
  2  nothing could be done: a mistake in the input or the options
  3  ccmeval three-pillar: a pillar named by --require did not pass
  130  interrupted; the same command goes on with --resume
"""

app = typer.Typer(
    name="ccmeval",
    help="Biomarkers from corneal confocal microscopy, and the worth of synthetic frames.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ccmeval {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Biomarkers from corneal confocal microscopy, and the worth of synthetic frames."""


app.command()(biomarkers)
app.command("three-pillar")(three_pillar)
app.command()(compare)
app.command()(agreement)
app.command()(check)
app.command()(demo)
app.command()(phantom)
app.command()(prepare)
app.command()(published)
app.command()(schema)
app.add_typer(reference)
app.command()(release)
app.add_typer(reader_study)
app.command()(train)
app.command()(train_segmenter)
app.command()(utility)
app.command("utility-worker")(utility_worker)
app.command()(pretrain)
app.command()(generate)
app.add_typer(generators)


def main() -> None:
    """Run the command line; a user's mistake ends in one sentence, not in a traceback."""
    try:
        app()
    except CcmevalError as error:
        typer.echo(f"ccmeval: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("ccmeval: interrupted.", err=True)
        sys.exit(130)
