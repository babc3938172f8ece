"""The generator `sd-datadream` keeps the contract, as the public conformance test sees it."""

from pathlib import Path

import pytest

for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.tiny_stable import settings_of  # noqa: E402


def test_sd_datadream_keeps_the_contract(base: Path) -> None:
    prompts = {"few": "few", "many": "many", "none": "none"}
    settings = settings_of("sd-datadream", base, epochs=2.0, prompts=prompts)
    testing.check_generator("sd-datadream", settings=settings, size_px=32)
