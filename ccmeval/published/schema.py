"""Published tables and statements as data: what the files hold, and what a user may fill in."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccmeval.published.printed import Printed, parse

KnownFrom = Literal["abstract", "reader", "secondary", "user", "run"]
"""How a number came here; :data:`KNOWN_FROM` says it in words."""

KNOWN_FROM: dict[str, str] = {
    "abstract": "the paper's abstract",
    "reader": "a reader's notes on the paper, whose pages were not at hand to check them against",
    "secondary": "a third party's summary of the paper, not checked against its page",
    "user": "the user's own copy, given by --tables",
    "run": "a report of this program, given by --with",
}
NOT_AT_HAND = "not at hand"
"""Why a cell of the shipped tables is empty: we do not know what is printed there."""


class Strict(BaseModel):
    """A model that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class Entry(Strict):
    """A cell: what is printed, where, and how we know.

    Examples
    --------
    >>> Entry.model_validate("19.40 ± 5.14").number.sd
    Decimal('5.14')
    >>> Entry.model_validate(None).reason
    'not at hand'
    """

    printed: str | None = Field(default=None, description="As in print, e.g. '0.630' or '19.40 ± 5.14'.")
    where: str = Field(default="", description="Place in the paper; empty: that of the table.")
    known_from: KnownFrom | None = Field(default=None, description="Empty: as the table says.")
    reason: str = Field(default="", description="Why nothing is printed here.")

    @model_validator(mode="before")
    @classmethod
    def _from_plain(cls, value: Any) -> Any:
        return value if isinstance(value, (dict, cls)) else {"printed": plain_text(value)}

    @model_validator(mode="after")
    def _is_a_number(self) -> Entry:
        if self.printed is None:
            self.reason = self.reason or NOT_AT_HAND
        else:
            parse(self.printed)
        return self

    @property
    def number(self) -> Printed | None:
        """The printed number, exactly; None where there is none."""
        return None if self.printed is None else parse(self.printed)


def plain_text(value: Any) -> str | None:
    """Take a number, a pair of mean and SD, or a text as it would be printed.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> plain_text([19.4, "5.14"]), plain_text(None)
    ('19.4 ± 5.14', None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float, list, tuple)):
        raise ValueError("a cell is a number, a text such as 19.40 ± 5.14, or null")
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise ValueError("a list is a mean and its SD")
        return " ± ".join(str(it) for it in value)
    return str(value)


class Column(Strict):
    """A column of numbers."""

    key: str
    title: str
    unit: str = ""
    kind: Literal["number", "mean and SD"] = "number"


class Row(Strict):
    """A row: its labels (model, rank, diagnosis...) and its cells by column."""

    labels: dict[str, str]
    cells: dict[str, Entry] = Field(default_factory=dict)

    @field_validator("labels", mode="before")
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        return {key: str(it) for key, it in value.items()} if isinstance(value, dict) else value

    @property
    def name(self) -> str:
        """Its labels in words."""
        return ", ".join(self.labels.values())


class PublishedTable(Strict):
    """A table of a paper.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> table = published_paper("2602.13693").table("biomarkers")
    >>> table.entry("cnfl_mm_per_mm2", source="Real", diagnosis="T1DPN").printed
    '9.76 ± 5.86'
    """

    key: str
    title: str
    where: str = Field(description="Its number or section in the paper.")
    known_from: KnownFrom
    note: str = ""
    columns: list[Column]
    rows: list[Row]

    @property
    def label_names(self) -> list[str]:
        """Names of the labels of its rows."""
        return list(self.rows[0].labels) if self.rows else []

    def entry(self, column: str, **labels: str) -> Entry:
        """Find a cell; an empty one where no row has these labels."""
        row = next((it for it in self.rows if it.labels == labels), None)
        return row.cells.get(column, Entry()) if row else Entry()

    def counts(self) -> tuple[int, int]:
        """Count the cells that hold a number, and all cells."""
        cells = [row.cells.get(column.key) for row in self.rows for column in self.columns]
        return sum(it is not None and it.printed is not None for it in cells), len(cells)


class Statement(Strict):
    """A number or a word of the running text, a caption or a single cell."""

    key: str
    what: str = Field(description="What it is said of.")
    printed: str | None = None
    unit: str = ""
    where: str = ""
    known_from: KnownFrom

    @field_validator("printed", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return plain_text(value)

    @property
    def number(self) -> Printed | None:
        """The printed number; None where it is not known or no number."""
        try:
            return None if self.printed is None else parse(self.printed)
        except ValueError:
            return None


class Paper(Strict):
    """A paper's tables and statements, as far as they are known."""

    name: str
    source: str
    title: str
    authors: str
    versions: str
    tables: list[PublishedTable]
    statements: list[Statement]
    notes: list[str] = Field(default_factory=list, description="Of a user's copy that was laid over it.")

    def table(self, key: str) -> PublishedTable:
        """Find a table by its key.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {it.key: it for it in self.tables}[key]

    def statement(self, key: str) -> Statement:
        """Find a statement by its key.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {it.key: it for it in self.statements}[key]
