"""The list of biomarkers is complete and consistent with what is computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ccmeval.morphometry import compute_biomarkers, nerve_graph
from ccmeval.morphometry.definitions import COLUMNS, DEFINITIONS, PRIMARY, definition


def test_columns_are_unique_and_primary_ones_are_the_fields_four() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert PRIMARY == ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfw_um_per_mm2")


@pytest.mark.parametrize("one", DEFINITIONS, ids=COLUMNS)
def test_texts_are_sentences_with_a_unit_that_the_column_repeats(one) -> None:  # type: ignore[no-untyped-def]
    assert one.text[0].isupper()
    assert one.text.endswith(".")
    assert ("_per_" in one.column) == ("/" in one.unit) or one.column == "acnfrd"


def test_empty_frame_has_the_documented_values() -> None:
    found = compute_biomarkers(nerve_graph(np.zeros((40, 40), dtype=bool), pixel_size_um=1.0))
    assert list(found) == list(COLUMNS)
    for column, value in found.items():
        empty = definition(column).empty
        assert math.isnan(value) if math.isnan(empty) else value == empty
