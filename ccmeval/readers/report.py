"""Files of a scored reader study: JSON, tables, and one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ccmeval.readers.report_tables import (
    agreement_table,
    confusion_tables,
    detection_table,
    diagnosis_table,
    readers_table,
    tiles_of,
)
from ccmeval.readers.schema import Interval, StudyScores
from ccmeval.report.files import replacing
from ccmeval.report.page import render_template
from ccmeval.report.tables import write_csv
from ccmeval.report.view import File, time_text

FOLDER = "scores"
PAGE = "report.html"
_ENDS = ("", "_low", "_high")

FILES = (
    File("scores.json", "all numbers, settings and versions"),
    File("readers.csv", "real or synthetic: one row a reader"),
    File("agreement.csv", "kappas"),
    File("diagnoses.csv", "right diagnoses, real and synthetic apart"),
    File("confusions.csv", "answers by true diagnosis"),
)


def write_scores(scores: StudyScores, out: Path) -> Path:
    """Write everything that is drawn from the scores into ``OUT/scores``.

    Parameters
    ----------
    scores : StudyScores
    out : pathlib.Path
        Folder of the study; files of an earlier scoring are replaced.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    folder = out / FOLDER
    _write(folder / "scores.json", scores.model_dump_json(indent=1) + "\n")
    _csv(folder / "readers.csv", [it.model_dump() for it in scores.detection])
    _csv(folder / "agreement.csv", [_named(it.model_dump()) for it in scores.agreements])
    rows = [it.model_dump() for it in scores.diagnoses]
    _csv(folder / "diagnoses.csv", [*rows, *(it.model_dump() for it in scores.differences)])
    _csv(folder / "confusions.csv", _confusion_rows(scores))
    _write(folder / PAGE, render_scores(scores))
    return folder / PAGE


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "readers": "; ".join(row["readers"])}


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    flat = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    write_csv(path, flat, columns or ["reader"])


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Lay intervals out over three columns."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value.keys() == Interval.model_fields.keys():
            found |= {f"{name}{end}": value[end.removeprefix("_") or "value"] for end in _ENDS}
            found[f"{name}_method"] = value["method"]
        else:
            found[name] = value
    return found


def _confusion_rows(scores: StudyScores) -> list[dict[str, Any]]:
    return [
        {"reader": it.reader, "truth": it.truth, "diagnosis": true, "answered": said, "frames": count}
        for it in scores.confusions
        for true, row in zip(it.classes, it.counts, strict=True)
        for said, count in zip(it.classes, row, strict=True)
    ]


def render_scores(scores: StudyScores) -> str:
    """Give the page as text."""
    sections = []
    if scores.detection:
        sections.append(("telling", "Real or synthetic"))
    if scores.diagnoses:
        sections.append(("diagnosis", "Diagnosis"))
    sections += [("agreement", "Agreement"), ("readers", "Readers"), ("method", "Method"), ("files", "Files")]
    made = [f"Scored {time_text(scores.created)}", f"ccmeval {scores.versions.get('ccmeval', '')}"]
    view = {
        "title": scores.title,
        "made": " · ".join([*made, f"study {scores.study}"]),
        "tiles": tiles_of(scores),
        "warnings": scores.left_out,
        "notes": scores.notes,
        "detection": detection_table(scores),
        "sentences": [(it.reader, it.sentence) for it in scores.detection],
        "pooled": scores.pooled.sentence if scores.pooled else "",
        "diagnosis": diagnosis_table(scores),
        "confusions": confusion_tables(scores),
        "agreement": agreement_table(scores),
        "readers": readers_table(scores),
        "power": scores.power,
        "margin": f"{100 * scores.margin:g}",
        "by_subject": scores.by_subject,
        "n_repeats": scores.n_repeats,
        "command": scores.command,
        "files": FILES,
    }
    return render_template("reader_study.html.j2", {"view": view, "sections": sections})


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8", "replace"))
