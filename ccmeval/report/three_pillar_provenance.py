"""Where a three-pillar result comes from: versions, settings and the files beside the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from ccmeval.report.view import Cell, File, Head, Table

MOST_SETTINGS = 200
_WORDS = {
    "report.json": "all of this page’s numbers, settings and versions",
    "methods.md": "methods paragraph with references, for a paper",
    "methods.txt": "the same as plain text",
    "tables/preservation.csv": "every biomarker, real against synthetic",
    "tables/fidelity.csv": "every metric with interval and floor",
    "tables/utility_scores.csv": "every score of every group and learner",
    "tables/utility_differences.csv": "every difference between groups with its tests",
    "tables/frames.csv": "each frame’s biomarkers, hash and flags",
    "tables/tables.tex": "document that shows the LaTeX tables",
}


class WithSettings(Protocol):
    """A result that tells its settings."""

    settings: dict[str, Any]


class WithVersions(Protocol):
    """A result that tells its software."""

    versions: dict[str, str]


def settings_rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Lay settings out flat, nested names joined by points.

    Examples
    --------
    >>> settings_rows({"seed": 0, "fidelity": {"k": 5, "names": ["a", "b"]}})
    [('seed', '0'), ('fidelity.k', '5'), ('fidelity.names', 'a, b')]
    """
    return list(_flat(settings, ""))


def _flat(settings: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", _setting_text(value)


def _setting_text(value: Any) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(it, (str, int, float)) for it in value):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, str):
        return value or "none"
    if value is None or value == {} or isinstance(value, bool):
        return {True: "yes", False: "no"}.get(value, "none") if isinstance(value, bool) else "none"
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else str(value)
    )


def settings_table(result: WithSettings, file: str = "report.json") -> Table:
    """List all settings.

    Parameters
    ----------
    result : WithSettings
    file : str
        Where those are that are not shown.

    Examples
    --------
    >>> from ccmeval.evaluation.schema import ThreePillarResult
    >>> settings_table(ThreePillarResult(created="")).rows
    []
    """
    rows = settings_rows(result.settings)
    more = f"{len(rows) - MOST_SETTINGS:,} more are in {file}." if len(rows) > MOST_SETTINGS else ""
    heads = [Head("Setting", long=True), Head("Value", long=True)]
    return Table("All settings.", heads, [[Cell(a), Cell(b)] for a, b in rows[:MOST_SETTINGS]], more)


def versions_table(result: WithVersions) -> Table:
    """List the software.

    Examples
    --------
    >>> from ccmeval.evaluation.schema import ThreePillarResult
    >>> versions_table(ThreePillarResult(created="", versions={"numpy": "2.0"})).rows
    [[Cell(words='numpy', below='', tone=''), Cell(words='2.0', below='', tone='')]]
    """
    rows = [[Cell(name), Cell(version)] for name, version in result.versions.items()]
    return Table("Software.", [Head("Software"), Head("Version")], rows)


def files_of(names: Sequence[str], words: Mapping[str, str] = _WORDS) -> list[File]:
    """Describe the files beside the page, those with a description first.

    Parameters
    ----------
    names : sequence of str
    words : mapping of str to str
        Descriptions by name.

    Examples
    --------
    >>> [it.name for it in files_of(["tables/a.csv", "report.json"])]
    ['report.json', 'tables/a.csv']
    """
    ordered = sorted(names, key=lambda name: (name not in words, name))
    return [File(name, words.get(name, "")) for name in ordered]
