"""Pixel size as a file's own metadata has it, plausible or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_UM_PER_INCH = 25_400.0
_UM_PER_UNIT = {
    "um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "micrometre": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "inch": _UM_PER_INCH,
}  # fmt: skip
_UM_PER_TIFF_UNIT = {2: _UM_PER_INCH, 3: 10_000.0}
_OME_SIZE = {axis: re.compile(rf'PhysicalSize{axis}="([^"]+)"') for axis in "XY"}
_OME_UNIT = {axis: re.compile(rf'PhysicalSize{axis}Unit="([^"]+)"') for axis in "XY"}


def pixel_um_of(image: Image) -> tuple[float, float] | None:
    """Height and width of a pixel in um from an open picture's metadata.

    Returns
    -------
    tuple of float or None
        ``(height, width)``; ``None`` where the file says nothing.
    """
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        return pixel_um_of_tiff(tags)
    dpi = image.info.get("dpi")
    if not dpi:
        return None
    return _sizes(_UM_PER_INCH, dpi[1], dpi[0])


def pixel_um_of_tiff(tags: Any) -> tuple[float, float] | None:
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
    description = tags.get(270, "")
    if not isinstance(description, str):
        description = ""
    if "<OME" in description:
        return _ome(description)
    across, down = tags.get(282), tags.get(283)
    if across is None or down is None:
        return None
    if description.startswith("ImageJ="):
        return _sizes(_imagej_unit(description), down, across)
    # Baseline TIFF takes inches where no unit stands.
    return _sizes(_UM_PER_TIFF_UNIT.get(tags.get(296, 2)), down, across)


def _imagej_unit(description: str) -> float | None:
    for line in description.splitlines():
        if line.startswith("unit="):
            return _UM_PER_UNIT.get(line[5:].strip())
    return None


def _ome(description: str) -> tuple[float, float] | None:
    sizes = []
    for axis in "YX":
        size, unit = _OME_SIZE[axis].search(description), _OME_UNIT[axis].search(description)
        scale = _UM_PER_UNIT.get(unit[1] if unit else "um")
        if size is None or scale is None:
            return None
        try:
            sizes.append(float(size[1]) * scale)
        except ValueError:
            return None
    return sizes[0], sizes[1]


def _sizes(unit_um: float | None, down: Any, across: Any) -> tuple[float, float] | None:
    try:
        sizes = unit_um / float(down), unit_um / float(across)  # type: ignore[operator]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return sizes if min(sizes) > 0 and max(sizes) < float("inf") else None
