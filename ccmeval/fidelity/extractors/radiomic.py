"""Texture and filter statistics as features: no network, no weights, no download."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.fidelity.extractors.scales import Blurs, band_passes, contrasts, ridges, spectrum
from ccmeval.fidelity.extractors.texture import co_occurrence, first_order, local_patterns
from ccmeval.plugins import WeightSource

DIMENSION = 94


class RadiomicExtractor:
    """Grey levels, textures and filter responses at physical scales.

    All distances are in micrometres, so that frames of different pixel size compare as far as their
    resolution allows. Every feature is defined for every frame; the documentation of each family tells
    what a constant frame has. The features have different units: a Frechet distance on them needs
    :func:`ccmeval.fidelity.scaling.standardise_by` the real set first.

    Attributes
    ----------
    names : tuple of str
        One a column; empty before the first frame.

    Examples
    --------
    >>> extractor = RadiomicExtractor()
    >>> identity = extractor.prepare(WeightSource())
    >>> frame = np.random.default_rng(0).random((96, 96), dtype=np.float32)
    >>> extractor.extract([frame], [1.0]).shape
    (1, 94)
    >>> extractor.names[0]
    'grey_mean'
    """

    name = "radiomic"
    label = "FD-radiomic"
    dimension = DIMENSION
    resizer = "none; distances in micrometres"
    licence = ""
    version = "1"

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()

    def prepare(self, weights: WeightSource) -> str:
        """Give the identity; nothing is needed."""
        return f"{self.name}; {self.version}; {self.resizer}"

    def extract(self, frames: Sequence[FloatArray], pixel_sizes_um: Sequence[float]) -> FloatArray:
        """Give the features of frames.

        Parameters
        ----------
        frames : sequence of float arrays, each (H, W), in [0, 1]
        pixel_sizes_um : sequence of float

        Returns
        -------
        float64 array (N, 94)
        """
        rows = [_described(frame, size) for frame, size in zip(frames, pixel_sizes_um, strict=True)]
        if rows:
            self.names = tuple(rows[0])
        return np.array([list(row.values()) for row in rows], np.float64).reshape(-1, self.dimension)


def _described(frame: FloatArray, pixel_size_um: float) -> dict[str, float]:
    grey = np.clip(frame, 0.0, 1.0).astype(np.float32)
    blurs = Blurs(grey, pixel_size_um)
    return (
        first_order(grey)
        | co_occurrence(grey, pixel_size_um)
        | local_patterns(grey, pixel_size_um)
        | band_passes(blurs)
        | ridges(blurs, pixel_size_um)
        | contrasts(grey, blurs, pixel_size_um)
        | spectrum(grey, pixel_size_um)
    )
