"""Settings by which tests compare tiny sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ccmeval.comparison.settings import CompareSettings, make_compare_settings
from ccmeval.phantom import PhantomSettings

SMALL = PhantomSettings(shape_px=(64, 64), pixel_size_um=200 / 96)
N_FRAMES = 12
QUICK: dict[str, Any] = {
    "jobs": 1,
    "fidelity": {
        "features": ["radiomic", "morphometric"],
        "splits": 4,
        "resamples": 20,
        "embedding": False,
        "copies": False,
    },
    "preservation": {"resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 4},
    "measurement": {"overlays": False},
}


def wanted(sets: Path, *names: str, **more: Any) -> CompareSettings:
    given = {"evaluation": {**QUICK, **more.pop("evaluation", {})}, **more}
    return make_compare_settings(real=str(sets / "real"), sets={it: sets / it for it in names}, **given)
