"""A training of `sd-translate` that does not fit is refused before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval_generators.foundation.weights import loading, memory
from ccmeval_generators.sd_translate import SdTranslateGenerator
from ccmeval_generators.sd_translate.building import find_bases
from ccmeval_generators.sd_translate.room import training_bytes
from ccmeval_generators.sd_translate.settings import SdTranslateSettings
from tests.generators.sd_translate.tiny_translate import job, tiny_settings

UNET, VAE, CLIP = 203_204, 17_827, 24_960
"""Parameters of the tiny networks, as their classes count them."""


def test_estimate_by_hand(bases: Path) -> None:
    for more, learnt in (({}, 16), ({"average_decay": 0.9}, 20)):
        settings = SdTranslateSettings(**tiny_settings(bases, **more))
        found = training_bytes(*find_bases(settings, WeightSource()), settings)
        assert found == learnt * UNET + 4 * (VAE + CLIP)


@pytest.mark.parametrize("what", ["plan", "fit"])
def test_too_little_memory_is_one_sentence(
    bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(memory, "free_memory_bytes", lambda device: 3_000_000)
    monkeypatch.setattr(loading, "_class_of", lambda *names: pytest.fail("something was loaded"))
    with pytest.raises(UnavailableError, match="Training sd-translate, without its activations, needs"):
        getattr(SdTranslateGenerator(), what)(job(tmp_path, tiny_settings(bases)))


def test_absent_base_tells_both_ways(bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    told = {**tiny_settings(bases), "base": SdTranslateSettings().base}
    with pytest.raises(UnavailableError) as caught:
        SdTranslateGenerator().fit(job(tmp_path / "run", told))
    assert "--weights stable-diffusion-1.5=FOLDER" in str(caught.value)
    assert "--download" in str(caught.value)
