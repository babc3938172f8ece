"""The samples of one picture before they become a frame or a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError

SampleArray: TypeAlias = npt.NDArray[Any]
"""Grey samples as stored, (H, W), of any unsigned or floating type."""

Reduce: TypeAlias = "Callable[[SampleArray, float, str, ReadingSettings], SampleArray]"
"""Colour channels (H, W, 3), white, file name, settings -> one channel (H, W)."""


TURNING: Final = frozenset(range(2, 9))
"""Orientation tags of pictures that are not stored upright."""

TURNED: Final = "The picture was turned as its orientation tag says."


@dataclass
class Raster:
    """Grey samples of one page and what the file declares of them.

    Attributes
    ----------
    samples : array (H, W)
        uint8, uint16, uint32 or floating; any integers where `unscaled`.
    white : float
        Top of the declared range; black is 0.
    bits : int
        Declared bits a sample.
    opaque : bool array (H, W) or None
        False where an alpha channel hides the pixel.
    pixel_um : tuple of float or None
        Height and width of a pixel in um as the file's metadata has it, plausible or not.
    notes : list of str
        What was done.
    unscaled : str
        Why nobody can tell what grey levels the samples are; empty where `white` does.
    """

    samples: SampleArray
    white: float
    bits: int
    opaque: BoolArray | None = None
    pixel_um: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)
    unscaled: str = ""

    def invert(self) -> None:
        """Turn samples of which zero is white; where the range is unknown they stay, as masks may."""
        if not self.unscaled:
            self.samples = (self.white - self.samples).astype(self.samples.dtype)


def check_size(height: int, width: int, name: str, settings: ReadingSettings) -> None:
    """Refuse a picture by the size that its header claims, before anything is decoded.

    Raises
    ------
    UnreadableFrameError
        If it has no pixels, or more than ``settings.max_pixels``.

    Examples
    --------
    >>> check_size(60000, 60000, "a.png", ReadingSettings())
    Traceback (most recent call last):
    ccmeval.errors.UnreadableFrameError: a.png claims 60000 x 60000 px, more than the limit ...
    """
    if height < 1 or width < 1:
        raise UnreadableFrameError(f"{name} claims {width} x {height} px; export it again.")
    if height * width > settings.max_pixels:
        raise UnreadableFrameError(
            f"{name} claims {width} x {height} px, more than the limit of {settings.max_pixels:,} pixels,"
            " and was not decoded; cut it into smaller frames."
        )


def grey_from_colour(
    channels: SampleArray, white: float, name: str, settings: ReadingSettings
) -> SampleArray:
    """Reduce grey stored as colour to one channel.

    Parameters
    ----------
    channels : array (H, W, 3)
        Red, green, blue.
    white : float
        Top of the range, to scale the tolerance.
    name : str
        File, for the sentence.
    settings : ReadingSettings
        Gives ``grey_tolerance_levels``.

    Returns
    -------
    array (H, W)
        The channels' common value; their rounded mean (which differs from each by less than the
        tolerance) where they are not equal.

    Raises
    ------
    UnreadableFrameError
        If a pixel is really coloured.
    """
    red, green, blue = (channels[..., index] for index in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(green)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    tolerance = settings.grey_tolerance_levels * white / 255.0
    coloured = float((spread > tolerance).mean())
    if coloured > 0:
        raise UnreadableFrameError(
            f"{name} is a colour picture ({max(coloured * 100, 0.01):.2g} % of its pixels are coloured);"
            " export the grey frame without coloured marks."
        )
    mean = channels[..., :3].mean(axis=2)
    grey: SampleArray = (mean if channels.dtype.kind == "f" else np.rint(mean)).astype(channels.dtype)
    return grey
