"""The generator `spade` keeps the contract, as the public conformance test sees it."""

import pytest

pytest.importorskip("lightning")
pytest.importorskip("monai")
testing = pytest.importorskip("ccmeval.testing.generator")


def test_spade_keeps_the_contract():
    settings = {
        "size_px": 32,
        "epochs": 2,
        "channels": (4, 8),
        "style_dims": 2,
        "spade_channels": 8,
        "detail_channels": 4,
        "noise_channels": 1,
        "discriminator_layers": 2,
        "discriminator_channels": 2,
        "generator_rate": 3e-3,
    }
    testing.check_generator("spade", settings=settings, size_px=32)
