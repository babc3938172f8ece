"""TIFFs with several 16-bit samples a pixel, which Pillow would reduce to 8 bits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ccmeval.cohort.ranges import declared_white
from ccmeval.cohort.raster import Raster, Reduce, check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError


def read_deep_tiff(
    data: bytes,
    name: str,
    page: int,
    settings: ReadingSettings,
    reduce: Reduce,
    pixel_um: tuple[float, float] | None,
) -> Raster:
    """Read one page of a TIFF with 16-bit grey-as-RGB or grey-with-alpha samples.

    Raises
    ------
    UnreadableFrameError
        If it is too large, coloured, or no such picture.
    """
    from tifffile import TiffFile

    with TiffFile(io.BytesIO(data)) as tiff:
        leaf: Any = tiff.pages[page]
        check_size(leaf.imagelength, leaf.imagewidth, name, settings)
        samples, declared = leaf.asarray(), leaf.tags.valueof(281)
        planar = leaf.planarconfig == 2
    if planar:
        samples = np.moveaxis(samples, 0, -1)
    count = samples.shape[-1]
    if samples.ndim != 3 or count not in {2, 3, 4} or samples.dtype.kind not in "uf":
        raise UnreadableFrameError(f"{name} has {count} samples a pixel; export it as grey.")
    alpha = samples[..., -1] if count in {2, 4} else None
    white = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "u" else 1.0
    opaque = None if alpha is None else alpha >= white / 2
    if opaque is not None and (opaque.all() or not opaque.any()):
        opaque = None
    colours = samples[..., :3] if count >= 3 else np.repeat(samples[..., :1], 3, axis=2)
    if opaque is not None:
        colours = np.where(opaque[..., None], colours, samples.dtype.type(0))
    raster = declared_white(reduce(colours, white, name, settings), name, declared)
    raster.opaque, raster.pixel_um = opaque, pixel_um
    return raster
