"""What a datasheet is made of, and its two forms: Markdown, and one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ccmeval.releasing.placeholders import PLACEHOLDERS
from ccmeval.releasing.settings import TO_FILL
from ccmeval.report.view import Cell, Table


@dataclass(frozen=True)
class Answer:
    """A question with its answer; an `open` one is still to be answered by the publisher."""

    question: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    open: bool = False


@dataclass(frozen=True)
class Part:
    """A section of the datasheet."""

    anchor: str
    title: str
    answers: Sequence[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """The datasheet.

    Attributes
    ----------
    title : str
    made : str
    warnings : sequence of str
        What everybody must read first.
    parts : sequence of Part
    """

    title: str
    made: str
    warnings: Sequence[str]
    parts: Sequence[Part]

    @property
    def n_open(self) -> int:
        """Questions that the publisher has still to answer."""
        return sum(answer.open for part in self.parts for answer in part.answers)


def asked(name: str, words: dict[str, str]) -> Answer:
    """Ask what only the publisher knows, or give what was answered.

    Examples
    --------
    >>> asked("funding", {}).paragraphs, asked("funding", {"funding": "Nobody."}).paragraphs
    (('[to be filled in by the publisher]',), ('Nobody.',))
    """
    told = words.get(name, "").strip()
    return Answer(PLACEHOLDERS[name], (told or TO_FILL,), open=not told)


def markdown(sheet: Sheet) -> str:
    """Write a datasheet as Markdown.

    Examples
    --------
    >>> uses = Part("uses", "Uses", [Answer("Why?", ["So."])])
    >>> print(markdown(Sheet("A set", "Made today", ["Mind."], [uses])))
    # A set
    <BLANKLINE>
    Made today
    <BLANKLINE>
    > Mind.
    <BLANKLINE>
    ## Uses
    <BLANKLINE>
    **Why?**
    <BLANKLINE>
    So.
    <BLANKLINE>
    """
    blocks = [f"# {_plain(sheet.title)}", _plain(sheet.made), *(f"> {_plain(it)}" for it in sheet.warnings)]
    for part in sheet.parts:
        blocks.append(f"## {_plain(part.title)}")
        for answer in part.answers:
            blocks.append(f"**{_plain(answer.question)}**")
            blocks += [_plain(it) for it in answer.paragraphs]
            blocks += [_table(it) for it in answer.tables]
    return "\n\n".join(blocks) + "\n"


def _table(table: Table) -> str:
    heads = [_cell(Cell(head.words, head.below)) for head in table.heads]
    rules = ["---:" if head.number else "---" for head in table.heads]
    lines = [heads, rules, *([_cell(cell) for cell in row] for row in table.rows)]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join(filter(None, (_plain(table.caption), drawn, _plain(table.more))))


def _cell(cell: Cell) -> str:
    words = f"{cell.words} ({cell.below})" if cell.below else cell.words
    return _plain(words).replace("|", "\\|")


def _plain(text: str) -> str:
    """Keep a text from being read as Markdown or HTML, and on one line."""
    line = " ".join(text.split())
    for sign in "\\`*_<>":
        line = line.replace(sign, f"\\{sign}")
    return line
