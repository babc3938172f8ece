"""Tiny skeletons drawn by hand, with nodes and edges counted by hand, and skan as a second opinion."""

from __future__ import annotations

import numpy as np
import pytest
from skan.csr import Skeleton

from ccmeval.arrays import BoolArray
from ccmeval.morphometry.pixels import (
    PixelGraph,
    join_passed,
    neighbour_table,
    path_steps,
    prune_spurs,
    trace_skeleton,
)

ROOT2 = np.sqrt(2.0)


def skeleton(*rows: str) -> BoolArray:
    return np.array([[letter == "#" for letter in row] for row in rows])


Y = skeleton(
    "#...#",
    ".#.#.",
    "..#..",
    "..#..",
    "..#..",
)
X = skeleton(
    "#...#",
    ".#.#.",
    "..#..",
    ".#.#.",
    "#...#",
)
H = skeleton(
    "#.....#",
    "#.....#",
    "#######",
    "#.....#",
    "#.....#",
)
LADDER = skeleton(
    "#...#",
    "#####",
    "#...#",
    "#...#",
    "#####",
    "#...#",
)
LOOP = skeleton(
    ".##.",
    "#..#",
    "#..#",
    ".##.",
)
LOLLIPOP = skeleton(
    ".##....",
    "#..####",
    ".##....",
)
STAR = skeleton(
    "#..#..#",
    ".#.#.#.",
    "..###..",
    "#######",
    "..###..",
    ".#.#.#.",
    "#..#..#",
)
CORNER = skeleton(
    "###",
    "..#",
    "..#",
)


def degrees(graph: PixelGraph) -> list[int]:
    return sorted(len(arms) for arms in graph.incident())


@pytest.mark.parametrize(
    ("drawn", "node_degrees", "lengths"),
    [
        # A Y: two diagonal arms of two steps, a stem of two.
        (Y, [1, 1, 1, 3], [2.0, 2 * ROOT2, 2 * ROOT2]),
        (X, [1, 1, 1, 1, 4], [2 * ROOT2] * 4),
        (H, [1, 1, 1, 1, 3, 3], [2.0, 2.0, 2.0, 2.0, 6.0]),
        # Two rungs of four steps, two stiles of three between them, four stubs of one.
        (LADDER, [1, 1, 1, 1, 3, 3, 3, 3], [1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 4.0, 4.0]),
        (LOOP, [2], [4 * ROOT2 + 4.0]),
        (LOLLIPOP, [1, 3], [3.0, 4 * ROOT2 + 2.0]),
        (CORNER, [1, 1], [4.0]),
        (skeleton("##"), [1, 1], [1.0]),
        (skeleton("...", "..."), [], []),
    ],
    ids=["Y", "X", "H", "ladder", "loop", "lollipop", "corner", "two pixels", "nothing"],
)
def test_hand_worked(drawn: BoolArray, node_degrees: list[int], lengths: list[float]) -> None:
    graph = trace_skeleton(drawn)
    assert degrees(graph) == node_degrees
    assert sorted(path_steps(edge.pixels) for edge in graph.edges) == pytest.approx(sorted(lengths))


def test_single_pixel_is_a_node_without_edge() -> None:
    graph = trace_skeleton(skeleton("...", ".#.", "..."))
    assert (len(graph.nodes), len(graph.edges)) == (1, 0)


def test_touching_junction_pixels_are_one_node() -> None:
    graph = trace_skeleton(STAR)
    assert degrees(graph) == [1] * 8 + [8]
    assert max(len(cluster) for cluster in graph.nodes) > 1


def test_corner_is_no_junction() -> None:
    assert neighbour_table(CORNER)[2].tolist() == [1, 2, 2, 2, 1]


def test_paths_start_and_end_in_their_nodes() -> None:
    graph = trace_skeleton(LADDER)
    for edge in graph.edges:
        assert edge.pixels[0].tolist() in graph.nodes[edge.start].tolist()
        assert edge.pixels[-1].tolist() in graph.nodes[edge.end].tolist()
        assert np.abs(np.diff(edge.pixels, axis=0)).max() == 1


def test_pruning_joins_what_the_spur_had_split() -> None:
    drawn = skeleton("....#....", "#########")
    assert len(trace_skeleton(drawn).edges) == 3
    pruned = prune_spurs(trace_skeleton(drawn), lambda arms, length: length < 2.0)
    assert degrees(pruned) == [1, 1]
    assert path_steps(pruned.edges[0].pixels) == pytest.approx(8.0)


def test_pruning_a_fork_leaves_its_stem() -> None:
    pruned = prune_spurs(trace_skeleton(Y), lambda arms, length: True)
    assert len(pruned.edges) == 1


def test_nothing_is_pruned_where_nothing_is_a_spur() -> None:
    pruned = prune_spurs(join_passed(trace_skeleton(LADDER)), lambda arms, length: False)
    assert degrees(pruned) == [1, 1, 1, 1, 3, 3, 3, 3]


@pytest.mark.parametrize("seed", range(6))
def test_skan_counts_the_same_ends_and_branches(seed: int) -> None:
    from scipy.ndimage import gaussian_filter
    from skimage.morphology import skeletonize

    rng = np.random.default_rng(seed)
    drawn = skeletonize(gaussian_filter(rng.standard_normal((120, 120)), 4.0) > 0.02)
    peer = Skeleton(drawn)
    ours = trace_skeleton(drawn)
    ends = sum(len(arms) == 1 for arms in ours.incident())
    # skan lets a corner of three touching pixels at a tip count as passed, we end there.
    assert ends == pytest.approx(int((peer.degrees == 1).sum()), abs=1)
    # skan keeps one of the pixels of a junction, we keep the cluster; the number of paths is the same
    # up to the paths between pixels of one cluster.
    assert len(ours.edges) == pytest.approx(peer.n_paths, abs=2)
    total = sum(path_steps(edge.pixels) for edge in ours.edges)
    assert total == pytest.approx(peer.path_lengths().sum(), rel=0.03)
