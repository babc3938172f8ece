"""Published means and SDs in place of real frames; the data are those of `ccmeval published`."""

from __future__ import annotations

from dataclasses import dataclass

from ccmeval.published.library import paper_names, published_paper

_REAL = "Real"


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
    return paper_names()


def published_table(name: str) -> PublishedTable:
    """Read the published biomarkers of real frames.

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
    paper = published_paper(name)
    table = paper.table("biomarkers")
    diagnoses = {}
    for row in table.rows:
        if row.labels["source"] == _REAL:
            numbers = {key: entry.number for key, entry in row.cells.items()}
            diagnoses[row.labels["diagnosis"]] = {
                key: Moments(float(it.value), float(it.sd))
                for key, it in numbers.items()
                if it is not None and it.sd is not None
            }
    return PublishedTable(paper.name, f"{paper.source}, {table.where}, real frames", table.note, diagnoses)
