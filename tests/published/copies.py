"""Copies of the paper's tables with numbers that are made up for the tests; none of them is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ccmeval.published.library import published_paper, with_own_copy
from ccmeval.published.schema import Paper

COLUMNS = ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfw_um_per_mm2")
MADE_UP = {
    ("LoRA", "Control"): ("18.00 ± 4.00", "20.00 ± 9.00", "60.00 ± 35.00", "31.00 ± 1.10"),
    ("LoRA", "T1NoDPN"): ("14.00 ± 5.00", "15.00 ± 9.50", "40.00 ± 33.00", "31.00 ± 1.20"),
    ("LoRA", "T1DPN"): ("10.00 ± 5.50", "9.00 ± 8.00", "26.00 ± 26.00", "30.50 ± 1.50"),
    ("WDLoRA", "Control"): ("19.40 ± 5.10", "21.00 ± 9.20", "62.00 ± 37.00", "31.50 ± 1.20"),
    ("WDLoRA", "T1NoDPN"): ("14.50 ± 5.50", "16.00 ± 10.00", "42.00 ± 34.00", "31.10 ± 1.30"),
    ("WDLoRA", "T1DPN"): ("9.80 ± 5.80", "8.70 ± 8.60", "24.00 ± 27.00", "30.70 ± 1.60"),
}


def filled(tmp_path: Path, **given: Any) -> Paper:
    """Lay tables and statements over the paper; `given` has the keys of the file for --tables."""
    return with_own_copy(published_paper(), written(tmp_path, given))


def written(tmp_path: Path, given: Any) -> Path:
    path = tmp_path / "copy.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


def biomarker_rows(n: int | None = None) -> list[dict[str, str]]:
    """Rows of the made-up biomarkers, with a number of frames where one is given."""
    rows = [
        {"source": source, "diagnosis": diagnosis, **dict(zip(COLUMNS, cells, strict=True))}
        for (source, diagnosis), cells in MADE_UP.items()
    ]
    real = [{"source": "Real", "diagnosis": it} for it in ("Control", "T1NoDPN", "T1DPN")]
    return rows if n is None else [{**row, "n_frames": str(n)} for row in [*rows, *real]]
