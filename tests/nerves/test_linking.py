"""Bridges: over gaps along the nerve, and nowhere else."""

import numpy as np
import pytest
from scipy import ndimage

from ccmeval.nerves.linking import bridge_gaps

OPTIONS = {"longest_um": 30.0, "longest_to_side_um": 10.0, "least_coherence": 0.5}


def pieces(skeleton):
    return ndimage.label(skeleton, np.ones((3, 3)))[1]


def dashed(gap, shift=0):
    line = np.zeros((60, 120), dtype=bool)
    line[30, 20 : 60 - gap // 2] = True
    line[30 + shift, 60 + gap - gap // 2 : 100] = True
    return line


@pytest.mark.parametrize(
    ("gap", "shift", "bridged"), [(10, 0, True), (20, 6, True), (45, 0, False), (12, 20, False)]
)
def test_gap(gap, shift, bridged):
    line = dashed(gap, shift)
    bridge = bridge_gaps(line, np.ones(line.shape), **OPTIONS)
    assert pieces(line | bridge) == (1 if bridged else 2)


def test_no_bridge_without_evidence():
    line = dashed(10)
    assert not bridge_gaps(line, np.full(line.shape, 0.4), **OPTIONS).any()


def test_parallel_nerves_are_not_joined():
    lines = np.zeros((60, 120), dtype=bool)
    lines[25, 20:100] = lines[33, 20:100] = True
    assert pieces(lines | bridge_gaps(lines, np.ones(lines.shape), **OPTIONS)) == 2


def test_branch_is_led_to_its_trunk():
    lines = np.zeros((80, 80), dtype=bool)
    lines[:, 50] = True
    lines[40, 10:44] = True
    assert pieces(lines | bridge_gaps(lines, np.ones(lines.shape), **OPTIONS)) == 1
    lines[40, 36:44] = False
    assert pieces(lines | bridge_gaps(lines, np.ones(lines.shape), **OPTIONS)) == 2


def test_a_nerve_leaving_the_frame_stays():
    line = np.zeros((40, 40), dtype=bool)
    line[20] = True
    assert not bridge_gaps(line, np.ones(line.shape), **OPTIONS).any()
