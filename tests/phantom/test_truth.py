from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ccmeval.morphometry import MorphometrySettings, find_trunks
from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.phantom.truth import RULES, exact_biomarkers, exact_trunks, unambiguous


def fork(levels: tuple[float, float]) -> NerveGraph:
    """A stem that forks into two arms, the left one a little thicker, with the given grey levels."""
    places = [(0.0, 200.0), (200.0, 200.0), (400.0, 160.0), (400.0, 240.0)]
    nodes = [Node(p, "branch point" if k == 1 else "border") for k, p in enumerate(places)]
    edges = []
    for end, width, level in ((0, 6.0, 0.5), (2, 5.5, levels[0]), (3, 5.0, levels[1])):
        path = np.linspace(places[1], places[end], 200)
        length = float(np.hypot(*(path[-1] - path[0])))
        edges.append(Edge(1, end, path, length, width, mean_intensity=level))
    return NerveGraph(nodes, edges, (400.0, 400.0), 0.16, 0.006)


def test_grey_levels_have_no_say_in_the_true_trunks() -> None:
    dark_left, dark_right = fork((0.2, 0.9)), fork((0.9, 0.2))
    assert [sorted(p) for p in exact_trunks(dark_left).paths] == [[0, 1]]
    assert [sorted(p) for p in exact_trunks(dark_right).paths] == [[0, 1]]
    assert [sorted(p) for p in find_trunks(dark_left).paths] == [[0, 2]]  # a rater of the frame sees another
    lengths = [exact_biomarkers(g, 0)["trunk_length_mm_per_mm2"] for g in (dark_left, dark_right)]
    assert lengths[0] == lengths[1]


def test_rules_are_the_default_and_a_tenth_to_either_side() -> None:
    assert RULES[0] == MorphometrySettings(intensity_exponent=0.0)
    loose, strict = RULES[1:]
    for name in ("min_chord_share", "min_fading_share", "min_straightness"):
        default = getattr(RULES[0], name)
        assert (getattr(loose, name), getattr(strict, name)) == pytest.approx((0.9 * default, 1.1 * default))
    assert loose.max_turn_deg > RULES[0].max_turn_deg > strict.max_turn_deg


@pytest.mark.parametrize(("reach", "clear"), [(150.0, True), (190.0, False), (210.0, False), (240.0, True)])
def test_a_nerve_near_a_threshold_is_disputable(reach: float, clear: bool) -> None:
    # A corner-cutting nerve is a trunk from a chord of 200 um on; a tenth to either side is a dispute.
    leg = reach / np.sqrt(2.0)
    path = np.linspace((0.0, leg), (leg, 0.0), 300)
    nodes = [Node((0.0, leg), "border"), Node((leg, 0.0), "border")]
    graph = NerveGraph(nodes, [Edge(0, 1, path, reach, 5.0)], (400.0, 400.0), 0.16, 0.001)
    count = exact_trunks(graph).count
    assert count == int(reach >= 200.0)
    assert unambiguous(graph, count, 0) is clear
    assert not unambiguous(graph, 1 - count, 0)


def test_beads_drawn_are_the_true_beads() -> None:
    graph = fork((0.5, 0.5))
    values = exact_biomarkers(graph, 12)
    assert values["bead_density_per_mm"] == pytest.approx(12 / (graph.length_um / 1000))
    bare = replace(graph, edges=[])
    assert exact_biomarkers(bare, 0)["cnfl_mm_per_mm2"] == 0.0
