"""The generator `sd-translate` keeps the contract, as the public conformance test sees it."""

from pathlib import Path

import pytest

pytest.importorskip("lightning")
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.sd_translate.tiny_translate import tiny_settings  # noqa: E402


def test_sd_translate_keeps_the_contract(bases: Path):
    testing.check_generator("sd-translate", settings=tiny_settings(bases, unet_steps=6), size_px=32)
