"""ccmeval: biomarkers from corneal confocal microscopy, and the worth of synthetic frames.

The names below are imported when first used, so that ``import ccmeval`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Cohort": "ccmeval.cohort",
    "Record": "ccmeval.cohort",
    "NerveGraph": "ccmeval.morphometry",
    "measure": "ccmeval.measurement",
    "biomarkers": "ccmeval.batch.table",
    "three_pillar": "ccmeval.evaluation.api",
}

__all__ = ["Cohort", "NerveGraph", "Record", "__version__", "biomarkers", "measure", "three_pillar"]

if TYPE_CHECKING:
    from ccmeval.batch.table import biomarkers
    from ccmeval.cohort import Cohort, Record
    from ccmeval.evaluation.api import three_pillar
    from ccmeval.measurement import measure
    from ccmeval.morphometry import NerveGraph


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ccmeval' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
