"""Where nerves end: at a free tip, or at the border of the imaged area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.morphometry.graph import NodeKind

_STEP_PX = 0.25

_FURTHEST_PX = 30.0
"""How far beyond three widths an end is led on where the skeleton stopped short."""


@dataclass(frozen=True)
class FrameEdge:
    """The mask and the border that ends are led to.

    Attributes
    ----------
    mask : bool array (H, W)
    imaged : bool array (H, W) or None
        None: everywhere.
    gap_px : float
        Largest gap between the mask's end and the border that a nerve is led across.
    near_px : float
        An end so close to the border counts as on it, but is not led there.
    """

    mask: BoolArray
    imaged: BoolArray | None
    gap_px: float
    near_px: float

    def lead_on(
        self, point: FloatArray, direction: FloatArray, width: float, least: float = 0.0
    ) -> tuple[FloatArray, NodeKind]:
        """Lead an end to where the nerve really ends.

        Parameters
        ----------
        point, direction : float arrays (2,)
            Last trusted point and the direction there, in pixels.
        width : float
            Width of the nerve in pixels.
        least : float
            Distance along the direction up to which the nerve surely goes.

        Returns
        -------
        point : float array (2,)
        kind : {"end", "border"}
        """
        reach = 3.0 * width + self.gap_px + _FURTHEST_PX
        t = np.arange(1, int(reach / _STEP_PX)) * _STEP_PX
        along = point + t[:, None] * direction
        r, c = np.rint(along).astype(np.int64).T
        height, wide = self.mask.shape
        within = (r >= 0) & (r < height) & (c >= 0) & (c < wide)
        r, c = np.clip(r, 0, height - 1), np.clip(c, 0, wide - 1)
        seen = within if self.imaged is None else within & self.imaged[r, c]
        exit_at = self._distance_to_rectangle(point, direction)
        to_border = min(_first(within & ~seen, t), exit_at if exit_at <= reach else float("inf"))
        to_background = _first(~(self.mask[r, c] & seen), t)
        if to_border - max(to_background, least) <= self.gap_px and np.isfinite(to_border):
            return point + to_border * direction, "border"
        tip = max(to_background - width / 2.0 if np.isfinite(to_background) else 0.0, least, 0.0)
        kind: NodeKind = "border" if to_border - tip <= self.near_px else "end"
        return point + tip * direction, kind

    def _distance_to_rectangle(self, point: FloatArray, direction: FloatArray) -> float:
        """Distance along a ray to the outer edge of the frame's pixels."""
        distances = [float("inf")]
        for at, step, count in zip(point, direction, self.mask.shape, strict=True):
            if step != 0.0:
                wall = count - 0.5 if step > 0.0 else -0.5
                distances.append(max(0.0, float((wall - at) / step)))
        return min(distances)


def _first(found: BoolArray, t: FloatArray) -> float:
    """Where a condition first holds, between its sample and the one before."""
    if not found.any():
        return float("inf")
    return float(t[int(np.argmax(found))]) - _STEP_PX / 2.0
