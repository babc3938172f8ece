"""Agreement of the ridge segmenter with experts' traces, and how its setting was chosen.

    python benchmarks/traced.py FOLDER            # table a frame, means with bootstrap intervals
    python benchmarks/traced.py FOLDER --cross-validate
    python benchmarks/traced.py FOLDER --fit      # the weights, fitted on all frames

FOLDER holds `images/` and `traces/` with equal stems. The rule of the score is in
`ccmeval.nerves.scoring`. Cross-validation leaves out one frame, and then three neighbouring ones (which
can be of one subject), fits the weights on the others for each point of the grid below, takes the point
with the best F1 on the others, and scores the frame left out with it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ccmeval.nerves.features import FEATURES
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.ridge import RidgeSegmenter, RidgeSettings
from ccmeval.nerves.scoring import TOLERANCE_PX, CentreLineScore, mean_score, score_centre_line
from ccmeval.nerves.search import Findings, find_candidates, keep_nerves
from ccmeval.nerves.settings import SegmentWeights

GRID = {"candidate_coherence": (1.13, 1.16, 1.19), "least_probability": (0.41, 0.45, 0.49)}
DRAWS = 10_000


@dataclass(frozen=True)
class Traced:
    """A frame with its trace."""

    name: str
    pixels: np.ndarray
    trace: np.ndarray


def read(folder: Path) -> list[Traced]:
    """Read all frames of a folder that have a trace, in the order of their numbers."""
    traces = sorted((folder / "traces").iterdir(), key=lambda path: (len(path.stem), path.stem))
    return [
        Traced(
            path.stem,
            np.asarray(Image.open(folder / "images" / path.name).convert("L"), dtype=np.float32) / 255,
            np.asarray(Image.open(path)) > 0,
        )
        for path in traces
    ]


def fit_weights(found: list[Findings], frames: list[Traced]) -> SegmentWeights:
    """Fit the logistic rule to the share of each segment that lies on the trace."""
    features = np.concatenate([each.features[1:] for each in found])
    on, size = (np.concatenate(column) for column in zip(*map(_on_trace, found, frames), strict=True))
    scaler = StandardScaler().fit(features)
    scaled = scaler.transform(features)
    model = LogisticRegression(max_iter=1000).fit(
        np.concatenate([scaled, scaled]),
        np.repeat([1, 0], len(size)),
        sample_weight=np.concatenate([on, size - on]),
    )
    slopes = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - slopes @ scaler.mean_)
    return SegmentWeights(intercept=intercept, **dict(zip(FEATURES, slopes.tolist(), strict=True)))


def _on_trace(found: Findings, frame: Traced) -> tuple[np.ndarray, np.ndarray]:
    from scipy.ndimage import distance_transform_edt

    near = distance_transform_edt(~frame.trace) <= TOLERANCE_PX
    segment, count = found.candidates.segment.ravel(), found.candidates.count
    size = np.bincount(segment, minlength=count + 1)[1:]
    return np.bincount(segment, near.ravel(), minlength=count + 1)[1:], size


def cross_validate(frames: list[Traced], neighbours: int) -> list[CentreLineScore]:
    """Score each frame with the setting chosen without it and its neighbours."""
    base = RidgeSettings()
    found = {
        level: [_search(frame, base.model_copy(update={"candidate_coherence": level})) for frame in frames]
        for level in GRID["candidate_coherence"]
    }
    scores = []
    for left_out, frame in enumerate(frames):
        others = [k for k in range(len(frames)) if abs(k - left_out) > neighbours]
        settings = _best_setting(base, found, frames, others)
        here = found[settings.candidate_coherence][left_out]
        scores.append(score_centre_line(keep_nerves(here, settings)[0], frame.trace))
        print(
            f"  {frame.name:>4} {_cells(scores[-1])}  { {name: getattr(settings, name) for name in GRID} }",
            flush=True,
        )
    return scores


def _best_setting(
    base: RidgeSettings, found: dict[float, list[Findings]], frames: list[Traced], others: list[int]
) -> RidgeSettings:
    """Take the point of the grid with the best mean F1 on the other frames."""
    best = (-1.0, base)
    for level, by_frame in found.items():
        weights = fit_weights([by_frame[k] for k in others], [frames[k] for k in others])
        for least in GRID["least_probability"]:
            settings = base.model_copy(
                update={"candidate_coherence": level, "least_probability": least, "weights": weights}
            )
            f1 = np.mean(
                [score_centre_line(keep_nerves(by_frame[k], settings)[0], frames[k].trace).f1 for k in others]
            )
            best = max(best, (float(f1), settings), key=lambda pair: pair[0])
    return best[1]


def _search(frame: Traced, settings: RidgeSettings) -> Findings:
    return find_candidates(frame.pixels, np.ones(frame.pixels.shape, dtype=bool), settings)


def measure(frames: list[Traced]) -> None:
    """Print the table of the default setting."""
    segmenter = RidgeSegmenter()
    found = segmenter.segment([frame.pixels for frame in frames], [GRID_UM] * len(frames))
    lines = [each.centre_line for each in found]
    scores = [score_centre_line(line, frame.trace) for line, frame in zip(lines, frames, strict=True)]
    print("frame  sensitivity  false discovery  F1")
    for frame, score in zip(frames, scores, strict=True):
        print(f"  {frame.name:>4} {_cells(score)}")
    summarise(scores)
    ours, theirs = (
        np.array([length_mm_per_mm2(line) for line in some]) for some in (lines, [f.trace for f in frames])
    )
    print(
        f"CNFL: r = {np.corrcoef(ours, theirs)[0, 1]:.3f}, ours {ours.mean():.2f},"
        f" traces {theirs.mean():.2f}, bias {np.mean(ours - theirs):+.2f}"
        f" +- {np.std(ours - theirs, ddof=1):.2f} mm/mm2"
    )


def length_mm_per_mm2(line: np.ndarray) -> float:
    """CNFL of a centre line."""
    from ccmeval.morphometry import nerve_graph

    graph = nerve_graph(line, pixel_size_um=GRID_UM, centre_line=line)
    return graph.length_um / 1000 / graph.imaged_area_mm2


def summarise(scores: list[CentreLineScore]) -> None:
    """Print means with 95 % bootstrap intervals over frames."""
    rng = np.random.default_rng(0)
    table = np.array([[score.sensitivity, score.false_discovery, score.f1] for score in scores])
    draws = table[rng.integers(len(table), size=(DRAWS, len(table)))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    print(f"  mean {_cells(mean_score(scores))}")
    for name, *interval in zip(("sensitivity", "false discovery", "F1"), low, high, strict=True):
        print(f"       {name}: 95 % interval over frames [{interval[0]:.3f}, {interval[1]:.3f}]")


def _cells(score: CentreLineScore) -> str:
    return f"{score.sensitivity:.3f}  {score.false_discovery:.3f}  {score.f1:.3f}"


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with images/ and traces/")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    frames = read(options.folder)
    if options.fit:
        weights = fit_weights([_search(frame, RidgeSettings()) for frame in frames], frames)
        print(weights.model_dump_json(indent=2))
    elif options.cross_validate:
        for neighbours in (0, 1):
            print(f"Left out: the frame{' and its neighbours' if neighbours else ''}")
            summarise(cross_validate(frames, neighbours))
    else:
        measure(frames)


if __name__ == "__main__":
    main()
