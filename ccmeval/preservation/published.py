"""Published means and SDs in place of real frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

from ccmeval.errors import CcmevalError

_FILES = {"2602.13693": "arxiv_2602_13693.json"}


@dataclass(frozen=True)
class Moments:
    """Published mean and SD of a biomarker in one diagnosis, in its unit."""

    mean: float
    sd: float


@dataclass(frozen=True)
class PublishedTable:
    """Published biomarkers of real frames.

    Attributes
    ----------
    name, source, note : str
    diagnoses : dict
        From diagnosis to column to `Moments`, diagnoses in the order of the table.
    """

    name: str
    source: str
    note: str
    diagnoses: dict[str, dict[str, Moments]]


def published_names() -> list[str]:
    """List the published tables that are known.

    Examples
    --------
    >>> published_names()
    ['2602.13693']
    """
    return list(_FILES)


def published_table(name: str) -> PublishedTable:
    """Read a published table.

    Parameters
    ----------
    name : str
        As `published_names` gives it; "arXiv 2602.13693", "arxiv:2602.13693" and "published:2602.13693"
        mean the same.

    Raises
    ------
    CcmevalError
        If no table has that name.

    Examples
    --------
    >>> published_table("arXiv:2602.13693").diagnoses["T1DPN"]["cnfl_mm_per_mm2"]
    Moments(mean=9.76, sd=5.86)
    """
    key = name.strip().lower()
    for prefix in ("published", "arxiv"):
        key = key.removeprefix(prefix).lstrip(": ")
    if key not in _FILES:
        raise CcmevalError(f"No published table is called {name!r}; known: {', '.join(_FILES)}.")
    text = (resources.files("ccmeval.preservation") / "data" / _FILES[key]).read_text(encoding="utf-8")
    data = json.loads(text)
    diagnoses = {
        diagnosis: {column: Moments(*pair) for column, pair in columns.items()}
        for diagnosis, columns in data["diagnoses"].items()
    }
    return PublishedTable(data["name"], data["source"], data["note"], diagnoses)
