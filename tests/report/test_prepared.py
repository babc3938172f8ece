"""Frames brought to panel size."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.report import drawing
from ccmeval.report.layout import choose_layout
from ccmeval.report.prepared import Prepared, prepare


def prepared(
    pixels: np.ndarray, mask: np.ndarray, graph: NerveGraph | None = None, **more: object
) -> Prepared:
    height, width = pixels.shape
    graph = graph or NerveGraph([], [], (float(height), float(width)), 0.1, 0.0)
    return prepare(pixels, mask, graph, None, layout=choose_layout(pixels.shape), pixel_size_um=1.0, **more)


@pytest.mark.parametrize(("side", "panel", "scale"), [(100, 400, 4.0), (384, 384, 1.0), (1600, 800, 0.5)])
def test_nerves_keep_their_place_at_every_scale(side, panel, scale):
    middle = side / 2
    path = np.array([[0.0, middle], [float(side), middle]])
    nodes = [Node((0.0, middle), "border"), Node((float(side), middle), "border")]
    graph = NerveGraph(nodes, [Edge(0, 1, path, float(side))], (side, side), 0.1, 0.0)
    mask = np.zeros((side, side), dtype=bool)
    mask[:, side // 2 : side // 2 + 4] = True
    frame = prepared(np.full((side, side), 0.5, dtype=np.float32), mask, graph)
    assert frame.grey.shape == frame.mask.shape == (panel, panel)
    assert set(frame.lines.columns.tolist()) == {panel // 2}
    assert np.flatnonzero(frame.mask[panel // 2]).tolist() == list(
        range(panel // 2, panel // 2 + round(4 * scale))
    )
    assert frame.nodes_px.tolist() == [[0.0, panel / 2], [panel, panel / 2]]


def test_thin_nerves_survive_scaling_down():
    mask = np.zeros((1600, 1600), dtype=bool)
    mask[:, 801:803] = True
    assert prepared(np.zeros((1600, 1600), dtype=np.float32), mask).mask.any(axis=1).all()


def test_the_share_of_the_mask_is_of_the_imaged_area():
    mask, imaged = np.zeros((400, 400), dtype=bool), np.zeros((400, 400), dtype=bool)
    mask[:40, :100] = True
    imaged[:, :100] = True
    pixels = np.full((400, 400), 0.5, dtype=np.float32)
    assert prepared(pixels, mask).mask_share == pytest.approx(0.025)
    assert prepared(pixels, mask, imaged=imaged).mask_share == pytest.approx(0.1)


def test_dimmed_pixels_are_darker_and_the_outside_stays():
    imaged = np.ones((400, 400), dtype=bool)
    imaged[:, 300:] = False
    frame = prepared(np.full((400, 400), 0.8, dtype=np.float32), ~imaged, imaged=imaged)
    assert frame.dimmed[0, 0] == pytest.approx(0.5 * frame.grey[0, 0], abs=2)
    assert (frame.dimmed[:, 300:] == drawing.solid("outside")).all()


@pytest.mark.parametrize(("level", "gain"), [(0.5, 1.0), (0.09, 10.0), (0.0, 1.0)])
def test_only_dark_frames_are_brightened(level, gain):
    pixels = np.full((400, 400), level, dtype=np.float32)
    assert prepared(pixels, pixels > 1).gain == pytest.approx(gain)
