"""Inline figures and pictures: what is drawn lies where its number says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ccmeval.fidelity.schema import Floor, MetricRow
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.preservation.schema import BiomarkerComparison, CorrelationStructure
from ccmeval.report.layout import choose_layout
from ccmeval.report.overlay import render_overlay
from ccmeval.report.pictures import write_png
from ccmeval.report.three_pillar_equivalence import equivalence_plot
from ccmeval.report.three_pillar_fidelity import reading
from ccmeval.report.three_pillar_floors import floor_plot
from ccmeval.report.three_pillar_gallery import chosen_frames
from ccmeval.report.three_pillar_maps import correlation_plot
from ccmeval.report.three_pillar_pictures import FolderPictures, panel_box
from ccmeval.report.three_pillar_svg import Scale
from ccmeval.report.three_pillar_violins import blocks, unit_means, violins
from tests.report.three_pillar_sample import full, no_diagnoses, published


def comparison(**more) -> BiomarkerComparison:
    found = {
        "biomarker": "b", "label": "B", "unit": "µm", "family": "primary", "difference": 1.0, "margin": 2.0,
        "difference_low": -1.0, "difference_high": 3.0, "equivalence_low": -0.5, "equivalence_high": 2.5,
        "verdict": "inconclusive", **more,
    }  # fmt: skip
    return BiomarkerComparison(**found)


def lines(svg: str, kind: str) -> list[tuple[float, float]]:
    found = re.findall(rf'<line class="{kind}" x1="([-\d.]+)" y1="[-\d.]+" x2="([-\d.]+)"', svg)
    return [(float(a), float(b)) for a, b in found]


def test_intervals_are_drawn_in_units_of_the_margin():
    svg = str(equivalence_plot([comparison()]))
    band = re.findall(r'<rect class="margin" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)[0]
    left, width = map(float, band)
    middle, margin = left + width / 2, width / 2
    thin, thick = lines(svg, "thin")[-1], lines(svg, "thick")[-1]
    assert thin == pytest.approx((middle - 0.5 * margin, middle + 1.5 * margin), abs=0.2)
    assert thick == pytest.approx((middle - 0.25 * margin, middle + 1.25 * margin), abs=0.2)
    assert "? inconclusive" in svg


def test_what_reaches_beyond_the_axis_is_cut_with_an_arrow():
    svg = str(equivalence_plot([comparison(difference_high=100.0, difference=50.0)]))
    (low, high), *_ = lines(svg, "thin")[-1:]
    assert high <= 300
    assert svg.count("l-6 4v-8Z") == 1
    assert low < high


def test_rows_without_margin_or_difference_are_not_drawn():
    assert equivalence_plot([comparison(margin=None), comparison(difference=None)]) == ""


@pytest.mark.parametrize(
    ("better", "value", "words"),
    [
        ("lower", 12.0, "worse than the floor"), ("lower", 9.0, "within the floor"), ("lower", 7.0,
        "better than the floor"),
        ("higher", 7.0, "worse than the floor"), ("higher", 12.0, "better than the floor"), ("neither",
        12.0, "above the floor"),
        ("lower", None, ""),
    ],
)  # fmt: skip
def test_a_value_is_read_against_its_floor(better, value, words):
    floor = Floor(n=9, splits=9, unit="frame", median=9.0, low=8.0, high=10.0, matched_median=value)
    assert reading(MetricRow(metric="m", label="M", value=1.0, better=better, floor=floor)) == words


def test_a_floor_around_zero_is_no_unit():
    floor = Floor(n=9, splits=9, unit="frame", median=0.001, low=-0.01, high=0.01, matched_median=0.2)
    assert floor_plot([MetricRow(metric="kid", label="KID", value=0.2, floor=floor)]) == ""
    floor = Floor(n=9, splits=9, unit="frame", median=10.0, low=8.0, high=12.0, matched_median=20.0)
    svg = floor_plot([MetricRow(metric="frechet", label="FID", value=20.0, floor=floor)])
    assert "FID, all pooled: 2.00 times the floor" in svg


def test_unit_means_average_the_frames_of_a_subject():
    real = full().sets[0]
    column = "cnfl_mm_per_mm2"
    found = unit_means(real, column, "Control", by_subject=True)
    by_subject: dict[str, list[float]] = {}
    for row in real.frames:
        if row.diagnosis == "Control":
            by_subject.setdefault(row.subject, []).append(row.biomarkers[column])
    assert found == pytest.approx(sorted(float(np.mean(v)) for v in by_subject.values()))
    assert unit_means(real, column, "Control", by_subject=False).size == 48


def test_violins_of_a_published_table_show_mean_and_sd():
    (first, *_) = found = blocks(published(), "cnfl_mm_per_mm2")
    assert [it.name for it in found] == ["Control", "T1NoDPN", "T1DPN"]
    assert first.real.size == 0
    assert "real, mean ± SD" in violins(found, label="CNFL", unit="mm/mm²")


def test_without_diagnoses_all_frames_are_one_block():
    (block,) = blocks(no_diagnoses(), "cnfl_mm_per_mm2")
    assert block.name == "all frames"
    assert block.real.size == 39


def test_correlations_stand_on_their_sides_of_the_diagonal():
    table = CorrelationStructure(
        biomarkers=["cnfl_mm_per_mm2", "cnfd_per_mm2"],
        real=[[1, 0.25], [0.25, 1]],
        synth=[[1, -0.75], [-0.75, 1]],
    )
    svg = str(correlation_plot(table))
    assert svg.index("−0.75") < svg.index("0.25"), "the upper row holds the synthetic one"


def test_scale_turns_values_into_places():
    scale = Scale(0.0, 10.0, 0.0, 100.0)
    assert [scale(-1.0), scale(5.0), scale.clipped(20.0)] == [-10.0, 50.0, 100.0]
    assert Scale(1.0, 1.0, 0.0, 9.0)(1.0) == 0.0


def test_frames_are_chosen_at_quantiles_and_failed_ones_never():
    frames = full().sets[0].frames
    chosen = chosen_frames(frames)
    assert len(chosen) == 4
    assert all(row.status == "measured" for row in chosen)
    values = [row.biomarkers["cnfl_mm_per_mm2"] for row in chosen]
    assert values == sorted(values)
    assert chosen_frames([]) == []
    assert len(chosen_frames(frames[:1])) == 1


@pytest.mark.parametrize("shape", [(384, 384), (60, 60), (100, 80), (150, 500)])
def test_panels_are_found_on_a_real_sheet(shape, tmp_path: Path):
    grey = np.random.default_rng(1).random(shape, dtype=np.float32)
    graph = NerveGraph([], [], (400.0, 400.0), 0.16, 0.0)
    sheet = render_overlay(
        grey, np.zeros(shape, bool), graph, None, title="A frame", pixel_size_um=1.0, flags=["blurred"],
        biomarkers={"cnfl_mm_per_mm2": 1.0},
    )  # fmt: skip
    layout = choose_layout(shape)
    top = sheet.shape[0] - layout.panels_height_px
    for panel in range(6):
        left, upper, right, lower = panel_box(sheet, panel)
        row, column = layout.corner(panel, top)
        assert (upper - 42, left) == (row, column)
        assert (lower - upper, right - left) == (layout.height_px, layout.width_px)
    write_png(tmp_path / "biomarkers" / "real" / "overlays" / "a b.png", sheet)
    pictures = FolderPictures(tmp_path)
    assert pictures.thumbnail("real", "a b")[:2] == b"\xff\xd8"
    assert pictures.overlay("real", "a b") is not None
    assert pictures.address("real", "a b") == "biomarkers/real/overlays/a%20b.png"
    assert pictures.address("synth", "a b") is None


def test_a_broken_or_foreign_picture_is_left_out(tmp_path: Path):
    folder = tmp_path / "biomarkers" / "real" / "overlays"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"\x89PNG broken")
    write_png(folder / "b.png", np.full((30, 30, 3), 255, dtype=np.uint8))
    write_png(folder / "c.png", np.zeros((4, 4, 3), dtype=np.uint8))
    pictures = FolderPictures(tmp_path)
    assert pictures.thumbnail("real", "a") is None
    assert pictures.thumbnail("real", "c") is None
    assert pictures.overlay("real", "b") is None
