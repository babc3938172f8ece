"""Studies and answers for the tests, with truths that are known by construction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ccmeval.readers.key import KeyItem, StudyKey, write_key

CLASSES = ["Control", "T1DPN"]


def key_of(
    truths: Sequence[str],
    *,
    diagnoses: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    repeats: Sequence[int] = (),
    **more: Any,
) -> StudyKey:
    """A key of a study whose frames are these, in this order; `repeats` are shown again at the end."""
    items = [
        KeyItem(
            item=f"{i + 1:03d}",
            truth=truth,  # type: ignore[arg-type]
            frame=f"f{i}.png",
            sha256="",
            diagnosis=diagnoses[i] if diagnoses else CLASSES[i % 2],
            subject=clusters[i] if clusters else None,
            cluster=clusters[i] if clusters else f"frame {i}",
        )
        for i, truth in enumerate(truths)
    ]
    again = [
        items[place].model_copy(update={"item": f"{len(items) + j + 1:03d}", "repeat_of": items[place].item})
        for j, place in enumerate(repeats)
    ]
    told: dict[str, Any] = {
        "study": "abc",
        "created": "",
        "identity": {},
        "question": "both",
        "title": "t",
        "margin": 0.1,
        "diagnoses": CLASSES,
        "by_subject": clusters is not None,
        "shape_px": (64, 64),
        "pixel_size_um": 1.0,
        "items": [*items, *again],
    }
    return StudyKey(**{**told, **more})


def document(
    key: StudyKey, reader: str, real: Sequence[str], diagnosis: Sequence[str] = (), **more: Any
) -> dict[str, Any]:
    """Answers as the form saves them, in the key's order."""
    answers = []
    for i, it in enumerate(key.items[: len(real) or len(diagnosis)]):
        row: dict[str, Any] = {"item": it.item, "seconds": 2.0}
        if real:
            row["real"] = real[i]
        if diagnosis:
            row["diagnosis"] = diagnosis[i]
        answers.append(row)
    kind = {"kind": "ccmeval-reader-answers", "version": 1}
    return {**kind, "study": key.study, "reader": reader, "years": None, "answers": answers, **more}


def saved(folder: Path, key: StudyKey, documents: Sequence[dict[str, Any]]) -> list[Path]:
    """Write a study's key and its readers' files."""
    folder.mkdir(parents=True, exist_ok=True)
    write_key(key, folder)
    paths = []
    for number, one in enumerate(documents):
        path = folder / f"answers-{number}.json"
        path.write_text(json.dumps(one), encoding="utf-8")
        paths.append(path)
    return paths
