"""The trunk rule on graphs drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ccmeval.morphometry import Edge, MorphometrySettings, NerveGraph, Node, find_trunks
from ccmeval.morphometry.graph import NodeKind

Point = tuple[float, float]


def graph_of(nodes: list[tuple[Point, NodeKind]], edges: list[tuple[int, int, float]]) -> NerveGraph:
    """Straight edges of the given widths, in a frame of 400 um."""
    made = []
    for start, end, width in edges:
        path = np.linspace(nodes[start][0], nodes[end][0], 200)
        made.append(Edge(start, end, path, float(np.hypot(*(path[-1] - path[0]))), width))
    return NerveGraph([Node(*node) for node in nodes], made, (400.0, 400.0), 0.16, 0.01)


def test_no_edges_no_trunks() -> None:
    found = find_trunks(graph_of([], []))
    assert (found.count, found.paths, found.branch_nodes, len(found.edge_is_trunk)) == (0, [], [], 0)


def test_nerve_through_the_frame_is_a_trunk_and_a_corner_cutter_is_not() -> None:
    graph = graph_of(
        [((0, 100), "border"), ((400, 150), "border"), ((0, 350), "border"), ((60, 400), "border")],
        [(0, 1, 4.0), (2, 3, 4.0)],
    )
    found = find_trunks(graph)
    assert found.paths == [[0]]
    assert found.edge_is_trunk.tolist() == [True, False]


def test_fork_is_one_trunk_and_one_branch() -> None:
    nodes: list[tuple[Point, NodeKind]] = [
        ((0, 200), "border"), ((200, 200), "branch point"), ((400, 160), "border"), ((400, 240), "border"),
    ]  # fmt: skip
    for widths, taken in (((5.0, 4.9, 3.0), [0, 1]), ((5.0, 3.0, 4.9), [0, 2])):
        found = find_trunks(graph_of(nodes, [(0, 1, widths[0]), (1, 2, widths[1]), (1, 3, widths[2])]))
        assert (found.count, sorted(found.paths[0]), found.branch_nodes) == (1, taken, [1])


def test_h_is_two_trunks_with_two_branch_points() -> None:
    graph = graph_of(
        [
            ((0, 100), "border"), ((180, 100), "branch point"), ((400, 100), "border"),
            ((0, 160), "border"), ((240, 160), "branch point"), ((400, 160), "border"),
        ],
        [(0, 1, 4.0), (1, 2, 4.0), (3, 4, 4.0), (4, 5, 4.0), (1, 4, 3.0)],
    )  # fmt: skip
    found = find_trunks(graph)
    assert sorted(sorted(path) for path in found.paths) == [[0, 1], [2, 3]]
    assert found.branch_nodes == [1, 4]


def test_crossing_nerves_are_two_trunks_that_go_straight_on() -> None:
    graph = graph_of(
        [((0, 150), "border"), ((400, 250), "border"), ((0, 250), "border"), ((400, 150), "border"),
         ((200, 200), "crossing")],
        [(0, 4, 4.0), (4, 1, 4.0), (2, 4, 3.0), (4, 3, 3.0)],
    )  # fmt: skip
    found = find_trunks(graph)
    assert sorted(sorted(path) for path in found.paths) == [[0, 1], [2, 3]]
    assert found.branch_nodes == []


def test_trunk_turns_no_corner() -> None:
    nodes: list[tuple[Point, NodeKind]] = [
        ((0, 200), "border"), ((200, 200), "branch point"), ((200, 400), "border"), ((200, 180), "end"),
    ]  # fmt: skip
    graph = graph_of(nodes, [(0, 1, 4.0), (1, 2, 4.0), (1, 3, 4.0)])
    assert find_trunks(graph).count == 0
    bent = MorphometrySettings(max_turn_deg=95.0, min_straightness=0.5)
    assert find_trunks(graph, bent).count == 1


@pytest.mark.parametrize(("degrees", "count"), [(77.0, 1), (83.0, 0)])
def test_the_largest_turn_is_80_degrees(degrees: float, count: int) -> None:
    """A long side and a short one round the corner: straight enough, so that the turn alone decides."""
    far = 320.0 + 80.0 / float(np.tan(np.radians(degrees)))
    nodes: list[tuple[Point, NodeKind]] = [
        ((0, 320), "border"), ((320, 320), "branch point"), ((far, 400), "border"), ((320, 300), "end"),
    ]  # fmt: skip
    assert find_trunks(graph_of(nodes, [(0, 1, 4.0), (1, 2, 4.0), (1, 3, 4.0)])).count == count


@pytest.mark.parametrize(("side", "count"), [(260.0, 1), (275.0, 0)])
def test_three_quarters_of_the_arc_are_straight_enough(side: float, count: int) -> None:
    """Two slopes over a chord of 400 um: 400 / 520 is enough, 400 / 550 is not."""
    top = 100.0 + float(np.sqrt(side**2 - 200.0**2))
    path = np.array([[0.0, 100.0], [200.0, top], [400.0, 100.0]])
    nodes = [Node((0.0, 100.0), "border"), Node((400.0, 100.0), "border")]
    graph = NerveGraph(nodes, [Edge(0, 1, path, 2.0 * side)], (400.0, 400.0), 0.16, 0.01)
    assert find_trunks(graph).count == count


def test_the_brighter_of_two_rivals_is_the_trunk() -> None:
    """4.9 x root 0.64 is more than 5.0 x root 0.36; by width alone the other one is the trunk."""
    nodes: list[tuple[Point, NodeKind]] = [
        ((0, 200), "border"), ((200, 200), "branch point"), ((400, 160), "border"), ((400, 240), "border"),
    ]  # fmt: skip
    graph = graph_of(nodes, [(0, 1, 5.0), (1, 2, 5.0), (1, 3, 4.9)])
    edges = [replace(e, mean_intensity=i) for e, i in zip(graph.edges, (0.5, 0.36, 0.64), strict=True)]
    seen = replace(graph, edges=edges)
    assert sorted(find_trunks(seen).paths[0]) == [0, 2]
    assert sorted(find_trunks(seen, MorphometrySettings(intensity_exponent=0.0)).paths[0]) == [0, 1]


def test_fading_trunk_is_an_option() -> None:
    graph = graph_of([((0, 200), "border"), ((300, 200), "end"), ((0, 60), "border"), ((150, 60), "end")],
                     [(0, 1, 4.0), (2, 3, 4.0)])  # fmt: skip
    assert find_trunks(graph).paths == [[0]]
    assert find_trunks(graph, MorphometrySettings(count_fading=False)).count == 0


def test_through_trunk_is_not_split_into_two_fading_ones() -> None:
    # Stem plus side branch, and the rest of the trunk, would be longer in sum than the trunk itself.
    graph = graph_of(
        [((0, 200), "border"), ((150, 200), "branch point"), ((400, 200), "border"), ((320, 260), "end")],
        [(0, 1, 4.0), (1, 2, 4.0), (1, 3, 4.0)],
    )
    assert [sorted(path) for path in find_trunks(graph).paths] == [[0, 1]]


def test_wiggly_nerve_is_no_trunk() -> None:
    t = np.linspace(0.0, 400.0, 4000)
    path = np.column_stack([t, 200.0 + 40.0 * np.sin(t / 12.0)])
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    nodes = [Node((0.0, 200.0), "border"), Node((400.0, float(path[-1, 1])), "border")]
    graph = NerveGraph(nodes, [Edge(0, 1, path, length)], (400.0, 400.0), 0.16, 0.01)
    assert find_trunks(graph).count == 0
    assert find_trunks(graph, MorphometrySettings(min_straightness=0.2)).count == 1


def test_end_close_to_the_border_counts_as_on_it() -> None:
    graph = graph_of([((5, 200), "end"), ((396, 200), "end")], [(0, 1, 4.0)])
    settings = MorphometrySettings(count_fading=False)
    assert find_trunks(graph, settings).count == 1
    assert find_trunks(graph, settings.model_copy(update={"border_distance_um": 2.0})).count == 0


def test_a_trunk_of_a_mosaic_need_not_run_through_all_of_it() -> None:
    """A chord of 283 um is a trunk in a frame of 400 um and in a mosaic of 800 um; one of 141 in neither."""
    for far, count in ((200, 1), (100, 0)):
        graph = graph_of([((0, far), "border"), ((far, 0), "border")], [(0, 1, 4.0)])
        for side in (400.0, 800.0):
            assert find_trunks(replace(graph, shape_um=(side, side))).count == count


def test_two_border_rule_counts_each_crossing_of_a_tiling_once() -> None:
    settings = MorphometrySettings(border_rule="two-border")
    down = graph_of([((0, 200), "border"), ((400, 180), "border")], [(0, 1, 4.0)])
    across = graph_of([((200, 0), "border"), ((180, 400), "border")], [(0, 1, 4.0)])
    upper_left = graph_of([((0, 300), "border"), ((300, 0), "border")], [(0, 1, 4.0)])
    lower_right = graph_of([((400, 100), "border"), ((100, 400), "border")], [(0, 1, 4.0)])
    counts = [find_trunks(graph, settings).count for graph in (down, across, upper_left, lower_right)]
    assert counts == [1, 1, 2, 0]
    assert [find_trunks(graph).count for graph in (down, across, upper_left, lower_right)] == [1, 1, 1, 1]


@pytest.mark.parametrize("shift", np.linspace(-1.0, 1.0, 9))
def test_choice_withstands_small_geometric_noise(shift: float) -> None:
    """The same trunks and branch points when every node moves by up to a micrometre."""
    nodes: list[tuple[Point, NodeKind]] = [
        ((0, 100 + shift), "border"),
        ((180 - shift, 100), "branch point"),
        ((400, 101 - shift), "border"),
        ((0, 160), "border"),
        ((240 + shift, 160 - shift), "branch point"),
        ((400, 160), "border"),
        ((120, 40 + shift), "end"),
        ((90, 100 + 0.5 * shift), "branch point"),
    ]
    thick, thin = 4.0 + 0.1 * shift, 3.0
    ways = [(0, 7, 4.0), (7, 1, thick), (1, 2, 4.0), (3, 4, 4.0), (4, 5, 4.0), (1, 4, thin), (7, 6, thin)]
    graph = graph_of(nodes, ways)
    found = find_trunks(graph)
    assert (found.count, found.branch_nodes) == (2, [1, 4, 7])


def test_many_rivals_fall_back_to_a_greedy_choice() -> None:
    """A comb of many prongs has more candidates than the exact choice takes."""
    nodes: list[tuple[Point, NodeKind]] = [((200.0, 0.0), "border")]
    edges = []
    for k in range(1, 20):
        nodes.append(((200.0, 20.0 * k), "branch point"))
        edges.append((0 if k == 1 else 2 * k - 3, 2 * k - 1, 4.0))
        nodes.append(((0.0 if k % 2 else 400.0, 20.0 * k + 100.0), "border"))
        edges.append((2 * k - 1, 2 * k, 2.0))
    nodes.append(((200.0, 400.0), "border"))
    edges.append((len(nodes) - 3, len(nodes) - 1, 4.0))
    found = find_trunks(graph_of(nodes, edges))
    assert found.count == 1
    assert len(found.branch_nodes) == 19
