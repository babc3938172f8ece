"""The bytes of any picture to the grey samples that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.cohort.decode import decode
from ccmeval.cohort.raster import TURNED, Raster, SampleArray, grey_from_colour
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError
from ccmeval.preparing.forms import Form, form_of
from ccmeval.preparing.settings import PrepareSettings

KeptArray: TypeAlias = npt.NDArray[Any]
"""uint8 or uint16 (H, W)."""

THE_FILE: Final = "The file"
"""How a picture is called in sentences, so that none of them holds a name."""

CHANGES: Final = {
    "grey-as-colour": "Grey stored in three equal channels was taken as it is.",
    "palette": "A palette was resolved to the grey levels that it stands for.",
    "turned": TURNED,
    "rescaled": "Samples were brought to 16 bits by their declared range, which loses none of them.",
    "nearly-grey": "The channels differ by a few levels, as JPEG leaves them; their rounded mean was taken.",
    "luminance": "A picture in colour was turned to luminance (ITU-R BT.601); coloured marks in it, if there"
    " are any, are now grey marks in the frame: look at it.",
    "alpha": "The alpha channel was dropped; what it hid, if anything, is black now.",
    "burnt-in": "The file says of itself that names or the like are burnt into its pixels: look at it before"
    " you pass it on.",
    "rounded": "Samples finer than 16 bits were rounded to 16 bits.",
    "remark": "The file was read with a remark.",
}
"""What may be done to a picture, by code."""

TOLD: Final = frozenset({"nearly-grey", "luminance", "alpha", "burnt-in", "rounded", "remark"})
"""Those that a user should look at; the others change no grey level and are counted only."""

_CURE: Final = ("set reading.undeclared_bits to 12 (--config)", "give --undeclared-bits 12")
"""What to do about samples of fewer bits than their file has, in the words of this command."""

_LUMA: Final = (19595, 38470, 7471)  # 0.299, 0.587, 0.114 of 65536, as in ITU-R BT.601
_DEEP_WHITE: Final = 65535
_BYTE_WHITE: Final = 255


@dataclass(frozen=True)
class Grey:
    """What is kept of a picture.

    Attributes
    ----------
    samples : uint8 or uint16 array (H, W)
    white : int
        Top of the range: 255, 65535, or 2^n - 1 between them.
    pixel_um : tuple of float or None
        Height and width of a pixel in um by the file's metadata, plausible or not.
    changes : tuple of str
        Codes of :data:`CHANGES`.
    remarks : tuple of str
        Sentences of the reader.
    """

    samples: KeptArray
    white: int
    pixel_um: tuple[float, float] | None = None
    changes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class _Reduction:
    """Reduce colour channels to one and remember how."""

    def __init__(self, refuse_colour: bool) -> None:
        self.refuse_colour = refuse_colour
        self.how = ""

    def __call__(
        self, channels: SampleArray, white: float, name: str, settings: ReadingSettings
    ) -> SampleArray:
        try:
            grey = grey_from_colour(channels, white, name, settings)
        except UnreadableFrameError:
            if self.refuse_colour:
                raise
            self.how = "luminance"
            return luminance(channels)
        self.how = "grey-as-colour" if (channels == grey[..., None]).all() else "nearly-grey"
        return grey


def luminance(channels: SampleArray) -> SampleArray:
    """Weigh red, green and blue as ITU-R BT.601 does.

    Parameters
    ----------
    channels : array (H, W, 3)
        Of any unsigned or floating type.

    Returns
    -------
    array (H, W)
        Of the same type; integers rounded.

    Examples
    --------
    >>> luminance(np.array([[[255, 0, 0], [9, 9, 9]]], np.uint8)).tolist()
    [[76, 9]]
    """
    if channels.dtype.kind == "f":
        weights = np.array(_LUMA, np.float64) / 65536
        return np.asarray((channels[..., :3] @ weights).astype(channels.dtype))
    sums = channels[..., :3].astype(np.uint64) @ np.array(_LUMA, np.uint64)
    return np.asarray(((sums + np.uint64(0x8000)) >> np.uint64(16)).astype(channels.dtype))


def to_grey(data: bytes, page: int, settings: PrepareSettings) -> Grey:
    """Decode one page of a file to what is kept of it.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : int
        From 0.
    settings : PrepareSettings

    Returns
    -------
    Grey

    Raises
    ------
    UnreadableFrameError
        If it is damaged, no picture, too large, or of a range that nobody tells.
    UnavailableError
        If reading this format takes a package that is not installed.
    """
    reduction = _Reduction(settings.colour == "refuse")
    raster = decode(data, THE_FILE, page, settings.reading, reduction)
    if raster.unscaled:
        raise UnreadableFrameError(raster.unscaled)
    samples, white, change = storable(raster)
    if raster.opaque is not None:
        samples = np.where(raster.opaque, samples, samples.dtype.type(0))
    form = form_of(data, page)
    remarks = tuple(note.replace(*_CURE) for note in raster.notes if note != TURNED)
    found = [
        *_channels(reduction.how, form),
        *(["alpha"] if form.alpha or raster.opaque is not None else []),
        *(["burnt-in"] if form.burnt_in else []),
        *([change] if change else []),
        *(["turned"] if TURNED in raster.notes else []),
        *(["remark"] if remarks else []),
    ]
    return Grey(np.ascontiguousarray(samples), white, raster.pixel_um, tuple(found), remarks)


def _channels(how: str, form: Form) -> list[str]:
    if how != "grey-as-colour":
        return [how] if how else []
    return ["palette"] if form.palette else ["grey-as-colour"] if form.colour else []


def storable(raster: Raster) -> tuple[KeptArray, int, str]:
    """Bring samples to 8 or 16 bits without losing one, where that can be done.

    Returns
    -------
    samples : uint8 or uint16 array (H, W)
    white : int
    change : str
        ``"rescaled"``, ``"rounded"`` or nothing.

    Examples
    --------
    >>> storable(Raster(np.array([[0, 4095]], np.uint16), 4095.0, 12))[:2]
    (array([[   0, 4095]], dtype=uint16), 4095)
    >>> samples, white, change = storable(Raster(np.array([[0, 3000]], np.uint16), 3000.0, 12))
    >>> samples.tolist(), white, change
    ([[0, 65535]], 65535, 'rescaled')
    """
    samples, white = raster.samples, raster.white
    if samples.dtype.kind == "f":
        return _of_floats(samples)
    if white == _BYTE_WHITE:
        return samples.astype(np.uint8), _BYTE_WHITE, ""
    top = int(white)
    if _BYTE_WHITE < top <= _DEEP_WHITE and top & (top + 1) == 0 and samples.dtype != np.uint8:
        return samples.astype(np.uint16), top, ""
    return rescaled(samples, white), _DEEP_WHITE, "rescaled" if top < _DEEP_WHITE else "rounded"


def rescaled(samples: SampleArray, white: float) -> KeptArray:
    """Bring samples to the range of 16 bits; different ones stay different where it is the wider one."""
    return np.rint(samples.astype(np.float64) * (_DEEP_WHITE / white)).astype(np.uint16)


def _of_floats(samples: SampleArray) -> tuple[KeptArray, int, str]:
    for white, kind in ((_BYTE_WHITE, np.uint8), (_DEEP_WHITE, np.uint16)):
        levels = np.rint(samples.astype(np.float64) * white)
        if np.array_equal(levels.astype(np.float32) / np.float32(white), samples):
            return levels.astype(kind), white, ""
    return np.rint(samples.astype(np.float64) * _DEEP_WHITE).astype(np.uint16), _DEEP_WHITE, "rounded"
