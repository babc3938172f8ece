"""Training scenes: labels lie on the nerves that can be seen, and the seed fixes every pixel."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.nerves.net.augment import augmented
from ccmeval.nerves.net.cache import Shelf, draw_shard, read_shard
from ccmeval.nerves.net.distractors import seam, with_bubbles, with_hairs
from ccmeval.nerves.net.scenes import CUT_OFFS, DISTANCE_STEPS, Scene, draw_scenes
from ccmeval.nerves.net.traceable import traced
from ccmeval.phantom.assemble import DrawnNerve


def nerve(length: int, *, held: bool = False) -> DrawnNerve:
    points = np.column_stack([np.full(length, 20.0), np.arange(length, dtype=float)])
    ones = np.ones(length)
    return DrawnNerve(points, 4 * ones, 0 * ones, 0, "fibre", (held, False), None, None, (), None)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return draw_scenes(np.random.default_rng(4), 1, side_px=96)[0]


def test_a_higher_cut_off_never_adds_a_label(scene):
    for lower, higher in zip(scene.distance, scene.distance[1:], strict=False):
        assert (higher >= lower).all()


def test_same_seed_same_scene(scene):
    again = draw_scenes(np.random.default_rng(4), 1, side_px=96)[0]
    assert np.array_equal(scene.frame, again.frame)
    assert np.array_equal(scene.distance, again.distance)


def test_a_short_gap_is_traced_through_and_a_long_one_is_not():
    visible = np.full(200, 2.0)
    visible[60:80] = visible[120:170] = 0.0
    found = traced(nerve(200, held=True), visible, 1.0)
    assert found[:120].all()
    assert not found[120:].any()  # the rest, 30 um, is loose


def test_crumbs_are_left_out_unless_they_hang_on_something():
    visible = np.zeros(100)
    visible[:20] = 3.0
    assert not traced(nerve(100), visible, 1.0).any()
    assert traced(nerve(100, held=True), visible, 1.0)[:20].all()


def test_traced_of_nothing_visible():
    assert not traced(nerve(50, held=True), np.zeros(50), 0.5).any()


def test_augmentation_keeps_labels_on_their_pixels(scene):
    """A frame whose grey levels are its labels is still that after turning."""
    marked = Scene(scene.distance[0], scene.distance, scene.width)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        frame, turned, imaged = augmented(rng, marked, marked)
        assert frame.dtype == np.float32
        assert frame.min() >= 0
        assert frame.max() <= 1
        here = turned.distance[0] < 2 * DISTANCE_STEPS
        if imaged is None and here.any() and not here.all():
            assert frame[here].mean() < frame[turned.distance[0] == 255].mean()


def test_distractors_stay_in_range_and_leave_the_frame_as_it_was():
    rng = np.random.default_rng(0)
    frame = np.full((64, 80), 0.4, dtype=np.float32)
    for drawn in (with_hairs(rng, frame, 5, 1.0), with_bubbles(rng, frame, 5)):
        assert drawn.shape == frame.shape
        assert drawn.min() >= 0
        assert drawn.max() <= 1
        assert not np.array_equal(drawn, frame)
    assert (frame == np.float32(0.4)).all()
    assert 0.1 < seam(rng, (64, 80)).mean() < 0.9


def test_a_shard_is_kept_whole_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr("ccmeval.nerves.net.cache.SCENES_PER_SHARD", 3)
    path = draw_shard(tmp_path, 0, 5, 96)
    written = path.stat().st_mtime_ns
    assert draw_shard(tmp_path, 0, 5, 96).stat().st_mtime_ns == written
    scenes = read_shard(path)
    assert len(scenes) == 3
    assert scenes[0].distance.shape == (len(CUT_OFFS), 96, 96)
    shelf = Shelf(tmp_path, 1, 5, 96)
    assert len(shelf) == 3
    assert np.array_equal(shelf[1].frame, scenes[1].frame)
    assert [path.name for path in tmp_path.iterdir()] == ["scenes-00000.npz"]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="delete it"):
        read_shard(path)
