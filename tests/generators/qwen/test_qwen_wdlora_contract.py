"""`qwen-wdlora` keeps the contract, as the public conformance test sees it."""

from __future__ import annotations

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")
pytest.importorskip("peft")
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.qwen.tiny_qwen import tiny_settings  # noqa: E402


def test_the_contract_is_kept(bases) -> None:
    settings = tiny_settings(bases[False], steps=3)
    testing.check_generator("qwen-wdlora", settings=settings.model_dump(), size_px=32)
