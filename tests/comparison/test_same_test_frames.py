"""All sets of a comparison declare together whom pillar 3 must not be tested on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from ccmeval.cohort.record import Cohort, Record
from ccmeval.comparison.run import _declared
from ccmeval.evaluation.utility_members import declared_of
from ccmeval.utility.clusters import OtherSets


def cohort(*rows: tuple[str, str]) -> Cohort:
    return Cohort(
        [
            Record(
                f"{i}.png", f"k{i}", Path(f"{i}.png"), extra={"source_subject": a, "generator_subjects": b}
            )
            for i, (a, b) in enumerate(rows)
        ],
        Path(),
    )


def real(*subjects: str) -> SimpleNamespace:
    records = [Record(it, it, Path(it), subject=it) for it in subjects]
    return SimpleNamespace(cohort=Cohort(records, Path()))


def test_a_set_declares_sources_of_masks_and_subjects_of_its_generator():
    found = declared_of(cohort(("P1", "P3; P4"), ("P2", "none"), ("Q9", "Q8")), frozenset({"P1", "P2", "P3"}))
    assert found == OtherSets(frozenset({"P3"}), frozenset({"P1", "P2"}))


def test_sets_are_joined_and_failed_ones_left_out():
    one, other, lost = (
        SimpleNamespace(checked=SimpleNamespace(cohort=cohort(row)), reason=reason)
        for row, reason in ((("P1", "P3"), ""), (("P2", "none"), ""), (("P5", "P6"), "It is damaged."))
    )
    unmade = SimpleNamespace(checked=None, reason="")
    known = real("P1", "P2", "P3", "P5", "P6")
    assert _declared([one, other, lost, unmade], known) == OtherSets(
        frozenset({"P3"}), frozenset({"P1", "P2"})
    )
    assert _declared([lost, unmade], known) is None
