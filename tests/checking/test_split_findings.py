"""Findings on the column `split`."""

from __future__ import annotations

from pathlib import Path

from ccmeval.checking.split_findings import splits
from ccmeval.cohort import Cohort, Record


def cohort(*rows: tuple[str, str]) -> Cohort:
    records = [
        Record(f"{i}", f"{i}", Path(f"{i}"), subject=subject or None, extra={"split": split} if split else {})
        for i, (subject, split) in enumerate(rows)
    ]
    return Cohort(records, Path())


def test_no_column_is_no_finding() -> None:
    assert splits(cohort(("P1", ""), ("P2", ""))) == []


def test_a_clean_split_is_told() -> None:
    [found] = splits(cohort(("P1", "train"), ("P1", "train"), ("P2", "test"), ("", "train")))
    assert found.severity == "note"
    assert found.sentence == "Frames are split: test (1), train (3)."


def test_torn_subjects_are_an_error() -> None:
    found = splits(
        cohort(("P1", "train"), ("P1", "test"), ("P2", "test"), ("", "train"), ("", "test"), ("P3", ""))
    )
    assert [one.code for one in found] == ["splits", "subject-in-several-splits", "some-splits-unknown"]
    assert found[1].severity == "error"
    assert found[1].frames == ["0", "1"]
    assert "P1 in test and train" in found[1].sentence
