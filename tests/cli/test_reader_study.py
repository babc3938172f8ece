"""`ccmeval reader-study` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic
from tests.readers.made import document


def test_a_study_is_made_and_scored(tmp_path: Path) -> None:
    from ccmeval.readers.key import read_key

    small = PhantomSettings(shape_px=(96, 96))
    write_cohort(tmp_path / "real", frames=12, seed=5, frames_per_subject=2, settings=small)
    write_synthetic(tmp_path / "synth", frames=12, seed=5, frames_per_subject=2, settings=small)
    out = tmp_path / "study"
    sets = ["--real", str(tmp_path / "real"), "--synth", str(tmp_path / "synth")]
    done = CliRunner().invoke(app, ["reader-study", *sets, "-n", "8", "-o", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "8 frames" in done.stdout
    assert "keep it from the readers" in done.stdout
    key = read_key(out)
    paths = []
    for name in ("A", "B"):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document(key, name, [it.truth for it in key.items])), encoding="utf-8")
        paths.append(str(path))
    scored = CliRunner().invoke(app, ["reader-study", "score", str(out), *paths], catch_exceptions=False)
    assert scored.exit_code == 0
    assert "A: 8 of 8 frames right" in scored.stdout
    assert (out / "scores" / "report.html").is_file()
    bad = CliRunner().invoke(app, ["reader-study", "score", str(out), *paths, "absent.json"])
    assert bad.exit_code == 1
    assert "absent.json cannot be read" in bad.output
    with pytest.raises(CcmevalError, match="half of the frames are real"):
        CliRunner().invoke(app, ["reader-study", *sets, "-n", "7", "-o", str(out)], catch_exceptions=False)
    with pytest.raises(CcmevalError, match="Give --real SET"):
        CliRunner().invoke(app, ["reader-study"], catch_exceptions=False)
