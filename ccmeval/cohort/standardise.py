"""Frames of different pixel sizes and fields of view brought to one scale, with their masks and traces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ccmeval.arrays import BoolArray
from ccmeval.cohort.record import Frame
from ccmeval.cohort.resampling import (
    Grid,
    central_grid,
    resample_area,
    resample_levels,
    resample_line,
    resample_mask,
)
from ccmeval.errors import UnreadableFrameError

TOLERANCE = 0.005
"""Relative difference of two scales that counts as none: 2 um of 400, a tenth of what nerves move by
between two frames of one place, and 0.5 % of a length density."""

LEAST_SIDE_PX = 32
"""Shortest side of a standardised frame: fewer pixels at any plausible size hold no nerve."""


class ScaleLike(Protocol):
    """What frames are brought to: :class:`CommonScale`, or a result's ``Scale``."""

    @property
    def pixel_size_um(self) -> float | None:
        """Side of a pixel; None leaves each frame's own."""

    @property
    def field_of_view_um(self) -> tuple[float, float] | None:
        """Largest height and width; None leaves each frame's own."""


@dataclass(frozen=True)
class CommonScale:
    """What frames are brought to.

    Attributes
    ----------
    pixel_size_um : float or None
        Side of a pixel; None leaves each frame's own.
    field_of_view_um : tuple of float or None
        Height and width that larger frames are cropped to; None crops none.
    """

    pixel_size_um: float | None = None
    field_of_view_um: tuple[float, float] | None = None


def standardise(frame: Frame, scale: ScaleLike) -> Frame:
    """Bring a frame to a common pixel size and crop it to a common field of view.

    Frames are resampled by area averaging where pixels become larger and linearly where they become
    smaller, which no grey level leaves [0, 1] by. What is larger than the field of view is cropped around
    its middle; what is smaller stays so, and a note says it. An imaged pixel is one that was imaged whole.
    Differences within :data:`TOLERANCE` are left alone.

    Parameters
    ----------
    frame : Frame
    scale : ScaleLike
        Common pixel size and field of view.

    Returns
    -------
    Frame
        The same object where there is nothing to do.

    Raises
    ------
    UnreadableFrameError
        If a side would have fewer than :data:`LEAST_SIDE_PX` pixels, or nothing imaged is left.

    Examples
    --------
    >>> import numpy as np
    >>> pixels = np.full((512, 512), 0.25, dtype=np.float32)
    >>> imaged = np.ones((512, 512), dtype=bool)
    >>> frame = Frame(pixels, 400 / 512, "command line", imaged, "", 8)
    >>> small = standardise(frame, CommonScale(400 / 384, (400.0, 300.0)))
    >>> small.pixels.shape, round(small.pixel_size_um, 4), float(small.pixels.max())
    ((384, 288), 1.0417, 0.25)
    >>> standardise(small, CommonScale(400 / 384)) is small
    True
    """
    shape = (frame.pixels.shape[0], frame.pixels.shape[1])
    grid = grid_of(shape, frame.pixel_size_um, scale)
    notes = [*frame.notes, *_notes(frame, grid, scale)]
    if grid.is_crop and grid.size == shape:
        return frame if len(notes) == len(frame.notes) else replace(frame, notes=tuple(notes))
    imaged = resample_area(frame.imaged, grid)
    if min(grid.size) < LEAST_SIDE_PX or not imaged.any():
        raise UnreadableFrameError(
            f"A frame of {shape[1]} x {shape[0]} px of {frame.pixel_size_um:.4g} um would be left with"
            f" {grid.size[1]} x {grid.size[0]} px at the common scale, too few to hold nerves; choose finer"
            " pixels or a larger field of view."
        )
    pixels = resample_levels(frame.pixels, grid)
    size_um = frame.pixel_size_um * grid.step
    return replace(frame, pixels=pixels, pixel_size_um=size_um, imaged=imaged, notes=tuple(notes))


def standardise_mask(mask: BoolArray, pixel_size_um: float, scale: ScaleLike) -> BoolArray:
    """Bring a nerve mask to the common scale, as :func:`standardise` does its frame.

    Parameters
    ----------
    mask : bool array (H, W)
    pixel_size_um : float
        Of its frame, before.
    scale : ScaleLike

    Returns
    -------
    bool array
        Nerve where a new pixel's middle is; nerves thinner than a pixel are drawn one pixel wide.
    """
    grid = grid_of((mask.shape[0], mask.shape[1]), pixel_size_um, scale)
    return mask if grid.is_crop and grid.size == mask.shape else resample_mask(mask, grid)


def standardise_trace(trace: BoolArray, pixel_size_um: float, scale: ScaleLike) -> BoolArray:
    """Bring a centre-line trace to the common scale; it stays connected and one pixel wide.

    Parameters
    ----------
    trace : bool array (H, W)
    pixel_size_um : float
        Of its frame, before.
    scale : ScaleLike

    Returns
    -------
    bool array
    """
    grid = grid_of((trace.shape[0], trace.shape[1]), pixel_size_um, scale)
    return trace if grid.is_crop and grid.size == trace.shape else resample_line(trace, grid)


def grid_of(shape: tuple[int, int], pixel_size_um: float, scale: ScaleLike) -> Grid:
    """Lay the common scale's pixels over a frame.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the frame in pixels.
    pixel_size_um : float
    scale : ScaleLike

    Returns
    -------
    Grid
    """
    wanted = scale.pixel_size_um
    step = 1.0 if wanted is None or agree(wanted, pixel_size_um) else wanted / pixel_size_um
    field = scale.field_of_view_um or (None, None)
    most = [
        None if limit is None or side * pixel_size_um <= limit * (1 + TOLERANCE) else _count(limit, size_um)
        for side, limit, size_um in zip(shape, field, [pixel_size_um * step] * 2, strict=True)
    ]
    return central_grid(shape, step, (most[0], most[1]))


def agree(first: float, second: float) -> bool:
    """Whether two lengths differ by no more than :data:`TOLERANCE` of the second."""
    return abs(first - second) <= TOLERANCE * second


def _count(length_um: float, pixel_size_um: float) -> int:
    return max(1, round(length_um / pixel_size_um))


def _notes(frame: Frame, grid: Grid, scale: ScaleLike) -> list[str]:
    """Say what is done, and what a reader should know of it."""
    notes = []
    size_um = frame.pixel_size_um * grid.step
    if not grid.is_crop:
        way = "area averaging" if grid.step > 1 else "linear interpolation, which adds no detail"
        notes.append(f"Resampled from {frame.pixel_size_um:.4g} to {size_um:.4g} um a pixel by {way}.")
    if scale.field_of_view_um is None:
        return notes
    before = [side * frame.pixel_size_um for side in grid.shape]
    limits = scale.field_of_view_um
    if any(side > limit * (1 + TOLERANCE) for side, limit in zip(before, limits, strict=True)):
        height, width = (side * size_um for side in grid.size)
        notes.append(f"Cropped to its central {width:.4g} x {height:.4g} um.")
    if any(side < limit * (1 - TOLERANCE) for side, limit in zip(before, limits, strict=True)):
        notes.append(
            f"Smaller ({before[1]:.4g} x {before[0]:.4g} um) than the common field of view"
            f" ({limits[1]:.4g} x {limits[0]:.4g} um) and left so."
        )
    return notes
