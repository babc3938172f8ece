"""Nerves traced from a mask: where they were drawn, as wide, and one where they are one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ccmeval.phantom import PhantomSettings, draw_anatomy, draw_plan, draw_subject
from ccmeval.phantom.chaining import chain_edges
from ccmeval.phantom.frame import image_anatomy
from ccmeval.phantom.raster import rasterise
from ccmeval.phantom.traced import trace_anatomy

SIDE = 128
FORM = PhantomSettings(shape_px=(SIDE, SIDE), pixel_size_um=1.0)


def drawn(*lines: tuple[tuple[float, float], tuple[float, float]], width: float = 5.0) -> np.ndarray:
    """A mask of straight lines, each from a (row, column) to another."""
    curves = [np.linspace(start, stop, 200) for start, stop in lines]
    return rasterise(curves, [np.full(200, width)] * len(curves), (SIDE, SIDE), 1.0).mask


def traced(mask: np.ndarray, seed: int = 0):
    return trace_anatomy(np.random.default_rng(seed), mask, FORM)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize("width", [3.0, 5.0, 7.0])
def test_straight_nerve(width: float) -> None:
    mask = drawn(((-5, 20), (133, 90)), width=width)
    (nerve,) = traced(mask).nerves
    assert nerve.kind == "trunk"
    assert nerve.border == (True, True)
    assert nerve.parent is nerve.target is None
    assert nerve.width_um.mean() == pytest.approx(width, abs=0.25)
    # Distance of each point to the line that was drawn.
    along = np.array([138, 70]) / np.hypot(138, 70)
    away = np.abs((nerve.points_um - (-5, 20)) @ np.array([-along[1], along[0]]))
    assert away.max() < 0.5
    assert np.hypot(*np.diff(nerve.points_um, axis=0).T) == pytest.approx(1.0, abs=0.05)


def test_branch_ends_at_its_parent_and_the_parent_goes_on() -> None:
    anatomy = traced(drawn(((-5, 60), (133, 60)), ((64, 60), (100, 110))))
    kinds = {nerve.kind: nerve for nerve in anatomy.nerves}
    assert sorted(kinds) == ["branch", "trunk"]
    assert len(anatomy.nerves) == 2
    joints = [joint for joint in (kinds["branch"].parent, kinds["branch"].target) if joint]
    assert len(joints) == 1
    where = anatomy.nerves[joints[0][0]].points_um[joints[0][1]]
    assert np.hypot(*(where - (64.5, 60))) < 4
    assert anatomy.plan.trunks == 1
    assert anatomy.plan.branch_points == 1


def test_nerves_that_cross_stay_two() -> None:
    anatomy = traced(drawn(((-5, 20), (133, 110)), ((-5, 110), (133, 20))))
    assert len(anatomy.nerves) == 2
    assert all(nerve.border == (True, True) for nerve in anatomy.nerves)


def test_ring_has_no_free_end() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    ring = 64 + 30 * np.column_stack([np.sin(angle), np.cos(angle)])
    mask = rasterise([ring], [np.full(400, 5.0)], (SIDE, SIDE), 1.0).mask
    anatomy = traced(mask)
    (nerve,) = anatomy.nerves
    assert nerve.parent is not None
    assert nerve.target is not None
    assert overlap(anatomy.drawn.mask, mask) > 0.93


def test_each_edge_is_in_one_nerve() -> None:
    graph = traced(phantom_mask(3)).graph
    edges = sorted(edge for chain in chain_edges(graph) for edge, _ in chain)
    assert edges == list(range(len(graph.edges)))


def phantom_mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    plan = draw_plan(rng, draw_subject(rng, "Control"), FORM.area_mm2)
    return draw_anatomy(rng, plan, FORM).drawn.mask


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_mask_of_a_phantom_is_met(seed: int) -> None:
    mask = phantom_mask(seed)
    assert mask.any()
    assert overlap(traced(mask).drawn.mask, mask) > 0.94


def test_trace_gets_the_fields_width() -> None:
    line = np.zeros((SIDE, SIDE), bool)
    line[:, 40] = line[:, 90] = True
    nerves = traced(line).nerves
    assert np.mean([nerve.width_um.mean() for nerve in nerves]) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("value", [False, True])
def test_plain_masks(value: bool) -> None:
    anatomy = traced(np.full((SIDE, SIDE), value))
    assert not (anatomy.nerves and not value)
    frame = image_anatomy(np.random.default_rng(0), anatomy, "Control", FORM).frame
    assert np.isfinite(frame).all()


def test_other_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a frame"):
        traced(np.zeros((SIDE, SIDE + 1), bool))


def nearly_full() -> np.ndarray:
    """A blob with two holes, whose skeleton has an edge without length."""
    coarse = np.ones((16, 16), bool)
    coarse[0, 1] = coarse[12, 3] = coarse[12, 4] = False
    return coarse


@settings(max_examples=15, deadline=None)
@example(nearly_full(), 3)
@given(hnp.arrays(bool, (16, 16), elements=st.booleans()), st.integers(1, 4))
def test_any_mask_gives_a_frame(coarse: np.ndarray, grain: int) -> None:
    mask = np.zeros((64, 64), bool)
    mask[: 16 * grain, : 16 * grain] = np.kron(coarse, np.ones((grain, grain), bool))
    form = PhantomSettings(shape_px=(64, 64))
    anatomy = trace_anatomy(np.random.default_rng(0), mask, form)
    frame = image_anatomy(np.random.default_rng(0), anatomy, "Control", form).frame
    assert np.isfinite(frame).all()
    assert frame.min() >= 0
    assert frame.max() <= 1
