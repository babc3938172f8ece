"""`ccmeval published` as a user runs it."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from ccmeval.published.audit_schema import AuditResult
from tests.published.copies import biomarker_rows, written
from tests.published.test_own_rows import report


def run(*words: str):
    return CliRunner().invoke(app, ["published", *words])


def test_tables_are_listed_with_what_is_at_hand():
    done = run()
    assert done.exit_code == 0
    assert "12 of 45 numbers at hand" in done.stdout
    assert "not guessed" in done.stdout


def test_a_table_is_shown_and_written(tmp_path):
    done = run("biomarkers", "-o", str(tmp_path))
    assert done.exit_code == 0
    assert "19.40 ± 5.14" in done.stdout
    assert {it.name for it in tmp_path.iterdir()} == {
        f"biomarkers.{it}" for it in ("json", "csv", "tex", "html")
    }
    rows = list(csv.DictReader((tmp_path / "biomarkers.csv").open(encoding="utf-8")))
    assert (rows[0]["cnfl_mm_per_mm2"], rows[0]["cnfl_mm_per_mm2_sd"]) == ("19.40", "5.14")
    assert (rows[3]["cnfl_mm_per_mm2"], rows[3]["cnfl_mm_per_mm2_known_from"]) == ("", "")
    assert r"19.40 $\pm$ 5.14" in (tmp_path / "biomarkers.tex").read_text(encoding="ascii")


def test_own_rows_stand_beside_with_remarks(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(report(field_um=800).result.model_dump_json(), encoding="utf-8")
    done = run("biomarkers", "--with", f"<b>mine</b>={path}", "-o", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert "17.50 ± 3.25" in done.stdout
    page = (tmp_path / "out" / "biomarkers.html").read_text(encoding="utf-8")
    assert "Your own rows" in page
    assert "800 x 800" in page
    assert "<b>mine" not in page


def test_the_audit_is_written(tmp_path):
    done = run("--audit", "-o", str(tmp_path))
    assert done.exit_code == 0
    assert "5.18 × 3 = 15.54" in done.stdout
    result = AuditResult.model_validate_json((tmp_path / "audit.json").read_text(encoding="utf-8"))
    findings = {it.key: it.finding for it in result.checks}
    assert len(findings) == 15
    assert findings["lora-parameters"] == "agrees"
    assert findings["equivalence"] == "cannot be told"
    rows = list(csv.DictReader((tmp_path / "audit.csv").open(encoding="utf-8")))
    assert [it["check"] for it in rows] == list(findings)
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.split("</style>")[1]
    assert "\\toprule" in (tmp_path / "audit.tex").read_text(encoding="ascii")


def test_the_audit_with_an_own_copy_tests_biomarkers(tmp_path):
    path = written(tmp_path, {"tables": {"biomarkers": biomarker_rows()}})
    out = tmp_path / "out"
    done = run("--audit", "--tables", str(path), "--group-size", "40", "--margin", "CNFL=1.5", "-o", str(out))
    assert done.exit_code == 0
    result = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert len(result["tests"]) == 24
    assert {it["margin"] for it in result["tests"] if it["label"] == "CNFL"} == {1.5}
    assert (out / "audit_tests.csv").exists()
    assert "with the reader’s own copy, copy.json" in (out / "audit.html").read_text(encoding="utf-8")


def test_the_template_is_printed():
    done = run("--template")
    assert done.stdout.startswith("# arXiv 2602.13693")
    assert "separability_relative: null" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["none"], "There is no table 'none'; choose from parameters"),
        (["--audit", "groups"], "leave out the table"),
        (["--with", "x"], "--with needs a table"),
        (["--paper", "1"], "No published table is called '1'"),
        (["--audit", "--margin", "CNFL"], "give a biomarker and a number"),
        (["--audit", "--margin", "XYZ=1"], "no biomarker is called 'XYZ'"),
        (["--audit", "--margin-in-sd", "0"], "The margin cannot be used"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence):
    done = run(*words)
    assert isinstance(done.exception, CcmevalError)
    assert sentence in str(done.exception)
