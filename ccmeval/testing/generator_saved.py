"""A generator saved and loaded again, here and in a fresh process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.conditions import Condition
from ccmeval.plugins import Generator, WeightSource
from ccmeval.testing.description import is_importable
from ccmeval.testing.generator_conditions import refused
from ccmeval.testing.model import ask, check_files


def check_saving(
    generator: Generator,
    conditions: Sequence[Condition],
    frames: Sequence[FloatArray],
    weights: WeightSource,
    folder: Path,
) -> None:
    """Save, load, compare; then with files missing and damaged."""
    saved = folder / "saved"
    generator.save_pretrained(saved)
    files = check_files(saved, "save_pretrained() must write into the folder", "save_pretrained()")
    _check_named(saved, generator)
    kind = type(generator)
    try:
        loaded = kind.from_pretrained(saved, weights)
    except CcmevalError as error:
        raise AssertionError(f"What it has saved it must load again, but: {error}") from error
    for what in ("name", "version", "format", "identity"):
        before, after = getattr(generator, what), getattr(loaded, what)
        ask(before == after, f"Loaded again, its {what} must be the same, not {after!r} for {before!r}")
    _compare(frames, loaded.generate(conditions), "Loaded again")
    if is_importable(kind):
        _compare(frames, _in_fresh_process(kind, saved, conditions, weights, folder), "In a fresh process")
    empty = folder / "empty"
    empty.mkdir()
    refused("Loading an empty folder", UnavailableError, kind.from_pretrained, empty, weights)
    for path in files:
        _check_damaged(generator, conditions, frames, weights, path, saved, folder / "damaged")


def _check_named(saved: Path, generator: Generator) -> None:
    path = saved / "generator.json"
    try:
        name = json.loads(path.read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        name = None
    ask(
        name == generator.name,
        f"save_pretrained() must write generator.json with the name {generator.name!r}, by which the folder"
        " is loaded",
    )


def _compare(before: Sequence[FloatArray], after: Sequence[FloatArray], when: str) -> None:
    for one, other in zip(before, after, strict=True):
        ask(one.shape == other.shape, f"{when}, a frame must have the same shape")
        ask(
            np.array_equal(one, other),
            f"{when}, it must give identical frames, but they differ by up to"
            f" {np.abs(one - other).max():.2g}",
        )


def _in_fresh_process(
    kind: type,
    saved: Path,
    conditions: Sequence[Condition],
    weights: WeightSource,
    folder: Path,
) -> list[FloatArray]:
    write_conditions(conditions, folder / "conditions")
    out = folder / "frames.npz"
    code = (
        f"import sys, importlib, operator; sys.path[:] = {sys.path!r}\n"
        "from pathlib import Path; import numpy as np\n"
        "from ccmeval.plugins import WeightSource\n"
        "from ccmeval.testing.generator_saved import read_conditions\n"
        f"kind = operator.attrgetter({kind.__qualname__!r})(importlib.import_module({kind.__module__!r}))\n"
        f"weights = WeightSource({dict(weights.paths)!r}, {weights.download!r})\n"
        f"made = kind.from_pretrained(Path({str(saved)!r}), weights)\n"
        f"frames = made.generate(read_conditions(Path({str(folder / 'conditions')!r})))\n"
        f"np.savez({str(out)!r}, *frames)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise AssertionError(f"In a fresh process it must be loaded and give frames, but: {last[0]}")
    with np.load(out) as found:
        return [found[f"arr_{index}"] for index in range(len(conditions))]


def write_conditions(conditions: Sequence[Condition], folder: Path) -> None:
    """Keep conditions in a folder, for another process."""
    folder.mkdir()
    facts = []
    for number, condition in enumerate(conditions):
        facts.append({"seed": condition.seed, "diagnosis": condition.diagnosis, "prompt": condition.prompt})
        for name, array in (("mask", condition.mask), ("reference", condition.reference)):
            if array is not None:
                np.save(folder / f"{number}-{name}.npy", array)
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def read_conditions(folder: Path) -> list[Condition]:
    """Read what :func:`write_conditions` kept."""
    found = []
    for number, facts in enumerate(json.loads((folder / "facts.json").read_text(encoding="utf-8"))):
        condition = Condition(**facts)
        for name in ("mask", "reference"):
            path = folder / f"{number}-{name}.npy"
            if path.exists():
                condition = replace(condition, **{name: np.load(path)})
        found.append(condition)
    return found


def _check_damaged(
    generator: Generator,
    conditions: Sequence[Condition],
    frames: Sequence[FloatArray],
    weights: WeightSource,
    path: Path,
    saved: Path,
    copy: Path,
) -> None:
    """Halve one file: loading is refused, or the frames are as before (it was a note only)."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(saved, copy)
    target = copy / path.relative_to(saved)
    target.write_bytes(target.read_bytes()[: path.stat().st_size // 2])
    try:
        found = type(generator).from_pretrained(copy, weights).generate(conditions)
    except CcmevalError:
        return
    except Exception as error:
        raise AssertionError(
            f"With {path.name} cut short, loading must be refused by UnavailableError, not"
            f" {type(error).__name__}: {error}."
        ) from error
    same = all(np.array_equal(one, other) for one, other in zip(frames, found, strict=True))
    ask(
        same,
        f"With {path.name} cut short, loading must be refused by UnavailableError, but gave other frames",
    )
