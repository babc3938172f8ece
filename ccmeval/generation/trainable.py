"""Generators that can be trained, found by name, and guarded while they are: they may be a stranger's."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from ccmeval import plugins
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.training_schema import GeneratorTold
from ccmeval.plugins import Generator

GROUP: plugins.Group = "ccmeval.generators"

_Given = TypeVar("_Given")


class GeneratorError(CcmevalError):
    """A generator that fails, or gives something else than its contract says."""


def load_trainable(name: str) -> Generator:
    """Load a generator that can be trained.

    Raises
    ------
    UnavailableError
        If there is none of that name, it cannot be loaded, is none, or has no training.
    """
    found = plugins.load(GROUP, name)
    if isinstance(found, type) or not isinstance(found, Generator):
        raise UnavailableError(f"The plug-in {name!r} is no generator by its contract; ask its makers.")
    if not found.capabilities.trainable:
        raise UnavailableError(
            f"The generator {name!r} is not trained; it makes frames as it is: ccmeval generate {name}."
        )
    return found


def told_of(generator: Generator, name: str) -> GeneratorTold:
    """Say which generator it is, by the name that it is asked for by, and whose."""
    plugin = plugins.available(GROUP).get(name)
    distribution = plugin.distribution if plugin else ""
    with suppress(PackageNotFoundError, ValueError):
        distribution = f"{distribution} {version(distribution)}"
    return GeneratorTold(name=name, version=generator.version, distribution=distribution)


def guarded(name: str, doing: str, work: Callable[[], _Given], log: Path | None = None) -> _Given:
    """Let a generator work; what goes wrong in it becomes one sentence.

    Parameters
    ----------
    name : str
        Of the generator.
    doing : str
        For the sentence, e.g. "while it is trained".
    work : callable
    log : pathlib.Path, optional
        File that takes the traceback.

    Raises
    ------
    GeneratorError
        If it fails with anything but a sentence of its own.
    """
    try:
        return work()
    except CcmevalError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        where = ""
        if log is not None:
            with suppress(OSError):
                log.write_text(traceback.format_exc(), encoding="utf-8", errors="backslashreplace")
                where = f" The traceback is in {log}."
        reason = " ".join(str(error).split())
        raise GeneratorError(
            f"The generator {name!r} fails {doing} ({type(error).__name__}: {reason}); ask its makers, or use"
            f" other settings.{where}"
        ) from error
