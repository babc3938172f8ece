"""Small frames drawn for tests of the run: bright lines on noise, in no way a cornea."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def drawn_frame(seed: int, side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Give a frame (uint8) with two or three slanting nerves, and its mask (bool)."""
    rng = np.random.default_rng(seed)
    mask = Image.new("L", (side, side))
    for column in (0.2, 0.5, 0.8)[: nerve_count(seed)]:
        top, bottom = (column + rng.uniform(-0.08, 0.08, 2)) * side
        ImageDraw.Draw(mask).line([(top, -2), (bottom, side + 2)], fill=255, width=4)
    nerves = np.asarray(mask) > 0
    grey = 50 + 110 * nerves + rng.normal(0, 8, nerves.shape)
    return np.clip(grey, 0, 255).astype(np.uint8), nerves


def nerve_count(seed: int) -> int:
    """Nerves of the frame of that seed."""
    return 2 + seed % 2


def write_frames(folder: Path, count: int, side: int = 128) -> list[Path]:
    """Write numbered frames, the first half below `Control/`, the rest below `T1DPN/`."""
    paths = []
    for index in range(count):
        path = folder / ("Control" if index < count / 2 else "T1DPN") / f"s{index // 2}_{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn_frame(index, side)[0]).save(path)
        paths.append(path)
    return paths
