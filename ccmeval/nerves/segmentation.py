"""What a segmenter gives for one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

NERVE_THRESHOLD = 0.5
"""A pixel is nerve where a segmenter's probability reaches this."""


@dataclass(frozen=True)
class Segmentation:
    """Nerves found in one frame.

    A segmenter does its own cleaning: pixels it rejects have a probability below one half.

    Attributes
    ----------
    probability : float32 array (H, W), in [0, 1]
        Probability that the pixel is nerve.
    centre_line : bool array (H, W), optional
        One-pixel centre line. Without it, the mask is skeletonised.
    width_um : float32 array (H, W), optional
        Nerve width in micrometres at the pixels of the centre line, NaN elsewhere.

    Raises
    ------
    ValueError
        If the shapes differ, a probability lies outside [0, 1], or the centre line is not of bool: of a
        soft one nobody says where it ends.

    Examples
    --------
    >>> import numpy as np
    >>> found = Segmentation(np.array([[0.1, 0.7]], dtype=np.float32))
    >>> found.mask
    array([[False,  True]])
    """

    probability: FloatArray
    centre_line: BoolArray | None = None
    width_um: FloatArray | None = None

    def __post_init__(self) -> None:
        for other in (self.centre_line, self.width_um):
            if other is not None and other.shape != self.probability.shape:
                raise ValueError(
                    f"A segmentation's arrays must share one shape, not {self.probability.shape}"
                    f" and {other.shape}."
                )
        if self.centre_line is not None and self.centre_line.dtype != np.bool_:
            raise ValueError(f"A centre line must be of bool, not of {self.centre_line.dtype}.")
        low, high = (float(self.probability.min()), float(self.probability.max()))
        if not (low >= 0.0 and high <= 1.0):
            raise ValueError(f"Probabilities must lie in [0, 1], not [{low}, {high}].")

    @property
    def mask(self) -> BoolArray:
        """Nerve mask, bool (H, W)."""
        mask: BoolArray = np.asarray(self.probability >= NERVE_THRESHOLD, dtype=np.bool_)
        return mask
