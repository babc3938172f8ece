"""Folders of raw frames for the tests: small, all different, of named subjects."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tests.hostile import saved

SIDE = 64
SUFFIXES = (("PNG", "png"), ("BMP", "bmp"), ("TIFF", "tif"))


def drawing(seed: int) -> np.ndarray:
    """A frame of noise with a line, another for each seed."""
    rng = np.random.default_rng(seed)
    grey = 70 + 12 * rng.standard_normal((SIDE, SIDE))
    grey[:, rng.integers(8, SIDE - 8)] += 90
    return np.clip(grey, 1, 254).astype(np.uint8)


def write_raw(folder: Path, subjects: dict[str, str], frames: int = 2, *, first: int = 0) -> Path:
    """Write `frames` frames of each subject (name: diagnosis) below `diagnosis/`, in turning formats."""
    for name, diagnosis in subjects.items():
        for index in range(first, first + frames):
            form, suffix = SUFFIXES[index % len(SUFFIXES)]
            path = folder / diagnosis / f"{name}_{index}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(saved(drawing(seed_of(name, index)), form))
    return folder


def seed_of(name: str, index: int) -> int:
    """Seed of a subject's frame."""
    return int.from_bytes(name.encode(), "little") % 100_003 * 100 + index


def rows_of(out: Path, table: str = "manifest.csv") -> list[dict[str, str]]:
    """Rows of a table of a cohort."""
    with (out / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pixels_of(path: Path) -> np.ndarray:
    """Grey levels by Pillow."""
    return np.asarray(Image.open(path))
