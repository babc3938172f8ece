"""Which pixel size and field of view two sets of frames are compared at."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.cohort.standardise import TOLERANCE, agree
from ccmeval.errors import CcmevalError

Sized = tuple[tuple[int, int], float]
"""Height and width of a frame in pixels, and the side of a pixel in um."""


def choose_scale(
    real_frames: Sequence[Sized], synth_frames: Sequence[Sized]
) -> tuple[float, tuple[float, float], str]:
    """Choose what both sets are brought to: what the poorer of the two can show.

    The pixel size is the coarser of the two sets' medians, since detail can be averaged away and never be
    made. The field of view is, side by side, the smaller of the two sets' medians. A median of an even
    number of frames is one of the two in the middle (the coarser; the smaller), so that a set of two sizes
    is brought to one that it has.

    Parameters
    ----------
    real_frames, synth_frames : sequence of ((height, width), pixel_size_um)
        What was read, before standardising.

    Returns
    -------
    pixel_size_um : float
    crop_um : tuple of float
        Height and width; smaller frames stay smaller.
    sentence : str
        What was chosen and why.

    Raises
    ------
    CcmevalError
        If one of the sets has no frame.

    Examples
    --------
    >>> size, crop, why = choose_scale([((384, 384), 400 / 384)], [((512, 512), 400 / 512)])
    >>> round(size, 4), crop
    (1.0417, (400.0, 400.0))
    >>> why
    'Frames were brought to 1.042 um a pixel (real 1.042 um, synthetic 0.7812 um) ...'
    """
    if not real_frames or not synth_frames:
        raise CcmevalError("A common scale needs frames in both sets; one of them has none that can be read.")
    sets = (real_frames, synth_frames)
    sizes = [_upper([size for _, size in frames]) for frames in sets]
    fields = [[_lower([shape[side] * size for shape, size in frames]) for side in (0, 1)] for frames in sets]
    pixel_size_um = max(sizes)
    crop_um = (min(field[0] for field in fields), min(field[1] for field in fields))
    everywhere = [frame for frames in sets for frame in frames]
    if all(_fits(frame, pixel_size_um, crop_um) for frame in everywhere):
        view = f"{crop_um[1]:.4g} x {crop_um[0]:.4g} um"
        sentence = (
            f"All frames have one scale ({pixel_size_um:.4g} um a pixel, {view}) within"
            f" {TOLERANCE:.1%}, and none was changed."
        )
        return pixel_size_um, crop_um, sentence
    return pixel_size_um, crop_um, _sentence(pixel_size_um, crop_um, sizes, fields)


def _fits(frame: Sized, pixel_size_um: float, crop_um: tuple[float, float]) -> bool:
    (height, width), size = frame
    sides = (height * size, width * size)
    return agree(size, pixel_size_um) and all(
        agree(side, limit) for side, limit in zip(sides, crop_um, strict=True)
    )


def _sentence(
    pixel_size_um: float, crop_um: tuple[float, float], sizes: list[float], fields: list[list[float]]
) -> str:
    real, synth = (f"{field[1]:.4g} x {field[0]:.4g} um" for field in fields)
    return (
        f"Frames were brought to {pixel_size_um:.4g} um a pixel (real {sizes[0]:.4g} um, synthetic"
        f" {sizes[1]:.4g} um) and larger ones cropped to their central {crop_um[1]:.4g} x {crop_um[0]:.4g} um"
        f" (real {real}, synthetic {synth}); medians of the sets."
    )


def _upper(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _lower(values: list[float]) -> float:
    return sorted(values)[(len(values) - 1) // 2]
