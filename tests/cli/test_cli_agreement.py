"""`ccmeval agreement` from the shell's side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError

OURS = "frame,subject,status,cnfl_mm_per_mm2,cnfd_per_mm2\n" + "".join(
    f"{i}.png,s{i // 2},measured,{10 + i},{6.25 * (i % 4)}\n" for i in range(12)
)
OTHER = "Image Name;CNFL;CNFD\n" + "".join(f"{i}.BMP;{10 + i},{i % 10};{i % 4}\n" for i in range(11))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "biomarkers.csv").write_text(OURS)
    (tmp_path / "other.csv").write_text(OTHER)
    return tmp_path


def run(*arguments: object):
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["agreement", *map(str, arguments)])


def test_table_notes_and_files(folder):
    result = run(folder / "biomarkers.csv", folder / "other.csv", "-o", folder / "out")
    assert result.exit_code == 0, result.output
    assert "ccmeval - other, 11 frames" in result.output
    assert "CNFL" in result.output
    assert "mm/mm²" in result.output
    assert "only in ccmeval (1): 11.png" in result.output
    assert "CNFD: the second table's values look like counts a frame" in result.output
    assert str(folder / "out" / "agreement.html") in result.output.replace("\n", "")
    data = json.loads((folder / "out" / "agreement.json").read_text())
    assert data["n_frames"] == 11
    assert data["command"].startswith("ccmeval")


def test_names_scale_and_default_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = run("biomarkers.csv", "other.csv", "--second-name", "Rater [B]", "--scale", "CNFD=6.25")
    assert result.exit_code == 0, result.output
    assert "Rater [B]" in result.output, "brackets are no markup"
    assert "counts a frame" not in result.output
    assert Path("ccmeval-results/agreement/agreement.html").is_file()


@pytest.mark.parametrize("scale", ["CNFD", "CNFD=", "CNFD=-1", "CNFD=x", "CNFD=inf", "CNFD=nan", "Age=2"])
def test_bad_scales_have_a_sentence(folder, scale):
    result = run(folder / "biomarkers.csv", folder / "other.csv", "-o", folder / "out", "--scale", scale)
    assert isinstance(result.exception, CcmevalError)
    assert "--scale" in str(result.exception)
    assert not (folder / "out").exists()


def test_a_mistake_is_one_line_and_exit_code_2(folder):
    done = subprocess.run(
        [sys.executable, "-c", "from ccmeval.cli.main import main; main()", "agreement",
         str(folder / "biomarkers.csv"), str(folder / "nowhere.csv")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "nowhere.csv cannot be read" in done.stderr
    assert done.stdout == ""
