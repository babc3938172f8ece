"""Pixel size as a file's own metadata has it, plausible or not."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from ccmeval.cohort.tiff_tags import RESOLUTION_UNIT, RESOLUTION_X, RESOLUTION_Y, Tags, description

if TYPE_CHECKING:
    from PIL.Image import Image

_UM_PER_INCH = 25_400.0
_UM_PER_UNIT = {
    "um": 1.0, "\u00b5m": 1.0, "\\u00b5m": 1.0, "\\u03bcm": 1.0, "micron": 1.0,
    "microns": 1.0, "micrometer": 1.0, "micrometre": 1.0, "micrometers": 1.0, "micrometres": 1.0,
    "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": _UM_PER_INCH,
}  # fmt: skip
_UM_PER_TIFF_UNIT = {2: _UM_PER_INCH, 3: 10_000.0}
_OME_SIZE = {axis: re.compile(rf"""\bPhysicalSize{axis}=["']([^"']+)["']""") for axis in "XY"}
_OME_UNIT = {axis: re.compile(rf"""\bPhysicalSize{axis}Unit=["']([^"']+)["']""") for axis in "XY"}


def pixel_um_of(image: Image) -> tuple[float, float] | None:
    """Height and width of a pixel in um from an open PNG, BMP or JPEG picture's metadata.

    Returns
    -------
    tuple of float or None
        ``(height, width)``; ``None`` where the file says nothing.
    """
    dpi = image.info.get("dpi")
    if not dpi:
        return None
    return _sizes(_UM_PER_INCH, _UM_PER_INCH, dpi[1], dpi[0])


def pixel_um_of_tiff(tags: Tags) -> tuple[float, float] | None:
    r"""Height and width of a pixel in um from TIFF tags by number.

    ImageJ's and OME's descriptions come first: both also write the plain tags, in units of their own.

    Examples
    --------
    >>> pixel_um_of_tiff({282: 2.0, 283: 2.0, 296: 1, 270: "ImageJ=1.53\nunit=micron\n"})
    (0.5, 0.5)
    >>> pixel_um_of_tiff({282: 25400.0, 283: 25400.0, 296: 2})
    (1.0, 1.0)
    >>> pixel_um_of_tiff({}) is None
    True
    """
    text = description(tags)
    if "<OME" in text:
        return _ome(text)
    across, down = tags.get(RESOLUTION_X), tags.get(RESOLUTION_Y)
    if across is None or down is None:
        return None
    if text.startswith("ImageJ="):
        unit = _line(text, "unit")
        return _sizes(_um_per_unit(_line(text, "yunit") or unit), _um_per_unit(unit), down, across)
    # Baseline TIFF takes inches where no unit stands.
    plain = _UM_PER_TIFF_UNIT.get(tags.get(RESOLUTION_UNIT, 2))
    return _sizes(plain, plain, down, across)


def _um_per_unit(unit: str) -> float | None:
    # ImageJ writes the micro sign as six characters, in capitals or not.
    return _UM_PER_UNIT.get(unit.strip().casefold().replace("\u03bc", "\u00b5"))


def _line(text: str, key: str) -> str:
    for line in text.splitlines():
        if line.startswith(f"{key}="):
            return line[len(key) + 1 :]
    return ""


def _ome(text: str) -> tuple[float, float] | None:
    sizes = []
    for axis in "YX":
        size, unit = _OME_SIZE[axis].search(text), _OME_UNIT[axis].search(text)
        scale = _um_per_unit(unescape(unit[1]) if unit else "um")
        if size is None or scale is None:
            return None
        try:
            sizes.append(float(size[1]) * scale)
        except ValueError:
            return None
    return sizes[0], sizes[1]


def _sizes(
    unit_down_um: float | None, unit_across_um: float | None, down: Any, across: Any
) -> tuple[float, float] | None:
    try:
        sizes = unit_down_um / float(down), unit_across_um / float(across)  # type: ignore[operator]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return sizes if min(sizes) > 0 and max(sizes) < float("inf") else None
