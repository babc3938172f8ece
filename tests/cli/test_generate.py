"""`ccmeval generate` and `ccmeval generators` as a user meets them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from tests.generation.mask_files import draw_mask, rows_of, save, write_cohort
from tests.generation.painters import Painter, painters

__all__ = ["painters"]
pytestmark = pytest.mark.usefixtures("painters")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    (tmp_path / "real").mkdir()
    return write_cohort(tmp_path / "real")


def _run(*argv: object) -> Any:
    return CliRunner().invoke(app, [str(part) for part in argv])


def test_the_list_tells_broken_ones() -> None:
    done = _run("generators", "list")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].split()[:3] == ["name", "package", "state"]
    (painter,) = [line for line in lines if line.startswith("painter")]
    assert "available" in painter
    assert "mask*, diagnosis" in painter
    assert any(line.startswith("gone: The plug-in 'gone'") for line in lines)
    told = {row["name"]: row for row in json.loads(_run("generators", "list", "--json").output)}
    assert told["painter"]["capabilities"]["takes"] == ["mask", "diagnosis"]
    assert told["liar"]["available"] is False


def test_info_tells_settings() -> None:
    done = _run("generators", "info", "painter")
    assert done.exit_code == 0
    assert "side_px (96): int" in done.output
    assert "Source: nowhere" in done.output
    assert json.loads(_run("generators", "info", "painter", "--json").output)["settings"][0]["default"] == 96
    broken = _run("generators", "info", "gone")
    assert broken.exit_code == 2
    assert "Unavailable: The plug-in 'gone'" in broken.output


def test_generate_and_count(cohort: Path, tmp_path: Path) -> None:
    done = _run(
        "generate", "painter", "--masks", cohort, "--diagnosis", "T1DPN", "-n", 4, "-o", tmp_path / "o"
    )
    assert done.exit_code == 0, done.output
    assert "4 frames (T1DPN 4), 4 of them made now." in done.output
    told = json.loads((tmp_path / "o" / "generation.json").read_text())
    assert told["settings"]["diagnoses"] == ["T1DPN"]
    assert told["generator_identity"] == "painter 3 96"


def test_interrupted_and_resumed(cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["generate", "painter", "--masks", cohort, "-o", tmp_path / "o", "--batch-size", "2"]
    monkeypatch.setattr(Painter, "die_after", 2)
    done = _run(*argv)
    assert done.exit_code == 130
    assert "run the same command with --resume" in done.output
    monkeypatch.setattr(Painter, "die_after", None)
    assert "4 of them made now" in _run(*argv, "--resume").output


def test_settings_of_the_generator(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("seed: 9\ngenerator:\n  side_px: 32\n")
    argv = ["generate", "painter", "--masks", cohort, "--config", tmp_path / "g.yaml"]
    done = _run(*argv, "--generator", "side_px=64", "-o", tmp_path / "o")
    assert done.exit_code == 0, done.output
    assert "painter 3 64" in (tmp_path / "o" / "manifest.csv").read_text()
    told = json.loads((tmp_path / "o" / "generation.json").read_text())["settings"]
    assert (told["seed"], told["generator"]) == (9, {"side_px": 64})
    done = _run(*argv, "--seed", 1, "-o", tmp_path / "p")
    assert json.loads((tmp_path / "p" / "generation.json").read_text())["settings"]["seed"] == 1
    assert "painter 3 32" in (tmp_path / "p" / "manifest.csv").read_text()


def test_a_hostile_diagnosis_stays_inside(tmp_path: Path) -> None:
    names = ["../../up", "a/b", "CON", "masks", "=1+1"]
    rows = ["frame,diagnosis,pixel_size_um"]
    for number, name in enumerate(names):
        save(tmp_path / "in" / f"{number}.png", draw_mask(number))
        rows.append(f'{number}.png,"{name}",1')
    (tmp_path / "in" / "manifest.csv").write_text("\n".join(rows))
    out = tmp_path / "sub" / "dir" / "out"
    done = _run("generate", "mask-only", "--masks", tmp_path / "in" / "manifest.csv", "-o", out)
    assert done.exit_code == 0, done.output
    written = rows_of(out / "manifest.csv")
    assert sorted(row["diagnosis"] for row in written) == sorted(names)
    assert all((out / row["frame"]).resolve().is_relative_to(out.resolve()) for row in written)
    everything = {path for path in tmp_path.rglob("*.png") if not path.is_relative_to(tmp_path / "in")}
    assert all(path.is_relative_to(out) for path in everything)
    assert len(everything) == 10


def test_counterfactual_prints_shifts(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    done = _run("generate", "painter", "--masks", cohort, "--counterfactual", "-n", 2, "-o", out, "-j", 1)
    assert done.exit_code == 0, done.output
    assert "Shift against Control, same condition and seed" in done.output
    assert "CNFL" in done.output
    with (out / "counterfactual.csv").open() as file:
        assert {row["diagnosis"] for row in csv.DictReader(file)} == {"T1DPN"}


def test_mistakes_end_in_a_sentence(cohort: Path, tmp_path: Path) -> None:
    done = _run("generate", "trained", "--masks", cohort, "-o", tmp_path / "o")
    assert isinstance(done.exception, CcmevalError)
    assert "ccmeval train trained" in str(done.exception)
    done = _run("generate", "painter", "--masks", cohort, "-o", tmp_path / "o", "--pixel-size", "-1")
    assert isinstance(done.exception, CcmevalError)
    done = _run("generate", "painter", "--masks", cohort, "-o", tmp_path / "o", "--generator", "side_px")
    assert "NAME=VALUE" in str(done.exception)


def test_three_pillar_scores_it(cohort: Path, tmp_path: Path) -> None:
    """The set is accepted as it is, its masks' subjects known, with no finding of error severity."""
    from ccmeval.evaluation.run import run_three_pillar
    from ccmeval.evaluation.settings import make_three_pillar_settings

    assert _run("generate", "painter", "--masks", cohort, "-n", 2, "-o", tmp_path / "o").exit_code == 0
    quick = {"resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 2}
    settings = make_three_pillar_settings(None, pillars="preservation", jobs=1, preservation=quick)
    result = run_three_pillar(str(cohort), tmp_path / "o", tmp_path / "scores", settings)
    assert [it.sentence for it in result.findings if it.severity == "error"] == []
    synth = next(it for it in result.sets if it.name == "synth")
    assert (synth.n_frames, synth.n_failed) == (4, 0)
