"""The generator `maisi` keeps the contract, as the public conformance test sees it."""

import pytest

pytest.importorskip("lightning")
pytest.importorskip("monai")
pytest.importorskip("einops")
testing = pytest.importorskip("ccmeval.testing.generator")

from tests.generators.tiny_maisi import tiny_settings  # noqa: E402


def test_maisi_keeps_the_contract():
    settings = tiny_settings(autoencoder_epochs=3.0, diffusion_epochs=6.0, controlnet_epochs=8.0)
    testing.check_generator("maisi", settings=settings.model_dump(), size_px=32)
