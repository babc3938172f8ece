"""Files of answers, as the form saves them: JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccmeval.cohort.names import printable
from ccmeval.errors import CcmevalError
from ccmeval.readers.key import StudyKey
from ccmeval.report.tables import unguarded

KIND = "ccmeval-reader-answers"
_MOST_BYTES = 20_000_000
_REAL = ("real", "synthetic")


@dataclass(frozen=True)
class Answers:
    """What one reader answered.

    Attributes
    ----------
    reader : str
        The code that the reader gave.
    file : str
    real, diagnosis : mapping of str to str
        Answer by item; items without one are absent.
    seconds : mapping of str to float
    years : float or None
        Of experience, as the reader said.
    notes : sequence of str
    """

    reader: str
    file: str
    real: Mapping[str, str]
    diagnosis: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    years: float | None = None
    notes: Sequence[str] = ()


def read_answers(path: Path, key: StudyKey) -> Answers:
    """Read a file of answers and hold it against the key.

    Parameters
    ----------
    path : pathlib.Path
        JSON or CSV, as the form saves them.
    key : StudyKey

    Returns
    -------
    Answers

    Raises
    ------
    CcmevalError
        If it cannot be read, is of another study, or answers what was not asked.
    """
    name = printable(path.name)
    reader, years, rows = _rows(path, name, key)
    known = {it.item for it in key.items}
    found: dict[str, dict[str, str]] = {"real": {}, "diagnosis": {}}
    seconds: dict[str, float] = {}
    seen: set[str] = set()
    for row in rows:
        item = str(row.get("item") or "")
        if item not in known:
            raise CcmevalError(
                f"{name}: the study has no frame {printable(item)!r}; give the file as it was saved."
            )
        if item in seen:
            raise CcmevalError(f"{name}: frame {item} is answered twice; give the file as it was saved.")
        seen.add(item)
        for question, allowed in (("real", _REAL), ("diagnosis", tuple(key.diagnoses))):
            text = row.get(question) or ""
            if not text:
                continue
            if text not in allowed:
                raise CcmevalError(
                    f"{name}: frame {item} has the answer {printable(str(text))!r}, which was no choice; give"
                    " the file as it was saved."
                )
            found[question][item] = text
        seconds[item] = _number(row.get("seconds")) or 0.0
    if not (found["real"] or found["diagnosis"]):
        raise CcmevalError(
            f"{name} holds no answers; ask its reader for the file that the form saves at its end."
        )
    missing = [len(known) - len(found[it]) for it, asked in _asked(key) if asked]
    notes = [f"{max(missing)} of {len(known)} frames are not answered."] if any(missing) else []
    return Answers(reader, name, found["real"], found["diagnosis"], seconds, years, notes)


def _asked(key: StudyKey) -> list[tuple[str, bool]]:
    return [
        ("real", key.question in ("real", "both")),
        ("diagnosis", key.question in ("diagnosis", "both")),
    ]


def _rows(path: Path, name: str, key: StudyKey) -> tuple[str, float | None, Sequence[Mapping[str, Any]]]:
    text = _text(path, name)
    reader, study, years, rows = _json(text, name) if text.lstrip()[:1] in "{[" else _csv(text, name)
    if study != key.study:
        raise CcmevalError(
            f"{name} answers the study {printable(study)[:40]!r}, and this folder holds {key.study!r}; give"
            " the folder of that study."
        )
    reader = " ".join(reader.split())[:80]
    if not reader:
        raise CcmevalError(f"{name} does not tell its reader's code; give the file as it was saved.")
    return printable(reader), years, rows


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CcmevalError(f"{name} is too large to be answers; give the file that the form saves.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CcmevalError(f"{name} cannot be read ({error.strerror}); check its path.") from error
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise CcmevalError(f"{name} is empty or no text; give the JSON or CSV file that the form saves.")
    return text


def _json(text: str, name: str) -> tuple[str, str, float | None, Sequence[Mapping[str, Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CcmevalError(f"{name} is damaged JSON; ask its reader to save it again.") from error
    rows = found.get("answers") if isinstance(found, dict) else None
    whole = isinstance(found, dict) and found.get("kind") == KIND and isinstance(rows, list)
    if not whole or not all(isinstance(row, dict) for row in rows or []):
        raise CcmevalError(f"{name} is no file of answers; give the JSON or CSV file that the form saves.")
    reader, study = str(found.get("reader") or ""), str(found.get("study") or "")
    return reader, study, _number(found.get("years")), rows or []


def _csv(text: str, name: str) -> tuple[str, str, float | None, Sequence[Mapping[str, Any]]]:
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = [
        {str(k): unguarded(v.strip()) for k, v in row.items() if isinstance(v, str)}
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    ]
    if not rows or not {"study", "reader", "item"} <= rows[0].keys():
        raise CcmevalError(f"{name} is no file of answers; give the JSON or CSV file that the form saves.")
    for column in ("study", "reader"):
        if len({row.get(column) for row in rows}) > 1:
            raise CcmevalError(f"{name} holds several values of {column}; give one file a reader.")
    return rows[0]["reader"], rows[0]["study"], None, rows


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e7 else None
