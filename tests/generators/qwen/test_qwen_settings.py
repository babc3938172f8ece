"""Settings: the recipe's defaults, complete templates, and one sentence where something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ccmeval_generators.foundation.prompts import prompt_templates
from ccmeval_generators.qwen import QwenLoraGenerator, QwenWdloraGenerator
from ccmeval_generators.qwen.settings import QwenSettings


def test_the_defaults_are_the_recipe() -> None:
    own = QwenSettings()
    assert (own.base, own.target, own.norm_axis) == ("Qwen/Qwen-Image-Edit", "attention", "output")
    assert (own.learning_rate, own.betas, own.steps) == (1e-4, (0.9, 0.999), 4000)
    assert (own.warm_up_steps, own.cosine_cycles) == (50, 0.5)
    assert (own.foreground_weight, own.background_weight, own.mask_pooling) == (2.0, 1.0, "max")
    assert (own.flip, own.rotate, own.condition, own.reference) == (False, False, "both", False)
    assert own.has_guidance
    assert own.negative_prompt == " "
    assert own.scaling_alpha == own.rank


def test_alpha_may_differ_from_the_rank() -> None:
    assert QwenSettings(rank=8, alpha=4.0).scaling_alpha == 4.0


def test_the_pair_differs_by_its_adapter_alone() -> None:
    plain, decomposed = QwenLoraGenerator(), QwenWdloraGenerator()
    assert plain.settings_model is decomposed.settings_model
    assert plain.capabilities.takes == decomposed.capabilities.takes
    assert (plain.adapter, decomposed.adapter) == ("lora", "wdlora")


def test_templates_are_complete_in_the_settings_and_come_back_from_json(tmp_path: Path) -> None:
    own = QwenSettings(prompts={"Control": "a cornea"})
    assert own.prompts == prompt_templates("edit", {"Control": "a cornea"})
    assert QwenSettings.model_validate_json(own.model_dump_json()) == own
    path = tmp_path / "mine.yaml"
    path.write_text("Control: a cornea\n", encoding="utf-8")
    assert QwenSettings(prompts=str(path)) == own


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rank": 7}, "8, 16 or 32"),
        ({"model_side_px": 100}, "multiple of 32"),
        ({"negative_prompt": ""}, "there is no guidance"),
        ({"betas": (0.9, 1.0)}, r"must lie in \[0, 1\)"),
        ({"prompts": {"Control": "{subject}"}}, "only {diagnosis} and {words}"),
        ({"guidance_scale": 0.5}, "greater than or equal to 1"),
        ({"devices": 2}, "less than or equal to 1"),
        ({"generation_batch_size": 4}, "less than or equal to 1"),
    ],
)
def test_what_is_wrong_is_told(wrong, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        QwenSettings(**wrong)
