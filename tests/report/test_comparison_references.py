"""What real frames reach stands above the sets, in every figure of the score, and in the files."""

from __future__ import annotations

import csv
import math

import pytest

from ccmeval.comparison.schema import CompareResult
from ccmeval.report.comparison import cleaned_comparison
from ccmeval.report.comparison_ablation import charts, families, family_tables, utility_charts
from ccmeval.report.comparison_charts import chart_figure
from ccmeval.report.comparison_csv import write_comparison_csv
from ccmeval.report.comparison_diagnoses import diagnoses_table
from ccmeval.report.comparison_dots import dot_figure, dot_plots
from ccmeval.report.comparison_latex import comparison_latex
from ccmeval.report.comparison_methods import methods_markdown
from ccmeval.report.comparison_page import render_comparison
from ccmeval.report.comparison_vector import planned_figures
from ccmeval.report.three_pillar_vector import rendered
from tests.report.comparison_sample import ALONE, CEILING, realistic
from tests.report.test_page import Page

ACCURACY = "utility:diagnosis:biomarker:B:accuracy"
RECALL = "adherence:length_recall"


@pytest.fixture(scope="module")
def result() -> CompareResult:
    return realistic()


@pytest.fixture
def differing() -> CompareResult:
    found = realistic()
    value = found.sets[0].value(ACCURACY)
    value.reference = ALONE.model_copy(update={"value": 0.7})
    return found


def test_references_are_rows_above_the_sets(result):
    page = Page(render_comparison(result))
    rows = [" ".join(row) for row in page.rows if row and row[0].startswith(ALONE.label)]
    assert rows
    assert all("0.683" in row and "0.624 to 0.742" in row for row in rows)
    ceilings = [" ".join(row) for row in page.rows if row and row[0].startswith(CEILING.label)]
    assert any("0.981" in row and "0.972 to 0.990" in row for row in ceilings)


def test_references_of_a_diagnosis_are_its_own(result):
    table = diagnoses_table(result)
    row = next(it for it in table.rows if it.name == CEILING.label)
    assert [it.words for it in row.cells] == ["0.971", "0.961", "0.951", "", "0.981"]


def test_a_table_of_an_ablation_has_them_too(result):
    tables = family_tables(result, families(result)[0], 1)
    rows = [row for table in tables for row in table.rows if row.name == ALONE.label]
    assert [cell.words for row in rows for cell in row.cells if cell.words] == ["0.683"]
    assert all(len(row.cells) == len(table.heads) - 1 for table in tables for row in table.rows)


def test_those_that_differ_are_said_to_differ_and_drawn_a_row_each(differing):
    page = Page(render_comparison(differing))
    row = next(row for row in page.rows if row and row[0].startswith(ALONE.label))
    assert "differs" in " ".join(row)
    assert "0.683 to 0.700" in page.text
    plot = next(it for it in dot_plots(differing) if it.definition.key == ACCURACY)
    assert plot.reference is None
    assert dot_figure(plot).count('class="reference"') == 7
    assert next(it for it in utility_charts(differing)).reference is None


def test_figures_hold_the_line_and_name_it(result):
    plot = next(it for it in dot_plots(result) if it.definition.key == ACCURACY)
    drawn = dot_figure(plot)
    assert drawn.count('class="reference-line"') == 2
    assert "Real frames alone (group A): 0.683." in drawn
    along = [it for it in charts(result, families(result)[0]) if it.label.startswith("Accuracy")]
    assert along
    for it in (*along, *utility_charts(result)):
        assert it.reference == ALONE
        assert "Real frames alone (group A): 0.683" in chart_figure(it)
    wanted = [it for it in planned_figures(result) if "accuracy" in it[0].lower()]
    made = [data for _, data in rendered(iter(wanted), ("svg",))]
    assert len(made) == len(wanted) > 1


def test_files_hold_them(result, tmp_path):
    assert "Real frames alone (group A) &" in comparison_latex(result)["comparison"]
    assert "0.624 to 0.742" in comparison_latex(result)["comparison"]
    write_comparison_csv(result, tmp_path)
    with (tmp_path / "wide.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert [float(row[f"{ACCURACY}_reference{it}"]) for it in ("", "_low", "_high")] == [0.683, 0.624, 0.742]
    assert "frechet:inception_reference" not in row
    with (tmp_path / "scores.csv").open(encoding="utf-8") as file:
        rows = [it for it in csv.DictReader(file) if it["score"] == RECALL]
    assert {it["reference_label"] for it in rows} == {CEILING.label}
    assert "The same learner, on the real training frames alone." in methods_markdown(result)


def test_a_reference_without_a_number_is_none():
    found = realistic()
    found.sets[0].value(ACCURACY).reference = ALONE.model_copy(update={"value": math.nan})
    assert cleaned_comparison(found).sets[0].value(ACCURACY).reference is None


def test_the_command_tells_them_beside_the_order(result, capsys):
    from ccmeval.cli.compare import tell

    tell(result)
    lines = capsys.readouterr().out.splitlines()
    assert any(it.startswith("Accuracy") and it.endswith("group A) 0.6830") for it in lines)
    assert any(it.startswith("Length recall") and it.endswith("their own masks 0.9810") for it in lines)
    assert not any("real frames" in it for it in lines if it.startswith("FID"))
