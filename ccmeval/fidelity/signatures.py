"""What is kept of a frame to find copies of it: a small band-passed picture, and descriptors of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from ccmeval.arrays import FloatArray
from ccmeval.row_file import RowFile

SIDE_PX = 192
"""Side of a signature, to which a frame is brought whatever its shape."""

Signature = npt.NDArray[np.float16]

TRANSFORMS = (
    "as it is",
    "flipped left-right",
    "flipped upside down",
    "turned by 180 degrees",
    "mirrored on the main diagonal",
    "turned by 90 degrees clockwise",
    "turned by 90 degrees counter-clockwise",
    "mirrored on the other diagonal",
)
"""The eight flips and turns of a square, in the order of :func:`turned`."""

_FINE_PX, _COARSE_PX = 1.5, 8.0  # pass band at SIDE_PX: noise below, illumination and depth above
_DCT = 24
_SPECTRUM = 24
_CONSTANT = 1e-6  # of the brightest pixel


class Descriptors(NamedTuple):
    """Unit vectors of frames, by which likely copies are found.

    `plain` (N, 24, 24) keeps the lowest cosine frequencies of the picture (a perceptual hash before it is
    cut to bits), `shifted` (N, 49, 49) the log magnitudes of its spectrum, which shifts leave alone.
    """

    plain: npt.NDArray[np.float32]
    shifted: npt.NDArray[np.float32]


def signature(frame: FloatArray) -> Signature:
    """Reduce a frame to what copies of it have in common.

    Parameters
    ----------
    frame : array (H, W)
        Grey values on any scale.

    Returns
    -------
    float16 array (192, 192)
        72 KiB: structures of about 1.5 to 8 px at 192 px, of mean 0 and SD 1. All 0 for a constant frame or
        one with pixels that are not finite: such a frame is a copy of nothing.

    Raises
    ------
    ValueError
        If the frame is not two-dimensional.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = signature(rng.random((384, 384)))
    >>> found.shape, bool(abs(found.std() - 1) < 0.01), bool(signature(np.ones((384, 384))).any())
    ((192, 192), True, False)
    """
    from skimage.transform import resize

    picture = np.asarray(frame, dtype=np.float32)
    if picture.ndim != 2:
        raise ValueError(f"A frame is (H, W), not of shape {picture.shape}.")
    if not picture.size or not np.isfinite(picture).all():
        return np.zeros((SIDE_PX, SIDE_PX), dtype=np.float16)
    brightest = float(np.abs(picture).max())
    if brightest > 0:
        picture = picture / brightest
    small = resize(picture, (SIDE_PX, SIDE_PX), order=1, anti_aliasing=True, mode="reflect")
    band = ndimage.gaussian_filter(small, _FINE_PX) - ndimage.gaussian_filter(small, _COARSE_PX)
    band -= band.mean()
    scale = float(band.std())
    if scale <= _CONSTANT:
        return np.zeros((SIDE_PX, SIDE_PX), dtype=np.float16)
    found: Signature = np.clip(band / scale, -100, 100).astype(np.float16)
    return found


def turned(pictures: npt.NDArray[np.float32], transform: int) -> npt.NDArray[np.float32]:
    """Apply one of `TRANSFORMS` to the last two axes.

    Examples
    --------
    >>> turned(np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32), 5).tolist()
    [[3.0, 1.0], [4.0, 2.0]]
    """
    found = np.swapaxes(pictures, -1, -2) if transform & 4 else pictures
    found = found[..., ::-1, :] if transform & 2 else found
    return found[..., ::-1] if transform & 1 else found


def turned_cosines(cosines: npt.NDArray[np.float32], transform: int) -> npt.NDArray[np.float32]:
    """Give the cosine coefficients of turned pictures: a flip changes the sign of odd frequencies."""
    found = np.swapaxes(cosines, -1, -2) if transform & 4 else cosines
    signs = np.where(np.arange(_DCT) % 2, -1, 1).astype(np.float32)
    found = found * signs[:, None] if transform & 2 else found
    return found * signs if transform & 1 else found


def signature_file(folder: Path | None = None) -> RowFile:
    """Give an empty file for signatures, on the disk of a folder."""
    return RowFile((SIDE_PX, SIDE_PX), np.float16, folder)


class Described:
    """Descriptors of many frames, kept on disk and read in blocks.

    Parameters
    ----------
    signatures : sequence of float16 array (192, 192)

    Attributes
    ----------
    usable : bool array (N,)
        False for constant frames.
    """

    def __init__(self, signatures: Sequence[Signature]) -> None:
        folder = signatures.folder if isinstance(signatures, RowFile) else None
        size = 2 * _SPECTRUM + 1
        self._plain = RowFile((_DCT, _DCT), np.float32, folder)
        self._shifted = RowFile((size, size), np.float32, folder)
        self.usable = np.zeros(len(signatures), dtype=bool)
        for index, one in enumerate(signatures):
            found = descriptors([one])
            self.usable[index] = bool(one.any())
            self._plain.append(found.plain[0])
            self._shifted.append(found.shifted[0])

    def blocks(self, size: int) -> Iterator[tuple[int, Descriptors, npt.NDArray[np.bool_]]]:
        """Give blocks of so many frames: the first one's index, the descriptors, and which are usable."""
        for start in range(0, len(self.usable), size):
            stop = start + size
            block = Descriptors(self._plain.block(start, stop), self._shifted.block(start, stop))
            yield start, block, self.usable[start:stop]


def descriptors(signatures: Sequence[Signature]) -> Descriptors:
    """Describe frames; the descriptor of a constant one is 0."""
    plain = np.zeros((len(signatures), _DCT, _DCT), dtype=np.float32)
    size = 2 * _SPECTRUM + 1
    shifted = np.zeros((len(signatures), size, size), dtype=np.float32)
    for i, one in enumerate(signatures):
        if one.any():
            picture = one.astype(np.float32)
            plain[i] = _unit(fft.dctn(picture, norm="ortho")[:_DCT, :_DCT])
            shifted[i] = _unit(_spectrum(picture))
    return Descriptors(plain, shifted)


def halved(one: Signature) -> npt.NDArray[np.float32]:
    """Mean of 2 x 2 pixels, (96, 96)."""
    picture = one.astype(np.float32)
    found: npt.NDArray[np.float32] = picture.reshape(SIDE_PX // 2, 2, SIDE_PX // 2, 2).mean(axis=(1, 3))
    return found


def _spectrum(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Log magnitudes about frequency 0, without their mean at each radius, which frames share."""
    window = np.hanning(SIDE_PX).astype(np.float32)
    half = fft.fft2(picture * window[:, None] * window[None, :])
    keep = np.arange(-_SPECTRUM, _SPECTRUM + 1)
    found = np.log(np.abs(half[np.ix_(keep, keep)]) + 1e-3)
    rings = np.hypot(keep[:, None], keep[None, :]).astype(np.intp)
    means = np.bincount(rings.ravel(), weights=found.ravel()) / np.bincount(rings.ravel())
    centred: npt.NDArray[np.float32] = (found - means[rings]).astype(np.float32)
    return centred


def _unit(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    length = float(np.linalg.norm(values))
    return values / length if length > 0 else values
