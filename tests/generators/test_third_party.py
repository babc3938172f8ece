"""A generator in a package of somebody else's, installed beside: listed, checked, trained and scored."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccmeval.phantom import PhantomSettings, write_cohort

ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).with_name("paint_generator.py")
"""The very file that the README shows."""

DRIVER = """
import json, sys
from typer.testing import CliRunner
from ccmeval.cli.main import app
found = []
for command in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, command)
    found.append([done.exit_code, done.output, repr(done.exception)])
print(json.dumps(found))
"""

CHECK = "from ccmeval.testing import check_generator; check_generator('paint')"

QUICK = """
fidelity: {splits: 4, resamples: 20}
preservation: {resamples: 99, permutations: 99, structure_resamples: 99}
measurement: {overlays: false}
"""


def installed(site: Path, package: str, module: str, text: str, entry: str) -> None:
    """Write a distribution as an installer leaves it: a module, and metadata with an entry point."""
    (site / f"{module}.py").write_text(text)
    info = site / f"{package.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[ccmeval.generators]\n{entry}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    text = EXAMPLE.read_text()
    installed(site, "ccm-paint", "paint_generator", text, "paint = paint_generator:PaintGenerator")
    broken = "import a_library_that_is_nowhere\n"
    installed(site, "ccm-broken", "broken_generator", broken, "broken = broken_generator:Generator")
    return site


def python(site: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter beside which the packages are installed."""
    paths = [str(site), *(str(ROOT / part) for part in (".", "generators", "downstream"))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=site)


def test_it_keeps_the_contract(site: Path) -> None:
    done = python(site, CHECK)
    assert done.returncode == 0, done.stderr


def test_from_cohort_to_scores(site: Path, tmp_path: Path) -> None:
    small = PhantomSettings(shape_px=(96, 96))
    diagnoses = ("Control", "T1DPN")
    real = write_cohort(
        tmp_path / "real", frames=6, seed=2, diagnoses=diagnoses, frames_per_subject=1, settings=small
    )
    (tmp_path / "quick.yaml").write_text(QUICK)
    model, synth, scores = (str(tmp_path / name) for name in ("model", "synth", "scores"))
    options = ["--config", str(tmp_path / "quick.yaml"), "--features", "radiomic", "--jobs", "1"]
    commands = [
        ["generators", "list", "--json"],
        ["generators", "info", "broken"],
        ["train", "paint", "--data", str(real), "-o", model, "--generator", "noise=0.08", "--samples", "2"],
        ["generate", model, "--masks", str(real), "-o", synth],
        ["three-pillar", "--real", str(real), "--synth", synth, "-o", scores, *options],
    ]
    done = python(site, DRIVER, json.dumps(commands))
    assert done.returncode == 0, done.stderr
    listed, info, trained, generated, scored = json.loads(done.stdout.splitlines()[-1])
    assert listed[0] == 0, listed
    rows = {row["name"]: row for row in json.loads(listed[1])}
    assert rows["paint"]["available"]
    assert (rows["paint"]["distribution"], rows["paint"]["distribution_version"]) == ("ccm-paint", "1.2")
    assert not rows["broken"]["available"]
    assert "a_library_that_is_nowhere" in rows["broken"]["reason"]
    assert info[0] == 2, info
    assert trained[0] == 0, trained
    assert json.loads((tmp_path / "model" / "model" / "generator.json").read_text())["noise"] == 0.08
    assert generated[0] == 0, generated
    _check_set(tmp_path / "synth", real)
    assert scored[0] == 0, scored
    report = json.loads((tmp_path / "scores" / "report.json").read_text())
    assert {one["n_failed"] for one in report["sets"]} == {0}


def _check_set(synth: Path, real: Path) -> None:
    """Each mask of the real cohort has its frame, which tells whose mask it is and on whom it was trained."""
    with real.open(newline="") as file:
        subjects = {row["subject"] for row in csv.DictReader(file)}
    with (synth / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["source_subject"] for row in rows} == subjects
    for row in rows:
        assert (synth / row["frame"]).is_file()
        assert (synth / row["mask"]).is_file()
        assert row["source"] == "paint"
        assert row["generator_identity"].startswith("paint 1 ")
        assert set(row["generator_subjects"].split(";")) <= subjects


def test_the_readme_shows_this_very_example() -> None:
    assert EXAMPLE.read_text().rstrip("\n") in (ROOT / "README.md").read_text()
