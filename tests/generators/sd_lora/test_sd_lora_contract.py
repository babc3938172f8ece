"""The generator `sd-lora` keeps the contract, as the public conformance test sees it."""

from pathlib import Path

import pytest

for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.tiny_stable import settings_of  # noqa: E402


def test_sd_lora_keeps_the_contract(base: Path) -> None:
    settings = settings_of("sd-lora", base, steps=2, prompts={"few": "few", "many": "many", "none": "none"})
    testing.check_generator("sd-lora", settings=settings, size_px=32)
