"""Files of an agreement: everything in them comes from the result, and nothing runs in the page."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ccmeval.agreement.biomarker import AgreementSettings
from ccmeval.agreement.tables import compare_tables
from ccmeval.report.agreement_figures import _LINES, _name_lines, draw_agreement
from ccmeval.report.agreement_page import write_agreement
from ccmeval.report.agreement_schema import AgreementResult
from ccmeval.report.agreement_words import main_table
from ccmeval.report.files import OutputError

HOSTILE = '<script>alert("x")</script>$\\frac{a}{b}$'


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> AgreementResult:
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    values = rng.normal(15, 4, 30)
    for name, shift in (("a.csv", 0), ("b.csv", 1)):
        with (folder / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["frame", "CNFL", "CNFD"])
            writer.writerows(
                [f"=cmd {i},<b>.png", v + shift + rng.normal(), 6.25 * (i % 4)] for i, v in enumerate(values)
            )
    return compare_tables(folder / "a.csv", folder / "b.csv", AgreementSettings(second_name=HOSTILE))


@pytest.fixture(scope="module")
def out(result, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "new"
    write_agreement(result, folder)
    return folder


def test_all_files_are_there(out):
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names == {
        "agreement.html", "agreement.json", "agreement.csv", "agreement_pairs.csv",
        "figures/cnfl_mm_per_mm2.svg", "figures/cnfl_mm_per_mm2.png",
        "figures/cnfd_per_mm2.svg", "figures/cnfd_per_mm2.png",
    }  # fmt: skip


def test_json_holds_the_result(result, out):
    assert AgreementResult.model_validate_json((out / "agreement.json").read_text()) == result


def test_csv_holds_the_same_numbers(result, out):
    with (out / "agreement.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row, it in zip(rows, result.biomarkers, strict=True):
        assert float(row["bias"]) == pytest.approx(it.bias.value, rel=1e-5)
        assert float(row["upper_limit_high"]) == pytest.approx(it.upper_limit.high, rel=1e-5)
        assert row["icc_subjects"] == ""
        assert int(row["n_frames"]) == 30
    with (out / "agreement_pairs.csv").open() as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) == 60
    assert pairs[0]["frame"].startswith("'=cmd"), "harmless in a spreadsheet"


def test_page_stands_alone_and_runs_nothing(out):
    html = (out / "agreement.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert html.count("data:image/svg+xml;base64,") == 2
    links = re.findall(r'href="([^"#:]+)"', html)
    assert links
    assert all((out / link).is_file() for link in links)


def test_page_shows_the_numbers(result, out):
    text = re.sub(r"<[^>]+>", " ", (out / "agreement.html").read_text())
    it = result.biomarkers[0]
    assert f"{it.icc.value:.3f}" in text
    assert f"{it.pearson.low:.3f} to {it.pearson.high:.3f}" in text


def test_figures_are_pictures_and_the_same_each_time(result, out):
    with Image.open(out / "figures" / "cnfl_mm_per_mm2.png") as picture:
        assert picture.width > 1500
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (np.abs(colours - np.array([213, 94, 0])).sum(axis=1) < 12).any(), "the lines of bias and limits"
    again = draw_agreement(result.biomarkers[0], result.first_name, result.second_name)
    assert again["svg"] == (out / "figures" / "cnfl_mm_per_mm2.svg").read_bytes()


def test_many_points_stay_small(result):
    many = result.biomarkers[0].model_copy(deep=True)
    rng = np.random.default_rng(0)
    many.pairs = [
        many.pairs[0].model_copy(update={"first": float(a), "second": float(b)})
        for a, b in rng.normal(15, 4, (6000, 2))
    ]
    assert len(draw_agreement(many, "a", "b")["svg"]) < 600_000


def test_a_point_is_a_shape_that_is_drawn_once(result):
    many = result.biomarkers[0].model_copy(deep=True)
    few = len(draw_agreement(many, "a", "b")["svg"])
    rng = np.random.default_rng(0)
    added = [(float(a), float(b)) for a, b in rng.normal(15, 4, (500, 2))]
    many.pairs += [many.pairs[0].model_copy(update={"first": a, "second": b}) for a, b in added]
    assert (len(draw_agreement(many, "a", "b")["svg"]) - few) / 1000 < 200, "bytes a point"


@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (1.0, 0.99, 1.01), (0.1, -5.0, 5.2), (4.9, 4.8, 5.0)])
def test_words_of_lines_never_overlap(values):
    figure = Figure(figsize=(8.6, 3.7))
    axes = figure.subplots()
    axes.set_ylim(-5, 5)
    labels = [(f"{name}\n{value}", value) for (_, name, _), value in zip(_LINES, values, strict=True)]
    _name_lines(axes, labels)
    figure.canvas.draw()
    boxes = [it.get_window_extent() for it in axes.texts]
    bias, lower, upper = ((box.y0, box.y1) for box in boxes)
    assert lower[1] <= bias[0] + 1
    assert bias[1] <= upper[0] + 1


def test_undefined_numbers_are_dashes(result, tmp_path):
    small = result.model_copy(deep=True)
    for it in small.biomarkers:
        for name in ("bias", "lower_limit", "upper_limit", "slope", "icc", "pearson"):
            interval = getattr(it, name)
            interval.value = interval.low = interval.high = None
        it.sd_difference = it.bias_percent = it.slope_p = None
        it.pairs = it.pairs[:2]
    html = write_agreement(small, tmp_path).read_text()
    assert "None" not in html
    assert ">nan" not in html
    assert "–" in html


def test_a_folder_that_cannot_be_made_has_a_sentence(result, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        write_agreement(result, tmp_path / "file" / "out")


def test_means_of_both_share_decimals_unless_their_units_differ(result):
    it = result.biomarkers[0].model_copy(
        update={"mean_first": 0.122, "sd_first": 0.0744, "mean_second": 0.0917, "sd_second": 0.0624}
    )
    alike = result.model_copy(update={"biomarkers": [it]})
    assert [cell.words for cell in main_table(alike).rows[0][2:4]] == ["0.122", "0.092"]
    it = it.model_copy(
        update={"mean_first": 27.7, "sd_first": 3.4, "mean_second": 0.0215, "sd_second": 0.0012}
    )
    other = result.model_copy(update={"biomarkers": [it]})
    assert [cell.words for cell in main_table(other).rows[0][2:4]] == ["27.7", "0.0215"]
