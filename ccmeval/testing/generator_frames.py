"""What a generator gives: its frames, and what decides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.conditions import Condition, ConditionName, FrameFormat
from ccmeval.plugins import Generator
from ccmeval.testing.generator_conditions import (
    CONDITIONS,
    disturb_randomness,
    format_of,
    refused,
    toy_conditions,
)
from ccmeval.testing.model import ask

_ROUNDING = 1e-4
"""What the order of sums in another batch may change of a grey level in [0, 1]; far less than one of 255."""

_STRANGE = "a diagnosis that nobody knows"


def check_frames(frames: Any, frame_format: FrameFormat, count: int) -> None:
    """See that frames are as many, of the right kind, shape and range."""
    ask(
        isinstance(frames, list) and len(frames) == count,
        f"generate() must give a list of one frame a condition, {count}, not {_shown(frames)}",
    )
    for frame in frames:
        ask(isinstance(frame, np.ndarray), f"A frame must be an array, not {type(frame).__name__}")
        ask(frame.dtype == np.float32, f"A frame must be float32, not {frame.dtype}")
        shape = tuple(frame_format.shape_px)
        ask(frame.shape == shape, f"A frame must have the format's shape {shape}, not {frame.shape}")
        ask(bool(np.isfinite(frame).all()), "A frame must be finite")
        ask(bool((frame >= 0).all() and (frame <= 1).all()), "A frame must lie in [0, 1]")


def _shown(frames: Any) -> str:
    return f"{len(frames)}" if isinstance(frames, list) else f"a {type(frames).__name__}"


def check_generation(generator: Generator) -> list[FloatArray]:
    """Check frames, determinism and honesty about conditions; give the frames of the toy conditions."""
    can, frame_format = generator.capabilities, format_of(generator)
    conditions = toy_conditions(generator, can.takes, 3)
    kept = [_copied(condition) for condition in conditions]
    frames = generator.generate(conditions)
    check_frames(frames, frame_format, len(conditions))
    ask(_unchanged(kept, conditions), "generate() must not change the masks or references that it is given")
    first = [frame.copy() for frame in frames]
    _check_decided(generator, conditions, frames, first)
    _check_seed(generator, conditions[0])
    _check_needs(generator, conditions[0])
    for name in CONDITIONS:
        if name in can.takes:
            _check_taken(generator, name)
        else:
            _check_not_taken(generator, name, conditions[0], first[0])
    _check_refusals(generator, conditions[0], frame_format)
    _check_besides(generator, frame_format)
    return first


def _copied(condition: Condition) -> Condition:
    return replace(
        condition,
        mask=None if condition.mask is None else condition.mask.copy(),
        reference=None if condition.reference is None else condition.reference.copy(),
    )


def _unchanged(before: Sequence[Condition], after: Sequence[Condition]) -> bool:
    return all(
        getattr(old, name) is None or np.array_equal(getattr(old, name), getattr(new, name))
        for old, new in zip(before, after, strict=True)
        for name in ("mask", "reference")
    )


def _check_decided(
    generator: Generator,
    conditions: Sequence[Condition],
    frames: Sequence[FloatArray],
    first: Sequence[FloatArray],
) -> None:
    """Frames are decided by their conditions alone: not by the call, the batch or what became of others."""
    for frame in frames:
        if frame.flags.writeable:
            frame[:] = 0  # as a caller may
    disturb_randomness()
    again = generator.generate(conditions)
    for one, other in zip(first, again, strict=True):
        ask(
            np.array_equal(one, other),
            "The same conditions must give the same frames again, but they differ by up to"
            f" {np.abs(one - other).max():.2g}",
        )
    disturb_randomness()
    turned = generator.generate(conditions[::-1])[::-1]
    alone = [generator.generate([condition])[0] for condition in conditions]
    for one, *others in zip(first, turned, alone, strict=True):
        apart = max(float(np.abs(one - other).max()) for other in others)
        ask(
            apart <= _ROUNDING,
            "A frame must be decided by its condition alone, whatever else is in the batch, but differs by up"
            f" to {apart:.2g}",
        )
    ask(generator.generate([]) == [], "No conditions must give an empty list")


def _check_seed(generator: Generator, condition: Condition) -> None:
    seeds = [condition.seed + 1]
    if hasattr(generator, "seeds_of"):
        seeds = [seed for seed in generator.seeds_of(condition.diagnosis) if seed != condition.seed][:1]
    for seed in seeds:
        one, other = generator.generate([condition, replace(condition, seed=seed)])
        ask(not np.array_equal(one, other), "Another seed must give another frame")


def _check_needs(generator: Generator, condition: Condition) -> None:
    can = generator.capabilities
    for name in can.needs:
        lacking = replace(condition, **{name: "" if name == "prompt" else None})  # type: ignore[arg-type]
        what = f"It needs the condition {name!r}, so one without it"
        refused(what, UnavailableError, generator.generate, [lacking])
    bare = toy_conditions(generator, can.needs, 1)
    try:
        frames = generator.generate(bare)
    except CcmevalError as error:
        raise AssertionError(
            f"It says that it needs {', '.join(can.needs) or 'nothing'}, but refuses a condition with no"
            f" more: {error}"
        ) from error
    check_frames(frames, format_of(generator), 1)


def _check_taken(generator: Generator, name: ConditionName) -> None:
    """With no more than it needs beside it, a condition that changes must change the frame."""
    names = (*generator.capabilities.needs, name)
    base = toy_conditions(generator, names, 1)[0]
    others = toy_conditions(generator, names, 4)[1:]
    if name == "diagnosis" and len(format_of(generator).diagnoses) < 2:
        return
    changed = [replace(base, **{name: getattr(other, name)}) for other in others]
    frames = generator.generate([base, *changed])
    alike = all(np.array_equal(one, other) for one, other in pairwise(frames))
    ask(not alike, f"It says that it takes the condition {name!r}, but another one changes nothing")


def _check_not_taken(
    generator: Generator, name: ConditionName, condition: Condition, frame: FloatArray
) -> None:
    """One that it does not take may be given all the same, and changes nothing."""
    height, width = frame.shape
    strange: dict[str, Any] = {
        "mask": np.eye(height, width, dtype=bool),
        "diagnosis": _STRANGE,
        "prompt": "thick nerves",
        "reference": np.full((height, width), 0.5, np.float32),
    }
    try:
        found = generator.generate([replace(condition, **{name: strange[name]})])[0]
    except CcmevalError as error:
        raise AssertionError(
            f"It does not take the condition {name!r}, so that one must be passed over, not refused: {error}"
        ) from error
    ask(
        bool(np.abs(found - frame).max() <= _ROUNDING),
        f"It does not say that it takes the condition {name!r}, but that one changes the frame",
    )


def _check_refusals(generator: Generator, condition: Condition, frame_format: FrameFormat) -> None:
    takes = generator.capabilities.takes
    if "diagnosis" in takes and frame_format.diagnoses:
        unknown = [replace(condition, diagnosis=_STRANGE)]
        what = "A diagnosis that the format does not name"
        refused(what, CcmevalError, generator.generate, unknown)
    if "mask" in takes:
        height, width = frame_format.shape_px
        odd = [replace(condition, mask=np.zeros((height + 8, width), bool))]
        refused("A mask of another shape than the frames'", CcmevalError, generator.generate, odd)


def _check_besides(generator: Generator, frame_format: FrameFormat) -> None:
    """Check the methods that may be there besides."""
    conditions = toy_conditions(generator, [n for n in generator.capabilities.takes if n != "mask"], 2)
    if "mask" in generator.capabilities.needs:
        conditions = toy_conditions(generator, generator.capabilities.takes, 2)
    if hasattr(generator, "own_masks"):
        masks = generator.own_masks(conditions)
        shape = tuple(frame_format.shape_px)
        ask(
            len(masks) == 2
            and all(mask is None or (mask.dtype == np.bool_ and mask.shape == shape) for mask in masks),
            f"own_masks() must give, one a condition, None or a bool array {shape}",
        )
    if hasattr(generator, "provenance"):
        told = generator.provenance(conditions)
        ask(
            len(told) == 2
            and all(isinstance(text, str) for row in told for pair in row.items() for text in pair),
            "provenance() must give, one a condition, a mapping of column names to texts",
        )
