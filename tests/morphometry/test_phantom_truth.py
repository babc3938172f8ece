"""The project's bars on phantom truth, on a few frames (the benchmark takes hundreds)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.phantom_truth import measure_frames


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return measure_frames(30, seed=11)


def test_length_is_unbiased(table: pd.DataFrame) -> None:
    relative = table["found_cnfl_mm_per_mm2"] / table["true_cnfl_mm_per_mm2"] - 1.0
    assert abs(relative.mean()) <= 0.01
    assert (relative.abs() <= 0.03).mean() >= 0.95


@pytest.mark.parametrize("column", ["cnfd_per_mm2", "cnbd_per_mm2", "ctbd_per_mm2"])
def test_counts_are_nearly_always_exact(table: pd.DataFrame, column: str) -> None:
    off = ((table[f"found_{column}"] - table[f"true_{column}"]) * table["area_mm2"]).round().abs()
    assert (off == 0).mean() >= 0.9
    assert (off <= 1).mean() >= 0.96


def test_width_is_unbiased(table: pd.DataFrame) -> None:
    error = (table["found_mean_width_um"] - table["true_mean_width_um"]).dropna()
    assert abs(error.mean()) <= 0.05
    assert error.std() <= 0.1


def test_shape_measures_follow_the_truth(table: pd.DataFrame) -> None:
    for column, least in (("tortuosity", 0.98), ("curvature_squared_per_um", 0.95), ("cnfrd", 0.97),
                          ("orientation_coherence", 0.98), ("fragmentation_per_mm", 0.98)):  # fmt: skip
        both = table[[f"true_{column}", f"found_{column}"]].dropna()
        assert np.corrcoef(both.T)[0, 1] >= least
