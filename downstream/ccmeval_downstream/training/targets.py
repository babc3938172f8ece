"""What segmentation is taught: coverage by nerves, and tubes around their centre lines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.utility.learning import LearningSet

TUBE_RADIUS_PX = 2


def tube(coverage: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Draw the tubed skeleton of a mask.

    The mask (pixels at least half covered) is thinned to its centre line, which is made wider by
    `TUBE_RADIUS_PX` steps to the four neighbours and kept within the mask, as in section 3.1 of [1]_.

    Parameters
    ----------
    coverage : uint8 array (H, W)
        255 where a pixel is all nerve.

    References
    ----------
    .. [1] Kirchhoff et al. "Skeleton Recall Loss for Connectivity Conserving and Resource Efficient
       Segmentation of Thin Tubular Structures." ECCV 2024.

    Examples
    --------
    >>> mask = np.zeros((9, 9), np.uint8)
    >>> mask[1:8] = 255
    >>> tube(mask)[:, 4].astype(int).tolist()
    [0, 0, 1, 1, 1, 1, 1, 0, 0]
    """
    from scipy.ndimage import binary_dilation
    from skimage.morphology import skeletonize

    mask = coverage >= 128
    if not mask.any():
        return mask
    drawn: npt.NDArray[np.bool_] = binary_dilation(skeletonize(mask), iterations=TUBE_RADIUS_PX)
    return drawn & mask


class SegmentationTargets:
    """Coverage of a set's frames, with the tubes as a second channel where a loss asks for them.

    Tubes are drawn once a frame and kept, a bit a pixel: thinning a whole frame is exact up to the border
    of a crop, and too slow for every step.
    """

    def __init__(self, frames: LearningSet, with_tubes: bool) -> None:
        if frames.pool.masks is None:
            raise ValueError("Segmentation cannot be learnt from frames without masks.")
        self._masks = frames.pool.masks
        self._rows = frames.rows
        self._with_tubes = with_tubes
        self._tubes: dict[int, npt.NDArray[np.uint8]] = {}

    def crop(self, index: int, row: int, column: int, size_px: int) -> npt.NDArray[np.uint8]:
        """Give the target of a part of frame `index`: uint8 (K, size_px, size_px), 255 for all of a pixel."""
        part = np.s_[row : row + size_px, column : column + size_px]
        channels = [np.asarray(self._masks[self._rows[index]][part])]
        if self._with_tubes:
            channels.append(self._tube(int(self._rows[index]))[part])
        return np.stack(channels)

    def _tube(self, pool_row: int) -> npt.NDArray[np.uint8]:
        shape = self._masks.shape[1:]
        if pool_row not in self._tubes:
            self._tubes[pool_row] = np.packbits(tube(np.asarray(self._masks[pool_row])))
        flat = np.unpackbits(self._tubes[pool_row], count=shape[0] * shape[1])
        return flat.reshape(shape) * np.uint8(255)
