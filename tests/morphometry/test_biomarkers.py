"""Biomarkers of hand-made graphs, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ccmeval.morphometry import Edge, MorphometrySettings, NerveGraph, Node, compute_biomarkers, find_trunks
from ccmeval.morphometry.biomarkers import count_pieces
from ccmeval.morphometry.candidates import join_paths


def straight(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    return np.linspace(start, end, 401)


@pytest.fixture
def plexus() -> NerveGraph:
    """A trunk of 400 um and 5 um width with a branch of 100 um and 3 um, and a loose fibre of 100 um."""
    nodes = [
        Node((0.0, 200.0), "border"), Node((100.0, 200.0), "branch point"), Node((400.0, 200.0), "border"),
        Node((160.0, 280.0), "end"), Node((50.0, 50.0), "end"), Node((50.0, 150.0), "end"),
    ]  # fmt: skip
    position = [node.position_um for node in nodes]
    edges = [
        Edge(0, 1, straight(position[0], position[1]), 100.0, 5.0, 0.5, 1.0, 10.0),
        Edge(1, 2, straight(position[1], position[2]), 300.0, 5.0, 0.5, 1.0, 20.0),
        Edge(1, 3, straight(position[1], position[3]), 100.0, 3.0, 0.3, 0.5, 4.0),
        Edge(4, 5, straight(position[4], position[5]), 100.0, 2.0, 0.3, 0.25, 2.0),
    ]
    return NerveGraph(nodes, edges, (400.0, 400.0), 0.16, 0.0025)


def test_hand_worked_values(plexus: NerveGraph) -> None:
    found = compute_biomarkers(plexus)
    assert found["cnfl_mm_per_mm2"] == pytest.approx(0.6 / 0.16)
    assert found["cnfd_per_mm2"] == pytest.approx(1 / 0.16)
    assert found["cnbd_per_mm2"] == pytest.approx(1 / 0.16)
    assert found["ctbd_per_mm2"] == pytest.approx(1 / 0.16)
    assert found["cnfa_mm2_per_mm2"] == pytest.approx(0.0025 / 0.16)
    width = (400 * 5 + 100 * 3 + 100 * 2) / 600
    assert found["mean_width_um"] == pytest.approx(width)
    assert found["cnfw_um_per_mm2"] == pytest.approx(width / 0.16)
    assert found["trunk_length_mm_per_mm2"] == pytest.approx(0.4 / 0.16)
    assert found["branch_length_mm_per_mm2"] == pytest.approx(0.2 / 0.16)
    assert found["nerve_contrast"] == pytest.approx((400 * 1.0 + 100 * 0.5 + 100 * 0.25) / 600)
    assert found["bead_density_per_mm"] == pytest.approx(36 / 0.6)
    assert found["fragmentation_per_mm"] == pytest.approx(2 / 0.6)
    assert found["tortuosity"] == pytest.approx(0.0, abs=1e-9)
    assert found["tortuosity_coefficient"] == pytest.approx(0.0, abs=1e-6)
    assert found["curvature_squared_per_um"] == pytest.approx(0.0, abs=1e-9)
    assert found["acnfrd"] == pytest.approx(found["cnfrd"] / found["cnfl_mm_per_mm2"])
    assert 0.9 < found["cnfrd"] < 1.2


def test_branch_points_off_the_trunks_count_in_the_total_alone(plexus: NerveGraph) -> None:
    nodes = [*plexus.nodes, Node((90.0, 150.0), "end"), Node((50.0, 190.0), "end")]
    nodes[5] = Node((50.0, 150.0), "branch point")
    twigs = [Edge(5, far, straight(nodes[5].position_um, nodes[far].position_um), 40.0) for far in (6, 7)]
    found = compute_biomarkers(replace(plexus, nodes=nodes, edges=[*plexus.edges, *twigs]))
    assert found["cnbd_per_mm2"] == pytest.approx(1 / 0.16)
    assert found["ctbd_per_mm2"] == pytest.approx(2 / 0.16)


def test_longer_trunks_weigh_more_in_tortuosity() -> None:
    """A straight trunk of 400 um and one of two slopes of 250 um over a chord of 400: 0 and 0.25."""
    nodes = [Node((0.0, 50.0), "border"), Node((400.0, 50.0), "border"),
             Node((0.0, 200.0), "border"), Node((400.0, 200.0), "border")]  # fmt: skip
    roof = np.concatenate([straight((0, 200), (200, 350)), straight((200, 350), (400, 200))[1:]])
    edges = [Edge(0, 1, straight((0, 50), (400, 50)), 400.0), Edge(2, 3, roof, 500.0)]
    found = compute_biomarkers(NerveGraph(nodes, edges, (400.0, 400.0), 0.16, 0.0))
    assert found["cnfd_per_mm2"] == pytest.approx(2 / 0.16)
    assert found["tortuosity"] == pytest.approx(0.25 * 500 / 900, rel=1e-3)


def test_field_convention_of_width() -> None:
    """The field's example: 5.05 um over 0.16 mm2 is 31.6 um/mm2."""
    path = straight((0.0, 100.0), (400.0, 100.0))
    nodes = [Node((0.0, 100.0), "border"), Node((400.0, 100.0), "border")]
    graph = NerveGraph(nodes, [Edge(0, 1, path, 400.0, 5.05)], (400.0, 400.0), 0.16, 0.002)
    assert compute_biomarkers(graph)["cnfw_um_per_mm2"] == pytest.approx(31.6, abs=0.05)


def test_densities_refer_to_the_imaged_area(plexus: NerveGraph) -> None:
    whole, half = compute_biomarkers(plexus), compute_biomarkers(replace(plexus, imaged_area_mm2=0.08))
    for column in ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfa_mm2_per_mm2", "cnfw_um_per_mm2"):
        assert half[column] == pytest.approx(2.0 * whole[column])
    assert half["fragmentation_per_mm"] == whole["fragmentation_per_mm"]


def test_without_trunks_their_bending_is_undefined(plexus: NerveGraph) -> None:
    loose = replace(plexus, edges=[plexus.edges[3]])
    found = compute_biomarkers(loose)
    assert found["cnfd_per_mm2"] == 0.0
    assert all(
        np.isnan(found[name]) for name in ("tortuosity", "tortuosity_coefficient", "curvature_squared_per_um")
    )


def test_unknown_width_and_frame_give_nan(plexus: NerveGraph) -> None:
    bare = replace(plexus, edges=[Edge(e.start, e.end, e.path_um, e.length_um) for e in plexus.edges])
    found = compute_biomarkers(bare)
    for column in ("mean_width_um", "cnfw_um_per_mm2", "nerve_contrast", "bead_density_per_mm"):
        assert np.isnan(found[column])
    assert found["cnfd_per_mm2"] > 0.0


def test_border_rule_reaches_the_density(plexus: NerveGraph) -> None:
    settings = MorphometrySettings(border_rule="two-border")
    assert compute_biomarkers(plexus, settings=settings)["cnfd_per_mm2"] == pytest.approx(1 / 0.16)
    nodes = [Node((0.0, 300.0), "border"), Node((300.0, 0.0), "border")]  # over the upper and the left border
    graph = NerveGraph(nodes, [Edge(0, 1, straight((0, 300), (300, 0)), 424.26)], (400.0, 400.0), 0.16, 0.0)
    assert compute_biomarkers(graph, settings=settings)["cnfd_per_mm2"] == pytest.approx(2 / 0.16)
    assert compute_biomarkers(graph)["cnfd_per_mm2"] == pytest.approx(1 / 0.16)


def test_no_imaged_area_is_refused(plexus: NerveGraph) -> None:
    with pytest.raises(ValueError, match="imaged area"):
        compute_biomarkers(replace(plexus, imaged_area_mm2=0.0))


def test_pieces_and_joined_paths(plexus: NerveGraph) -> None:
    assert count_pieces(plexus) == 2
    trunk = find_trunks(plexus).paths[0]
    path = join_paths(plexus, trunk)
    assert {tuple(path[0]), tuple(path[-1])} == {(0.0, 200.0), (400.0, 200.0)}
    assert len(path) == 801
