"""Texts without what names real people, their files or the maker's machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ccmeval.errors import CcmevalError

WITHHELD = "[withheld]"
_PATH = re.compile(r"(?<![\w/.:<-])(?:[A-Za-z]:[\\/]|\\\\|~/|/)[^\s'\",;:()<>]+[\\/][^\s'\",;()<>]*")
_WORD = re.compile(r"[\w./#\\-]+")
_LEAST, _LEAST_DIGITS = 3, 5
"""Letters that a name must have to be looked for in prose; digits, where it is a number."""


class Withholder:
    """Takes private names and paths out of texts.

    Parameters
    ----------
    names : iterable of str
        Frames, files and subjects that must not be told.
    public : iterable of str
        Names that may, even where a private one is the same.

    Examples
    --------
    >>> hide = Withholder(["P017", "in/P017_2.png"], public=["S0001"])
    >>> hide("P017_2.png of P017 in /home/eve/data/in is dark; S0001 is not, nor 3/4.")
    '[withheld] of [withheld] in [withheld] is dark; S0001 is not, nor 3/4.'
    """

    def __init__(self, names: Iterable[str], public: Iterable[str] = ()) -> None:
        free = set(public)
        found: set[str] = set()
        for name in names:
            path = PurePosixPath(name.replace("\\", "/"))
            found.update((name, path.name, path.stem))
        self.names = {name for name in found - free if _is_telling(name)}
        self._spaced = sorted(
            (name for name in self.names if not _WORD.fullmatch(name)), key=len, reverse=True
        )

    def __call__(self, text: str) -> str:
        """Replace what must not be told."""
        text = _PATH.sub(WITHHELD, text)
        for name in self._spaced:
            text = text.replace(name, WITHHELD)
        return _WORD.sub(lambda found: self._word(found[0]), text)

    def _word(self, word: str) -> str:
        bare = word.rstrip(".")
        told = {bare, PurePosixPath(bare.replace("\\", "/")).name, bare.partition("#")[0]}
        return WITHHELD + word[len(bare) :] if told & self.names else word

    def everywhere(self, value: Any) -> Any:
        """Do so in all texts of nested lists and dictionaries; names of fields stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {name: self.everywhere(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.everywhere(one) for one in value]
        return value


def _is_telling(name: str) -> bool:
    return len(name) >= (_LEAST_DIGITS if name.isdecimal() else _LEAST)


def check_texts(root: Path, hidden: Iterable[str]) -> None:
    """Refuse a release of which a text tells a folder of the maker's machine.

    Parameters
    ----------
    root : pathlib.Path
    hidden : iterable of str
        Absolute paths.

    Raises
    ------
    CcmevalError
        If one does; nothing is published then.
    """
    paths = [path for path in hidden if len(path) > 2 * _LEAST]
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() == ".png" or not file.is_file():
            continue
        text = file.read_bytes().decode("utf-8", "replace")
        if any(path in text for path in paths):
            raise CcmevalError(
                f"{file.relative_to(root)} would tell a path of this machine and nothing was published; take"
                " the path out of the set's manifest (see --keep-column) or of --words."
            )
