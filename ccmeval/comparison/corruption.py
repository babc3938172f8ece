"""Masks made worse in a known way, to see how far a generator depends on their being right."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.cohort import load_cohort, read_frame, read_mask
from ccmeval.cohort.record import Record
from ccmeval.comparison.settings import MaskCorruption
from ccmeval.comparison.subsets import write_records
from ccmeval.errors import CcmevalError
from ccmeval.report.files import replacing


def corrupt(mask: BoolArray, how: MaskCorruption, rng: np.random.Generator) -> BoolArray:
    """Corrupt a mask.

    Parameters
    ----------
    mask : bool array (H, W)
    how : MaskCorruption
        ``erode`` and ``dilate`` by a disc of this radius; ``shift`` by this length in a random direction,
        what comes in from outside being empty; ``drop-branches`` leaves out a random share of the segments
        between ends and junctions of the centre line, with all pixels nearest to them.
    rng : numpy.random.Generator

    Returns
    -------
    bool array (H, W)

    Examples
    --------
    >>> mask = np.zeros((9, 9), dtype=bool)
    >>> mask[3:6] = True
    >>> corrupt(mask, MaskCorruption(kind="erode", amount=1), np.random.default_rng(0)).sum(axis=1).tolist()
    [0, 0, 0, 0, 9, 0, 0, 0, 0]
    """
    from scipy import ndimage

    if how.kind == "erode":
        # What lies outside of the frame is unknown, and takes nothing away.
        inside = ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1]
        return np.asarray(inside > how.amount, dtype=np.bool_)
    if how.kind == "dilate":
        return np.asarray(ndimage.distance_transform_edt(~mask) <= how.amount, dtype=np.bool_) & _any(mask)
    if how.kind == "shift":
        angle = rng.uniform(0, 2 * np.pi)
        steps = np.rint(how.amount * np.array([np.sin(angle), np.cos(angle)])).astype(int)
        return np.asarray(ndimage.shift(mask.astype(np.uint8), steps, order=0) > 0, dtype=np.bool_)
    return _without_segments(mask, how.amount, rng)


def _any(mask: BoolArray) -> BoolArray:
    return np.full(mask.shape, mask.any())


def _without_segments(mask: BoolArray, share: float, rng: np.random.Generator) -> BoolArray:
    from scipy import ndimage
    from skimage.morphology import skeletonize

    line = skeletonize(mask)
    neighbours = ndimage.convolve(line.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant") - 1
    joints = line & (neighbours > 2)
    segments, count = ndimage.label(line & ~joints, np.ones((3, 3)))
    dropped = rng.permutation(count)[: round(share * count)] + 1
    if not dropped.size:
        return mask.copy()
    known = segments > 0
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    owner = segments[tuple(nearest)]
    return mask & ~np.isin(owner, dropped)


def corrupted_masks(
    source: Path,
    out: Path,
    how: MaskCorruption,
    *,
    subject_pattern: str | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Path:
    """Write the masks of a cohort corrupted, with a manifest to generate from.

    Parameters
    ----------
    source : pathlib.Path
        A cohort whose frames have masks.
    out : pathlib.Path
        Folder for ``masks/`` and ``masks.csv``.
    how : MaskCorruption
    subject_pattern : str, optional
    progress : callable

    Returns
    -------
    pathlib.Path
        The manifest; it is written last.

    Raises
    ------
    CcmevalError
        If no frame has a mask, or one cannot be read.
    """
    from PIL import Image

    cohort = load_cohort(source, subject_pattern=subject_pattern)
    records = [record for record in cohort if record.mask is not None]
    if not records:
        raise CcmevalError(
            f"No frame of {source} has a mask that could be corrupted; name a cohort with masks."
        )
    changed: list[Record] = []
    for done, record in enumerate(records):
        rng = np.random.default_rng([how.seed, zlib.crc32(record.frame.encode())])
        path = out / "masks" / f"{record.key}.png"
        pixels = corrupt(_mask_of(record), how, rng)
        with replacing(path) as partial:
            Image.fromarray(pixels.astype(np.uint8) * np.uint8(255)).save(partial, format="PNG")
        changed.append(replace(record, mask=path))
        progress("Corrupting masks", done + 1, len(records))
    return write_records(changed, out / "masks.csv")


def _mask_of(record: Record) -> BoolArray:
    """Read a mask; the pixel size does not enter."""
    frame = read_frame(record, pixel_size_um=None if record.pixel_size_um else 1.0)
    assert record.mask is not None
    shape = (frame.pixels.shape[0], frame.pixels.shape[1])
    return read_mask(record.mask, shape, page=record.page)[0]
