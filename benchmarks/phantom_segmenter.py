"""A learner of pillar 3 that saw phantoms alone, tested on frames that experts traced.

`python benchmarks/phantom_segmenter.py ../shared/data/traced -o FOLDER [--learner hmsvit] [--steps 1500]`
writes phantoms into FOLDER, trains on crops of them and prints sensitivity, false discovery and F1 by the
rule of the traced frames: centre lines within 3 px, each number the mean over frames. The threshold and the
shortest line are chosen on phantoms of other subjects, never on traced frames. An interrupted run goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.morphology import remove_small_objects

from ccmeval import plugins
from ccmeval.cohort import load_cohort, read_frame, read_mask
from ccmeval.nerves.scoring import score_centre_line
from ccmeval.phantom import write_cohort
from ccmeval.plugins import WeightSource
from ccmeval.thinning import thin_mask
from ccmeval.utility.learning import FramePool, LearningSet, TrainingJob, learning_set
from ccmeval.utility.pool import build_pool

FRAME_PX, PIXEL_UM = 384, 400 / 384
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SHORTEST_PX = (0, 20, 40, 60)


def phantoms(folder: Path, frames: int, seed: int) -> FramePool:
    """Write phantoms, or find them, and bring them into a pool."""
    manifest = write_cohort(folder / "phantoms", frames=frames, seed=seed, jobs=-1, progress=True)
    records = load_cohort(manifest).records

    def source():
        for record in records:
            frame = read_frame(record)
            assert record.mask is not None
            yield frame.pixels, read_mask(record.mask, (FRAME_PX, FRAME_PX))[0]

    key = f"{frames} {seed}"
    return build_pool(source(), len(records), FRAME_PX, PIXEL_UM, folder / "pool", key=key)


def traced(folder: Path) -> tuple[FramePool, list[np.ndarray]]:
    """Read the frames and their traces."""
    paths = sorted((folder / "images").iterdir(), key=lambda path: int(path.stem))
    frames = [np.asarray(Image.open(path).convert("L"), np.float32) / 255 for path in paths]
    traces = [np.asarray(Image.open(folder / "traces" / path.name)) > 0 for path in paths]
    return FramePool(np.stack(frames), PIXEL_UM), [thin_mask(trace) for trace in traces]


def lines(probability: np.ndarray, threshold: float, shortest_px: int) -> np.ndarray:
    """Threshold, thin, and drop short pieces."""
    thin = thin_mask(probability >= threshold)
    return remove_small_objects(thin, max_size=shortest_px, connectivity=2) if shortest_px else thin


def scores(maps: Sequence[np.ndarray], truths: Sequence[np.ndarray], rule: tuple[float, int]) -> np.ndarray:
    """Sensitivity, false discovery and F1, each the mean over frames."""
    found = [score_centre_line(lines(one, *rule), truth) for one, truth in zip(maps, truths, strict=True)]
    return np.nanmean([(one.sensitivity, one.false_discovery, one.f1) for one in found], axis=0)


def predicted(model: plugins.TrainedModel, frames: LearningSet) -> list[np.ndarray]:
    """Predict a few frames at a time."""
    parts = [
        model.predict(learning_set(frames.pool, frames.rows[k : k + 4])) for k in range(0, len(frames), 4)
    ]
    return list(np.concatenate(parts))


def main() -> None:
    """Train, choose the rule on phantoms, and test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--learner", default="hmsvit")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--size-px", type=int, default=128)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    pool = phantoms(given.out, given.frames, 1000 + given.seed)
    rows = np.arange(given.frames)  # frames of a subject stand together
    cut = int(0.85 * given.frames)
    learner = plugins.load("ccmeval.learners", given.learner)
    learner.prepare(WeightSource())
    job = TrainingJob(
        "segmentation",
        (),
        learning_set(pool, rows[:cut]),
        learning_set(pool, rows[cut:]),
        given.steps,
        given.batch,
        given.size_px,
        given.seed,
        given.out / f"{given.learner}-{given.steps}",
        threads=given.threads,
        settings=learner.settings_model().model_dump(mode="json"),
        progress=lambda stage, done, total: print(stage, done, total) if done % 100 == 0 else None,
    )
    model = learner.fit(job)
    held = [thin_mask(pool.masks[row] > 127) for row in rows[cut:]]
    maps = predicted(model, job.validation)
    rules = [(threshold, shortest) for threshold in THRESHOLDS for shortest in SHORTEST_PX]
    rule = max(rules, key=lambda one: scores(maps, held, one)[2])
    real, truths = traced(given.data)
    found = predicted(model, learning_set(real, np.arange(len(truths))))
    print(f"{given.learner}: {model.record.n_parameters:,} parameters, {model.record.steps} steps,"
          f" {model.record.seconds:.0f} s; threshold {rule[0]}, shortest line {rule[1]} px")  # fmt: skip
    for name, (some, known) in {"phantoms": (maps, held), "traced": (found, truths)}.items():
        sensitivity, false_discovery, f1 = scores(some, known, rule)
        print(f"{name}: sensitivity {sensitivity:.3f}, false discovery {false_discovery:.3f}, F1 {f1:.3f}")


if __name__ == "__main__":
    main()
