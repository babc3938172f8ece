"""Whether a generator keeps its contract."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Capabilities
from ccmeval.plugins import Generator, WeightSource, load
from ccmeval.testing.description import check_light, checked_settings
from ccmeval.testing.generator_conditions import CONDITIONS, format_of, toy_conditions
from ccmeval.testing.generator_frames import check_generation
from ccmeval.testing.generator_saved import check_saving
from ccmeval.testing.generator_training import (
    check_needs_training,
    check_refuses_training,
    check_repeats,
    check_training,
    job_folder,
    sampled,
)
from ccmeval.testing.model import ask
from ccmeval.testing.toy import toy_generator_job

_METHODS = ("plan", "fit", "generate", "save_pretrained", "from_pretrained")


def check_generator(
    generator: str | Generator,
    *,
    settings: Mapping[str, Any] | None = None,
    weights: WeightSource | None = None,
    size_px: int = 64,
) -> None:
    """Check that a generator keeps the contract :class:`ccmeval.plugins.Generator`, on toy frames.

    Checked are its attributes and settings; that making one imports no heavy library; that its capabilities
    are honest: a condition that it takes changes the frame, one that it does not take does not, one that it
    needs is refused where missing, and it can be trained, or needs to be, as it says. A plan writes nothing
    and is what training then takes. The same job gives the same generator, also in another folder, asked for
    again, or cut short and gone on with. The same condition gives the same frame, whatever the batch, the
    object, the process and the state of the global random generators; frames have the shape, type and
    range that they should. Saved files hold no pickle, and are refused where missing or damaged.

    A trainable generator is trained four times, with the steps that its settings say.

    Parameters
    ----------
    generator : str or Generator
        The name of an entry point of the group ``ccmeval.generators``, or a generator.
    settings : mapping, optional
        Of the generator, to keep the test small, or because it cannot do without; its defaults otherwise.
    weights : WeightSource, optional
        For a generator that cannot do without.
    size_px : int
        Side of the training frames; rounded up to what the generator allows.

    Raises
    ------
    AssertionError
        At the first breach, with a sentence.
    UnavailableError
        If the generator, a library or its weights are missing.

    Examples
    --------
    >>> check_generator("phantom", settings={"shape_px": (64, 64)})
    """
    made: Generator = load("ccmeval.generators", generator) if isinstance(generator, str) else generator
    check_attributes(made)
    check_capabilities(made.capabilities)
    check_light(made, "generator")
    complete = checked_settings(made, settings or {})
    source = weights or WeightSource()
    can = made.capabilities
    if can.needs_training:
        check_needs_training(_new(made, {}))
    else:
        _check_giving(_new(made, settings or {}), source)
    multiple = can.side_multiple_px
    side = -(-size_px // multiple) * multiple
    with tempfile.TemporaryDirectory() as folder:
        job = toy_generator_job(job_folder(Path(folder)), size_px=side, settings=complete)
        if not can.trainable:
            check_refuses_training(_new(made, settings or {}), job)
            return
        job = sampled(job, can.takes, side)
        trained, told = check_training(lambda: _new(made, {}), job)
        _check_giving(trained, source)
        check_repeats(lambda: _new(made, {}), job, trained, told)


def check_attributes(generator: Generator) -> None:
    """See that the attributes and methods are there and of the right kind."""
    for name in ("name", "version"):
        value = getattr(generator, name, None)
        ask(
            isinstance(value, str) and bool(value), f"The attribute {name!r} must be a text that is not empty"
        )
    found = getattr(generator, "capabilities", None)
    ask(
        isinstance(found, Capabilities),
        f"The attribute 'capabilities' must be a Capabilities, not {type(found).__name__}",
    )
    for name in _METHODS:
        ask(callable(getattr(generator, name, None)), f"The method {name}() is missing")


def check_capabilities(can: Capabilities) -> None:
    """See that capabilities make sense, whatever the generator then does."""
    ask(bool(can.summary), "capabilities.summary must say what it is")
    for name in ("takes", "needs"):
        value = getattr(can, name)
        ask(
            isinstance(value, Sequence) and not isinstance(value, str) and set(value) <= set(CONDITIONS),
            f"capabilities.{name} must be a tuple of {CONDITIONS}, not {value!r}",
        )
    ask(set(can.needs) <= set(can.takes), "capabilities.needs must be among capabilities.takes")
    ask(
        can.trainable or not can.needs_training,
        "One that needs training must be trainable",
    )
    ask(can.side_multiple_px >= 1, "capabilities.side_multiple_px must be at least 1")
    ask(
        can.training_memory_gib >= 0 and can.generation_memory_gib >= 0,
        "capabilities must tell memory from 0",
    )


def _new(generator: Generator, settings: Mapping[str, Any]) -> Generator:
    """Make a new one of the same class, with settings if there are any."""
    kind: Any = type(generator)
    try:
        fresh: Generator = kind()
    except TypeError as error:
        raise AssertionError(f"It must be made without arguments, but: {error}.") from error
    if not settings:
        return fresh
    try:
        configured: Generator = kind(generator.settings_model.model_validate(dict(settings)))
    except TypeError as error:
        raise AssertionError(
            f"One that needs no training must also be made of its settings, but: {error}."
        ) from error
    return configured


def _check_giving(generator: Generator, weights: WeightSource) -> None:
    """Check one that gives frames."""
    format_of(generator)
    identity = generator.identity
    ask(
        isinstance(identity, str) and bool(identity),
        "The property 'identity' must be a text that is not empty",
    )
    try:
        check_generation(generator)
    except CcmevalError as error:
        raise AssertionError(f"It refused what its capabilities say that it can do: {error}") from error
    ask(identity == generator.identity, "The identity must stay the same while frames are made")
    conditions = toy_conditions(generator, generator.capabilities.takes, 2)
    with tempfile.TemporaryDirectory() as folder:
        check_saving(generator, conditions, generator.generate(conditions), weights, Path(folder))
