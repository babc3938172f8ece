"""The README's tour is the one that `benchmarks/tour.py` runs, and its pictures are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.tour import MOST_BYTES, STEPS, Step

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = README.partition("## A tour\n")[2].partition("\n## ")[0].replace(" \\\n    ", " ")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_commands_and_picture_of_a_step(step: Step) -> None:
    lines = TOUR.splitlines()
    assert set(step.commands) <= set(lines)
    assert TOUR.count(f"](docs/tour_{step.name}.png)") == 1


def test_tour_has_no_other_command_or_picture() -> None:
    shown = re.findall(r"^ccmeval .*$", TOUR, flags=re.MULTILINE)
    assert shown == [command for step in STEPS for command in step.commands]
    assert TOUR.count("![") == len(STEPS)


def test_pictures_are_there_and_small() -> None:
    if not (ROOT / "docs" / "tour_demo.png").exists():
        pytest.skip("source distributions leave the pictures of the tour out")
    for name in re.findall(r"\]\((docs/[^)]+\.png)\)", README):
        path = ROOT / name
        assert path.stat().st_size <= MOST_BYTES
        with Image.open(path) as picture:
            assert picture.width >= 900
