"""Frames of two tables, paired by name and never by guess."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.agreement.matching import match_frames


def test_name_before_file_name_before_stem():
    first = ["a/1.png", "b/1.png", "2.tif", "3.jpg"]
    second = ["b/1.png", "a/1.png", "C:\\study\\2.TIF", "3.bmp"]
    found = match_frames(first, second)
    assert found.pairs == [(0, 1), (1, 0), (2, 2), (3, 3)]
    assert not found.ambiguous


def test_equal_stems_are_ambiguous_not_guessed():
    found = match_frames(["a.png", "sub/a.png", "b.png"], ["a", "b"])
    assert found.pairs == [(2, 1)]
    assert found.ambiguous == ["a", "a.png", "sub/a.png"]


def test_exact_names_settle_equal_stems():
    found = match_frames(["a.png", "a.bmp"], ["a.bmp", "a.png"])
    assert found.pairs == [(0, 1), (1, 0)]


def test_repeated_rows_are_ambiguous():
    found = match_frames(["a.png", "b.png"], ["a.png", "a.png", "b.png"])
    assert found.pairs == [(1, 2)]
    assert found.ambiguous == ["a.png"]


def test_partners_missing_on_either_side_are_listed():
    found = match_frames(["a", "b"], ["b", "c"])
    assert (found.unmatched_first, found.unmatched_second) == (["a"], ["c"])


def test_pages_of_one_file_are_different_frames():
    assert match_frames(["s.tif#1", "s.tif#2"], ["s#2", "s#1"]).pairs == [(0, 1), (1, 0)]


def test_points_in_names_are_not_suffixes():
    found = match_frames(["eye.1.png", "eye.2.png"], ["eye.2", "eye.1"])
    assert found.pairs == [(0, 1), (1, 0)]


names = st.lists(st.text("ab/.png", min_size=1, max_size=6), max_size=8)


@settings(deadline=None)
@given(names, names)
def test_every_name_is_accounted_for_once(first, second):
    found = match_frames(first, second)
    rows, others = [i for i, _ in found.pairs], [j for _, j in found.pairs]
    assert len(set(rows)) == len(rows)
    assert len(set(others)) == len(others)
    left = set(first) - {first[i] for i in rows} - set(found.unmatched_first) - set(found.ambiguous)
    assert not left
    assert len(found.pairs) + len(found.unmatched_first) <= len(first)


@settings(deadline=None)
@given(names)
def test_a_table_of_different_names_matches_itself(first):
    first = list(dict.fromkeys(name.strip() or "x" for name in first))
    assert match_frames(first, first).pairs == [(i, i) for i in range(len(first))]
