"""A small phantom cohort, a synthetic set without source subjects, and bundles of the cohort."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.phantom import PhantomSettings, write_cohort, write_synthetic
from ccmeval.reference.build import BuildOptions, build_reference

DIAGNOSES = ("Control", "T1DPN")
SMALL = PhantomSettings(shape_px=(128, 128))


@dataclass(frozen=True)
class Sets:
    """Where things are."""

    real: Path
    synth: Path
    work: Path
    bundle: Path
    with_features: Path


def settings(**more: object) -> ThreePillarSettings:
    """Quick settings; nerves from the phantoms' own masks, which takes a fifth of the time."""
    given = {
        "fidelity": {
            "features": ("radiomic", "morphometric"), "embedding": False, "copies": False, "splits": 9,
            "resamples": 20,
        },
        "measurement": {"nerves_from": "masks", "overlays": False},
        "preservation": {
            "resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 5
        },
        "jobs": 1,
    }  # fmt: skip
    return ThreePillarSettings.model_validate({**given, **more})


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCMEVAL_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        yield


@pytest.fixture(scope="session")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Sets:
    root = tmp_path_factory.mktemp("sets")
    write_cohort(root / "real", frames=32, seed=3, settings=SMALL, frames_per_subject=2, diagnoses=DIAGNOSES)
    write_synthetic(
        root / "synth", frames=18, seed=3, settings=SMALL, frames_per_subject=2, diagnoses=DIAGNOSES
    )
    manifest = root / "synth" / "manifest.csv"
    without_columns(manifest, ["source_subject"])
    found = Sets(
        root / "real", root / "synth", root / "work", root / "a.ccmref", root / "with-features.ccmref"
    )
    build_reference(found.real, found.bundle, settings(), BuildOptions(work=found.work, minimum=4))
    build_reference(
        found.real,
        found.with_features,
        settings(),
        BuildOptions(work=found.work, minimum=4, keep_features=True),
    )
    return found


def without_columns(manifest: Path, columns: list[str]) -> None:
    """Drop columns of a manifest."""
    rewrite(manifest, lambda row: {name: value for name, value in row.items() if name not in columns})


def rewrite(manifest: Path, change) -> None:
    """Change every row of a manifest; None drops it."""
    with manifest.open(newline="") as file:
        rows = [row for row in map(change, csv.DictReader(file)) if row is not None]
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
