"""Overlays against what was put into them: places, colours and lengths worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.report import drawing, style
from ccmeval.report.layout import CAPTION_PX, PANELS, choose_layout
from ccmeval.report.overlay import draw_overlay, render_overlay

PIXEL_UM = 400 / 384
SIDE = 384
FRAME, MASK, SKELETON, TRUNKS, BRANCH_POINTS, WIDTHS = range(PANELS)


def at(row: float, column: float) -> tuple[float, float]:
    """Give the middle of a pixel in micrometres."""
    return ((row + 0.5) * PIXEL_UM, (column + 0.5) * PIXEL_UM)


def edge(start: int, end: int, points: list[tuple[float, float]], width_um: float) -> Edge:
    path = np.array(points)
    return Edge(start, end, path, float(np.hypot(*np.diff(path, axis=0).T).sum()), width_um)


@pytest.fixture
def nerves() -> tuple[NerveGraph, SimpleNamespace]:
    """A trunk down column 100 with a branch to (200, 300); a stray piece with a crossing."""
    nodes = [
        Node(at(0, 100), "border"),
        Node(at(200, 100), "branch point"),
        Node(at(383, 100), "border"),
        Node(at(200, 300), "end"),
        Node(at(300, 300), "crossing"),
        Node(at(340, 300), "branch point"),
    ]
    edges = [
        edge(0, 1, [at(0, 100), at(200, 100)], 1.0),
        edge(1, 2, [at(200, 100), at(383, 100)], 7.0),
        edge(1, 3, [at(200, 100), at(200, 300)], float("nan")),
        edge(4, 5, [at(300, 300), at(340, 300)], 4.0),
    ]
    graph = NerveGraph(nodes, edges, (400.0, 400.0), 0.16, 0.002)
    trunks = SimpleNamespace(edge_is_trunk=[True, True, False, False], branch_nodes=[1], count=1)
    return graph, trunks


def panels_of(picture: np.ndarray, shape: tuple[int, int]) -> list[np.ndarray]:
    """Cut the six panels out of a sheet."""
    layout = choose_layout(shape)
    top = picture.shape[0] - layout.panels_height_px
    corners = [layout.corner(number, top) for number in range(PANELS)]
    return [
        picture[row + CAPTION_PX :][: layout.height_px, column : column + layout.width_px]
        for row, column in corners
    ]


def drawn(graph: NerveGraph, trunks: object, **more: object) -> list[np.ndarray]:
    pixels = np.full((SIDE, SIDE), 0.5, dtype=np.float32)
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[:, 98:103] = True
    options = {"title": "t", "pixel_size_um": PIXEL_UM} | more
    return panels_of(render_overlay(pixels, mask, graph, trunks, **options), (SIDE, SIDE))


def is_colour(panel: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (panel == np.array(colour)).all(axis=2)


def test_the_frame_is_shown_in_its_own_greys(nerves):
    panel = drawn(*nerves)[FRAME]
    assert abs(int(panel[10, 200, 0]) - 128) <= 2
    assert (panel[10, 200] == panel[10, 200, 0]).all()


def test_the_mask_is_tinted_where_it_is_and_nowhere_else(nerves):
    panel = drawn(*nerves)[MASK].astype(int)
    tinted = panel[..., 1] - panel[..., 0] > 20
    expected = np.zeros((SIDE, SIDE), dtype=bool)
    expected[:, 98:103] = True
    np.testing.assert_array_equal(tinted, expected)


def test_centre_lines_lie_on_their_pixels_without_holes(nerves):
    panel = is_colour(drawn(*nerves)[SKELETON], style.YELLOW)
    assert panel[:, 100].all()
    assert panel[200, 100:301].all()
    assert not panel[:, 110:290][:190].any()


def test_trunks_and_branches_have_their_colours(nerves):
    panel = drawn(*nerves)[TRUNKS]
    assert is_colour(panel, style.SKY_BLUE)[:190, 100].all()
    assert is_colour(panel, style.ORANGE)[200, 110:300].all()
    assert is_colour(panel, style.ORANGE)[305:335, 300].all()


def test_without_trunks_every_nerve_is_a_branch(nerves):
    panel = drawn(nerves[0], None)[TRUNKS]
    assert not is_colour(panel, style.SKY_BLUE).any()
    assert is_colour(panel, style.ORANGE)[:, 100].all()


@pytest.mark.parametrize(
    ("colour", "place", "count"),
    [
        (style.VERMILLION, (200, 100), 1),  # the branch point on the trunk
        (style.ORANGE, (340, 300), 1),  # the other one, a ring
        (style.SKY_BLUE, (300, 300), 1),  # the crossing
        (style.YELLOW, (200, 300), 1),  # the end, a square; ends at the border are none
    ],
)
def test_each_kind_of_node_has_one_mark_at_its_place(nerves, colour, place, count):
    from scipy import ndimage

    marks, found = ndimage.label(is_colour(drawn(*nerves)[BRANCH_POINTS], colour), np.ones((3, 3)))
    assert found == count
    middle = ndimage.center_of_mass(marks > 0)
    assert middle == pytest.approx(place, abs=0.6)


def test_widths_run_from_dark_to_bright_and_unknown_is_grey(nerves):
    panel = drawn(*nerves)[WIDTHS]
    narrow, wide = style.width_colours(drawing.WIDTHS)[0], style.width_colours(drawing.WIDTHS)[-1]
    assert tuple(panel[100, 100]) == narrow
    assert tuple(panel[300, 100]) == wide
    assert tuple(panel[200, 200]) == drawing.SOLIDS["unknown"]


def test_the_scale_bar_is_as_long_as_it_says(nerves):
    panel = is_colour(drawn(*nerves)[FRAME], style.WHITE)
    longest = max(int(row.sum()) for row in panel[SIDE - 40 :])
    assert longest == round(100 / PIXEL_UM)


def test_a_frame_that_is_too_dark_to_see_is_brightened(nerves):
    graph, trunks = nerves
    pixels = np.full((SIDE, SIDE), 0.05, dtype=np.float32)
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    picture = render_overlay(pixels, mask, graph, trunks, title="t", pixel_size_um=PIXEL_UM)
    assert panels_of(picture, (SIDE, SIDE))[FRAME][10, 200, 0] > 200


def test_outside_of_the_imaged_area_is_marked(nerves):
    imaged = np.ones((SIDE, SIDE), dtype=bool)
    imaged[:, 200:] = False
    panel = drawn(*nerves, imaged=imaged)[FRAME]
    outside = is_colour(panel, drawing.SOLIDS["outside"])
    assert outside[:, 200:].all()
    assert not outside[:, :200].any()


def test_the_palette_picture_has_the_same_colours(nerves):
    graph, trunks = nerves
    pixels = np.random.default_rng(1).random((SIDE, SIDE), dtype=np.float32)
    mask = pixels > 0.9
    given = {"title": "t", "pixel_size_um": PIXEL_UM, "flags": ["blurred"]}
    picture = draw_overlay(pixels, mask, graph, trunks, **given)
    assert picture.mode == "P"
    colours = render_overlay(pixels, mask, graph, trunks, **given)
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), colours)


@pytest.mark.parametrize(
    "shape", [(1, 1), (7, 300), (300, 7), (64, 64), (600, 200), (1312, 2184), (384, 6000)]
)
def test_any_shape_gives_a_sheet_of_bounded_size(shape):
    graph = NerveGraph([], [], (shape[0] * 1.0, shape[1] * 1.0), 0.1, 0.0)
    pixels, mask = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=bool)
    picture = render_overlay(pixels, mask, graph, None, title="x" * 500, pixel_size_um=1.0)
    assert picture.dtype == np.uint8
    assert max(picture.shape[:2]) <= 4600
    assert picture.shape[0] * picture.shape[1] <= 4_500_000


@pytest.mark.parametrize(
    "title", ["", "中文_ñ_µ.png", "a\nb\t\x00", "<script>", "e\u0301\U0001f600", "\ud800"]
)
def test_any_title_is_drawn(nerves, title):
    assert drawn(*nerves, title=title, flags=[title] * 40)[FRAME].shape == (SIDE, SIDE, 3)


def test_undefined_biomarkers_and_none_are_drawn(nerves):
    values = {"cnfl_mm_per_mm2": 0.0, "cnfw_um_per_mm2": None, "mean_width_um": float("nan")}
    assert drawn(*nerves, biomarkers=values)[FRAME].shape == (SIDE, SIDE, 3)


def test_frame_and_mask_of_different_shape_are_refused(nerves):
    with pytest.raises(ValueError, match=r"share one shape, not \(4, 4\) and \(4, 5\)"):
        render_overlay(
            np.zeros((4, 4), np.float32), np.zeros((4, 5), bool), *nerves, title="t", pixel_size_um=1.0
        )
