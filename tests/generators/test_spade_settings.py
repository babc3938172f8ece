"""Settings of SPADE: the published recipe by default, and impossible ones refused in words."""

import subprocess
import sys

import pytest

pytest.importorskip("typing_extensions")

from pydantic import ValidationError

from ccmeval_generators.spade import SpadeGenerator
from ccmeval_generators.spade.settings import SpadeSettings


def test_defaults_are_the_published_recipe():
    found = SpadeSettings()
    assert (found.generator_rate, found.discriminator_rate, found.betas) == (1e-4, 2e-4, (0.5, 0.999))
    assert (found.epochs, found.batch_size, found.channels) == (100, 4, (16, 32, 64))
    assert (found.detail_channels, found.noise_channels) == (0, 0)  # MONAI's decoder as it is


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size_px": 100}, "multiple of 8"),
        ({"size_px": 8}, "16 at least"),
        ({"size_px": 64}, "more than 64 px"),
        ({"size_px": 96, "chanels": (4,)}, "Extra inputs"),
    ],
)
def test_impossible_settings_are_refused(settings, words):
    with pytest.raises(ValidationError, match=words):
        SpadeSettings(**settings)


def test_the_smallest_side_that_is_allowed_works():
    torch = pytest.importorskip("torch")
    pytest.importorskip("monai")
    from ccmeval_generators.spade.networks import patch_discriminator

    found = SpadeSettings(size_px=72)
    discriminator = patch_discriminator(72, 2, scales=2, layers=3, channels=2)
    assert discriminator(torch.rand(1, 3, found.size_px, found.size_px))[0][1].shape[-1] == 2


def test_capabilities_are_readable_without_torch():
    code = (
        "import sys; from ccmeval_generators.spade import SpadeGenerator; SpadeGenerator();"
        " print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
    assert SpadeGenerator.capabilities.takes == ("mask", "diagnosis", "reference")
    assert SpadeGenerator.capabilities.needs == ("mask",)


def test_without_monai_it_says_what_to_install(monkeypatch):
    from ccmeval.errors import UnavailableError
    from ccmeval.generation.conditions import FrameFormat

    monkeypatch.setattr("ccmeval.extras.find_spec", lambda name: None if name == "monai" else "found")
    with pytest.raises(UnavailableError, match=r"monai.*pip install 'ccmeval\[generate\]'"):
        SpadeGenerator().build(FrameFormat((384, 384), 1.0), SpadeSettings())
