"""`ccmeval prepare` from the shell's side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ccmeval.preparing
from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from tests.preparing.raw import rows_of, write_raw

PATTERN = r"/(?P<subject>[^_/]+)_"


def run(*arguments: object, command: str = "prepare"):
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, [command, *map(str, arguments)])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "raw", {"Ann": "Control", "Bob": "Control", "Cy": "T1DPN", "Di": "T1DPN"})


def test_a_clean_folder_exits_with_zero_and_is_fit(raw: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key.csv"
    options = ("--subject-pattern", PATTERN, "--pixel-size", 1, "--split", "0.5,0.25,0.25", "--key-file", key)
    result = run(raw, "-o", out, *options)
    assert result.exit_code == 0, result.output
    assert "8 frames of 8 pictures." in result.output
    assert "burnt into the pixels" in result.output
    assert "T1DPN" in result.output
    assert f"Key:      {key}" in result.output
    content = json.loads((out / "prepare.json").read_text())
    assert content["kind"] == "prepare"
    assert content["settings"]["split"] == [0.5, 0.25, 0.25]
    assert sum(row["frames"] for row in content["split_table"]) == content["counts"]["frames"] == 8
    checked = run(out, command="check")
    assert checked.exit_code == 0, checked.output
    assert "Frames are split: " in checked.output
    again = run(raw, "-o", out, *options)
    assert again.exit_code == 0, again.output


def test_bad_files_exit_with_one_and_are_listed(raw: Path, tmp_path: Path) -> None:
    (raw / "Control/Ann_bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    problems = tmp_path / "bad.csv"
    result = run(
        raw, "-o", tmp_path / "out", "--subject-pattern", PATTERN, "--pixel-size", 1, "--problems", problems
    )
    assert result.exit_code == 1, result.output
    assert "Control/Ann_bad.png: The file is a truncated or damaged PNG file" in result.output
    assert next(row["file"] for row in rows_of(tmp_path, "bad.csv")) == "Control/Ann_bad.png"


def test_mistakes_are_sentences(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for arguments, word in (
        ((raw, "-o", out), "No frame has a subject"),
        ((raw, "-o", out, "--split", "1,2"), "no three shares"),
        ((raw, "-o", out, "--split", "0.5,0.5,0.5"), "add up to 1"),
        ((raw, "-o", out, "--names", "age"), "names"),
        ((tmp_path / "absent", "-o", out), "does not exist"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, CcmevalError)
        assert word in str(result.exception)
        assert not out.exists()


def test_no_split(raw: Path, tmp_path: Path) -> None:
    result = run(raw, "-o", tmp_path / "out", "--split", "none", "--pixel-size", 1, "--no-near-repeats")
    assert result.exit_code == 0, result.output
    assert "not split" in result.output
    assert {row["split"] for row in rows_of(tmp_path / "out")} == {""}


def test_an_interruption_exits_with_130(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ccmeval.preparing, "prepare", interrupted)
    result = run(raw, "-o", tmp_path / "out", "--subject-pattern", PATTERN)
    assert result.exit_code == 130
    assert "run the same command again" in result.output
