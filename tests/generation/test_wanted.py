"""Which frames are made: diagnoses, masks, seeds and names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.generation.asked import Asked
from ccmeval.generation.conditions import Capabilities, FrameFormat
from ccmeval.generation.source_masks import SourceMask, by_turns
from ccmeval.generation.stems import stem_of
from ccmeval.generation.wanted import plan_frames, seed_of

CAN = Capabilities("x", takes=("mask", "diagnosis"), needs=("mask",))
FORMAT = FrameFormat((8, 8), 1.0, ("T1DPN", "Control"))


def _mask(name: str, diagnosis: str | None, subject: str | None = None) -> SourceMask:
    pixels = np.zeros((8, 8), dtype=bool)
    pixels[hash(name) % 8] = True
    return SourceMask.of(pixels, Record(name, name, None, diagnosis=diagnosis, subject=subject))


MASKS = [_mask("a", "Control"), _mask("b", "Control"), _mask("c", "T1DPN")]


def _listed(asked: Asked, masks: list[SourceMask] = MASKS, can: Capabilities = CAN) -> list[tuple]:
    frames = plan_frames(asked, masks, can, FORMAT)
    return [(one.diagnosis, one.index, one.mask and one.mask.name) for one in frames]


def test_each_frame_has_its_masks_diagnosis_by_default() -> None:
    wanted = [("T1DPN", 1, "c"), ("Control", 1, "a"), ("Control", 2, "b")]
    assert _listed(Asked()) == _listed(Asked(("as-mask",))) == wanted


def test_a_named_diagnosis_takes_its_own_masks_again_and_again() -> None:
    assert _listed(Asked(("healthy",), 3)) == [("Control", 1, "a"), ("Control", 2, "b"), ("Control", 3, "a")]
    only_controls = MASKS[:2]
    with pytest.raises(CcmevalError, match=r"the masks are of Control\. .* --any-mask"):
        _listed(Asked(("T1DPN",)), only_controls)
    assert _listed(Asked(("T1DPN",), any_mask=True), only_controls) == [("T1DPN", 1, "a"), ("T1DPN", 2, "b")]


def test_masks_of_unknown_diagnosis_serve_every_one() -> None:
    masks = [_mask("x", None), _mask("y", None)]
    assert _listed(Asked(("Control",)), masks) == [("Control", 1, "x"), ("Control", 2, "y")]
    assert _listed(Asked(), masks) == [(None, 1, "x"), (None, 2, "y")]
    needing = Capabilities("x", takes=("mask", "diagnosis"), needs=("diagnosis",))
    with pytest.raises(CcmevalError, match="2 of 2 masks have no known diagnosis"):
        _listed(Asked(), masks, needing)


def test_counterfactual_frames_differ_in_the_diagnosis_alone() -> None:
    frames = plan_frames(Asked(seed=3, counterfactual=True), MASKS, CAN, FORMAT)
    assert len(frames) == 6
    for index in (1, 2, 3):
        pair = [one for one in frames if one.index == index]
        assert [one.diagnosis for one in pair] == ["T1DPN", "Control"]
        assert pair[0].seed == pair[1].seed
        assert pair[0].mask is pair[1].mask
    assert len({one.seed for one in frames}) == 3


def test_seeds_depend_on_seed_diagnosis_and_index_alone() -> None:
    for count in (1, 2, 9):
        frames = plan_frames(Asked(("Control", "T1DPN"), count, seed=4), MASKS, CAN, FORMAT)
        assert all(one.seed == seed_of(4, one.diagnosis, one.index) for one in frames)
    assert len({seed_of(s, d, i) for s in (0, 1) for d in ("a", "b", None) for i in range(500)}) == 3000


def test_subjects_take_turns() -> None:
    names = ["a1", "a2", "a3", "b1", "c1", "c2", "?1", "?2"]
    masks = [_mask(name, None, name[0] if name[0] != "?" else None) for name in names]
    assert [mask.name for mask in by_turns(masks)] == ["a1", "b1", "c1", "?1", "?2", "a2", "c2", "a3"]


@given(st.text(min_size=1))
def test_any_diagnosis_gives_a_safe_name(diagnosis: str) -> None:
    stem = stem_of(diagnosis)
    assert 0 < len(stem.encode("utf-8", "surrogatepass")) <= 69
    assert not set(stem) & set('/\\:*?"<>|\0\n')
    assert stem not in {".", ".."}
    assert stem[0] not in ".- "
    assert stem[-1] not in ". "
    assert stem.casefold() not in {"masks", "unlabelled", "con", "nul"}


@given(st.lists(st.text(min_size=1), unique=True, max_size=20))
def test_different_diagnoses_have_different_names(names: list[str]) -> None:
    assert len({stem_of(name) for name in names}) == len(names)


def test_diagnoses_of_different_capitals_only_are_refused() -> None:
    masks = [_mask("a", "Mild"), _mask("b", "mild")]
    with pytest.raises(CcmevalError, match="capital letters"):
        plan_frames(Asked(), masks, CAN, FrameFormat((8, 8), 1.0))


def test_masks_are_kept_packed_and_whole() -> None:
    pixels = np.random.default_rng(0).random((5, 7)) > 0.5
    mask = SourceMask.of(pixels, Record("a", "a", None))
    assert np.array_equal(mask.pixels, pixels)
    assert mask.sha256 != SourceMask.of(pixels.reshape(7, 5), Record("a", "a", None)).sha256
