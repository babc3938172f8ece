"""The edge of a bright area is told from a nerve."""

import numpy as np
import pytest

from ccmeval.nerves.ridge import RidgeSegmenter
from ccmeval.nerves.search import find_candidates
from ccmeval.nerves.settings import RidgeSettings
from tests.nerves.lines_by_formula import line_frame, speckle


@pytest.mark.parametrize("angle", [0, 30, 80])
def test_step_is_no_nerve(angle):
    _, across = line_frame(shape=(384, 384), through=(190, 190), angle_deg=angle)
    frame = (speckle(across.shape, 7, spread=0.03) + np.where(across > 0, 0.12, 0)).astype(np.float32)
    found = RidgeSegmenter().segment([frame], [400 / 384])[0].centre_line
    assert (found & (np.abs(across) < 8)).sum() < 40


def test_segments_on_a_nerve_are_no_edges():
    frame, across = line_frame(shape=(384, 384), through=(190, 190), noise=0.05)
    found = find_candidates(frame, np.ones(frame.shape, dtype=bool), RidgeSettings())
    on = np.unique(found.candidates.segment[np.abs(across) < 1])
    assert not found.is_edge[on].any()
