"""A training of MAISI that is broken off in each stage and picked up equals an unbroken one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("monai")
pytest.importorskip("einops")

from ccmeval_generators.maisi import MaisiGenerator  # noqa: E402
from ccmeval_generators.training import books  # noqa: E402
from tests.generators.tiny_maisi import conditions, job, tiny_settings  # noqa: E402


class BrokenOffError(Exception):
    """Stands for what ends a process."""


def test_broken_off_and_picked_up_it_learns_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    settings = tiny_settings(average_decay=0.5, checkpoint_every_s=1e-6)
    whole, broken = MaisiGenerator(), MaisiGenerator()
    whole.fit(job(tmp_path / "whole", settings))
    for last in (3, 6, 11):  # stages of 4 steps each
        task = replace(job(tmp_path / "broken", settings), progress=breaking_off_after(last))
        with pytest.raises(BrokenOffError):
            broken.fit(task)
    record = broken.fit(job(tmp_path / "broken", settings))
    assert record.steps == 12
    known = whole._networks.state_dict()
    assert all(torch.equal(value, known[name]) for name, value in broken._networks.state_dict().items())
    for one, other in zip(whole.generate(conditions()), broken.generate(conditions()), strict=True):
        assert (one == other).all()
    assert whole.identity == broken.identity


def breaking_off_after(step: int) -> object:
    """Make a progress function that raises when so many steps are done."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage.startswith("Training") and done >= step:
            raise BrokenOffError

    return progress
