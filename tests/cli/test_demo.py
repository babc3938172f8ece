"""`ccmeval demo`: phantom, measurement, comparison with the truth, a report to open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccmeval.cli import demo as module
from ccmeval.cli.demo import comparison, read_truth
from ccmeval.cli.main import app
from ccmeval.report.schema import BiomarkersResult, FrameRow


def test_the_demo_ends_with_a_report_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SUBJECTS_PER_DIAGNOSIS", 2)
    monkeypatch.setattr(module, "FRAMES_PER_SUBJECT", 1)
    monkeypatch.setattr(module, "SYNTHETIC", {"faithful": module.SYNTHETIC["faithful"]})
    done = CliRunner().invoke(app, ["demo", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "6 of 6 frames measured" in done.output
    assert re.search(r"^faithful +\w+ +\w+ ", done.output, re.MULTILINE)
    assert (tmp_path / "three-pillar" / "faithful" / "report.html").is_file()
    last = done.output.rstrip().splitlines()[-1].removeprefix("Open ")
    assert Path(last).read_text().lstrip().lower().startswith("<!doctype html")
    truth = read_truth(tmp_path / "phantom" / "truth.csv")
    mean = sum(row["cnfl_mm_per_mm2"] for row in truth.values()) / 6
    shown = re.search(r"CNFL mm/mm² \(6 frames\) +(\S+) +(\S+)", done.output)
    assert shown is not None
    assert float(shown[1]) == pytest.approx(mean, rel=0.01)
    assert float(shown[2]) == pytest.approx(mean, rel=0.3)
    again = CliRunner().invoke(app, ["demo", "-o", str(tmp_path)])
    assert again.exit_code == 0, again.output


def test_bias_and_limits_by_hand() -> None:
    measured, exact = (10.0, 12.0, 20.0), (9.0, 12.0, 18.0)
    rows = [
        FrameRow(frame=f"{i}", key=f"{i}", biomarkers={"cnfl_mm_per_mm2": value, "tortuosity": None})
        for i, value in enumerate(measured)
    ]
    truth = {f"{i}": {"cnfl_mm_per_mm2": value, "tortuosity": 1.0} for i, value in enumerate(exact)}
    lines = comparison(BiomarkersResult(created="now", frames=rows), truth).splitlines()
    assert len(lines) == 2  # tortuosity is undefined in what was measured
    # Differences 1, 0, 2: bias 1, SD 1.
    assert lines[1].split() == [
        "CNFL",
        "mm/mm²",
        "(3",
        "frames)",
        "13.0",
        "14.0",
        "1.00",
        "−0.960",
        "to",
        "2.96",
    ]
