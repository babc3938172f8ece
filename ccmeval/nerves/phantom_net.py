"""The ``phantom-net`` segmenter: nerves from a frame, by a network that learned from phantoms alone.

1. The frame is resampled to a grid of 400/384 um and normalised (:mod:`~ccmeval.nerves.net.inputs`).
2. The network gives the probability of a centre line for several visibilities, and the width
   (:mod:`~ccmeval.nerves.net.infer`).
3. Probabilities become thin lines; gaps are bridged, twigs and crumbs dropped
   (:mod:`~ccmeval.nerves.net.lines`).
4. The mask is drawn as wide as the network says.

How it was trained, and what it can and cannot do: the model card beside the weights.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.drawing import draw_mask, to_frame
from ccmeval.nerves.frame_by_frame import FrameByFrame
from ccmeval.nerves.net.infer import Network, load_network
from ccmeval.nerves.net.inputs import network_input
from ccmeval.nerves.net.lines import at_level, find_lines, widths_along
from ccmeval.nerves.net.operating import NetSettings
from ccmeval.nerves.normalise import GRID_UM, to_grid
from ccmeval.nerves.segmentation import NERVE_THRESHOLD, Segmentation

__all__ = ["NetSettings", "PhantomNetSegmenter"]

_REJECTED = 0.49  # the highest probability of a pixel that is no nerve


class PhantomNetSegmenter(FrameByFrame):
    """Finds nerves by a small convolutional network, run by onnxruntime.

    Parameters
    ----------
    settings : NetSettings, optional

    Raises
    ------
    UnavailableError
        If onnxruntime or the weights are missing.
    """

    name = "phantom-net"
    version = "1"

    def __init__(self, settings: NetSettings | None = None) -> None:
        self.settings = settings or NetSettings()
        if self.settings.weights is None:
            self.network = load_network()
        else:  # read anew: a file may hold another network by now than when it was last read
            self.version = f"{self.version}+{self.settings.weights_sha256[:8]}"
            self.network = Network(self.settings.weights)

    def _segment(self, frame: FloatArray, pixel_size_um: float, area: BoolArray) -> Segmentation:
        on_grid, area_on_grid = to_grid(frame, area, pixel_size_um)
        maps = self.network.run(network_input(on_grid, area_on_grid), flips=self.settings.flips)
        probability = at_level(maps.logits, self.settings.level)
        lines = find_lines(probability, area_on_grid, self.settings)
        centre_line = to_frame(lines, frame.shape) & area
        width_um = widths_along(
            _resized(maps.log_width, frame.shape) + np.float32(np.log(GRID_UM)),
            centre_line,
            self.settings.steady_um / pixel_size_um,
        )
        mask = draw_mask(centre_line, width_um, pixel_size_um) & area
        return Segmentation(_held(_resized(probability, frame.shape), mask), centre_line, width_um)


def _held(probability: FloatArray, mask: BoolArray) -> FloatArray:
    """Spread a centre line's probability over its nerve, and hold the rest below one half."""
    from scipy import ndimage

    crest = ndimage.maximum_filter(probability, 5)
    held = np.where(mask, np.maximum(crest, NERVE_THRESHOLD), np.minimum(probability, _REJECTED))
    return np.asarray(held, dtype=np.float32)


def _resized(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Bring a map from the working grid to the frame's pixels, linearly."""
    if values.shape == shape:
        return values
    from scipy import ndimage

    at = [
        np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        for new, old in zip(shape, values.shape, strict=True)
    ]
    where = np.meshgrid(*at, indexing="ij")
    return np.asarray(ndimage.map_coordinates(values, where, order=1), dtype=np.float32)
