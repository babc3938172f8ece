"""`ccmeval check` from the shell's side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from ccmeval.report.tables import read_table
from tests.drawn import write_frames


def run(*arguments: object):
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["check", *map(str, arguments)])


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    write_frames(tmp_path / "in", 4)
    return tmp_path / "in"


def test_a_good_set_exits_with_zero(frames: Path, tmp_path: Path) -> None:
    result = run(frames, "--pixel-size", "1")
    assert result.exit_code == 0, result.output
    assert "note:    4 of 4 frames can be used." in result.output
    assert result.output.splitlines()[-1] == "0 errors, 1 warning."


def test_errors_exit_with_one_and_files_hold_all(frames: Path, tmp_path: Path) -> None:
    (frames / "Control" / "=bad.png").write_bytes(b"BM")
    out = tmp_path / "out"
    result = run(frames, "--field-of-view", "128", "-o", out)
    assert result.exit_code == 1
    assert result.output.startswith("error:   Control/=bad.png")
    content = json.loads((out / "check.json").read_text())
    assert content["kind"] == "check"
    assert content["findings"][0]["code"] == "unreadable-frame"
    table = read_table(out / "check.csv")
    assert list(table["severity"])[:1] == ["error"]
    assert len(table) == len(content["findings"])


def test_nothing_usable_exits_with_two(frames: Path) -> None:
    result = run(frames)
    assert result.exit_code == 2
    assert "unknown pixel size" in result.output


def test_against_itself(frames: Path) -> None:
    result = run(frames, "--against", frames, "--paired", "--pixel-size", 1, "--against-field-of-view", 128)
    assert result.exit_code == 1
    assert "4 of 4 frames are also in" in result.output
    assert "4 pairs declared" in result.output


def test_mistakes_are_sentences(frames: Path, tmp_path: Path) -> None:
    for arguments in ([frames, "--paired"], [tmp_path / "absent"], [frames, "--masks", tmp_path / "absent"]):
        result = run(*arguments)
        assert isinstance(result.exception, CcmevalError)
