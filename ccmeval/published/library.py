"""Reads the papers that ship with the program, and lays a user's own copy over them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ccmeval.errors import CcmevalError
from ccmeval.published.schema import Entry, Paper, PublishedTable, Row, Statement

_FOLDERS = {"2602.13693": "arxiv_2602_13693"}
_MOST_BYTES = 1_000_000


def paper_names() -> list[str]:
    """List the papers whose tables ship with the program.

    Examples
    --------
    >>> paper_names()
    ['2602.13693']
    """
    return list(_FOLDERS)


def published_paper(name: str = "2602.13693") -> Paper:
    """Read a paper's tables and statements.

    Parameters
    ----------
    name : str
        As `paper_names` gives it; "arXiv 2602.13693" and "published:2602.13693" mean the same.

    Raises
    ------
    CcmevalError
        If no paper has that name.

    Examples
    --------
    >>> published_paper("arXiv:2602.13693").statement("fid_abstract").printed
    '5.18'
    """
    key = name.strip().lower()
    for prefix in ("published", "arxiv"):
        key = key.removeprefix(prefix).lstrip(": ")
    if key not in _FOLDERS:
        raise CcmevalError(f"No published table is called {name!r}; known: {', '.join(_FOLDERS)}.")
    folder = resources.files("ccmeval.published") / "data" / _FOLDERS[key]

    def held(file: str) -> Any:
        return json.loads((folder / f"{file}.json").read_text(encoding="utf-8"))

    paper = held("paper")
    paper["tables"] = [held(table) for table in paper["tables"]]
    return Paper.model_validate({**paper, "statements": held("statements")})


def with_own_copy(paper: Paper, path: Path) -> Paper:
    """Lay the cells of a user's own copy over a paper's.

    Parameters
    ----------
    paper : Paper
    path : pathlib.Path
        JSON or YAML: ``tables`` by key, each a list of rows with labels and cells side by side, and
        ``statements`` by key. Null leaves a cell as it is.

    Returns
    -------
    Paper
        A new one; where both have a number and they differ, the user's stands and a note says so.

    Raises
    ------
    CcmevalError
        If the file cannot be read, or names what the paper has not.
    """
    given = _read(path)
    try:
        return _Overlay(paper, path.name).laid(given)
    except (ValidationError, ValueError, TypeError) as error:
        raise CcmevalError(f"{path}: {_sentence(error)}; see `ccmeval published --template`.") from error


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CcmevalError(f"{path} has over {_MOST_BYTES:,} bytes, too many for a few tables.")
        # YAML holds JSON; as texts, since 19.40 read as a number would lose its last decimal.
        given = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    except OSError as error:
        raise CcmevalError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CcmevalError(f"{path} is neither YAML nor JSON.") from error
    if not isinstance(given, Mapping) or not set(given) <= {"paper", "tables", "statements"}:
        raise CcmevalError(f"{path} must hold `tables` and `statements`; see `ccmeval published --template`.")
    return given


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return str(first["msg"]).removeprefix("Value error, ")
    return str(error)


class _Overlay:
    """Fills a copy of the paper, and notes where the user's copy differs."""

    def __init__(self, paper: Paper, file: str) -> None:
        self._paper = paper.model_copy(deep=True)
        self._file = file

    def laid(self, given: Mapping[str, Any]) -> Paper:
        named = str(given.get("paper") or self._paper.name)
        if named != self._paper.name:
            raise ValueError(f"it is a copy of {named}, not of {self._paper.name}")
        for key, rows in _mapping(given, "tables").items():
            table = _known(key, {it.key: it for it in self._paper.tables}, "table")
            if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
                raise ValueError(f"the rows of {key} must be a list of rows with labels and cells")
            for row in rows:
                self._lay_row(table, dict(row))
        for key, value in _mapping(given, "statements").items():
            self._lay_statement(
                _known(key, {it.key: it for it in self._paper.statements}, "statement"), value
            )
        return self._paper

    def _lay_row(self, table: PublishedTable, given: dict[str, Any]) -> None:
        names = table.label_names
        if missing := [name for name in names if not given.get(name)]:
            raise ValueError(f"a row of {table.key} has no {missing[0]}")
        labels = {name: str(given.pop(name)) for name in names}
        row = next((it for it in table.rows if it.labels == labels), None)
        if row is None:
            row = Row(labels=labels)
            table.rows.append(row)
        for key, value in given.items():
            _known(key, {it.key: it for it in table.columns}, f"column of {table.key}")
            if (entry := _entry(value)) is not None:
                self._note(
                    f"{table.key}, {row.name}, {key}", row.cells.get(key, Entry()).printed, entry.printed
                )
                row.cells[key] = entry

    def _lay_statement(self, statement: Statement, value: Any) -> None:
        mapped = value if isinstance(value, Mapping) else {"printed": value}
        printed = _text(mapped.get("printed"))
        if printed is None:
            return
        self._note(statement.key, statement.printed, printed)
        statement.printed, statement.known_from = printed, "user"
        statement.where = str(mapped.get("where") or statement.where)

    def _note(self, place: str, ours: str | None, theirs: str | None) -> None:
        if ours is not None and ours != theirs:
            self._paper.notes.append(
                f"{self._file} has {theirs} for {place}, where {ours} was held; its own stands."
            )


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name) or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"`{name}` must go by key")
    return found


def _entry(value: Any) -> Entry | None:
    mapped = dict(value) if isinstance(value, Mapping) else {"printed": value}
    mapped["printed"] = _text(mapped.get("printed"))
    if mapped["printed"] is None:
        return None
    return Entry.model_validate({**mapped, "known_from": "user"})


def _text(value: Any) -> str | None:
    """Take what the loader gives as texts (two of them: mean and SD); empty and null mean nothing."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(it, str) for it in value):
        value = " ± ".join(value)
    if isinstance(value, (list, Mapping)):
        raise ValueError("a cell is a number, a text such as 19.40 ± 5.14, a pair of mean and SD, or null")
    text = str(value).strip() if value is not None else ""
    return None if text.lower() in ("", "null", "~", "none") else text


def _known(key: str, among: Mapping[str, Any], what: str) -> Any:
    if key not in among:
        raise ValueError(f"there is no {what} {key!r}; there are {', '.join(among)}")
    return among[key]


def template(paper: Paper) -> str:
    """Write what a user may fill in, as YAML: every cell, with what is known already.

    Examples
    --------
    >>> text = template(published_paper())
    >>> text.splitlines()[1]
    'paper: "2602.13693"'
    """
    lines = [
        f"# {paper.source}. Fill in what your copy prints, with all its decimals: 0.630, 19.40 ± 5.14.",
        f'paper: "{paper.name}"',
        "tables:",
    ]
    for table in paper.tables:
        lines.append(f"  {table.key}:  # {table.title}; {table.where}")
        for row in table.rows:
            cells = {**row.labels, **{it.key: row.cells.get(it.key, Entry()).printed for it in table.columns}}
            lines.append("  - {" + ", ".join(f"{key}: {_yaml(it)}" for key, it in cells.items()) + "}")
    lines.append("statements:")
    for it in paper.statements:
        lines += [f"  # {it.what}{f' ({it.unit})' if it.unit else ''}", f"  {it.key}: {_yaml(it.printed)}"]
    return "\n".join(lines) + "\n"


def _yaml(value: str | None) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)
