"""The ``ridge`` segmenter: nerves from a frame, by rule.

1. Illumination and contrast are normalised (:mod:`~ccmeval.nerves.normalise`).
2. Ridge evidence is gathered along bent lines (:mod:`~ccmeval.nerves.filters`).
3. All that might be nerve is thinned and cut into segments, and each segment is judged by what tells
   nerve from texture (:mod:`~ccmeval.nerves.candidates`, :mod:`~ccmeval.nerves.features`).
4. Gaps are bridged, twigs and short pieces dropped (:mod:`~ccmeval.nerves.cleaning`).
5. Width is measured across the nerve, and the mask drawn with it (:mod:`~ccmeval.nerves.widths`);
   broad faint bands are dropped (:mod:`~ccmeval.nerves.bands`).

Steps 1 to 4 work on a grid of 400/384 um, to which other frames are resampled.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.bands import drop_bands
from ccmeval.nerves.drawing import draw_mask, draw_probability, to_frame
from ccmeval.nerves.frame_by_frame import FrameByFrame
from ccmeval.nerves.normalise import to_grid
from ccmeval.nerves.search import find_candidates, keep_nerves
from ccmeval.nerves.segmentation import Segmentation
from ccmeval.nerves.settings import RidgeSettings
from ccmeval.nerves.widths import VISIBLE_PER_HALF_MAXIMUM, measure_widths, narrowed

__all__ = ["RidgeSegmenter", "RidgeSettings"]


class RidgeSegmenter(FrameByFrame):
    """Finds nerves by ridge filters and cleaning; needs no trained network.

    Parameters
    ----------
    settings : RidgeSettings, optional
        Defaults were chosen on experts' traces.

    Examples
    --------
    >>> import numpy as np
    >>> across = np.abs(np.arange(96.0) - 40.0)
    >>> frame = np.tile(0.2 + 0.5 * np.exp(-(across**2) / 8), (96, 1)).astype(np.float32)
    >>> found = RidgeSegmenter().segment([frame], [1.0])[0]
    >>> np.flatnonzero(found.centre_line[48]).tolist()
    [40]
    """

    name = "ridge"
    version = "1"

    def __init__(self, settings: RidgeSettings | None = None) -> None:
        self.settings = settings or RidgeSettings()

    def _segment(self, frame: FloatArray, pixel_size_um: float, area: BoolArray) -> Segmentation:
        findings = find_candidates(*to_grid(frame, area, pixel_size_um), self.settings)
        skeleton, probability = keep_nerves(findings, self.settings)
        centre_line = to_frame(skeleton, frame.shape) & area
        half_maximum_um = measure_widths(frame, centre_line, pixel_size_um)
        centre_line = drop_bands(
            centre_line,
            half_maximum_um,
            findings.contrast,
            broad_um=self.settings.band_width_um,
            faint=self.settings.band_contrast,
        )
        half_maximum_um[~centre_line] = np.nan
        width_um = narrowed(half_maximum_um, self.settings.width_broadening_um)
        if self.settings.width_convention == "visible":
            width_um *= VISIBLE_PER_HALF_MAXIMUM
        mask = draw_mask(centre_line, width_um, pixel_size_um) & area
        drawn = draw_probability(mask, findings.candidates.segment, probability)
        return Segmentation(drawn, centre_line, width_um)
