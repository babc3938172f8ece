"""Headers of the tools in use."""

from __future__ import annotations

import pytest

from ccmeval.agreement.names import _NAMES, _UNITS, read_heading
from ccmeval.morphometry.definitions import COLUMNS

# Keys of the dictionary that SuperCCM 1.1.1 gives back for a frame.
SUPERCCM = {
    "Resolution (μm/pixel)": None,
    "Image Area (pixel)": None,
    "Image Area (mm2)": None,
    "Length of Nerves (pixel)": None,
    "Length of Nerves (mm)": None,
    "CNFL (mm/mm2)": "cnfl_mm_per_mm2",
    "Count of Main Nerves (n)": None,
    "CNFD (n/mm2)": "cnfd_per_mm2",
    "Count of Primary Branches (n)": None,
    "Count of Primary Branch Points (n)": None,
    "CNBD (n/mm2)": "cnbd_per_mm2",
    "Nerve Area (pixel)": None,
    "Nerve Area (mm2)": None,
    "CNFA (mm2/mm2)": "cnfa_mm2_per_mm2",
    "Count of Branch Points (n)": None,
    "CTBD (n/mm2)": "ctbd_per_mm2",
    "CNFT": "tortuosity_coefficient",
    "CNFrD": "cnfrd",
}


@pytest.mark.parametrize(("header", "column"), list(SUPERCCM.items()))
def test_superccm(header, column):
    heading = read_heading(header)
    assert (heading.column if heading else None) == column
    if heading and heading.unit:
        assert heading.factor == 1.0


ACCMETRICS = {
    "CNFD": "cnfd_per_mm2",
    "CNBD": "cnbd_per_mm2",
    "CNFL": "cnfl_mm_per_mm2",
    "CTBD": "ctbd_per_mm2",
    "CNFA": "cnfa_mm2_per_mm2",
    "CNFW": "cnfw_um_per_mm2",
    "CNFrD": "cnfrd",
}


@pytest.mark.parametrize(("header", "column"), list(ACCMETRICS.items()))
def test_accmetrics(header, column):
    for text in (header, header.lower(), f" {header} ", f"{header}:"):
        heading = read_heading(text)
        assert heading is not None
        assert (heading.column, heading.unit) == (column, "")


def test_names_and_units_are_of_columns_that_exist():
    assert set(_NAMES) | set(_UNITS) <= set(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
def test_our_own(column):
    heading = read_heading(column)
    assert heading is not None
    assert (heading.column, heading.factor) == (column, 1.0)


@pytest.mark.parametrize(
    ("header", "column", "factor"),
    [
        ("CNFL [mm/mm²]", "cnfl_mm_per_mm2", 1),
        ("CNFL_mm_mm2", "cnfl_mm_per_mm2", 1),
        ("CNFL (µm/mm^2)", "cnfl_mm_per_mm2", 1e-3),
        ("CNFD n/mm2", "cnfd_per_mm2", 1),
        ("NFD (no./mm2)", "cnfd_per_mm2", 1),
        ("CNBD (branches/mm²)", "cnbd_per_mm2", 1),
        ("CNFW (mm/mm2)", "cnfw_um_per_mm2", 1000),
        ("CNFA (%)", "cnfa_mm2_per_mm2", 0.01),
        ("CNFA (µm²/mm²)", "cnfa_mm2_per_mm2", 1e-6),
        ("CNFL (m/mm2)", "cnfl_mm_per_mm2", 1000),
        ("Mean width (mm)", "mean_width_um", 1000),
        ("Corneal nerve fibre length (mm/mm2)", "cnfl_mm_per_mm2", 1),
        ("Corneal Nerve Fiber Density", "cnfd_per_mm2", None),
        ("CNFL (furlongs)", "cnfl_mm_per_mm2", None),
    ],
)
def test_near_variants_and_their_units(header, column, factor):
    heading = read_heading(header)
    assert heading is not None
    assert heading.column == column
    assert heading.factor == (pytest.approx(factor) if factor else None)


def test_counts_are_told_apart():
    heading = read_heading("CNFD (n)")
    assert heading is not None
    assert heading.counts


@pytest.mark.parametrize(
    "header", ["", "  ", "Age", "CNFL SD", "cnfl_mm_per_mm2_sd", "mean", "frame", "CNFL_rater2", "()"]
)
def test_other_columns_are_left_alone(header):
    assert read_heading(header) is None
