"""Frames as readers see them: one scale, one shape, 8 bits, files of one size without any metadata."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.cohort import CommonScale, choose_scale, read_frame, standardise
from ccmeval.cohort.standardise import LEAST_SIDE_PX, TOLERANCE, agree
from ccmeval.errors import CcmevalError
from ccmeval.readers.candidates import Candidate

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Display:
    """What all frames are brought to.

    Attributes
    ----------
    scale : CommonScale
    shape_px : tuple of int
        Height and width, to the pixel.
    notes : sequence of str
    """

    scale: CommonScale
    shape_px: tuple[int, int]
    notes: Sequence[str] = ()


def choose_display(candidates: Sequence[Candidate]) -> Display:
    """Choose what both sets can be shown at.

    Parameters
    ----------
    candidates : sequence of Candidate

    Returns
    -------
    Display
        The coarser pixels and the smaller field of view of the two sets, as the other commands have it;
        a few pixels are cropped so that all frames have exactly one shape.

    Raises
    ------
    CcmevalError
        If next to nothing would be left of the frames.
    """
    sized = [
        [(it.shape, it.pixel_size_um) for it in candidates if it.truth == truth]
        for truth in ("real", "synthetic")
    ]
    size_um, crop_um, sentence = choose_scale(*sized)
    # Lengths that agree within the tolerance count as one: so much less fits into all of them.
    height, width = (int(side * (1 - TOLERANCE) / (size_um * (1 + TOLERANCE))) for side in crop_um)
    if min(height, width) < LEAST_SIDE_PX:
        raise CcmevalError("The two sets have no field of view in common that is large enough to be shown.")
    notes = [sentence, *_resampled(candidates, size_um)]
    return Display(CommonScale(size_um, crop_um), (height, width), notes)


def _resampled(candidates: Sequence[Candidate], size_um: float) -> list[str]:
    shares = {
        truth: np.mean([not agree(size_um, it.pixel_size_um) for it in candidates if it.truth == truth])
        for truth in ("real", "synthetic")
    }
    (less, least), (more, most) = sorted(shares.items(), key=lambda it: it[1])
    if most - least < 0.5:
        return []
    return [
        f"Pixels of {more} frames had to be averaged and those of {less} ones hardly, which leaves their"
        " noise unlike: a reader may tell the sets apart by that alone. Give sets of one pixel size."
    ]


def fits(one: Candidate, display: Display) -> bool:
    """Whether a frame fills what is shown."""
    size_um = display.scale.pixel_size_um or one.pixel_size_um
    step = 1.0 if agree(size_um, one.pixel_size_um) else one.pixel_size_um / size_um
    return all(int(side * step) >= least for side, least in zip(one.shape, display.shape_px, strict=True))


def shown_levels(one: Candidate, display: Display) -> Levels:
    """Read a frame as it is shown.

    Returns
    -------
    uint8 array, of the display's shape
    """
    frame = standardise(read_frame(one.record, pixel_size_um=one.pixel_size_um), display.scale)
    return levels_of(frame.pixels, display.shape_px)


def levels_of(pixels: FloatArray, shape_px: tuple[int, int]) -> Levels:
    """Crop the middle and round to 8 bits; grey levels are not stretched.

    Examples
    --------
    >>> levels_of(np.array([[0.0, 0.5, 1.0]], dtype=np.float32), (1, 1)).tolist()
    [[128]]
    """
    top, left = ((have - want) // 2 for have, want in zip(pixels.shape, shape_px, strict=True))
    height, width = shape_px
    part = pixels[top : top + height, left : left + width]
    return np.rint(part.astype(np.float64) * 255.0).astype(np.uint8)


def data_uri(levels: Levels) -> str:
    """Write a picture as a data URI.

    The PNG is stored without compression, so that frames of one shape make files of one size: what is noisier
    would otherwise make the larger file.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> flat, noisy = np.zeros((64, 64), np.uint8), rng.integers(0, 256, (64, 64)).astype(np.uint8)
    >>> len(data_uri(flat)) == len(data_uri(noisy))
    True
    """
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(levels).save(held, format="PNG", compress_level=0)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii")
