"""The learner `hmsvit`: its sizes beside known networks, and what masked pretraining is worth.

    python benchmarks/hmsvit.py --px 224 --batch 8
    python benchmarks/hmsvit.py --pretraining --seeds 3

The first prints parameters, and the time of a training step (forward and backward) of each named size
beside timm's Swin-T, ResNet-50 and hiera_tiny_224, in turns within one run, as a ratio to the last. On a CPU
it is processor time, summed over threads, which other processes on the machine disturb least.

The second writes phantom cohorts, pretrains on the frames of one without their labels, tells the
reconstruction error on frames of other subjects, and trains on a few labelled frames from random and from
pretrained weights, with the same seeds, frames and steps; it is tested on the other cohort's frames. With
`--folder` an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.cohort import load_cohort, read_frame, read_mask
from ccmeval.cohort.resampling import central_grid, resample_levels
from ccmeval.phantom import write_cohort
from ccmeval.plugins import WeightSource, load
from ccmeval.utility.learning import FramePool, LearningSet, TrainingJob, learning_set

CLASSES = ("Control", "T1NoDPN", "T1DPN")
REFERENCE = "hiera_tiny_224"


def sizes(arguments: argparse.Namespace) -> None:
    """Print parameters and step times."""
    import torch

    networks = _networks(arguments.px)
    device = torch.device(arguments.device)
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    frames = torch.rand(arguments.batch, 1, arguments.px, arguments.px, device=device)
    steps = {name: _step(make().to(device), frames) for name, make in networks.items()}
    counts = {name: sum(weight.numel() for weight in make().parameters()) for name, make in networks.items()}
    times: dict[str, list[float]] = {name: [] for name in networks}
    for turn in range(arguments.repeats + 1):
        for name, step in steps.items():
            started = clock()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:  # the first warms up
                times[name].append(clock() - started)
    reference = np.median(times[REFERENCE])
    print(
        f"{arguments.px} px, batch {arguments.batch}, {arguments.device}, {torch.get_num_threads()} thread(s)"
    )
    print(f"{'network':28s}{'parameters':>12s}{'step (s)':>10s}{'ratio':>8s}{'frames/s':>10s}")
    for name, found in times.items():
        middle = float(np.median(found))
        rate = arguments.batch / middle
        print(f"{name:28s}{counts[name] / 1e6:10.2f} M{middle:10.3f}{middle / reference:8.2f}{rate:10.1f}")


def _networks(px: int) -> dict[str, Callable[[], Any]]:
    import timm

    from ccmeval_downstream.hmsvit import SIZES
    from ccmeval_downstream.hmsvit.decoder import HmsvitNetwork
    from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder

    def ours(name: str, classes: int) -> Callable[[], Any]:
        size = SIZES[name]
        return lambda: HmsvitNetwork(HmsvitEncoder(size, px), size.decoder_width, classes)

    def theirs(name: str, **more: Any) -> Callable[[], Any]:
        return lambda: timm.create_model(name, in_chans=1, num_classes=3, **more)

    found = {f"hmsvit {name}, diagnosis": ours(name, 3) for name in SIZES}
    found |= {f"hmsvit {name}, segmentation": ours(name, 0) for name in SIZES}
    return {
        **found,
        REFERENCE: theirs(REFERENCE, img_size=px),
        "swin_tiny": theirs("swin_tiny_patch4_window7_224", img_size=px),
        "resnet50": theirs("resnet50"),
    }


def _step(network: Any, frames: Any) -> Callable[[], None]:
    import torch

    network.train()
    kind = frames.device.type

    def step() -> None:
        network.zero_grad(set_to_none=True)
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda"):
            network(frames).float().square().mean().backward()

    return step


def pretraining(arguments: argparse.Namespace, folder: Path) -> None:
    """Print what masked pretraining does to the reconstruction error, and with few labels."""
    px = arguments.px
    unlabelled, labels = _pool(folder / "unlabelled", arguments.frames, 1, px)
    other, other_labels = _pool(folder / "other", arguments.test_frames, 2, px)
    settings = {"size": arguments.size, "pretrain_steps": arguments.steps}
    train, test = (learning_set(pool, np.arange(len(pool.frames))) for pool in (unlabelled, other))
    started = time.perf_counter()
    told = load("ccmeval.learners", "hmsvit").pretrain(
        train, test, folder / "encoder", size_px=px, seed=0, settings=settings
    )
    print(told["sentence"], f"({time.perf_counter() - started:.0f} s)", flush=True)
    print(f"{'task':14s}{'labelled':>9s}{'scratch':>16s}{'pretrained':>16s}{'difference':>18s}")
    for task in ("diagnosis", "segmentation"):
        for count in arguments.labelled:
            rows = []
            for seed in range(arguments.seeds):
                chosen = _few(labels, count, seed)
                few = learning_set(unlabelled, chosen, labels[chosen])
                rows.append(
                    [_score(task, few, test, other_labels, w, seed, arguments, folder) for w in (0, 1)]
                )
            _tell(task, count, np.array(rows))


def _tell(task: str, count: int, scores: np.ndarray) -> None:
    """Print means and SDs over seeds; the score is macro AUC or pooled Dice."""
    columns = [*scores.T, scores[:, 1] - scores[:, 0]]
    spread = [column.std(ddof=1) if len(column) > 1 else np.nan for column in columns]
    shown = [f"{c.mean():8.3f} +- {s:.3f}" for c, s in zip(columns, spread, strict=True)]
    print(f"{task:14s}{count:9d}{shown[0]:>16s}{shown[1]:>16s}{shown[2]:>18s}", flush=True)


def _few(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw equally many frames of each diagnosis."""
    rng = np.random.default_rng([seed, count])
    drawn = [rng.choice(np.flatnonzero(labels == c), count // 3, replace=False) for c in range(3)]
    return np.sort(np.concatenate(drawn))


def _score(
    task: str, few: LearningSet, test: LearningSet, truth: np.ndarray, pretrained: int, seed: int,
    arguments: argparse.Namespace, folder: Path,
) -> float:  # fmt: skip
    from sklearn.metrics import roc_auc_score

    learner = load("ccmeval.learners", "hmsvit")
    learner.prepare(WeightSource({"hmsvit": str(folder / "encoder")} if pretrained else {}))
    rate = arguments.learning_rate
    settings = {"size": arguments.size, **({"learning_rate": rate} if rate else {})}
    told = f"{task}-{len(few)}-{pretrained}-{seed}-{arguments.fine_steps}-{rate}"
    job = TrainingJob(
        task=task,
        classes=CLASSES if task == "diagnosis" else (),
        train=few,
        validation=learning_set(few.pool, []),
        steps=arguments.fine_steps,
        batch_size=12,
        size_px=arguments.px,
        seed=seed,
        folder=folder / told,
        evaluations=1,
        selection="last",
        settings=learner.settings_model.model_validate(settings).model_dump(mode="json"),
    )
    found = learner.fit(job).predict(test)
    if task == "diagnosis":
        return float(roc_auc_score(truth, found, multi_class="ovr", average="macro"))
    masks = test.pool.masks
    assert masks is not None
    nerve, told = masks[test.rows] > 127, found > 0.5
    return float(2 * (nerve & told).sum() / (nerve.sum() + told.sum()))


def _pool(folder: Path, frames: int, seed: int, px: int) -> tuple[FramePool, np.ndarray]:
    """Write phantoms of 384 px and bring them to `px`; seeds have no subject in common."""
    cohort = load_cohort(write_cohort(folder, frames=frames, seed=seed, frames_per_subject=3, jobs=2))
    pixels, masks = [], []
    for record in cohort:
        frame = read_frame(record)
        grid = central_grid(frame.pixels.shape, frame.pixels.shape[0] / px, (px, px))
        pixels.append(resample_levels(frame.pixels, grid).astype(np.float16))
        assert record.mask is not None
        mask, _ = read_mask(record.mask, frame.pixels.shape)
        masks.append(np.round(255 * resample_levels(np.asarray(mask, np.float32), grid)).astype(np.uint8))
    labels = np.array([CLASSES.index(str(record.diagnosis)) for record in cohort])
    return FramePool(np.stack(pixels), 400.0 / px, np.stack(masks)), labels


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--px", type=int, help="side; default 224, or 96 with --pretraining")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pretraining", action="store_true")
    parser.add_argument("--size", default="nano")
    parser.add_argument("--frames", type=int, default=300, help="unlabelled phantoms")
    parser.add_argument("--test-frames", type=int, default=150)
    parser.add_argument("--steps", type=int, default=800, help="of pretraining")
    parser.add_argument("--fine-steps", type=int, default=120)
    parser.add_argument("--learning-rate", type=float, help="of both; default the learner's")
    parser.add_argument("--labelled", type=int, nargs="+", default=[12, 24])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    arguments.px = arguments.px or (96 if arguments.pretraining else 224)
    import torch

    torch.set_num_threads(arguments.threads)
    if not arguments.pretraining:
        sizes(arguments)
    elif arguments.folder:
        pretraining(arguments, arguments.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            pretraining(arguments, Path(folder))


if __name__ == "__main__":
    main()
