"""Prompt templates: complete, editable, and refused where they cannot be filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.settings import SettingsError
from ccmeval_generators.foundation.prompts import TEMPLATES, neutral_prompt, prompt_of, prompt_templates

DIAGNOSES = ("Control", "T1NoDPN", "T1DPN")


@pytest.mark.parametrize("kind", ["edit", "describe"])
def test_every_diagnosis_has_a_prompt_of_its_own(kind) -> None:
    templates = prompt_templates(kind)
    told = [prompt_of(templates, diagnosis) for diagnosis in (*DIAGNOSES, "MS", None)]
    assert len(set(told)) == 5
    assert not any("{" in text or "  " in text for text in told)
    assert "MS" in told[3]
    neutral = neutral_prompt(templates)
    assert not any(word in neutral for word in ("healthy", "diabetes", "neuropathy"))


def test_words_of_the_user_come_in() -> None:
    assert prompt_of(prompt_templates("edit"), "Control", "blurred edges").endswith("blurred edges")


def test_templates_can_be_changed_by_a_mapping_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("T1DPN: 'cornea with {diagnosis}'\nMild: a mild case\n", encoding="utf-8")
    for given in ({"T1DPN": "cornea with {diagnosis}", "Mild": "a mild case"}, path, str(path)):
        templates = prompt_templates("describe", given)
        assert prompt_of(templates, "T1DPN") == "cornea with T1DPN"
        assert prompt_of(templates, "Mild", "x") == "a mild case x"
        assert prompt_of(templates, "Control") == prompt_of(prompt_templates("describe"), "Control")


def test_the_packages_own_file_stays_as_it_is() -> None:
    before = TEMPLATES.read_bytes()
    prompt_templates("edit", {"Control": "other"})
    assert prompt_templates("edit")["Control"] != "other"
    assert TEMPLATES.read_bytes() == before


@pytest.mark.parametrize(
    "template", ["", "  ", 3, "a {brace", "a {subject}", "{}", "{diagnosis.x}", "{words:d}"]
)
def test_templates_that_cannot_be_filled_in_are_refused(template) -> None:
    with pytest.raises(ValueError, match="the prompt template 'Control'"):
        prompt_templates("edit", {"Control": template})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        prompt_templates("edit", tmp_path / "absent.yaml")


def test_complete_templates_stay_as_they_are() -> None:
    kept = {"other": "a", "none": "b", "neutral": "c"}
    assert prompt_templates("edit", kept) == kept
