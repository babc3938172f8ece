"""Nerves of phantoms beside those of real frames: contrast, profile, wiggle, brightness along them.

    python benchmarks/phantom_nerves.py --real ../shared/data --frames 24

Traces by hand jitter by a pixel or two, a phantom's do not. So the same tracker finds the crest of the grey
levels again within 4 px of either, and everything is measured from there. Spectra are of nerves with a
contrast of at least 0.6, where the tracker's own noise is small.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skan import Skeleton

from ccmeval.phantom import TARGETS, make_phantom

WAVELENGTHS_PX = ((30, 60), (18, 30), (12, 18), (8, 12), (5, 8))
LEAST_PX = 64
REACH_PX = 4.0
WIDE_PX = np.arange(-10.0, 10.01, 0.25)
BRIGHT = 0.6


@dataclass(frozen=True)
class Track:
    """A nerve followed along its crest.

    Attributes
    ----------
    contrast : float
        Mean crest over the surround 5 to 10 px beside it, minus one.
    profile : float array (P,)
        Mean profile across it at :data:`WIDE_PX`, over the surround, minus one.
    half_width_px : float
        Full width at half maximum of that profile.
    sway_px : float array (N,)
        Sideways distance of the crest from its smoothed self, one a pixel of length.
    log_crest : float array (N,)
        Logarithm of the crest over the surround.
    """

    contrast: float
    profile: np.ndarray
    half_width_px: float
    sway_px: np.ndarray
    log_crest: np.ndarray


def read(path: Path) -> np.ndarray:
    """Read a frame as grey levels from 0 to 255; by content, not by suffix."""
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L")).astype(float)


def follow(grey: np.ndarray, trace: np.ndarray) -> list[Track]:
    """Follow every stretch of a trace between junctions that is long enough."""
    skeleton = Skeleton(trace)
    paths = [skeleton.path_coordinates(k)[4:-4] for k in range(skeleton.n_paths)]
    return [_follow_one(grey, path) for path in paths if len(path) >= LEAST_PX]


def _follow_one(grey: np.ndarray, path: np.ndarray) -> Track:
    line, normal = _even(ndimage.gaussian_filter1d(path.astype(float), 6, axis=0, mode="nearest"))
    offsets = np.arange(-REACH_PX, REACH_PX + 0.01, 0.5)
    profile = _across(ndimage.gaussian_filter(grey, 1.0), line, normal, offsets)
    crest = line + _crest(ndimage.gaussian_filter1d(profile, 1.5, axis=0), offsets)[:, None] * normal
    profile = _across(grey, crest, normal, WIDE_PX)
    surround = ndimage.gaussian_filter1d(np.median(profile[:, np.abs(WIDE_PX) > 5], axis=1), 8)
    relative = profile / surround[:, None] - 1.0
    mean, on_crest = relative.mean(axis=0), np.abs(WIDE_PX) <= 0.75
    contrast = float(mean[on_crest].mean())
    width = full_width_px(mean, 0.5 * contrast)
    smooth = ndimage.gaussian_filter1d(crest, 12, axis=0, mode="nearest")
    sway = ((crest - smooth) * normal).sum(axis=1)[10:-10]
    return Track(contrast, mean, width, sway, np.log(np.maximum(1 + relative[:, on_crest].mean(axis=1), 0.3)))


def full_width_px(profile: np.ndarray, level: float) -> float:
    """Full width of a profile at :data:`WIDE_PX` where it falls to a level on either side."""
    sides = []
    for side in (1, -1):
        outward = np.flatnonzero(side * WIDE_PX >= 0)[::side]
        below = int(np.argmax(profile[outward] < level))
        inner, outer = profile[outward[below - 1]], profile[outward[below]]
        sides.append(np.abs(WIDE_PX[outward[below - 1]]) + 0.25 * (inner - level) / (inner - outer))
    return float(sum(sides))


def visible_per_half(tracks: list[Track]) -> float:
    """Width at 1 / e^2 over width at half maximum, of the mean profile (1.70 for a Gaussian)."""
    profile = np.average([t.profile for t in tracks], axis=0, weights=[len(t.sway_px) for t in tracks])
    profile = profile - profile[np.abs(WIDE_PX) > 7].mean()
    peak = profile[np.abs(WIDE_PX) <= 0.25].max()
    return full_width_px(profile, peak / np.e**2) / full_width_px(profile, peak / 2)


def _even(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points one pixel apart along a line, and the normals there."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0.0, along[-1])
    points = np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)])
    tangent = np.gradient(points, axis=0)
    tangent /= np.hypot(*tangent.T)[:, None]
    return points, np.column_stack([-tangent[:, 1], tangent[:, 0]])


def _across(grey: np.ndarray, line: np.ndarray, normal: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    places = line[:, None] + offsets[None, :, None] * normal[:, None]
    return np.asarray(ndimage.map_coordinates(grey, places.transpose(2, 0, 1), order=1, mode="nearest"))


def _crest(profile: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Brightest connected way along the profiles (dynamic programming), refined by a centroid."""
    price = 0.15 * profile.std()
    best, came = profile.copy(), np.zeros(profile.shape, dtype=int)
    for row in range(1, len(profile)):
        padded = np.pad(best[row - 1], 2, constant_values=-np.inf)
        moves = [padded[2 + d : 2 + d + len(offsets)] - price * abs(d) for d in (-2, -1, 0, 1, 2)]
        came[row] = np.argmax(moves, axis=0) - 2
        best[row] += np.max(moves, axis=0)
    at = np.empty(len(profile), dtype=int)
    at[-1] = best[-1].argmax()
    for row in range(len(profile) - 1, 0, -1):
        at[row - 1] = at[row] + came[row, at[row]]
    near = np.abs(np.arange(len(offsets)) - at[:, None]) <= 3
    weight = np.where(near, np.maximum(profile - np.percentile(profile, 20, axis=1)[:, None], 0.0), 0.0)
    centre = (weight * offsets).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    return np.asarray(ndimage.gaussian_filter1d(centre, 1.0))


def by_wavelength(rows: list[np.ndarray]) -> np.ndarray:
    """SD of signals in bands of wavelength, averaged in power with their length as weight."""
    power, weight = np.zeros(len(WAVELENGTHS_PX)), 0
    for row in rows:
        window = np.hanning(len(row))
        spectrum = np.abs(np.fft.rfft((row - row.mean()) * window)) ** 2 / (window**2).sum()
        cycles = np.fft.rfftfreq(len(row))
        for band, (short, long) in enumerate(WAVELENGTHS_PX):
            inside = (cycles >= 1 / long) & (cycles < 1 / short)
            power[band] += len(row) * 2 * (1 / short - 1 / long) * spectrum[inside].mean()
        weight += len(row)
    return np.asarray(np.sqrt(power / weight))


def report(name: str, tracks: list[Track]) -> None:
    """Print one block."""
    contrast = np.array([track.contrast for track in tracks])
    length = np.array([len(track.sway_px) for track in tracks])
    widths = np.array([track.half_width_px for track in tracks])
    bright = [track for track in tracks if track.contrast >= BRIGHT]
    print(f"{name}: {len(tracks)} stretches of at least {LEAST_PX} px, {len(bright)} of them bright")
    print("  contrast, percentiles 10 25 50 75 90 ", np.percentile(contrast, [10, 25, 50, 75, 90]).round(2))
    print("  contrast, mean by length             ", round(float(np.average(contrast, weights=length)), 2))
    print("  width at half maximum, px, 10 50 90  ", np.percentile(widths, [10, 50, 90]).round(2))
    print("  width at 1/e2 over that at half max. ", round(visible_per_half(tracks), 2))
    print("  wavelengths, px                      ", *(f"{low}-{high}" for low, high in WAVELENGTHS_PX))
    print("  sway of the crest, SD in px          ", by_wavelength([t.sway_px for t in bright]).round(3))
    print("  log brightness along the crest, SD   ", by_wavelength([t.log_crest for t in bright]).round(3))


def main() -> None:
    """Print real and phantom nerves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=24)
    arguments = parser.parse_args()
    real: list[Track] = []
    for path in sorted((arguments.real / "traced" / "images").iterdir()):
        trace = read(arguments.real / "traced" / "traces" / path.name) > 0
        real += follow(read(path), trace)
    report("real, traced by an expert", real)
    drawn: list[Track] = []
    for seed in range(arguments.frames):
        phantom = make_phantom(np.random.default_rng([5, seed]), diagnosis=list(TARGETS)[seed % 3])
        drawn += follow(np.rint(phantom.frame * 255.0).astype(float), phantom.trace)
    report("phantom", drawn)


if __name__ == "__main__":
    main()
