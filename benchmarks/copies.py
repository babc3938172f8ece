"""Correlation of copies, shared masks, overlapping and unrelated frames, and the time of a search.

::

    python benchmarks/copies.py ../shared/data --phantoms 24 --speed 500

The first part gives the quantiles that the threshold of :mod:`ccmeval.fidelity.duplicates` rests on: each
kind of pair goes through the whole search among all other frames. Without the data folder, phantoms alone.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ccmeval.fidelity.duplicates import CopySettings, find_copies, find_repeats
from ccmeval.fidelity.signatures import Signature, signature, turned
from ccmeval.phantom import PhantomSettings, make_phantom
from ccmeval.phantom.frame import draw_anatomy, draw_plan, draw_subject, render

Frame = np.ndarray


def jpeg(frame: Frame, quality: int) -> Frame:
    """Compress and read back."""
    file = io.BytesIO()
    Image.fromarray((np.clip(frame, 0, 1) * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), dtype=np.float32) / 255


def changes(rng: np.random.Generator) -> dict[str, Callable[[Frame], Frame]]:
    """Ways to disguise a copy."""

    def shifted(frame: Frame, down: int, right: int) -> Frame:
        padded = np.pad(frame, ((down, 0), (right, 0)), mode="reflect")
        return padded[: frame.shape[0], : frame.shape[1]]

    return {
        "noise 0.05": lambda f: f + rng.normal(0, 0.05, f.shape),
        "noise 0.1": lambda f: f + rng.normal(0, 0.1, f.shape),
        "noise 0.2": lambda f: f + rng.normal(0, 0.2, f.shape),
        "blur 2 px": lambda f: ndimage.gaussian_filter(f, 2),
        "blur 3 px": lambda f: ndimage.gaussian_filter(f, 3),
        "JPEG 50": lambda f: jpeg(f, 50),
        "JPEG 20": lambda f: jpeg(f, 20),
        "gamma 0.5": lambda f: np.clip(f, 0, 1) ** 0.5,
        "gamma 2": lambda f: np.clip(f, 0, 1) ** 2,
        "shift 10 px": lambda f: shifted(f, 10, 7),
        "shift 60 px": lambda f: shifted(f, 60, 45),
        "shift 100 px": lambda f: shifted(f, 100, 80),
        "turned 90, noise": lambda f: turned(f, 5) + rng.normal(0, 0.05, f.shape),
        "flip, shift, JPEG": lambda f: jpeg(shifted(f[:, ::-1], 25, 14), 50),
        "turned by 1 degree": lambda f: ndimage.rotate(f, 1, reshape=False, mode="reflect"),
        "turned by 2 degrees": lambda f: ndimage.rotate(f, 2, reshape=False, mode="reflect"),
        "zoomed by 3 %": lambda f: ndimage.zoom(f, 1.03)[5:389, 5:389],
    }


def redrawn(rng: np.random.Generator) -> tuple[Frame, Frame]:
    """Two phantoms of one anatomy: the same mask, another background."""
    settings = PhantomSettings()
    plan = draw_plan(rng, draw_subject(rng, "Control"), settings.area_mm2)
    anatomy = draw_anatomy(rng, plan, settings)
    first, second = (render(rng, anatomy.nerves, anatomy.drawn, settings).frame for _ in range(2))
    return first, second


def load(folder: Path) -> list[Frame]:
    """Grey frames of a folder, in [0, 1]."""
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return [np.asarray(Image.open(path).convert("L"), dtype=np.float32) / 255 for path in files]


def line(words: str, values: list[float], copies: int, total: int) -> None:
    """Print one kind of pair."""
    ends = " ".join(f"{one:6.3f}" for one in np.quantile(values, [0, 0.5, 1])) if values else " " * 20
    print(f"{words:44s} {ends}   copies {copies:3d} of {total}")


def search(words: str, synth: list[Signature], real: list[Signature]) -> None:
    """Search and print."""
    settings = CopySettings(most_pairs=len(synth))
    names = [[str(i) for i in range(len(one))] for one in (synth, real)]
    found = find_copies(synth, real, *names, settings=settings)
    line(words, [pair.value for pair in found.pairs], found.n_copies, len(synth))


def main() -> None:
    """Print the correlations by kind of pair, then times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--phantoms", type=int, default=24)
    parser.add_argument("--speed", type=int, default=500)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    phantoms = [make_phantom(rng).frame for _ in range(options.phantoms)]
    subjects = {name: load(options.data / "frames" / name) for name in ("st", "zx", "sh")}
    sets = {name: [signature(frame) for frame in frames] for name, frames in subjects.items()}
    crowd = [signature(frame) for frame in phantoms] + [one for found in sets.values() for one in found]
    half = options.phantoms // 2
    print(f"least, median and largest correlation; searched among {len(crowd)} frames")
    search("independent phantoms", crowd[:half], crowd[half : options.phantoms])
    if subjects["st"]:
        search("real frames of different subjects", sets["st"] + sets["zx"], sets["sh"])
    pairs = [redrawn(rng) for _ in range(half)]
    search("one mask drawn twice", *([signature(pair[i]) for pair in pairs] for i in (0, 1)))
    sources = {"phantom": phantoms[:half], "real": subjects["st"][:half]}
    for kind, frames in sources.items():
        for words, change in changes(rng).items():
            if frames:
                search(f"{kind}: {words}", [signature(change(frame)) for frame in frames], crowd)
    for name in ("repeat/a", "repeat/b", "frames/st", "frames/zx", "frames/sh"):
        frames = [signature(frame) for frame in load(options.data / name)]
        found = find_repeats(
            frames, [str(i) for i in range(len(frames))], settings=CopySettings(most_pairs=999)
        )
        if frames:
            line(
                f"nearest frames of one eye, {name}",
                [p.value for p in found.pairs],
                found.n_copies,
                len(frames),
            )
    many = [signature(frame) for frame in rng.random((options.speed, 48, 48))]
    started = time.perf_counter()
    search(f"{options.speed} against {options.speed} noise frames", many, many[::-1])
    print(f"search: {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    for frame in phantoms:
        signature(frame)
    print(f"signature: {1000 * (time.perf_counter() - started) / len(phantoms):.1f} ms a frame of 384 px")


if __name__ == "__main__":
    main()
