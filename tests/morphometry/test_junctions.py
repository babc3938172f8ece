"""Which arms are one nerve at a branch point."""

from __future__ import annotations

import pytest

from ccmeval.morphometry import MorphometrySettings
from ccmeval.morphometry.arms import measure_arms
from ccmeval.morphometry.junctions import find_junctions
from ccmeval.morphometry.pixels import trace_skeleton
from ccmeval.thinning import thin_mask
from tests.morphometry.drawing import draw, ray


@pytest.mark.parametrize(("thick", "thin"), [(26.0, -8.0), (-26.0, 8.0)])
def test_the_thick_arm_goes_on_where_the_thin_one_bends_a_little_less(thick: float, thin: float) -> None:
    """18 degrees count less than half the width: the stem of 6 um goes on in the arm of 6 um."""
    mask = draw([ray((100.0, 100.0), 180.0, 80.0), ray((100.0, 100.0), thick, 80.0),
                 ray((100.0, 100.0), thin, 80.0)], [6.0, 6.0, 2.5], (200, 200), 1.0)  # fmt: skip
    pixels = trace_skeleton(thin_mask(mask))
    arms = measure_arms(pixels, mask, 1.0, MorphometrySettings())
    (junction,), _ = find_junctions(
        [node.mean(axis=0) for node in pixels.nodes], arms, 1.0, MorphometrySettings()
    )
    ((one, two),) = junction.through
    assert [arms[index].typical_width for index, _ in (one, two)] == pytest.approx([6.0, 6.0], abs=0.6)
