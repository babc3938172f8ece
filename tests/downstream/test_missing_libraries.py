"""Learners that lack a library say how to get it; nothing else is imported to find that out."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from ccmeval import plugins
from ccmeval.errors import UnavailableError


@pytest.mark.parametrize(
    ("name", "library"),
    [("hmsvit", "timm"), ("hmsvit", "lightning"), ("unet", "torch"), ("clip", "transformers")],
)
def test_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, name: str, library: str) -> None:
    known = importlib.util.find_spec

    def without(module: str, *more: Any) -> Any:
        return None if module == library else known(module, *more)

    monkeypatch.setattr("ccmeval.extras.find_spec", without)
    with pytest.raises(UnavailableError, match=rf"{library} is not installed.*\[learn\]"):
        plugins.load("ccmeval.learners", name).prepare(plugins.WeightSource())


def test_the_baseline_needs_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmeval.extras.find_spec", lambda module: None)
    assert "biomarker" in plugins.load("ccmeval.learners", "biomarker").prepare(plugins.WeightSource())
