"""The ``ridge`` segmenter: nerves from a frame without any trained weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.segmentation import Segmentation


class RidgeSettings(BaseModel):
    """Settings of the ridge segmenter; lengths in micrometres."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    background_um: float = Field(20.0, gt=0)
    along_um: float = Field(7.0, gt=0)
    across_um: tuple[float, ...] = (1.5, 2.4)
    orientations: int = Field(16, ge=4)
    low: float = Field(4.0, gt=0)
    high: float = Field(7.0, gt=0)
    least_length_um: float = Field(40.0, ge=0)


class RidgeSegmenter:
    """Segmenter by oriented ridge filters (plain version)."""

    name = "ridge"
    version = "0"

    def __init__(self, settings: RidgeSettings | None = None) -> None:
        self.settings = settings or RidgeSettings()

    def segment(
        self,
        frames: Sequence[FloatArray],
        pixel_sizes_um: Sequence[float],
        imaged: Sequence[BoolArray | None] | None = None,
    ) -> list[Segmentation]:
        """Segment a batch of frames; see :class:`ccmeval.plugins.Segmenter`."""
        areas = imaged if imaged is not None else [None] * len(frames)
        return [
            self._segment(np.asarray(f, dtype=np.float32), p, a)
            for f, p, a in zip(frames, pixel_sizes_um, areas, strict=True)
        ]

    def _segment(self, frame: FloatArray, pixel: float, imaged: BoolArray | None) -> Segmentation:
        from scipy import fft
        from scipy import ndimage as ndi
        from skimage.morphology import remove_small_objects, skeletonize

        s = self.settings
        height, width = frame.shape
        area = np.ones(frame.shape, bool) if imaged is None else imaged.astype(bool)
        weight = area.astype(np.float32)
        sigma = s.background_um / pixel
        norm = ndi.gaussian_filter(weight, sigma) + 1e-6
        mean = ndi.gaussian_filter(frame * weight, sigma) / norm
        residual = (frame - mean) * weight
        spread = np.sqrt(ndi.gaussian_filter(residual**2, sigma) / norm) + 1e-3
        z = residual / spread
        pad = int(np.ceil(3 * s.along_um / pixel))
        padded = np.pad(z, pad, mode="symmetric" if min(frame.shape) > pad else "constant")
        shape = tuple(fft.next_fast_len(n, real=True) for n in padded.shape)
        spectrum = fft.rfft2(padded, shape)
        wy = (2 * np.pi * fft.fftfreq(shape[0]) / pixel)[:, None].astype(np.float32)
        wx = (2 * np.pi * fft.rfftfreq(shape[1]) / pixel)[None].astype(np.float32)
        best = np.zeros(padded.shape, np.float32)
        for across in s.across_um:
            for angle in np.arange(s.orientations) * np.pi / s.orientations:
                u = wy * np.cos(angle) + wx * np.sin(angle)
                v = -wy * np.sin(angle) + wx * np.cos(angle)
                kernel = u**2 * np.exp(-((across * u) ** 2 + (s.along_um * v) ** 2) / 2)
                kernel *= 1.0 / np.sqrt(np.mean(kernel**2) + 1e-12) * 0.7
                response = fft.irfft2(spectrum * kernel, shape)[: padded.shape[0], : padded.shape[1]]
                np.maximum(best, response, out=best)
        best = best[pad : pad + height, pad : pad + width]
        best[~ndi.binary_erosion(area, iterations=max(1, round(4 / pixel)), border_value=1)] = 0
        labels, _ = ndi.label(best >= s.low, np.ones((3, 3)))
        keep = np.unique(labels[best >= s.high])
        mask = np.isin(labels, keep[keep > 0])
        skeleton = skeletonize(mask)
        pieces, count = ndi.label(skeleton, np.ones((3, 3)))
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)
        skeleton &= sizes[pieces] >= s.least_length_um / pixel
        grown = ndi.distance_transform_edt(~skeleton) * pixel if skeleton.any() else np.full(mask.shape, 9.0)
        mask &= grown < 3.0
        mask |= skeleton
        score = np.clip(best / (2 * s.low), 0, 0.49)
        probability = np.where(mask, np.clip(0.5 + best / (4 * s.high), 0.5, 1), score).astype(np.float32)
        return Segmentation(probability, skeleton, None)
