"""Which frames belong together."""

from __future__ import annotations

from pathlib import Path

from ccmeval.cohort.record import Cohort, Record
from ccmeval.evaluation.sets import EvaluatedSet, clusters_of


def cohort(*records: tuple[str, str | None, dict[str, str]]) -> Cohort:
    return Cohort(
        [Record(name, name, Path(name), subject=subject, extra=extra) for name, subject, extra in records],
        Path(),
    )


def test_synthetic_frames_cluster_by_the_source_of_their_mask() -> None:
    found = clusters_of(cohort(("a", "S9", {"source_subject": "P1"}), ("b", "S9", {})), "synth")
    assert list(found.labels) == ["P1", "frame b"]
    assert not found.by_subject
    assert "1 of 2 synth frames have no subject" in found.notes[0]


def test_a_synthetic_sets_subjects_are_sources_only_if_they_are_real_ones() -> None:
    set_ = cohort(("a", "P1", {}), ("b", "P2", {}))
    shared = clusters_of(set_, "synth", frozenset({"P1", "P2", "P3"}))
    assert list(shared.labels) == ["P1", "P2"]
    own = clusters_of(set_, "synth", frozenset({"P1"}))
    assert list(own.labels) == ["synthetic P1", "synthetic P2"]
    assert own.by_subject
    assert "source_subject" in own.notes[0]


def test_real_frames_do_not_read_the_source_column() -> None:
    found = clusters_of(cohort(("a", None, {"source_subject": "P1"})), "real")
    assert list(found.labels) == ["frame a"]


def test_an_empty_set_has_a_summary() -> None:
    empty = cohort()
    found = EvaluatedSet("real", "nowhere", empty, clusters_of(empty, "real")).summary()
    assert (found.n_frames, found.n_clusters, found.sha256) == (0, 0, "")
