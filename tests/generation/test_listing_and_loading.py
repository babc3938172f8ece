"""Generators are listed with what each can; broken ones with their reason. Folders lead to generators."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccmeval import plugins
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation import listing
from ccmeval.generation.listing import generator_info, list_generators
from ccmeval.generation.loading import open_generator, saved_settings, training_subjects
from ccmeval.settings import SettingsError
from tests.generation.painters import Painter, PainterSettings, painters

__all__ = ["painters"]
pytestmark = pytest.mark.usefixtures("painters")


def test_broken_ones_are_listed_and_harm_nothing() -> None:
    found = {one.name: one for one in list_generators()}
    assert list(found) == sorted(found)
    assert found["painter"].available
    assert found["painter"].version == "3"
    assert "ModuleNotFoundError" in found["gone"].reason
    assert "SystemExit" in found["exits"].reason
    assert "RuntimeError: no idea" in found["liar"].reason
    assert "no licence" in found["refusing"].reason
    assert "it has no plan" in found["half"].reason
    assert not any(found[name].available for name in ("gone", "exits", "liar", "refusing", "half"))
    json.dumps([one.document() for one in found.values()])


def test_settings_are_told_with_defaults() -> None:
    rows = generator_info("painter").settings
    assert [(row.name, row.type, row.default) for row in rows] == [
        ("side_px", "int", 96),
        ("inference_steps", "int", 7),
        ("guidance_scale", "float", 1.5),
    ]
    assert rows[0].description == "Side of a frame."
    with pytest.raises(UnavailableError, match="No generator is called 'magic'; known: collapsed"):
        generator_info("magic")


def test_missing_libraries_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        requires = ("numpy>=1", "no-such-library>=2; extra == 'deep'", "numpy; extra == 'deep'")

    monkeypatch.setattr(listing, "distribution", lambda name: Package)
    found = {one.name: one for one in list_generators()}
    assert found["trained"].missing == ["no-such-library"]
    assert "pip install 'unknown[deep]'" in found["trained"].hint
    assert found["painter"].hint == ""


def test_a_name_gives_a_new_generator() -> None:
    assert open_generator("painter").format.shape_px == (96, 96)
    assert open_generator("painter", settings={"side_px": 64}).format.shape_px == (64, 64)
    with pytest.raises(SettingsError, match="side_px"):
        open_generator("painter", settings={"side_px": 1})
    with pytest.raises(UnavailableError, match="run ccmeval train trained"):
        open_generator("trained")
    for name in ("gone", "exits", "liar", "half"):
        with pytest.raises(UnavailableError, match=f"The plug-in '{name}'"):
            open_generator(name)
    with pytest.raises(CcmevalError, match=r"neither a folder nor a generator; generators: collapsed"):
        open_generator("nowhere")


@pytest.mark.parametrize("sub", ["", "model"])
def test_a_folder_leads_to_its_generator(tmp_path: Path, sub: str) -> None:
    Painter(PainterSettings(side_px=48)).save_pretrained(tmp_path / sub)
    opened = open_generator(tmp_path)
    assert isinstance(opened, Painter)
    assert opened.settings.side_px == 48
    assert saved_settings(tmp_path, opened)["side_px"] == 48
    with pytest.raises(SettingsError, match="settings of its training"):
        open_generator(tmp_path, settings={"side_px": 64})


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("{", "cannot be read"),
        ("[]", "is damaged"),
        ("{}", "names no generator"),
        ('{"name": "gone"}', "cannot be loaded"),
    ],
)
def test_damaged_folders_are_told(tmp_path: Path, content: str, match: str) -> None:
    with pytest.raises(CcmevalError, match=r"holds no generator\.json"):
        open_generator(tmp_path)
    (tmp_path / "generator.json").write_text(content)
    with pytest.raises(UnavailableError, match=match):
        open_generator(tmp_path)
    (tmp_path / "generator.json").write_text('{"name": "painter", "settings": {"side_px": "x"}}')
    with pytest.raises(UnavailableError, match="cannot be loaded from"):
        open_generator(tmp_path)


@pytest.mark.parametrize(
    ("provenance", "place", "subjects"),
    [
        ({"subjects": ["P2", "P1", "P2"]}, "model", "P1;P2"),
        ({"subjects": ["P1"]}, "", "P1"),
        ({"subjects": []}, "model", ""),
        ({"subjects": ["a;b"]}, "model", ""),
        ({"subjects": ["none"]}, "model", ""),
        ({"subjects": ["P1"], "n_frames_without_subject": 3}, "model", ""),
        ({}, "model", ""),
        (None, "model", ""),
    ],
)
def test_training_subjects(tmp_path: Path, provenance: dict | None, place: str, subjects: str) -> None:
    trained = plugins.load("ccmeval.generators", "trained")
    trained.save_pretrained(tmp_path / "model")
    if provenance is not None:
        (tmp_path / place / "provenance.json").write_text(json.dumps(provenance))
    told, note = training_subjects(tmp_path, trained)
    assert told == subjects
    assert bool(note) == (subjects == "")
    assert training_subjects("painter", open_generator("painter")) == ("none", "")
