"""Pairs are declared, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.pairs import declared_pairs


def cohort(*names: str, **columns: str) -> Cohort:
    return Cohort([Record(name, name, Path(name), extra=columns) for name in names], Path())


def test_nothing_is_paired_unasked() -> None:
    assert declared_pairs(cohort("a.png"), cohort("a.png"), by_stem=False) == []


def test_stems_pair_over_folders_and_formats() -> None:
    real, synth = cohort("Control/a.tif", "Control/b.tif"), cohort("x/b.png", "x/c.png", "x/a.png")
    assert declared_pairs(real, synth, by_stem=True) == [(1, 0), (0, 2)]


def test_pages_are_told_apart() -> None:
    assert declared_pairs(cohort("s.tif#1", "s.tif#2"), cohort("s.png#2"), by_stem=True) == [(1, 0)]


def test_the_manifest_goes_first_and_several_may_share_a_frame() -> None:
    synth = cohort("a.png", "b.png", real_frame="Control/r.png")
    assert declared_pairs(cohort("Control/r.png", "a.png"), synth, by_stem=True) == [(0, 0), (0, 1)]
    assert declared_pairs(cohort("x/r.tif"), synth, by_stem=False) == [(0, 0), (0, 1)]


@pytest.mark.parametrize(
    ("real", "synth", "said"),
    [
        (cohort("x/a.png", "y/a.png"), cohort("a.png"), "fits both x/a.png and y/a.png"),
        (cohort("b.png"), cohort("a.png"), "no synthetic frame has the stem"),
        (cohort("b.png"), cohort("a.png", real_frame="c.png"), "is no frame of the real set"),
        (cohort("x/c.png", "y/c.png"), cohort("a.png", paired_with="c"), "fits 2 frames"),
    ],
)
def test_what_cannot_be_paired_is_told(real: Cohort, synth: Cohort, said: str) -> None:
    with pytest.raises(CcmevalError, match=said):
        declared_pairs(real, synth, by_stem=True)
