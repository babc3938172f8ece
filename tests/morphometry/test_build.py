"""From mask to graph: lengths, widths, ends, borders and junctions against drawn truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.draw import line as bresenham

from ccmeval.morphometry import MorphometrySettings, NerveGraph, nerve_graph
from ccmeval.morphometry.build import fill_small_holes
from tests.morphometry.drawing import PIXEL_UM, SHAPE, draw, inner_length, ray

CENTRE = (203.7, 197.2)


def measured(curves: list[np.ndarray], widths: list[float], **options: object) -> NerveGraph:
    return nerve_graph(draw(curves, widths), pixel_size_um=PIXEL_UM, **options)  # type: ignore[arg-type]


def kinds(graph: NerveGraph) -> list[str]:
    return sorted(node.kind for node in graph.nodes)


@pytest.mark.parametrize("degrees", range(0, 180, 5))
def test_straight_line_at_any_angle_has_its_length(degrees: float) -> None:
    line = ray(CENTRE, degrees + 1.3, 110.0, 90.0)
    graph = measured([line], [4.3])
    assert kinds(graph) == ["end", "end"]
    assert graph.length_um == pytest.approx(200.0, rel=0.01)


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_line_through_the_frame_reaches_both_borders(degrees: float) -> None:
    line = ray(CENTRE, degrees + 4.0, 400.0, 400.0)
    graph = measured([line], [3.6])
    assert kinds(graph) == ["border", "border"]
    assert graph.length_um == pytest.approx(inner_length(line), rel=0.005)
    for node in graph.nodes:
        row, column = node.position_um
        assert min(row, column, 400.0 - row, 400.0 - column) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("radius", [15.0, 20.0, 40.0, 80.0, 150.0])
@pytest.mark.parametrize("width", [2.5, 5.0])
def test_circle_does_not_shrink(radius: float, width: float) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 400)
    circle = np.array([200.3, 199.1]) + radius * np.column_stack([np.sin(angle), np.cos(angle)])
    graph = measured([circle], [width])
    assert kinds(graph) == ["loop"]
    assert graph.length_um == pytest.approx(2.0 * np.pi * radius, rel=0.01)


def test_arc_of_200_um_radius() -> None:
    angle = np.linspace(np.radians(50.0), np.radians(130.0), 400)
    arc = np.array([10.0, 200.0]) + 200.0 * np.column_stack([np.sin(angle), np.cos(angle)])
    assert measured([arc], [4.0]).length_um == pytest.approx(200.0 * np.radians(80.0), rel=0.01)


@pytest.mark.parametrize("wavelength", [40.0, 60.0, 120.0])
@pytest.mark.parametrize("degrees", [0.0, 33.0])
def test_sine_keeps_its_bends(wavelength: float, degrees: float) -> None:
    x = np.linspace(-120.0, 120.0, 1500)
    y = wavelength / 14.0 * np.sin(2.0 * np.pi * x / wavelength)
    turn = np.radians(degrees)
    sine = np.array(CENTRE) + np.column_stack(
        [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]
    )
    true = float(np.hypot(*np.diff(sine, axis=0).T).sum())
    assert measured([sine], [3.5]).length_um == pytest.approx(true, rel=0.01)


def test_width_is_unbiased_over_angles_and_offsets() -> None:
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(60):
        width = rng.uniform(2.5, 6.0)
        line = ray(rng.uniform(150.0, 250.0, 2), rng.uniform(0.0, 180.0), 120.0, 120.0)
        errors.append(measured([line], [width]).edges[0].width_um - width)
    assert abs(np.mean(errors)) < 0.05
    assert np.median(np.abs(errors)) < 0.05


def test_width_map_takes_precedence_where_known() -> None:
    mask = draw([ray(CENTRE, 83.0, 100.0, 100.0)], [4.0])
    width = np.full(SHAPE, np.nan, dtype=np.float32)
    assert nerve_graph(mask, pixel_size_um=PIXEL_UM, width_um=width).edges[0].width_um == pytest.approx(
        4.0, abs=0.1
    )
    width[:] = 2.25
    assert nerve_graph(mask, pixel_size_um=PIXEL_UM, width_um=width).edges[0].width_um == pytest.approx(2.25)


def test_trace_as_mask_has_no_width() -> None:
    mask = np.zeros((60, 60), dtype=bool)
    mask[30] = True
    graph = nerve_graph(mask, pixel_size_um=1.0)
    assert graph.length_um == pytest.approx(60.0, rel=0.01)
    assert np.isnan(graph.edges[0].width_um)


@pytest.mark.parametrize("degrees", range(0, 180, 5))
def test_one_pixel_trace_at_any_angle_has_its_length(degrees: float) -> None:
    """From the middle of its first pixel to the middle of its last, as Bresenham drew it."""
    start, stop = np.rint(ray((100.0, 100.0), degrees + 1.3, 70.0, 70.0)).astype(int)
    mask = np.zeros((200, 200), dtype=bool)
    mask[bresenham(*start, *stop)] = True
    graph = nerve_graph(mask, pixel_size_um=1.0, centre_line=mask)
    assert kinds(graph) == ["end", "end"]
    assert graph.length_um == pytest.approx(np.hypot(*(stop - start)), rel=0.01)


@pytest.mark.parametrize("degrees", [44.2, 44.9, 45.0, 45.1, 45.6, 134.5, 135.0])
@pytest.mark.parametrize("width", [1.5, 2.5, 3.1, 4.2])
def test_diagonal_nerve_is_not_eaten_from_its_ends(degrees: float, width: float) -> None:
    mask = draw([ray((100.4, 99.7), degrees, 60.0, 60.0)], [width], (200, 200), 1.0)
    assert nerve_graph(mask, pixel_size_um=1.0).length_um == pytest.approx(120.0, rel=0.015)


@pytest.mark.parametrize("radius", [15.0, 25.0, 60.0])
def test_bent_ends_are_followed(radius: float) -> None:
    """The mean over many arcs: a straight line leaves the mask of a bent end too early."""
    rng = np.random.default_rng(8)
    found = []
    for start in rng.uniform(0.0, 2.0 * np.pi, 30):
        angle = start + np.linspace(0.0, 60.0 / radius, 100)
        arc = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        arc += 60.0 + rng.uniform(0.0, 1.0, 2) - arc.mean(axis=0)
        found.append(nerve_graph(draw([arc], [3.0], (120, 120), 1.0), pixel_size_um=1.0).length_um)
    assert np.mean(found) == pytest.approx(60.0, abs=0.4)


@pytest.mark.parametrize("degrees", [30.0, 45.0, 60.0, 90.0, 120.0])
@pytest.mark.parametrize("turned", [4.0, 17.0])
def test_branch_is_led_back_to_the_nerve_it_leaves(degrees: float, turned: float) -> None:
    trunk = ray(CENTRE, turned, 150.0, 150.0)
    branch = ray(CENTRE, turned + degrees, 100.0)
    graph = measured([trunk, branch], [5.0, 3.5])
    assert kinds(graph) == ["branch point", "end", "end", "end"]
    node = next(node for node in graph.nodes if node.kind == "branch point")
    assert_allclose(node.position_um, CENTRE, atol=3.0)
    assert graph.length_um == pytest.approx(400.0, rel=0.01)
    assert sorted(e.width_um for e in graph.edges) == pytest.approx([3.5, 5.0, 5.0], abs=0.3)


@pytest.mark.parametrize("degrees", [25.0, 40.0, 60.0, 90.0])
@pytest.mark.parametrize("turned", [0.0, 31.0])
def test_nerves_that_cross_have_no_branch_point(degrees: float, turned: float) -> None:
    curves = [ray(CENTRE, turned, 150.0, 150.0), ray(CENTRE, turned + degrees, 150.0, 150.0)]
    graph = measured(curves, [4.5, 3.5])
    assert kinds(graph) == ["crossing", "end", "end", "end", "end"]
    assert len(graph.edges) == 4
    assert graph.length_um == pytest.approx(600.0, rel=0.01)


@pytest.mark.parametrize("rung", [12.0, 20.0, 40.0])
@pytest.mark.parametrize("degrees", [90.0, 60.0])
def test_h_connection_is_two_branch_points(rung: float, degrees: float) -> None:
    one, other = ray((200.0, 150.0), 0.0, 150.0, 150.0), ray((200.0, 150.0 + rung), 0.0, 150.0, 150.0)
    bar = ray((200.0, 150.0), degrees, rung / np.sin(np.radians(degrees)))
    graph = measured([one, other, bar], [4.0, 4.0, 3.0])
    assert kinds(graph).count("branch point") == 2
    assert kinds(graph).count("crossing") == 0
    assert graph.length_um == pytest.approx(600.0 + rung / np.sin(np.radians(degrees)), rel=0.01)


def test_branches_on_opposite_sides_are_two_branch_points() -> None:
    trunk = ray(CENTRE, 0.0, 150.0, 150.0)
    branches = [ray(CENTRE, 40.0, 80.0), ray((CENTRE[0] - 18.0, CENTRE[1]), 220.0, 80.0)]
    graph = measured([trunk, *branches], [5.0, 3.5, 3.5])
    assert kinds(graph).count("branch point") == 2


def test_junction_split_by_skeletonisation_is_one_branch_point() -> None:
    # Four arms that do not pair up into straight nerves, so this is no crossing.
    arms = [ray(CENTRE, degrees, 90.0) for degrees in (0.0, 75.0, 125.0, 250.0)]
    graph = measured(arms, [4.0] * 4)
    assert kinds(graph) == ["branch point", "end", "end", "end", "end"]
    assert graph.length_um == pytest.approx(360.0, rel=0.01)


def test_small_hole_is_filled_and_large_one_is_a_loop() -> None:
    mask = draw([ray(CENTRE, 90.0, 100.0, 100.0)], [6.0])
    row, column = (int(x / PIXEL_UM) for x in CENTRE)
    mask[row : row + 2, column : column + 2] = False
    assert kinds(nerve_graph(mask, pixel_size_um=PIXEL_UM)) == ["end", "end"]
    hole = np.zeros((5, 5), dtype=bool)
    hole[1:4, 1:4] = True
    assert fill_small_holes(~hole, 8.0)[1:4, 1:4].sum() == 0
    assert fill_small_holes(~hole, 9.0).all()


@pytest.mark.parametrize("pixel_um", [0.25, 0.5, 1.0])
@pytest.mark.parametrize(("side_um", "ends"), [(3, ["end", "end"]), (4, ["branch point", "branch point"])])
def test_holes_are_filled_by_square_micrometres(pixel_um: float, side_um: int, ends: list[str]) -> None:
    """9 um2 are noise, 16 um2 are not, whatever the pixels."""
    fine = round(1.0 / pixel_um)
    mask = np.zeros((40, 80), dtype=bool)
    mask[14:26, 10:70] = True
    mask[18 : 18 + side_um, 38 : 38 + side_um] = False
    mask = np.kron(mask, np.ones((fine, fine), dtype=bool))
    found = nerve_graph(mask, pixel_size_um=pixel_um)
    assert kinds(found)[:2] == ends


def test_background_cut_off_at_the_border_is_no_hole() -> None:
    mask = np.ones((6, 6), dtype=bool)
    mask[0, 2:4] = False
    assert not fill_small_holes(mask, 50.0).all()


def test_rough_mask_has_no_spurs() -> None:
    rng = np.random.default_rng(3)
    mask = draw([ray(CENTRE, 40.0, 150.0, 150.0)], [5.0])
    rough = mask | (draw([ray(CENTRE, 40.0, 150.0, 150.0)], [7.0]) & (rng.random(SHAPE) < 0.5))
    graph = nerve_graph(rough, pixel_size_um=PIXEL_UM)
    assert kinds(graph) == ["end", "end"]
    assert graph.length_um == pytest.approx(300.0, rel=0.012)


def test_real_side_branch_is_never_pruned() -> None:
    trunk, twig = ray(CENTRE, 0.0, 100.0, 100.0), ray(CENTRE, 90.0, 14.0)
    assert kinds(measured([trunk, twig], [4.0, 3.0])).count("branch point") == 1


def test_border_of_a_mosaic_is_the_imaged_one() -> None:
    imaged = np.zeros(SHAPE, dtype=bool)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    imaged[(rows - 190.0) ** 2 + (columns - 190.0) ** 2 <= 150.0**2] = True
    mask = draw([ray((200.0, 200.0), 20.0, 400.0, 400.0)], [4.0])
    graph = nerve_graph(mask, pixel_size_um=PIXEL_UM, imaged=imaged)
    assert kinds(graph) == ["border", "border"]
    middle, radius = 190.5 * PIXEL_UM, 150.0 * PIXEL_UM
    for node in graph.nodes:
        assert np.hypot(*(np.array(node.position_um) - middle)) == pytest.approx(radius, abs=1.5)
    assert graph.imaged_area_mm2 == pytest.approx(np.pi * radius**2 * 1e-6, rel=0.001)


def test_given_centre_line_is_taken() -> None:
    nerve = ray(CENTRE, 83.0, 100.0, 100.0)
    mask = draw([nerve, nerve + np.array([100.0, 0.0])], [4.0, 4.0])
    line = draw([nerve], [1.1])
    assert len(nerve_graph(mask, pixel_size_um=PIXEL_UM).edges) == 2
    graph = nerve_graph(mask, pixel_size_um=PIXEL_UM, centre_line=line)
    assert len(graph.edges) == 1
    assert graph.edges[0].width_um == pytest.approx(4.0, abs=0.1)
    assert graph.length_um == pytest.approx(200.0, rel=0.01)


def test_grey_levels_along_a_nerve() -> None:
    mask = draw([ray(CENTRE, 90.0, 150.0, 150.0)], [5.0])
    frame = np.where(mask, 0.6, 0.2).astype(np.float32)
    edge = nerve_graph(mask, pixel_size_um=PIXEL_UM, frame=frame).edges[0]
    assert edge.mean_intensity == pytest.approx(0.6, rel=0.02)
    assert edge.contrast == pytest.approx(2.0, rel=0.03)
    assert edge.beads == 0.0
    assert np.isnan(nerve_graph(mask, pixel_size_um=PIXEL_UM).edges[0].beads)


def test_a_nerve_beside_it_is_no_surround() -> None:
    nerve = ray(CENTRE, 90.0, 150.0, 150.0)
    mask = draw([nerve, nerve + np.array([9.0, 0.0])], [4.0, 4.0])
    frame = np.where(mask, 0.6, 0.2).astype(np.float32)
    contrasts = [edge.contrast for edge in nerve_graph(mask, pixel_size_um=PIXEL_UM, frame=frame).edges]
    assert contrasts == pytest.approx([2.0, 2.0], rel=0.03)


@pytest.mark.parametrize("pixel_um", [0.25, 0.5, 1.0])
def test_beads_are_counted_by_micrometres(pixel_um: float) -> None:
    """A bead each 12 um over 120 um; a ripple of 2.5 um, below any bead, is not counted."""
    x = np.arange(round(120.0 / pixel_um)) * pixel_um
    mask = np.zeros((round(30.0 / pixel_um), x.size), dtype=bool)
    mask[round(13.0 / pixel_um) : round(17.0 / pixel_um)] = True
    level = 0.5 - 0.15 * np.cos(2.0 * np.pi * x / 12.0) + 0.1 * np.sin(2.0 * np.pi * x / 2.5)
    frame = np.where(mask, level, 0.1).astype(np.float32)
    assert nerve_graph(mask, pixel_size_um=pixel_um, frame=frame).edges[0].beads == 10


def test_what_was_not_imaged_has_no_grey_level() -> None:
    """A black surround must not darken the end of a nerve, brighten its contrast, or add beads."""
    mask = draw([ray(CENTRE, 50.0, 400.0, 400.0), ray((30.0, 200.0), 90.0, 400.0, 400.0)], [4.0, 4.0])
    columns = np.arange(SHAPE[1]) + np.zeros(SHAPE)
    frame = np.where(mask, 0.55 + 0.05 * np.sin(columns / 2.0), 0.2).astype(np.float32)
    plain = nerve_graph(mask, pixel_size_um=PIXEL_UM, frame=frame)
    padding = ((5, 9), (7, 3))
    padded = nerve_graph(
        np.pad(mask, padding),
        pixel_size_um=PIXEL_UM,
        frame=np.pad(frame, padding),
        imaged=np.pad(np.ones(SHAPE, dtype=bool), padding),
    )
    assert len(padded.edges) == len(plain.edges)
    for found, expected in zip(padded.edges, plain.edges, strict=True):
        assert found.length_um == pytest.approx(expected.length_um, rel=1e-3)
        assert found.mean_intensity == pytest.approx(expected.mean_intensity, rel=1e-3)
        assert found.contrast == pytest.approx(expected.contrast, rel=2e-3)
        assert found.beads == expected.beads > 0.0


@pytest.mark.parametrize("pixels", [[], [(5, 5)]])
def test_mask_without_length_gives_an_empty_graph(pixels: list[tuple[int, int]]) -> None:
    mask = np.zeros((12, 12), dtype=bool)
    for pixel in pixels:
        mask[pixel] = True
    graph = nerve_graph(mask, pixel_size_um=1.0)
    assert graph.nodes == []
    assert graph.edges == []
    assert graph.nerve_area_mm2 == pytest.approx(len(pixels) * 1e-6)


def test_full_mask_and_two_pixels_do_not_crash() -> None:
    nerve_graph(np.ones((20, 20), dtype=bool), pixel_size_um=1.0)
    mask = np.zeros((12, 12), dtype=bool)
    mask[5, 5:7] = True
    graph = nerve_graph(mask, pixel_size_um=1.0)
    assert len(graph.edges) == 1
    assert 0.0 < graph.length_um <= 2.5


def test_settings_reach_the_graph() -> None:
    curves = [ray(CENTRE, 0.0, 100.0, 100.0), ray(CENTRE, 60.0, 100.0, 100.0)]
    strict = MorphometrySettings(crossing_angle_deg=0.0, crossing_distance_um=0.0)
    assert "crossing" not in kinds(measured(curves, [4.0, 4.0], settings=strict))


def test_bad_input_is_refused() -> None:
    mask = np.zeros((4, 4), dtype=bool)
    with pytest.raises(ValueError, match="two dimensions"):
        nerve_graph(mask[0], pixel_size_um=1.0)
    with pytest.raises(ValueError, match="positive"):
        nerve_graph(mask, pixel_size_um=0.0)
    with pytest.raises(ValueError, match="one shape"):
        nerve_graph(mask, pixel_size_um=1.0, imaged=np.ones((4, 5), dtype=bool))
