"""No number is over fewer units than the minimum, nor can one be had from several numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.reference.cells import (
    CellError,
    count_units,
    draw_splits,
    minimum_of,
    parts_of,
    rows_kept,
)
from ccmeval.reference.schema import Minimum


def cohort(sizes: dict[str | None, int], frames: int = 2) -> FeatureSet:
    clusters, diagnoses = [], []
    for name, count in sizes.items():
        clusters += [f"{name}-{i}" for i in range(count) for _ in range(frames)]
        diagnoses += [name] * (count * frames)
    names = [f"f{i}" for i in range(len(clusters))]
    return FeatureSet(np.zeros((len(names), 1)), names, clusters, diagnoses, by_subject=True)


def test_defaults() -> None:
    assert minimum_of(True, None) == Minimum(n=5, unit="subject")
    assert minimum_of(False, None) == Minimum(n=10, unit="frame")
    assert minimum_of(True, 8).n == 8


def test_too_few_in_all() -> None:
    found = cohort({"Control": 4, "T1DPN": 4})
    with pytest.raises(CellError, match="No diagnosis has 5 subjects"):
        rows_kept(found.clusters, found.diagnoses, minimum_of(True, None))


def test_frames_without_a_diagnosis_are_a_cell_of_their_own() -> None:
    found = cohort({"Control": 6, None: 2})
    rows, left_out = rows_kept(found.clusters, found.diagnoses, minimum_of(True, None))
    assert left_out == [None]
    assert len(rows) == 12


@pytest.mark.parametrize(
    ("sizes", "sides"),
    [
        ({"Control": 12, "T1DPN": 11}, {("diagnosis", "first half"), ("diagnosis", "second half")}),
        (
            {"Control": 12, "T1DPN": 7},
            {("diagnosis", "whole"), ("pooled", "first half"), ("pooled", "second half")},
        ),
        ({"Control": 6}, {("diagnosis", "whole")}),
        ({"Control": 10}, {("diagnosis", "first half"), ("diagnosis", "second half")}),
    ],
)
def test_cells_by_size(sizes, sides) -> None:
    found = cohort(sizes)
    (first,) = draw_splits(found, 1, np.random.default_rng(0))
    parts = parts_of(found, first, Minimum(n=5, unit="subject"))
    assert {(it.scope, it.side) for it in parts} == sides


@pytest.mark.parametrize(
    "sizes", [{"a": 12, "b": 11}, {"a": 12, "b": 7}, {"a": 6, "b": 6, "c": 5}, {"a": 10}, {"a": 5}]
)
def test_no_combination_of_sums_is_over_fewer_units_than_the_minimum(sizes) -> None:
    """Every weighted sum of the cells' sums that vanishes for most units leaves at least five."""
    found = cohort(sizes, frames=1)
    for first in draw_splits(found, 5, np.random.default_rng(1)):
        parts = parts_of(found, first, Minimum(n=5, unit="subject"))
        table = np.zeros((len(parts), len(found)))
        for row, part in zip(table, parts, strict=True):
            row[part.rows] = 1
        kinds, counts = np.unique(table, axis=1, return_counts=True)
        for size in range(len(counts)):
            for zero in itertools.combinations(range(len(counts)), size):
                rest = [i for i in range(len(counts)) if i not in zero]
                # Is there a combination that is zero on these kinds of units, and not on the rest?
                _, values, vectors = np.linalg.svd(
                    kinds[:, list(zero)].T if zero else np.zeros((1, len(parts)))
                )
                null = vectors[int((values > 1e-9).sum()) :]
                if len(null) and abs(null @ kinds[:, rest]).max() > 1e-9:
                    assert counts[rest].sum() >= 5


def test_halves_share_no_subject() -> None:
    found = cohort({"Control": 12, "T1DPN": 12}, frames=3)
    (first,) = draw_splits(found, 1, np.random.default_rng(0))
    parts = parts_of(found, first, Minimum(n=5, unit="subject"))
    held = [{found.clusters[i] for i in part.rows} for part in parts]
    for one, other in itertools.combinations(held, 2):
        assert not one & other
    assert sum(count_units(found, part.rows) for part in parts) == 24
