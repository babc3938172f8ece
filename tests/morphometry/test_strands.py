"""Strands laid from the arms of a nerve."""

from __future__ import annotations

import numpy as np

from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.strands import Strand, smooth_strands


def arm(path: np.ndarray) -> Arm:
    count = len(path)
    return Arm(0, 1, path, np.full(count, 3.0), 0, count, 3.0, np.rint(path).astype(int))


def test_path_does_not_swing_out_over_a_long_gap() -> None:
    """Short arms that lean towards the gap; led on as a parabola they would meet 20 pixels off."""
    along = np.arange(6.0)
    first = np.column_stack([along, 0.4 * along])
    last = np.column_stack([50.0 + along, 2.0 - 0.4 * along])
    strand = Strand([(0, False), (1, False)])
    smooth_strands([strand], [arm(first), arm(last)], 12.0)
    assert np.abs(strand.path[:, 1]).max() < 5.0


def test_gap_of_a_few_widths_follows_the_bend() -> None:
    angle = np.linspace(0.0, 1.6, 81)
    circle = 50.0 * np.column_stack([np.sin(angle), np.cos(angle)])
    strand = Strand([(0, False), (1, False)])
    smooth_strands([strand], [arm(circle[:33]), arm(circle[48:])], 12.0)
    assert np.abs(np.hypot(*strand.path.T) - 50.0).max() < 0.1
