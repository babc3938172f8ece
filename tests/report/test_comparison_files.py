"""Tables, LaTeX and figures of a comparison: every number is there, and no name breaks them."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from ccmeval.report.comparison_ablation import axis_places, charts, families, utility_charts
from ccmeval.report.comparison_charts import chart_figure
from ccmeval.report.comparison_csv import comparison_tables, write_comparison_csv
from ccmeval.report.comparison_dots import dot_figure, dot_plots
from ccmeval.report.comparison_latex import comparison_latex, write_comparison_latex
from ccmeval.report.comparison_names import labelled
from ccmeval.report.comparison_page import render_comparison
from ccmeval.report.comparison_vector import planned_figures
from ccmeval.report.tables import read_table
from ccmeval.report.three_pillar_vector import rendered
from tests.comparison.example import example
from tests.report.comparison_sample import DIAGNOSES, HOSTILE, NO_PAIRS, hostile, realistic
from tests.report.test_comparison_page import VARIANTS
from tests.report.test_page import Page

COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_comparison_csv(realistic(), folder)
    return folder


def test_the_wide_table_round_trips(tables):
    result = realistic()
    table = read_table(tables / "wide.csv").set_index("set")
    assert list(table.index) == [it.name for it in result.sets]
    for one in result.sets:
        for it in result.scores:
            value = one.value(it.key)
            if value is None or value.value is None:
                assert table.loc[one.name, f"{it.key}_reason"]
                continue
            assert float(table.loc[one.name, it.key]) == pytest.approx(value.value, rel=2e-6)
            if value.low is not None:
                assert float(table.loc[one.name, f"{it.key}_low"]) == pytest.approx(value.low, rel=2e-6)
    assert table.loc[result.sets[0].name, "psnr_reason"] == NO_PAIRS


def test_counts_of_parameters_and_bytes_keep_all_their_digits(tables):
    with (tables / "wide.csv").open(encoding="utf-8") as file:
        rows = {row["set"]: row for row in csv.DictReader(file)}
    first = realistic().sets[0]
    assert rows[first.name]["parameters"] == "2949120"
    assert rows[first.name]["memory"] == str(2 * 2**30)


def test_the_flat_table_has_a_row_a_number_and_scope(tables):
    result = realistic()
    table = read_table(tables / "scores.csv")
    assert len(table) == sum(len(it.values) for it in result.sets)
    assert set(table["diagnosis"].dropna()) >= set(DIAGNOSES)
    assert "floor_matched_median" in table.columns


@pytest.mark.parametrize("name", list(VARIANTS))
def test_tables_have_their_columns_and_no_others(name):
    for table, (columns, rows) in comparison_tables(VARIANTS[name]()).items():
        assert len(set(columns)) == len(columns), table
        for row in rows:
            assert set(row) <= set(columns), table


def test_no_cell_starts_a_formula(tmp_path):
    write_comparison_csv(hostile(), tmp_path)
    for path in tmp_path.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    assert not cell.startswith(("=", "+", "@", "\t")), (path.name, cell)
                    assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+(e[+-]?\d+)?", cell), cell
    names = list(read_table(tmp_path / "wide.csv")["set"])
    assert names == [it.name for it in hostile().sets]


@pytest.mark.parametrize("name", list(VARIANTS))
def test_latex_is_balanced_and_escaped(name):
    for text in comparison_latex(labelled(VARIANTS[name]())).values():
        assert text.isascii()
        bare = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
        assert bare.count("{") - bare.count(r"\{") == bare.count("}") - bare.count(r"\}")
        assert bare.count("\\begin{") == bare.count("\\end{")
        assert not re.sub(r"\\\$", "", bare).count("$") % 2
        outside = COMMAND.sub("", re.sub(r"\$[^$]*\$", "", bare.replace("\\$", "")))
        assert not set(outside) & set("#%_^")
        assert "\\input" not in bare


@pytest.mark.parametrize("name", list(VARIANTS))
def test_latex_rows_have_as_many_cells_as_heads(name):
    for text in comparison_latex(VARIANTS[name]()).values():
        lines = [line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
        assert len({re.sub(r"\\&", "", line).count("&") for line in lines}) <= 1


def test_latex_holds_values_letters_and_reasons():
    table = comparison_latex(example())["comparison"]
    assert "13.5" in table
    assert r"$^{\mathrm{a}}$" in table
    assert "No pairs are declared; see -{}-paired." in table
    assert "failed: There are no frames in broken" in table
    assert r"FID $\downarrow$" in table
    assert comparison_latex(example())["ranks"].count(r"\toprule") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_document_compiles(tmp_path: Path):
    write_comparison_latex(labelled(hostile()), tmp_path)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    if b"not found" in done.stdout:
        pytest.skip("a LaTeX package is not installed")
    assert done.returncode == 0, done.stdout[-800:]


def test_dot_plots_are_of_scores_with_numbers():
    found = dot_plots(realistic())
    labels = [it.definition.label for it in found]
    assert labels[:2] == ["FID", "KID"]
    assert "PSNR" not in labels
    assert "Peak memory" not in labels
    drawn = Page(str(dot_figure(found[0])))
    assert len([it for it in drawn.of("circle") if it.get("class") == "ring"]) == 6 + 1  # and the legend
    assert "Real against real: 91.0" in str(dot_figure(found[0]))


def test_an_ablation_has_a_chart_a_score_and_axis():
    result = realistic()
    (family,) = families(result)
    assert family.axes == {"adapter": ["LoRA", "WDLoRA"], "rank": [8, 32]}
    found = list(charts(result, family))
    fid = next(it for it in found if it.title == "FID along rank")
    assert [line.name for line in fid.series] == ["adapter LoRA", "adapter WDLoRA"]
    assert [words for _, words in fid.columns] == ["8", "32"]
    first = result.sets[0].value("frechet:inception")
    assert (fid.series[0].points[0].value, fid.series[0].points[0].low) == (first.value, first.low)
    assert not next(it for it in found if it.title == "FID along adapter").joined
    assert not any("Seconds" in it.title for it in found)  # the same everywhere


def test_axes_have_the_order_that_the_settings_give():
    assert axis_places([32, 8, 16])[0] == pytest.approx([1.505, 0.903, 1.204], abs=1e-3)
    assert axis_places(["both", "mask only"])[1] is False
    assert axis_places([True, False])[0] == [0.0, 1.0]
    assert axis_places([0.0, 0.1])[2] == ""


def test_curves_of_pillar_three_have_a_line_a_set():
    (chart,) = utility_charts(realistic())
    assert len(chart.series) == 4
    assert [words for _, words in chart.columns] == ["100", "300", "1000", "5000"]
    assert "5000" in str(chart_figure(chart))


def test_hostile_axes_are_harmless_in_charts():
    result = labelled(hostile())
    for family in families(result):
        for it in charts(result, family):
            Page(str(chart_figure(it)))
            assert "<script" not in chart_figure(it)


def test_figures_have_harmless_names_and_are_pictures():
    planned = [it for it in planned_figures(labelled(hostile())) if not it[0].startswith("ablation_B")]
    chosen = [planned[0], next(it for it in planned if it[0].startswith("placements"))]
    chosen += [it for it in planned if HOSTILE[0] in it[0]][:1]
    for name, kinds in rendered(chosen, ("svg", "png")):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", name)
        assert b"<script>" not in kinds["svg"]
        with Image.open(io.BytesIO(kinds["png"])) as picture:
            assert min(picture.size) > 200


def test_very_large_and_tiny_values_are_readable_everywhere():
    result = realistic()
    sizes = (1.2345e9, 123456.789, 1804.3, 0.28, 1.2e-5, 3.3e-7)
    for one, size in zip((it for it in result.sets if it.status == "scored"), sizes, strict=True):
        for key in ("frechet:inception", "kid:inception", "biomarker-distance"):
            it = one.value(key)
            it.floor, it.value, it.low, it.high = None, size, size - size / 10, size + size / 10
    for ranking in result.rankings:
        for rank in ranking.ranks:
            rank.value = next(it for it in result.sets if it.name == rank.set).value(ranking.score).value
    drawn = [dot_figure(it) for it in dot_plots(result)]
    drawn += [chart_figure(it) for family in families(result) for it in charts(result, family)]
    shown = [re.sub(r"<style.*?</style>|<[^>]+>", " ", str(it), flags=re.S) for it in drawn]
    page = re.sub(r"<style.*?</style>|<[^>]+>", " ", render_comparison(result), flags=re.S)
    for told in (*shown, page, *comparison_latex(result).values()):
        assert not re.search(r"\d{7}", told), re.search(r".{40}\d{7}.{20}", told)
        assert not re.search(r"\d\.\d{7}", told)
        assert not re.search(r"\de[+-]\d", told)
    for words in ("1.23e9", "123,457", "1804", "0.280", "0.252 to 0.308", "1.20e−5", "3.30e−7"):
        assert words in page
    latex = comparison_latex(result)["comparison"]
    assert r"$1.23\times 10^{9}$" in latex
    assert r"$1.08\times 10^{-5}$ to $1.32\times 10^{-5}$" in latex
