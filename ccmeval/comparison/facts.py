"""What the folder of a generator tells of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ccmeval.comparison.making import Made
from ccmeval.comparison.schema import GeneratorFacts

UNKNOWN = "Not known: the set was not made here, and no model was named for it."
UNTRAINED = "This generator learns nothing."


def generator_facts(made: Made) -> GeneratorFacts:
    """Tell what is known of the generator of a set.

    Parameters
    ----------
    made : Made

    Returns
    -------
    GeneratorFacts
        With the reason where its trainable parameters are not known.
    """
    if made.model is not None:
        return _trained(made.model)
    if made.generator:
        return GeneratorFacts(name=made.generator, reason=UNTRAINED)
    return GeneratorFacts(reason=UNKNOWN)


def _trained(model: Path) -> GeneratorFacts:
    """Read the account of a training, which lies beside the model or above it."""
    for folder in (model, model.parent):
        told = _document(folder / "training.json")
        if told is not None:
            return _facts(told, model)
    return GeneratorFacts(
        model=str(model), reason=f"There is no training.json in {model} or above it, which would tell."
    )


def _facts(told: dict[str, Any], model: Path) -> GeneratorFacts:
    generator, record, data = (told.get(name) or {} for name in ("generator", "record", "data"))
    subjects = data.get("subjects")
    known = record.get("n_trained") is not None
    return GeneratorFacts(
        name=generator.get("name", ""), version=generator.get("version", ""),
        n_trained=record.get("n_trained"), n_parameters=record.get("n_parameters"),
        training_steps=record.get("steps"), training_seconds=record.get("seconds"),
        training_device=record.get("device", ""), training_frames=data.get("n_frames"),
        training_subjects=None if subjects is None else len(subjects), size_px=data.get("size_px"),
        seed=told.get("seed"), settings=(told.get("settings") or {}).get("generator", {}), model=str(model),
        reason="" if known else "Its training is not finished, or does not tell.",
    )  # fmt: skip


def _document(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
