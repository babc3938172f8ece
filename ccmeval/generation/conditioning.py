"""From the wanted frames to a generator's conditions, and its answers checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat
from ccmeval.generation.settings import GenerateSettings
from ccmeval.generation.wanted import WantedFrame
from ccmeval.plugins import Generator

_ROUNDING = 1e-5
"""By which a frame may leave [0, 1] for rounding; it is brought back."""


def check_asked(settings: GenerateSettings, can: Capabilities) -> None:
    """Refuse conditions that a generator does not follow, and the lack of those that it needs.

    Raises
    ------
    CcmevalError
    """
    given = {
        "mask": settings.masks is not None,
        "prompt": bool(settings.prompt),
        "reference": settings.reference is not None,
    }
    options = {"mask": "--masks", "prompt": "--prompt", "reference": "--reference"}
    for name, is_given in given.items():
        if is_given and name not in can.takes:
            raise CcmevalError(f"This generator follows no {name}; leave {options[name]} out.")
        if not is_given and name in can.needs:
            raise CcmevalError(f"This generator makes no frame without a {name}; give {options[name]}.")


def format_of(generator: Generator) -> FrameFormat:
    """Give what the frames of a generator are like.

    Raises
    ------
    UnavailableError
        If it does not tell.
    """
    found = generator.format
    if found is None:
        cure = (
            "it is not trained yet; give the folder of a training"
            if generator.capabilities.needs_training
            else "its settings leave out what it needs; give it by --generator NAME=VALUE, with the names"
            f" that `ccmeval generators info {generator.name}` lists"
        )
        raise UnavailableError(
            f"The generator {generator.name!r} does not tell the size of its frames: {cure}."
        )
    return found


def read_reference(path: Path, wanted: FrameFormat, settings: GenerateSettings) -> FloatArray:
    """Read the frame whose look is to be followed, in the generator's format.

    Raises
    ------
    CcmevalError
        If it cannot be read, or shows less than the generator's frames.
    """
    from ccmeval.cohort import Record, read_frame
    from ccmeval.cohort.standardise import CommonScale, standardise

    frame = read_frame(
        Record(path.name, path.stem, path),
        pixel_size_um=settings.pixel_size_um,
        field_of_view_um=settings.field_of_view_um,
    )
    height, width = wanted.shape_px
    field_um = (height * wanted.pixel_size_um, width * wanted.pixel_size_um)
    pixels = standardise(frame, CommonScale(wanted.pixel_size_um, field_um)).pixels
    if pixels.shape != (height, width):
        raise CcmevalError(
            f"The reference {path.name} gives {pixels.shape[1]} x {pixels.shape[0]} px at the generator's"
            f" scale, not {width} x {height}; give one of at least {field_um[1]:.4g} x {field_um[0]:.4g} um."
        )
    return pixels


def conditions_of(
    wanted: Sequence[WantedFrame], can: Capabilities, reference: FloatArray | None
) -> list[Condition]:
    """Give each frame's condition, with what the generator follows and nothing else."""
    return [
        Condition(
            seed=one.seed,
            diagnosis=one.diagnosis if "diagnosis" in can.takes else None,
            mask=one.mask.pixels if one.mask is not None else None,
            prompt=one.prompt,
            reference=reference,
        )
        for one in wanted
    ]


@dataclass(frozen=True)
class Made:
    """One frame that a generator made.

    Attributes
    ----------
    frame : float32 array (H, W), in [0, 1]
    mask : bool array (H, W) or None
        That was asked for, or that the generator says it shows.
    extra : mapping of str to str
        Further manifest columns.
    """

    frame: FloatArray
    mask: BoolArray | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


def make_frames(generator: Generator, conditions: Sequence[Condition], wanted: FrameFormat) -> list[Made]:
    """Ask a generator for one batch and check what it gives.

    Raises
    ------
    UnavailableError
        If it fails, or breaks its contract.
    """
    count = len(conditions)
    frames = _asked(generator, "generate", conditions)
    masks = _asked(generator, "own_masks", conditions) if hasattr(generator, "own_masks") else [None] * count
    extras = _asked(generator, "provenance", conditions) if hasattr(generator, "provenance") else [{}] * count
    made = []
    for condition, frame, mask, extra in zip(conditions, frames, masks, extras, strict=True):
        pixels = _checked(frame, wanted, generator)
        shown = condition.mask if condition.mask is not None else _mask_of(mask, wanted, generator)
        made.append(Made(pixels, shown, {str(name): str(text) for name, text in extra.items()}))
    return made


def _asked(generator: Generator, method: str, conditions: Sequence[Condition]) -> list[Any]:
    """Call a method of a generator with a batch."""
    try:
        found = list(getattr(generator, method)(conditions))
    except CcmevalError:
        raise
    except Exception as error:  # a stranger's code, or a full GPU
        raise UnavailableError(
            f"The generator {generator.name!r} failed ({type(error).__name__}: {error}); what was made is"
            " kept, a smaller --batch-size needs less memory, and --resume goes on."
        ) from error
    if len(found) != len(conditions):
        raise _broken(generator, f"{len(found)} answers of {method} for {len(conditions)} conditions")
    return found


def _mask_of(mask: Any, wanted: FrameFormat, generator: Generator) -> BoolArray | None:
    if mask is None:
        return None
    pixels = np.asarray(mask)
    if pixels.shape != tuple(wanted.shape_px) or pixels.dtype != np.bool_:
        raise _broken(generator, f"a mask of shape {pixels.shape} and type {pixels.dtype}")
    return pixels


def _checked(frame: Any, wanted: FrameFormat, generator: Generator) -> FloatArray:
    pixels = np.asarray(frame)
    if pixels.shape != tuple(wanted.shape_px):
        raise _broken(generator, f"a frame of shape {pixels.shape}, not {tuple(wanted.shape_px)}")
    if not np.issubdtype(pixels.dtype, np.floating):
        raise _broken(generator, f"a frame of {pixels.dtype}, not of float32")
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= -_ROUNDING and high <= 1.0 + _ROUNDING):  # NaN fails too
        raise _broken(generator, f"grey levels from {low:g} to {high:g}, not within 0 and 1")
    held: FloatArray = np.clip(pixels, 0.0, 1.0).astype(np.float32)
    return held


def _broken(generator: Generator, what: str) -> UnavailableError:
    return UnavailableError(
        f"The generator {generator.name!r} gave {what}; update its package, or tell its authors."
    )
