"""FID of two folders end to end, ours against torch-fidelity, with one file of seeded random weights.

    python benchmarks/fidelity_end_to_end.py --frames 1000
    python benchmarks/fidelity_end_to_end.py --cost 100 300 1000 3000 10000
    python benchmarks/fidelity_end_to_end.py --frames 100 --autocast

Each run is a process of its own, with as many threads as there are cores for either; its time is told
with and without the start of Python and its imports (ours imports torch only when a frame is not in the
cache, and counts it). Random weights give features as costly as the
official ones and a distance as exact, which says nothing about the frames.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE_PX = 384
PLAIN_FRAMES = 12
"""Phantom frames that all others of a set are made of; drawing thousands would take hours."""


def main() -> None:
    """Print times, values and memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=1000, help="a set")
    parser.add_argument("--cost", type=int, nargs="+", default=[], help="numbers of frames, ours alone")
    parser.add_argument("--autocast", action="store_true", help="also the drift in bfloat16")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        work(*wanted.worker)
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_weights(root / "weights.pth")
        sets = write_sets(root, max([wanted.frames, *wanted.cost]))
        if wanted.cost:
            cost(root, sets, wanted.cost)
        else:
            compare(root, sets, wanted.frames, wanted.autocast)


def compare(root: Path, sets: list[Path], frames: int, autocast: bool) -> None:
    """Ours, from the cache, and torch-fidelity on the same files."""
    sets = [linked(root, folder, frames) for folder in sets]
    first = run("ours", root, sets)
    second = run("ours", root, sets)
    theirs = run("theirs", root, sets)
    print(f"{frames} frames of {SIDE_PX} px a set, {os.cpu_count()} cores")
    for label, found in (("ours", first), ("ours again", second), ("torch-fidelity", theirs)):
        print(
            f"{label:15s} {found['value']:.8g}  {found['s']:8.2f} s"
            f" ({found['whole_s']:.2f} s with imports)  peak {found['mb']:.0f} MB"
        )
    print(f"relative difference {abs(first['value'] / theirs['value'] - 1):.1e}")
    print(f"ours {theirs['s'] / first['s']:.2f} times faster than torch-fidelity")
    print(f"second run {first['s'] / second['s']:.0f} times faster than the first")
    print(f"  with imports {first['whole_s'] / second['whole_s']:.0f} times")
    if autocast:
        fast = run("autocast", root, sets)
        drift = abs(fast["value"] / first["value"] - 1)
        print(f"autocast {fast['value']:.8g}  {fast['s']:.2f} s  drift {drift:.1e}")


def cost(root: Path, sets: list[Path], counts: list[int]) -> None:
    """Time and memory over the number of frames, nothing cached."""
    for index, count in enumerate(counts):
        found = run("ours", root, [linked(root, it, count) for it in sets], cache=f"cache{index}")
        a_frame = 1000 * found["s"] / (2 * count)
        print(f"{count:6d} frames a set {found['s']:8.2f} s  {a_frame:6.1f} ms a frame  {found['mb']:.0f} MB")


def run(who: str, root: Path, sets: list[Path], cache: str = "cache") -> dict[str, float]:
    """Run one side in its own process."""
    places = [str(root / "weights.pth"), *map(str, sets), str(root / cache)]
    started = time.perf_counter()
    command = [sys.executable, "-W", "ignore", __file__, "--worker", who, *places]
    threads = os.environ | {"OMP_NUM_THREADS": str(os.cpu_count())}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=threads)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found | {"whole_s": time.perf_counter() - started}


def work(who: str, weights: str, first: str, second: str, cache: str) -> None:
    """Do one side's work and print what came of it."""
    if who == "theirs":
        import torch_fidelity
    else:
        pass
    started = time.perf_counter()
    if who == "theirs":
        found = torch_fidelity.calculate_metrics(
            input1=first,
            input2=second,
            fid=True,
            cuda=False,
            cache=False,
            verbose=False,
            feature_extractor_weights_path=weights,
        )
        value = found["frechet_inception_distance"]
    else:
        value = ours(weights, [Path(first), Path(second)], Path(cache), who == "autocast")
    spent = time.perf_counter() - started
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    kilobytes = sum(resource.getrusage(whose).ru_maxrss for whose in both)
    print(json.dumps({"value": value, "s": spent, "mb": kilobytes / 1024}))


def ours(weights: str, folders: list[Path], cache: Path, autocast: bool) -> float:
    """Read, extract or look up, and take the distance."""
    from ccmeval.fidelity.extractors.inception import InceptionExtractor
    from ccmeval.fidelity.frechet import frechet_distance
    from ccmeval.plugins import WeightSource

    extractor = InceptionExtractor(autocast=autocast)
    identity = extractor.prepare(WeightSource({"inception": weights}))
    return frechet_distance(*(features(folder, extractor, identity, cache) for folder in folders))


def features(folder: Path, extractor: object, identity: str, cache: Path) -> np.ndarray:
    """Features of the frames of a folder."""
    import hashlib

    from ccmeval.cohort import load_cohort, read_frame
    from ccmeval.fidelity.cache import FeatureCache, frame_key
    from ccmeval.fidelity.extraction import extract_features

    records = list(load_cohort(folder).records)
    keys = [frame_key(hashlib.sha256(it.path.read_bytes()).hexdigest(), it.page) for it in records]

    def read(index: int) -> tuple[np.ndarray, float]:
        frame = read_frame(records[index])
        return frame.pixels, frame.pixel_size_um

    return extract_features(read, keys, extractor, identity, FeatureCache(cache))


def write_weights(path: Path) -> None:
    """Random Inception weights under which activations neither vanish nor explode."""
    import torch

    from ccmeval.fidelity.extractors.inception import _bare_inception

    generator = torch.Generator().manual_seed(0)
    network = _bare_inception()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            spread = (2 / layer.weight[0].numel()) ** 0.5
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * spread)
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=generator) * 0.1)
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=generator) + 0.5)
    torch.save(network.state_dict(), path)


def write_sets(root: Path, count: int) -> list[Path]:
    """Two sets of phantom frames, turned, shifted and with fresh noise; the second is dimmer."""
    from ccmeval.phantom import make_phantom

    folders = []
    for number, gain in enumerate((1.0, 0.9)):
        rng = np.random.default_rng(number)
        plain = [make_phantom(rng).frame for _ in range(PLAIN_FRAMES)]
        folder = root / f"set{number}"
        folder.mkdir()
        for index in range(count):
            frame = np.rot90(plain[index % PLAIN_FRAMES], rng.integers(4))
            frame = np.roll(frame, rng.integers(SIDE_PX, size=2), axis=(0, 1))
            noisy = gain * frame + rng.normal(0, 0.02, frame.shape)
            picture = Image.fromarray(np.rint(255 * noisy.clip(0, 1)).astype(np.uint8))
            picture.save(folder / f"{index:05d}.png")
        folders.append(folder)
    return folders


def linked(root: Path, folder: Path, count: int) -> Path:
    """Make a folder with the first frames of another."""
    found = root / f"{folder.name}_{count}"
    found.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir())[:count]:
        link = found / path.name
        if not link.exists():
            os.link(path, link)
    return found


if __name__ == "__main__":
    main()
