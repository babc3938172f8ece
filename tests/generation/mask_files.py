"""Masks and cohorts for the tests of generation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def draw_mask(seed: int, side: int = 96, width: int = 4) -> np.ndarray:
    """Two slanting nerves."""
    rng = np.random.default_rng(seed)
    mask = Image.new("L", (side, side))
    for column in (0.3, 0.7):
        top, bottom = (column + rng.uniform(-0.1, 0.1, 2)) * side
        ImageDraw.Draw(mask).line([(top, -2), (bottom, side + 2)], fill=255, width=width)
    return np.asarray(mask) > 0


def save(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def write_cohort(root: Path, count: int = 6, side: int = 96) -> Path:
    """Frames, masks and a manifest: subjects S0, S1, ... of two frames each, the diagnoses by halves."""
    rows = []
    for index in range(count):
        mask = draw_mask(index, side)
        save(root / "masks" / f"m{index}.png", mask)
        grey = np.random.default_rng(100 + index).normal(70, 8, mask.shape) + 90 * mask
        (root / "frames").mkdir(exist_ok=True)
        Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(root / "frames" / f"f{index}.png")
        rows.append(
            {
                "frame": f"frames/f{index}.png",
                "mask": f"masks/m{index}.png",
                "diagnosis": "Control" if index < count / 2 else "T1DPN",
                "subject": f"S{index // 2}",
                "pixel_size_um": 96 / side,
            }
        )
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "manifest.csv"


def rows_of(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="") as file:
        return list(csv.DictReader(file))
