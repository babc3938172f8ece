"""Tiny phantom sets for the tests of comparisons."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.phantom import write_cohort
from ccmeval.phantom.synthetic import write_synthetic
from tests.comparison.tiny import N_FRAMES, SMALL


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cohort of 12 frames, and sets of three strengths of noise made from its masks."""
    folder = tmp_path_factory.mktemp("sets")
    common = {"frames": N_FRAMES, "seed": 5, "frames_per_subject": 1, "settings": SMALL, "jobs": 1}
    write_cohort(folder / "real", **common)
    for name, strength in (("none", 0.0), ("some", 0.2), ("much", 0.9)):
        write_synthetic(folder / name, fault="noise", strength=strength, **common)
    return folder


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the figures of every report, which have tests of their own."""
    monkeypatch.setattr("ccmeval.report.comparison.write_comparison_figures", lambda *given: [])
    monkeypatch.setattr("ccmeval.report.three_pillar.write_figures", lambda *given: [])
    monkeypatch.setattr("ccmeval.report.three_pillar.render_three_pillar", lambda *given, **more: "")
