"""`qwen-lora` and `qwen-wdlora` keep the contract, as the public conformance test sees it."""

from __future__ import annotations

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")
pytest.importorskip("peft")
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.qwen.tiny_qwen import tiny_settings  # noqa: E402


@pytest.mark.parametrize(("name", "plus"), [("qwen-wdlora", False), ("qwen-lora", True)])
def test_the_contract_is_kept(bases, name: str, plus: bool) -> None:
    settings = tiny_settings(bases[plus], steps=3, inference_steps=2)
    testing.check_generator(name, settings=settings.model_dump(), size_px=32)
