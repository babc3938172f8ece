"""`qwen-lora`, here on the Plus variant, keeps the contract."""

from __future__ import annotations

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")
pytest.importorskip("peft")
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.qwen.tiny_qwen import tiny_settings  # noqa: E402


@pytest.mark.slow
def test_the_contract_is_kept(bases) -> None:
    settings = tiny_settings(bases[True], steps=3)
    testing.check_generator("qwen-lora", settings=settings.model_dump(), size_px=32)
