"""Names for the array types that go through the whole toolkit."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""Frames (H, W) float32 in [0, 1]; points (N, 2) float64 in um, as (row, column)."""

BoolArray: TypeAlias = npt.NDArray[np.bool_]
"""Masks, traces and imaged areas, (H, W)."""

IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
"""Labels and indices."""
