"""Settings of `sd-translate`: the recipe's values, and combinations that cannot work."""

import pytest
from pydantic import ValidationError

pytest.importorskip("torch")

from ccmeval_generators.sd_translate import SdTranslateGenerator
from ccmeval_generators.sd_translate.settings import SdTranslateSettings


def test_defaults_are_the_recipes():
    settings = SdTranslateSettings()
    assert settings.crop_px == 768
    assert settings.crop_side_px == settings.size_px == 384
    assert settings.offset_noise > 0
    assert not settings.mask_latents
    assert SdTranslateGenerator.capabilities.needs == ("mask",)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"guidance_scale": 2.0}, "condition_dropout"),
        ({"size_px": 100}, "multiples of 8"),
        ({"crop_px": 100}, "multiples of 8"),
        ({"size_px": 8}, "fewer discriminator_layers"),
    ],
)
def test_what_cannot_work_is_refused(values: dict, words: str):
    with pytest.raises(ValidationError, match=words):
        SdTranslateSettings(**values)


def test_crops_are_clipped_to_the_frame():
    assert SdTranslateSettings(size_px=1024).crop_side_px == 768
    assert SdTranslateSettings(size_px=1024, crop_px=256).crop_side_px == 256
