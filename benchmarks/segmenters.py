"""Segmenters side by side on frames with an expert's traces, with paired intervals.

    python benchmarks/segmenters.py ../shared/data/traced --segmenter ridge --segmenter phantom-net \
        --superccm /path/to/superccm/bin/python

FOLDER holds `images/` and `traces/` with equal stems; the rule of the score is in `ccmeval.nerves.scoring`.
SuperCCM is run by `superccm_runner.py` in its own environment, and the skeletons that it writes are scored.
Differences are of the last segmenter named, against each other one, frame by frame, with 95 % bootstrap
intervals over frames. The last line tells, of what it finds 3 to 6 px beside a trace that is missed there,
how often the frame is brighter under the found line than under the hand-drawn one.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from traced import Traced, length_mm_per_mm2, read

from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.scoring import TOLERANCE_PX, score_centre_line
from ccmeval.plugins import load

RUNNER = Path(__file__).with_name("superccm_runner.py")
DRAWS = 10_000
CREST_PX = 1.2
COLUMNS = ("sensitivity", "false discovery", "F1")


@dataclass(frozen=True)
class Result:
    """What one segmenter reached.

    Attributes
    ----------
    scores : float array (N, 3)
        Sensitivity, false discovery and F1, one row a frame.
    lengths : float array (N,)
        CNFL of its centre lines.
    lines : list of bool arrays (H, W)
    """

    scores: np.ndarray
    lengths: np.ndarray
    lines: list[np.ndarray]


def of_lines(lines: list[np.ndarray], frames: list[Traced]) -> Result:
    """Score centre lines."""
    scores = [score_centre_line(line, frame.trace) for line, frame in zip(lines, frames, strict=True)]
    table = np.array([[s.sensitivity, s.false_discovery, s.f1] for s in scores])
    return Result(table, np.array([length_mm_per_mm2(line) for line in lines]), lines)


def of_plugin(name: str, frames: list[Traced]) -> Result:
    """Score a segmenter of ours."""
    found = load("ccmeval.segmenters", name).segment([f.pixels for f in frames], [GRID_UM] * len(frames))
    return of_lines([each.centre_line for each in found], frames)


def of_superccm(python: str, folder: Path, frames: list[Traced]) -> Result:
    """Score SuperCCM's skeletons."""
    paths = {path.stem: str(path) for path in (folder / "images").iterdir()}
    with tempfile.TemporaryDirectory() as out:
        wanted = [paths[frame.name] for frame in frames]
        subprocess.run([python, str(RUNNER), out, "1", "1", *wanted], check=True, capture_output=True)
        lines = [
            np.asarray(Image.open(Path(out) / "skeletons" / f"{frame.name}.png").convert("L")) > 127
            for frame in frames
        ]
    return of_lines(lines, frames)


def near_misses(lines: list[np.ndarray], frames: list[Traced]) -> str:
    """Tell which line lies on the crest where a found one runs just beside a trace."""
    beside = wrong = brighter = followed = 0
    for line, frame in zip(lines, frames, strict=True):
        off, nearest = ndimage.distance_transform_edt(~frame.trace, return_indices=True)
        missed = ndimage.distance_transform_edt(~line) > TOLERANCE_PX - 1
        near = line & (off > TOLERANCE_PX) & (off <= 2 * TOLERANCE_PX)
        wrong, beside = wrong + int((line & (off > TOLERANCE_PX)).sum()), beside + int(near.sum())
        found = np.nonzero(near)
        drawn = tuple(axis[found] for axis in nearest)
        both = missed[drawn]
        smooth = ndimage.gaussian_filter(np.asarray(frame.pixels, dtype=float), CREST_PX)
        followed += int(both.sum())
        brighter += int((smooth[found] > smooth[drawn])[both].sum())
    return (
        f"{beside / wrong:.0%} of the {wrong} px found beside traces lie within {2 * TOLERANCE_PX:g} px of"
        f" one; of the {followed} whose trace is missed there, {brighter / followed:.0%} are brighter than it"
    )


def interval(values: np.ndarray) -> str:
    """Mean with its bootstrap interval over frames."""
    rng = np.random.default_rng(0)
    draws = values[rng.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{values.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def report(results: dict[str, Result], frames: list[Traced]) -> None:
    """Print frames, means, lengths and paired differences."""
    theirs = np.array([length_mm_per_mm2(frame.trace) for frame in frames])
    for name, result in results.items():
        print(f"\n{name}")
        for frame, row in zip(frames, result.scores, strict=True):
            print(f"  {frame.name:>4}  " + "  ".join(f"{value:.3f}" for value in row))
        for column, values in zip(COLUMNS, result.scores.T, strict=True):
            print(f"  {column:16s} {interval(values)}")
        off = result.lengths - theirs
        spread = 1.96 * off.std(ddof=1)
        print(
            f"  CNFL: r = {np.corrcoef(result.lengths, theirs)[0, 1]:.3f}, bias {off.mean():+.2f} mm/mm2,"
            f" 95 % limits {off.mean() - spread:+.2f} to {off.mean() + spread:+.2f}"
            f" (traces {theirs.mean():.2f})"
        )
    *others, last = results
    for other in others:
        print(f"\n{last} minus {other}")
        for index, column in enumerate(COLUMNS):
            difference = results[last].scores[:, index] - results[other].scores[:, index]
            print(f"  {column:16s} {interval(difference)}")
    print(f"\n{last}: {near_misses(results[last].lines, frames)}")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder with images/ and traces/")
    parser.add_argument("--segmenter", action="append", help="a plug-in; may be given again")
    parser.add_argument("--superccm", help="python of SuperCCM's virtual environment")
    options = parser.parse_args()
    frames = read(options.folder)
    results = {}
    if options.superccm:
        results["SuperCCM"] = of_superccm(options.superccm, options.folder, frames)
    for name in options.segmenter or ["ridge", "phantom-net"]:
        results[name] = of_plugin(name, frames)
    report(results, frames)


if __name__ == "__main__":
    main()
