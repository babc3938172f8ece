"""What an imagined generator does wrong: faults of known kind and strength in phantom frames."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError
from ccmeval.phantom.asked import Asked, Wanted, copied_item, draw_asked, is_hit
from ccmeval.phantom.assemble import DrawnNerve
from ccmeval.phantom.cohort import Item, stream_of, subject_of
from ccmeval.phantom.curves import arc_length
from ccmeval.phantom.frame import image_anatomy, make_phantom
from ccmeval.phantom.optics import render
from ccmeval.phantom.raster import rasterise

MOST_NOISE = 0.12
"""SD of the added Gaussian noise at strength 1; grey levels go from 0 to 1."""

MOST_BLUR_UM = 3.0
"""Radius (SD) of the added Gaussian blur at strength 1."""

_MODE_SHIFT_PX = 2
"""A repeated mode is shifted by at most so much along each axis."""

_COPY_NOISE, _COPY_BRIGHTNESS, _COPY_SHIFT_PX = 0.02, 0.1, 6
"""SD of a copy's noise, largest relative change of its brightness, and its largest shift along each axis."""


@dataclass(frozen=True)
class Shown:
    """What a frame shows instead.

    Attributes
    ----------
    frame : float array (H, W), in [0, 1]
        In steps of 1/255.
    anatomy : str
        Name of the item whose anatomy is seen.
    diagnosis : str
        The diagnosis by which that anatomy was drawn.
    hidden_length_share : float
        Share of the asked nerves' length that was not rendered.
    change : str
        What was done, in words; empty where the frame is the faithful one.
    """

    frame: FloatArray
    anatomy: str
    diagnosis: str
    hidden_length_share: float = 0.0
    change: str = ""


def show(asked: Asked, wanted: Wanted) -> Shown:
    """Give the frame that the faulty generator makes when asked for another.

    The same item gives, at a higher strength, the same damage and more of it.

    Parameters
    ----------
    asked : Asked
    wanted : Wanted

    Returns
    -------
    Shown

    Raises
    ------
    CcmevalError
        If a frame to be copied cannot be read.
    """
    faithful = Shown(asked.phantom.frame, asked.item.name, asked.item.diagnosis)
    if wanted.fault == "none" or wanted.strength == 0.0:
        return faithful
    return _DAMAGES[wanted.fault](asked, wanted, faithful)


def _noise(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    rng = stream_of(asked.item, wanted.seed, "noise")
    deviation = MOST_NOISE * wanted.strength
    frame = stored(faithful.frame + deviation * rng.standard_normal(faithful.frame.shape))
    return replace(faithful, frame=frame, change=f"noise of SD {deviation:.3g}")


def _blur(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    from scipy import ndimage

    radius_um = MOST_BLUR_UM * wanted.strength
    radius_px = radius_um / wanted.settings.pixel_size_um
    frame = stored(ndimage.gaussian_filter(faithful.frame, radius_px, mode="nearest"))
    return replace(faithful, frame=frame, change=f"blur of {radius_um:.3g} um")


def _missing_branches(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    nerves, settings = asked.anatomy.nerves, wanted.settings
    rng = stream_of(asked.item, wanted.seed, "missing branches")
    lesser = [index for index, nerve in enumerate(nerves) if nerve.kind != "trunk"]
    count = round(wanted.strength * len(lesser))
    hidden = {int(index) for index in rng.permutation(lesser)[:count]}
    if not hidden:
        return faithful
    kept = [nerve for index, nerve in enumerate(nerves) if index not in hidden]
    drawn = rasterise(
        [nerve.points_um for nerve in kept],
        [nerve.width_um for nerve in kept],
        settings.shape_px,
        settings.pixel_size_um,
    )
    seen = render(deepcopy(asked.optics), nerves, drawn, settings, hidden)
    share = 1.0 - _length_um(kept) / _length_um(nerves)
    change = f"{count} of {len(lesser)} branches and fibres not rendered"
    return replace(faithful, frame=seen.frame, hidden_length_share=share, change=change)


def _length_um(nerves: Sequence[DrawnNerve]) -> float:
    return float(sum(arc_length(nerve.points_um)[-1] for nerve in nerves))


def _collapsed_modes(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    mode = wanted.modes[asked.item.name]
    if mode == asked.item:
        return faithful
    rng = stream_of(asked.item, wanted.seed, "collapsed modes")
    shift = [int(step) for step in rng.integers(-_MODE_SHIFT_PX, _MODE_SHIFT_PX, 2, endpoint=True)]
    again = image_anatomy(rng, draw_asked(mode, wanted).anatomy, mode.diagnosis, wanted.settings)
    change = f"anatomy of {mode.name}, shifted by ({shift[0]}, {shift[1]}) px"
    return Shown(shifted(again.frame, shift), mode.name, mode.diagnosis, change=change)


def _lost_gradient(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    item = asked.item
    if not is_hit(item, wanted):
        return faithful
    rng = stream_of(item, wanted.seed, "lost gradient")
    drawn = wanted.diagnoses[int(rng.integers(len(wanted.diagnoses)))]
    if drawn == item.diagnosis:
        return faithful
    # The same person, had they been of the other diagnosis: frames of one subject stay alike.
    subject = replace(subject_of(item, wanted.seed), diagnosis=drawn)
    other = make_phantom(stream_of(item, wanted.seed), subject=subject, settings=wanted.settings)
    name = f"{item.name} as {drawn}"
    return Shown(other.frame, name, drawn, change=f"anatomy of {drawn}")


def _copies(asked: Asked, wanted: Wanted, faithful: Shown) -> Shown:
    if not is_hit(asked.item, wanted):
        return faithful
    source = copied_item(asked.item, wanted)
    rng = stream_of(asked.item, wanted.seed, "copies")
    frame = _read_real(source, wanted)
    brightness = 1.0 + rng.uniform(-_COPY_BRIGHTNESS, _COPY_BRIGHTNESS)
    noise = _COPY_NOISE * rng.standard_normal(frame.shape)
    moved, words = _moved(frame, rng)
    change = f"copy of {source.frame_path}, {words}, brightness x {brightness:.3f}"
    return Shown(stored(moved * brightness + noise), source.name, source.diagnosis, change=change)


def _read_real(source: Item, wanted: Wanted) -> FloatArray:
    from PIL import Image

    path = (wanted.real or Path()) / source.frame_path
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255.0)
    except OSError as error:
        raise CcmevalError(
            f"{path}, of which a copy is to be made, cannot be read; write the real cohort with at least as"
            " many frames."
        ) from error


def _moved(frame: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, str]:
    """Leave a frame in place, flip it or shift it, the last two each in one of four copies."""
    chance = rng.random()
    if chance < 0.5:
        return frame, "in place"
    if chance < 0.75:
        axis = int(rng.integers(2))
        return np.flip(frame, axis), ("flipped upside down", "flipped left to right")[axis]
    while not any(shift := [int(v) for v in rng.integers(-_COPY_SHIFT_PX, _COPY_SHIFT_PX, 2, endpoint=True)]):
        pass
    return shifted(frame, shift), f"shifted by ({shift[0]}, {shift[1]}) px"


_DAMAGES = {
    "noise": _noise,
    "blur": _blur,
    "missing branches": _missing_branches,
    "collapsed modes": _collapsed_modes,
    "lost gradient": _lost_gradient,
    "copies": _copies,
}


def stored(frame: FloatArray) -> FloatArray:
    """Clip a frame to [0, 1] and round it to eight bits, as it is stored."""
    return np.asarray(np.clip(np.rint(frame * 255.0), 0, 255) / 255.0, dtype=np.float32)


def shifted(frame: FloatArray, shift_px: Sequence[int]) -> FloatArray:
    """Shift a frame by whole pixels; what comes in at the border is mirrored.

    Examples
    --------
    >>> shifted(np.array([[1.0, 2.0, 3.0]]), (0, 1)).tolist()
    [[1.0, 1.0, 2.0]]
    """
    reach = max(abs(step) for step in shift_px)
    rows, columns = (
        slice(reach - step, reach - step + n) for step, n in zip(shift_px, frame.shape, strict=True)
    )
    return np.asarray(np.pad(frame, reach, mode="symmetric")[rows, columns])
