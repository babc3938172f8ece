"""What segmenters share that look at one frame at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.segmentation import Segmentation


class FrameByFrame(ABC):
    """Works through a batch one frame at a time, for the contract :class:`ccmeval.plugins.Segmenter`."""

    def segment(
        self,
        frames: Sequence[FloatArray],
        pixel_sizes_um: Sequence[float],
        imaged: Sequence[BoolArray | None] | None = None,
    ) -> list[Segmentation]:
        """Segment a batch of frames.

        Parameters
        ----------
        frames : sequence of float32 arrays, each (H, W), in [0, 1]
        pixel_sizes_um : sequence of float
            One a frame.
        imaged : sequence of bool arrays (H, W) or None, optional

        Returns
        -------
        list of Segmentation
            With centre line and width.

        Raises
        ------
        ValueError
            If the numbers of frames, pixel sizes and imaged areas differ.
        """
        areas = imaged if imaged is not None else [None] * len(frames)
        return [
            self._segment(
                np.asarray(frame, dtype=np.float32),
                float(size),
                np.ones(frame.shape, dtype=bool) if area is None else np.asarray(area, dtype=bool),
            )
            for frame, size, area in zip(frames, pixel_sizes_um, areas, strict=True)
        ]

    @abstractmethod
    def _segment(self, frame: FloatArray, pixel_size_um: float, area: BoolArray) -> Segmentation:
        """Segment one frame within its imaged area."""
