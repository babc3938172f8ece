"""A generator by its name, or from the folder that it was saved in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ccmeval import plugins
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.listing import GROUP, generator_info
from ccmeval.plugins import Generator, WeightSource
from ccmeval.settings import SettingsError, settings_sentence

GENERATOR_FILE = "generator.json"
"""In the folder of a saved generator; its `name` (or `generator`) is that of the entry point."""

PROVENANCE_FILE = "provenance.json"
"""Beside it, written by `ccmeval train`: what the generator learnt from."""

MODEL_FOLDER = "model"
"""In the folder of a training, where the trained generator lies."""


def open_generator(
    name_or_folder: str | Path,
    weights: WeightSource | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Generator:
    """Make a new generator, or load a trained one.

    Parameters
    ----------
    name_or_folder : str or path
        A name of `ccmeval generators list`, or the folder of a saved generator or of a training. What is a
        name is taken for one; a folder of that name is given as ``./NAME``.
    weights : WeightSource, optional
    settings : mapping, optional
        Of a new generator; a trained one has its own.

    Returns
    -------
    Generator

    Raises
    ------
    UnavailableError
        If it needs training and has none, or cannot be loaded.
    CcmevalError
        If there is no such name or folder, the folder holds no generator, or a setting is wrong.
    """
    folder = generator_folder(name_or_folder)
    if folder is None:
        return _fresh(str(name_or_folder), settings or {})
    if settings:
        raise SettingsError(f"The generator in {folder} has the settings of its training; give none.")
    name = _name_in(folder / GENERATOR_FILE)
    kind = type(_loaded(name))
    try:
        return kind.from_pretrained(folder, weights or WeightSource())
    except CcmevalError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        raise UnavailableError(
            f"The generator {name!r} cannot be loaded from {folder} ({type(error).__name__}: {error}); train"
            " it again, or take the versions that it was saved with."
        ) from error


def generator_folder(name_or_folder: str | Path) -> Path | None:
    """Find the folder of a saved generator.

    Returns
    -------
    pathlib.Path or None
        None where a name of a generator is given.

    Raises
    ------
    CcmevalError
        If it is neither a generator's name nor a folder with a generator.
    """
    if isinstance(name_or_folder, str) and name_or_folder in plugins.available(GROUP):
        return None
    path = Path(name_or_folder)
    for folder in (path, path / MODEL_FOLDER):
        if (folder / GENERATOR_FILE).is_file():
            return folder
    if path.is_dir():
        raise CcmevalError(
            f"{path} holds no {GENERATOR_FILE}, nor does a folder {MODEL_FOLDER} in it; give the folder of a"
            " finished training (ccmeval train) or of a saved generator."
        )
    known = ", ".join(plugins.available(GROUP)) or "none"
    raise CcmevalError(f"{path} is neither a folder nor a generator; generators: {known}.")


def _fresh(name: str, settings: Mapping[str, Any]) -> Generator:
    generator = _loaded(name)
    if generator.capabilities.needs_training:
        hint = f"; for the folder of that name, give ./{name}" if Path(name).is_dir() else ""
        raise UnavailableError(
            f"The generator {name!r} gives frames only once it was trained; run ccmeval train {name} and give"
            f" the folder of that training instead of the name{hint}."
        )
    return _with_settings(generator, settings) if settings else generator


def _loaded(name: str) -> Generator:
    """Load a plug-in that keeps at least the outer form of the contract."""
    told = generator_info(name)
    if not told.available:
        raise UnavailableError(told.reason)
    generator: Generator = plugins.load(GROUP, name)
    return generator


def _with_settings(generator: Generator, settings: Mapping[str, Any]) -> Generator:
    from pydantic import ValidationError

    try:
        checked = generator.settings_model.model_validate(dict(settings))
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, None)) from error
    make: Callable[[Any], Generator] = type(generator)
    try:
        return make(checked)
    except TypeError as error:
        raise UnavailableError(f"The generator {generator.name!r} takes no settings; give none.") from error


def training_subjects(name_or_folder: str | Path, generator: Generator) -> tuple[str, str]:
    """Tell on whose frames a generator was trained, as the column `generator_subjects` has it.

    Parameters
    ----------
    name_or_folder : str or path
        What :func:`open_generator` was given.
    generator : Generator
        What it gave.

    Returns
    -------
    subjects : str
        Joined by ``;``; ``none`` where it learnt from no frame; empty where nobody knows.
    note : str
        Why nobody knows; empty otherwise.
    """
    folder = generator_folder(name_or_folder)
    can = generator.capabilities
    if folder is None or not can.trainable:
        if not can.weights_licence:
            return "none", ""
        return "", _unknown(f"the weights that {generator.name} starts from")
    for place in (folder, folder.parent):
        path = place / PROVENANCE_FILE
        if path.is_file():
            return _joined(_document(path), path)
        if folder.name != MODEL_FOLDER:
            break
    return "", _unknown(f"{folder}, which has no {PROVENANCE_FILE}")


def _joined(provenance: Mapping[str, Any], path: Path) -> tuple[str, str]:
    subjects = provenance.get("subjects")
    names = [str(name).strip() for name in subjects] if isinstance(subjects, list) else []
    unclear = [name for name in names if not name or ";" in name or name.lower() == "none"]
    without = provenance.get("n_frames_without_subject") or 0
    if names and not unclear and not without:
        return ";".join(sorted(set(names))), ""
    what = f"which has names such as {unclear[0]!r}" if unclear else "which names nobody"
    return "", _unknown(f"{path}, {f'which has {without} frames of unknown subjects' if without else what}")


def saved_settings(name_or_folder: str | Path, generator: Generator) -> Mapping[str, Any]:
    """Give a generator's settings: its attribute `settings`, or those saved with it; empty where unknown."""
    told = getattr(generator, "settings", None)
    if told is None and (folder := generator_folder(name_or_folder)) is not None:
        told = _document(folder / GENERATOR_FILE).get("settings")
    dump = getattr(told, "model_dump", None)
    told = dump(mode="json") if callable(dump) else told
    return told if isinstance(told, Mapping) else {}


def _unknown(where: str) -> str:
    return (
        f"Nobody can tell from {where}, on whose frames the generator was trained; the column"
        " generator_subjects is left empty, and pillar 3 cannot rule out that it saw the test subjects."
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnavailableError(f"{path} cannot be read ({error}); train the generator again.") from error
    if not isinstance(found, dict):
        raise UnavailableError(f"{path} is damaged (no names and values); train the generator again.")
    return found


def _name_in(path: Path) -> str:
    found = _document(path)
    name = found.get("name")
    if not isinstance(name, str):
        raise UnavailableError(f"{path} names no generator; train the generator again, or correct the file.")
    return name
