"""Pictures of test frames with the nerves that each group's model found in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.evaluation.folder import TRAINED
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_pools import TaskPool
from ccmeval.report.files import replacing
from ccmeval.utility.members import Member
from ccmeval.utility.outcomes import COUNTS
from ccmeval.utility.pool_files import open_pool
from ccmeval.utility.replicates import Results
from ccmeval.utility.schema import SegmentationExample
from ccmeval.utility.units import UnitResult

Pixels = npt.NDArray[np.uint8]

SHOWN = ("A", "B", "C")
"""Groups whose findings are drawn."""

_FOUND_COLOUR = (255, 170, 0)
_TRUE_COLOUR = (0, 200, 255)
_OPACITY = 0.65


def draw_examples(
    parts: RunParts, pool: TaskPool, members: Mapping[int, Member], learner: str, results: Results
) -> list[SegmentationExample]:
    """Draw what the first fold's models of each group found in a few test frames.

    Parameters
    ----------
    parts : RunParts
    pool : TaskPool
        Of segmentation.
    members : mapping of int to Member
    learner : str
    results : mapping of UnitSpec to UnitResult

    Returns
    -------
    list of SegmentationExample
        Their pictures lie in the run's folder.
    """
    units = {
        spec.group: result
        for spec, result in results.items()
        if (spec.task, spec.learner, spec.fold, spec.seed) == ("segmentation", learner, 0, 0)
        and spec.group in SHOWN
        and spec.ratio == parts.settings.utility.ratio
        and spec.per_diagnosis is None
        and result.row.status == "done"
    }
    if not units:
        return []
    held = open_pool(pool.home)
    assert held.masks is not None
    rows = [int(row) for row in next(iter(units.values())).arrays["example_rows"]]
    found = []
    for place, row in enumerate(rows):
        frame = np.asarray(held.frames[row], dtype=np.float32)
        maps = {group: unit.arrays["examples"][place] > 127 for group, unit in units.items()}
        drawn = {"frame": _grey(frame), "truth": _tinted(frame, held.masks[row] > 127, _TRUE_COLOUR)}
        drawn |= {group: _tinted(frame, mask, _FOUND_COLOUR) for group, mask in maps.items()}
        found.append(
            SegmentationExample(
                frame=members[row].frame,
                key=str(row),
                learner=learner,
                files={
                    name: _save(parts.out, f"{row}-{name}.png", picture) for name, picture in drawn.items()
                },
                dice={group: _dice(unit, row) for group, unit in units.items()},
            )
        )
    return found


def _grey(frame: npt.NDArray[np.float32]) -> Pixels:
    """Spread the grey levels between the 1st and the 99.5th percentile, as overlays elsewhere do."""
    low, high = np.quantile(frame, [0.01, 0.995])
    levels = np.clip((frame - low) / max(float(high - low), 1e-6), 0.0, 1.0)
    return np.repeat(np.rint(levels * 255.0).astype(np.uint8)[..., None], 3, axis=2)


def _tinted(frame: npt.NDArray[np.float32], mask: BoolArray, colour: tuple[int, int, int]) -> Pixels:
    picture = _grey(frame).astype(np.float32)
    picture[mask] = (1 - _OPACITY) * picture[mask] + _OPACITY * np.asarray(colour, dtype=np.float32)
    return np.rint(picture).astype(np.uint8)


def _dice(unit: UnitResult, row: int) -> float | None:
    place = np.flatnonzero(unit.arrays["test_rows"] == row)
    if not place.size:
        return None
    counts = dict(zip(COUNTS, unit.arrays["test"][place[0]], strict=True))
    total = 2 * counts["tp_px"] + counts["fp_px"] + counts["fn_px"]
    return float(2 * counts["tp_px"] / total) if total else None


def _save(out: Path, name: str, picture: Pixels) -> str:
    from PIL import Image

    path = out / TRAINED / "examples" / name
    with replacing(path) as partial, partial.open("wb") as file:
        Image.fromarray(picture).save(file, format="PNG")
    return path.relative_to(out).as_posix()
