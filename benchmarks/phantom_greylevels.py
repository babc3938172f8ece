"""Grey-level statistics of phantoms beside those of real frames.

    python benchmarks/phantom_greylevels.py --real ../shared/data --frames 60 --sheet side-by-side.png

Prints mean (SD over frames) of each statistic: grey-level percentiles on the 8-bit scale, the log
power spectrum in bands of cycles per frame, and the grain of the noise. `--sheet` puts four real frames of
each folder and as many phantoms on one picture, to look at (`phantom_nerves.py` compares the nerves).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ccmeval.phantom import TARGETS, make_phantom

FOLDERS = {"sh": "frames/sh", "st": "frames/st", "zx": "frames/zx", "traced": "traced/images"}
BANDS = ((1, 4), (4, 10), (10, 25), (25, 50), (50, 90), (90, 140), (140, 192))
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def frame_statistics(grey: np.ndarray) -> dict[str, float]:
    """Statistics of one frame (H, W) on the 8-bit scale."""
    found = {"mean": grey.mean(), "SD": grey.std()}
    found |= {f"p{p}": np.percentile(grey, p) for p in PERCENTILES}
    found["saturated %"] = 100 * (grey >= 255).mean()
    found["slow SD"] = ndimage.gaussian_filter(grey, 12).std()
    fine = grey - ndimage.gaussian_filter(grey, 3)
    fine -= fine.mean()
    found["local SD"] = np.median(np.sqrt(ndimage.gaussian_filter(fine**2, 8)))
    found["local SD / level"] = np.median(
        np.sqrt(ndimage.gaussian_filter(fine**2, 8)) / ndimage.gaussian_filter(grey, 8)
    )
    for lag in (1, 2, 3):
        found[f"along row, lag {lag}"] = (fine[:, :-lag] * fine[:, lag:]).mean() / fine.var()
        found[f"along column, lag {lag}"] = (fine[:-lag] * fine[lag:]).mean() / fine.var()
    found["corner / centre"] = (
        np.mean(
            [
                grey[r, c].mean()
                for r in (slice(0, 40), slice(-40, None))
                for c in (slice(0, 40), slice(-40, None))
            ]
        )
        / grey[152:232, 152:232].mean()
    )
    found |= band_power(grey)
    return {key: float(value) for key, value in found.items()}


def band_power(grey: np.ndarray) -> dict[str, float]:
    """Log10 of the mean power in each band, under a Hann window."""
    window = np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
    cycles = [np.fft.fftfreq(size) * size for size in grey.shape]
    radius = np.hypot(cycles[0][:, None], cycles[1][None])
    return {
        f"power {low}-{high}": float(np.log10(power[(radius >= low) & (radius < high)].mean()))
        for low, high in BANDS
    }


def read(path: Path) -> np.ndarray:
    """Read a frame as grey levels from 0 to 255; by content, not by suffix."""
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L")).astype(float)


def summary(rows: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Mean and SD over frames of each statistic."""
    keys = rows[0]
    return {key: (np.mean([r[key] for r in rows]), np.std([r[key] for r in rows])) for key in keys}


def write_sheet(path: Path, real: list[list[np.ndarray]], phantoms: list[np.ndarray]) -> None:
    """Write real frames to the left of as many phantoms, a row a folder."""
    side, gap = 384, 6
    sheet = np.full((len(real) * (side + gap), 8 * (side + gap)), 255, dtype=np.uint8)
    for row, frames in enumerate(real):
        for column, frame in enumerate([*frames, *phantoms[4 * row : 4 * row + 4]]):
            top, left = row * (side + gap), column * (side + gap)
            sheet[top : top + side, left : left + side] = frame[:side, :side]
    Image.fromarray(sheet).save(path)


def main() -> None:
    """Print the statistics side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--sheet", type=Path, help="also write frames side by side to this PNG")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, tuple[float, float]]] = {}
    rows = []
    for name, folder in FOLDERS.items():
        frames = [read(path) for path in sorted((arguments.real / folder).iterdir())]
        columns[name] = summary([frame_statistics(frame) for frame in frames])
        rows.append(frames[:: max(len(frames) // 4, 1)][:4])
    drawn = []
    for seed in range(arguments.frames):
        phantom = make_phantom(np.random.default_rng(seed), diagnosis=list(TARGETS)[seed % 3])
        drawn.append(np.rint(phantom.frame * 255.0).astype(float))
    columns["phantom"] = summary([frame_statistics(frame) for frame in drawn])
    if arguments.sheet:
        write_sheet(arguments.sheet, rows, drawn)
    print(f"{'':22}" + "".join(f"{name:>17}" for name in columns))
    for key in columns["phantom"]:
        cells = [f"{c[key][0]:9.2f} ({c[key][1]:.2f})" if key in c else "" for c in columns.values()]
        print(f"{key:22}" + "".join(f"{cell:>17}" for cell in cells))


if __name__ == "__main__":
    main()
