"""`ccmeval train-segmenter`, as far as it goes without training."""

from __future__ import annotations

from typer.testing import CliRunner

from ccmeval.cli.main import app


def test_help_names_what_fine_tuning_needs():
    shown = CliRunner().invoke(app, ["train-segmenter", "--help"], env={"COLUMNS": "200"}).output
    for option in ("--frames", "--masks", "--seed", "--steps", "--out"):
        assert option in shown


def test_frames_without_masks_are_a_mistake(tmp_path):
    ran = CliRunner().invoke(
        app, ["train-segmenter", "-o", str(tmp_path / "out"), "--frames", str(tmp_path), "--shards", "1"]
    )
    assert ran.exit_code != 0
    assert "--masks" in str(ran.exception) or "needs torch" in str(ran.exception)
    assert not (tmp_path / "out").exists()
