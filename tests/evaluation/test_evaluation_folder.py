"""Whose folder it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.folder import claim

RUN = {"real": "r", "synth": "s"}


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    claim(tmp_path / "new", RUN, resume=False, overwrite=False)
    claim(tmp_path / "new", RUN, resume=False, overwrite=False)  # nothing was done yet
    (tmp_path / "new" / "biomarkers").mkdir()
    with pytest.raises(CcmevalError, match="--resume"):
        claim(tmp_path / "new", RUN, resume=False, overwrite=False)
    claim(tmp_path / "new", RUN, resume=True, overwrite=False)
    with pytest.raises(CcmevalError, match="other sets"):
        claim(tmp_path / "new", {**RUN, "synth": "other"}, resume=True, overwrite=False)
    (tmp_path / "new" / "report.json").write_text("{}")
    claim(tmp_path / "new", {**RUN, "synth": "other"}, resume=False, overwrite=True)
    assert not (tmp_path / "new" / "report.json").exists()


def test_a_strangers_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "mine.csv").write_text("x")
    with pytest.raises(CcmevalError, match="not written by"):
        claim(tmp_path, RUN, resume=False, overwrite=True)
    assert (tmp_path / "tables" / "mine.csv").exists()


@pytest.mark.parametrize("text", ["no json", "[]", "{}"])
def test_a_strange_marker_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "three-pillar.json").write_text(text)
    with pytest.raises(CcmevalError, match="is not a run"):
        claim(tmp_path, RUN, resume=True, overwrite=False)
