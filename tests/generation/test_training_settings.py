"""Settings of a training: one sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from ccmeval.generation.train_options import TRAIN_OPTIONS
from ccmeval.generation.training_settings import (
    TrainSettings,
    generator_settings,
    laid_over,
    make_train_settings,
)
from ccmeval.settings import SettingsError


class Part(BaseModel):
    rate: float = Field(default=0.1, gt=0)
    kind: str = "ddpm"


class Own(BaseModel):
    steps: int = Field(default=10, ge=1)
    diffusion: Part = Part()


def test_every_setting_is_told_in_words() -> None:
    assert set(TRAIN_OPTIONS) == set(TrainSettings.model_fields)


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "seed: 3\nsamples: 2\nfield_of_view_um: 400\ngenerator: {steps: 7, diffusion: {rate: 1}}\n"
    )
    found = make_train_settings(
        config, seed=4, samples=None, pixel_size_um=1.0, generator={"diffusion": {"kind": "flow"}}
    )
    assert (found.seed, found.samples, found.pixel_size_um, found.field_of_view_um) == (4, 2, 1.0, None)
    assert generator_settings(Own, found.generator) == {
        "steps": 7,
        "diffusion": {"rate": 1.0, "kind": "flow"},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sampels: 3", "Setting in .*c.yaml sampels: no such setting."),
        ("samples: many", "samples: input should be a valid integer.*given: 'many'"),
        ("keep_checkpoints: 0", "keep_checkpoints: input should be greater than or equal to 1"),
        ("measurement: {masks: there}", "measurement.masks: is chosen by the training or its own option"),
        ("measurement: {phantom_net: {nothing: 1}}", "phantom_net.nothing: no such setting"),
        ("measurement: {ridge: {low: 4}}", "measurement.ridge: the segmenter is 'phantom-net'"),
        ("{pixel_size_um: 1, field_of_view_um: 400}", "give the pixel size or the field of view, not both"),
        ("[1, 2]", "must hold lines of the form 'name: value'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        make_train_settings(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"epochs": 3}, "generator.epochs: this generator has no such setting; it has steps, diffusion."),
        ({"steps": 0}, "generator.steps: input should be greater than or equal to 1"),
        (
            {"diffusion": {"rate": -1}},
            r"generator.diffusion.rate: input should be greater than 0 \(given: -1\)",
        ),
    ],
)
def test_a_generators_own_settings_are_checked(given: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        generator_settings(Own, given)


def test_mappings_are_laid_over_each_other() -> None:
    below = {"a": {"b": {"c": 1, "d": 2}}, "e": [1]}
    assert laid_over(below, {"a": {"b": {"c": 3}}, "e": [2]}) == {"a": {"b": {"c": 3, "d": 2}}, "e": [2]}
    assert below == {"a": {"b": {"c": 1, "d": 2}}, "e": [1]}
