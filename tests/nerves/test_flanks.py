"""The edge of a bright area is told from a nerve."""

import numpy as np
import pytest

from ccmeval.nerves.candidates import cut
from ccmeval.nerves.context import ORIENTATIONS
from ccmeval.nerves.filters import Evidence
from ccmeval.nerves.flanks import flank_contrast
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


def _level_line(contrast):
    """Flank contrast of a level candidate in row 20, whose own orientation is ambiguous."""
    line = np.zeros(contrast.shape, dtype=bool)
    line[20] = True
    orientation = np.zeros(contrast.shape, dtype=int)  # of a level line: its normal points downwards
    orientation[20] = ORIENTATIONS // 4
    return flank_contrast(cut(line), Evidence(contrast, orientation, contrast), contrast)[1]


def test_between_a_thick_and_a_thin_nerve_that_run_together_is_no_edge():
    rows = np.arange(40.0)[:, None]
    ridges = sum(height * np.exp(-((rows - place) ** 2) / 4) for place, height in ((17, 4.0), (23, 1.5)))
    contrast = (ridges * np.ones((1, 60))).astype(np.float32)
    assert contrast[20, 0] < contrast[17, 0] / 4  # the candidate itself lies in the valley
    assert _level_line(contrast) > 1.5


@pytest.mark.parametrize("edge", [18.5, 20.5, 22.5])
def test_beside_a_step_is_an_edge(edge):
    step = np.where(np.arange(40)[:, None] > edge, 2.0, 0.0) * np.ones((1, 60))
    assert _level_line(step.astype(np.float32)) < 1e-6
