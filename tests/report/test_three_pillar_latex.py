"""LaTeX tables and methods: what stands in them is the result's, and no name breaks them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.report.three_pillar_latex import latex_tables, write_latex
from ccmeval.report.three_pillar_methods import methods_markdown, methods_paragraphs, methods_text
from ccmeval.report.three_pillar_references import REFERENCES, Citations
from ccmeval.report.three_pillar_tabular import escaped
from tests.report.three_pillar_sample import VARIANTS, full, hostile, nothing, published

COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")


@given(st.text())
def test_escaped_text_has_no_bare_special_character(text):
    found = escaped(text)
    assert found.isascii()
    bare = re.sub(r"\$[^$]*\$", "", COMMAND.sub("", found.replace("\\$", "").replace("~", "")))
    assert not set(bare) & set("\\$&#%_^")
    assert found.count("{") - found.count(r"\{") == found.count("}") - found.count(r"\}")


@pytest.mark.parametrize("character", list("\\{}$&#%_^~"))
def test_each_special_character_is_escaped(character):
    assert escaped(character) != character


def test_the_table_of_biomarkers_holds_the_numbers():
    result = full()
    table = latex_tables(result)["preservation"]
    for row in result.preservation.comparisons:
        if row.family == "primary":
            assert f"{row.mean_real:.1f} $\\pm$ {row.sd_real:.1f}" in table
            assert f"{row.difference_low:.1f}".replace("-", "$-$") in table
            assert row.verdict in table
    assert table.count(r"\\") == 2 + 4 * 5 + 4 - 1
    assert "\\toprule" in table
    assert "\\bottomrule" in table


def test_fidelity_is_set_by_diagnosis():
    head = latex_tables(full())["fidelity"].split("\\midrule")[0]
    places = [
        head.index(it) for it in ("Control", "T1NoDPN", "T1DPN", "mean over diagnoses", "all frames pooled")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("name", list(VARIANTS))
def test_rows_have_as_many_cells_as_heads(name):
    for table in latex_tables(VARIANTS[name]()).values():
        lines = [line for line in table.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
        assert len({re.sub(r"\\&", "", line).count("&") for line in lines}) <= 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_document_compiles(tmp_path: Path):
    write_latex(hostile(), tmp_path)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    if b"not found" in done.stdout:
        pytest.skip("a LaTeX package is not installed")
    assert done.returncode == 0, done.stdout[-800:]


def test_citations_are_numbered_in_order_and_all_listed():
    found = methods_paragraphs(full())
    cited = [
        int(it)
        for group in re.findall(r"\[([\d, ]+)\]", " ".join(found.paragraphs))
        for it in group.split(", ")
    ]
    assert list(dict.fromkeys(cited)) == list(range(1, len(found.references) + 1))
    assert len(set(found.references)) == len(found.references)


def test_methods_tell_every_setting_and_method():
    text = methods_text(full())
    for words in (
        "fidelity.k = 5", "preservation.margin_sd = 0.5", "bootstrap over subjects, 1,000 resamples,"
        " percentile",
        "half an SD of the real set's subjects", "perplexity 30, seed 0", "TensorFlow 1 bilinear", "20"
        " random splits",
        "Heusel", "Schuirmann", "Jonckheere", "ridge 1 in both sets", "Coverage is at least 0.6",
    ):  # fmt: skip
        assert words in text, words


def test_methods_cite_only_what_was_done():
    text = methods_text(published())
    assert "Heusel" not in text
    assert "arXiv:2602.13693" in text
    assert methods_paragraphs(nothing()).references == []


def test_markdown_of_hostile_names_is_plain():
    text = methods_markdown(hostile())
    assert "<script>" not in text
    assert "\\<script\\>" in text


@pytest.mark.parametrize("metric", ["kid", "kid_cubic", "c_t_cells", "vendi_ratio", "ms_ssim", "precision"])
def test_metrics_cite_their_work(metric):
    from ccmeval.report.three_pillar_methods import _metric_citation

    cite = Citations()
    assert _metric_citation(metric, cite) == " [1]"
    expected = {"kid": "kid", "kid_cubic": "kid", "c_t_cells": "c_t", "vendi_ratio": "vendi",
    "ms_ssim": "ms-ssim",
                "precision": "precision-recall"}  # fmt: skip
    assert cite.works == [REFERENCES[expected[metric]]]
