"""Nerve masks and centre-line traces from pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.decode import decode
from ccmeval.cohort.pages import pages_of_bytes
from ccmeval.cohort.raster import Raster, SampleArray
from ccmeval.cohort.reading import read_bytes
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError

_LABEL_SHARE = 0.002
"""Share of pixels from which a value between the extremes is a label of its own, not a soft edge."""


def read_mask(
    path: Path | str,
    shape: tuple[int, int],
    *,
    page: int = 0,
    name: str | None = None,
    settings: ReadingSettings | None = None,
) -> tuple[BoolArray, list[str]]:
    """Read a nerve mask or a centre-line trace.

    Two values of any size will do (0 and 1, 0 and 255, 1 and 2), and two colours. More values are accepted
    where nearly all pixels are close to the lowest or the highest (an anti-aliased or JPEG-compressed
    mask) and are then cut half-way. Nerves are the minority in every cornea, so a mask that is true
    in more than half of its pixels is taken as inverted.

    Parameters
    ----------
    path : pathlib.Path or str
        The picture.
    shape : tuple of int
        Height and width of its frame in pixels.
    page : int
        Page of a file with several; a mask of one page serves all pages of its frame.
    name : str, optional
        How to begin a sentence about it; "The mask STEM.png" by default.
    settings : ReadingSettings, optional
        Limits and tolerances.

    Returns
    -------
    mask : bool array (H, W)
        True on nerves; False throughout where the picture has one value.
    notes : list of str
        What was done: inverted, cut half-way, empty.

    Raises
    ------
    UnreadableFrameError
        If it cannot be read, has another size than its frame, or is no mask.
    """
    settings = settings or ReadingSettings()
    path = Path(path)
    name = name or f"The mask {path.name}"
    data, _ = read_bytes(path, name, settings)
    # One mask may serve a whole stack; otherwise its pages go with the frame's.
    own_page = page if page and len(pages_of_bytes(data)) > 1 else 0
    raster = decode(data, name, own_page, settings, reduce=_from_background)
    if raster.samples.shape != shape:
        found = f"{raster.samples.shape[1]} x {raster.samples.shape[0]}"
        raise UnreadableFrameError(
            f"{name} has {found} px, but its frame {shape[1]} x {shape[0]} px;"
            " give the mask of this frame at the frame's size."
        )
    return _binary(raster, name, settings)


def _from_background(
    channels: SampleArray, white: float, _name: str, _settings: ReadingSettings
) -> SampleArray:
    """Reduce a coloured mask to the distance of each pixel from the commonest colour."""
    red, green, blue = (channels[..., index] for index in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(green)
    colours, counts = np.unique(channels.reshape(-1, 3), axis=0, return_counts=True)
    background = colours[counts.argmax()].astype(np.float32)
    distance = np.abs(channels.astype(np.float32) - background).mean(axis=2)
    return np.asarray(distance / np.float32(max(white, 1.0)))


def _binary(raster: Raster, name: str, settings: ReadingSettings) -> tuple[BoolArray, list[str]]:
    levels = raster.samples.astype(np.float32)
    if raster.opaque is not None:
        levels[~raster.opaque] = 0.0
    low, high = float(levels.min()), float(levels.max())
    if low == high:
        # A frame without nerves has an empty mask; a full one cannot be told from its inverse.
        return np.zeros(levels.shape, bool), [f"{name} is empty: it has one value throughout."]
    notes = _check_between(levels, low, high, name, settings)
    mask = levels > (low + high) / 2
    if mask.mean() > 0.5:
        mask = ~mask
        notes.append(f"{name} is inverted (nerves dark) and was turned.")
    return np.asarray(mask, dtype=bool), notes


def _check_between(
    levels: FloatArray, low: float, high: float, name: str, settings: ReadingSettings
) -> list[str]:
    """Refuse what is no mask; note soft edges."""
    between = (levels > low) & (levels < high)
    if not between.any():
        return []
    values, counts = np.unique(levels[between], return_counts=True)
    if values.size <= 6 and counts.max() > _LABEL_SHARE * levels.size:
        raise UnreadableFrameError(
            f"{name} has {values.size + 2} different values, as a map of several labels has;"
            " give one with nerves only."
        )
    margin = settings.mask_margin * (high - low)
    unclear = float(((levels > low + margin) & (levels < high - margin)).mean())
    ground = settings.mask_ground_margin * (high - low)
    share = max(float((levels <= low + ground).mean()), float((levels >= high - ground).mean()))
    if unclear > settings.mask_unclear_fraction or share < settings.mask_ground_fraction:
        raise UnreadableFrameError(
            f"{name} is a grey picture, with {unclear * 100:.0f} % of its pixels between black and"
            f" white and only {share * 100:.0f} % plain background; give a black and white one."
        )
    return [f"{name} has grey edges and was cut half-way between its extremes."]


def is_trace(mask: BoolArray) -> bool:
    """Tell a centre-line trace from a filled mask: next to no 2 x 2 block of it is full.

    Parameters
    ----------
    mask : bool array (H, W)
        Nerve pixels.

    Returns
    -------
    bool
        True where lines are one pixel wide; False for an empty mask. Junctions and thick corners of a
        hand-drawn line fill a few blocks, so up to a fifth of the pixels may start a full block; a
        line two pixels wide has a half, a filled mask more.

    Examples
    --------
    >>> line = np.eye(9, dtype=bool)
    >>> is_trace(line), is_trace(np.ones((9, 9), bool))
    (True, False)
    """
    count = int(mask.sum())
    if count == 0:
        return False
    blocks = mask[:-1, :-1] & mask[1:, :-1] & mask[:-1, 1:] & mask[1:, 1:]
    return bool(blocks.sum() <= 0.2 * count)
