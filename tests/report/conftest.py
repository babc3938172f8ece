"""Results made up for the report's tests; statistics are the real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ccmeval.morphometry.definitions import COLUMNS, definition
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.tables import frame_table, records_of

MEANS = {
    "cnfl_mm_per_mm2": (19.4, 5.1),
    "cnfd_per_mm2": (21.4, 9.4),
    "cnbd_per_mm2": (62.3, 37.7),
    "cnfw_um_per_mm2": (31.6, 1.3),
    "cnfa_mm2_per_mm2": (0.06, 0.01),
    "mean_width_um": (5.05, 0.2),
}


def make_rows(diagnoses: Sequence[str | None], subjects: int, frames: int, seed: int = 3) -> list[FrameRow]:
    """Rows with `subjects` a diagnosis and `frames` a subject; 0 subjects: none is named."""
    rng = np.random.default_rng(seed)
    rows = []
    for step, diagnosis in enumerate(diagnoses):
        for subject in range(max(subjects, 1)):
            level = rng.normal()
            for frame in range(frames):
                values = {
                    name: max(0.0, mean * (1 - 0.25 * step) + sd * (0.6 * level + 0.8 * rng.normal()))
                    for name, (mean, sd) in MEANS.items()
                }
                key = f"{diagnosis}_{subject}_{frame}"
                rows.append(
                    FrameRow(
                        frame=f"{key}.png", key=key, diagnosis=diagnosis,
                        subject=f"{diagnosis}-{subject}" if subjects else None,
                        pixel_size_um=400 / 384, pixel_size_source="HRT3-RCM default",
                        height_px=384, width_px=384, imaged_area_mm2=0.16, mask_source="ridge 1",
                        biomarkers={name: values.get(name, definition(name).empty) for name in COLUMNS},
                        quality_flags=["blurred"] if rng.random() < 0.1 else [],
                    )
                )  # fmt: skip
    return rows


def make_result(rows: list[FrameRow], **more: object) -> BiomarkersResult:
    from ccmeval.statistics import diagnosis_table, diagnosis_tests, subject_table

    table = frame_table(rows)
    return BiomarkersResult(
        created="2026-11-20T20:00:00Z",
        command="ccmeval biomarkers frames -o out",
        versions={"ccmeval": "0.1.0", "Python": "3.11"},
        settings={"segmenter": "ridge", "morphometry": {"border": "all"}},
        cohort_layout="folder",
        frames=rows,
        subjects=records_of(subject_table(table)),
        diagnoses=records_of(diagnosis_table(table, resamples=200)),
        tests=records_of(diagnosis_tests(table)),
        **more,
    )


@pytest.fixture
def rows_of() -> Callable[..., list[FrameRow]]:
    return make_rows


@pytest.fixture
def result_of() -> Callable[..., BiomarkersResult]:
    return make_result
