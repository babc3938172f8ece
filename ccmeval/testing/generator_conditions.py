"""What a generator is asked for in its test, and what it must refuse."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence

import numpy as np

from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Condition, ConditionName, FrameFormat
from ccmeval.plugins import Generator
from ccmeval.testing.model import ask

CONDITIONS: tuple[ConditionName, ...] = ("mask", "diagnosis", "prompt", "reference")


def format_of(generator: Generator) -> FrameFormat:
    """Give the format, and see that it makes sense."""
    found, can = generator.format, generator.capabilities
    if not isinstance(found, FrameFormat):
        raise AssertionError(
            "The property 'format' must be a FrameFormat once it gives frames (give check_generator the"
            f" settings that it cannot do without), not {found!r}."
        )
    ask(
        all(side > 0 and side % can.side_multiple_px == 0 for side in found.shape_px),
        f"It says that sides are multiples of {can.side_multiple_px} px, but its frames are {found.shape_px}",
    )
    ask(found.pixel_size_um > 0, f"The pixel size must be positive, not {found.pixel_size_um}")
    if "diagnosis" not in can.takes:
        ask(not found.diagnoses, "format.diagnoses must be empty where it takes no diagnosis")
    return found


def toy_conditions(generator: Generator, names: Sequence[str], count: int) -> list[Condition]:
    """Make conditions that name just these things, no two alike."""
    return [toy_condition(generator, names, number) for number in range(count)]


def toy_condition(generator: Generator, names: Sequence[str], number: int) -> Condition:
    """Make the condition of this number that names just these things."""
    frame_format = format_of(generator)
    height, width = frame_format.shape_px
    known = list(frame_format.diagnoses)
    diagnosis = None
    if "diagnosis" in names:
        diagnosis = known[number % len(known)] if known else "few"
    seed = 1000 + 7 * number
    if hasattr(generator, "seeds_of"):
        seeds = list(generator.seeds_of(diagnosis))
        ask(bool(seeds), f"seeds_of({diagnosis!r}) must give at least one seed")
        seed = seeds[number // max(len(known), 1) % len(seeds)]
    rng = np.random.default_rng(number)
    mask = np.zeros((height, width), bool)
    for row in rng.choice(max(height // 8, 1), min(2, max(height // 8, 1)), replace=False):
        mask[8 * row + 2 : 8 * row + 5] = True
    return Condition(
        seed=seed,
        diagnosis=diagnosis,
        mask=mask if "mask" in names else None,
        prompt=f"nerves, picture {number}" if "prompt" in names else "",
        reference=rng.random((height, width), dtype=np.float32) if "reference" in names else None,
    )


def refused(what: str, kind: type[CcmevalError], call: Callable[..., object], *given: object) -> None:
    """See that a call raises an error of this kind, and no other."""
    try:
        call(*given)
    except kind:
        return
    except Exception as error:
        raise AssertionError(
            f"{what} must be refused by {kind.__name__}, not {type(error).__name__}: {error}."
        ) from error
    raise AssertionError(f"{what} must be refused by {kind.__name__}, but was not.")


def disturb_randomness() -> None:
    """Move the global generators on; nothing may hang on them."""
    random.random()  # noqa: S311
    np.random.random()  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.rand(1)
