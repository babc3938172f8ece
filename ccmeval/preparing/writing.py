"""The files of a prepared cohort besides its pictures."""

from __future__ import annotations

import csv
import json
import os
import platform
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from ccmeval import __version__
from ccmeval.errors import CcmevalError
from ccmeval.preparing import problems as listed
from ccmeval.preparing.problems import Problem
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.tables import KEY_COLUMNS
from ccmeval.report.files import replacing
from ccmeval.report.tables import guarded

BURNT_IN: Final = (
    "What is burnt into the pixels (names, dates, device screens) cannot be found and removed by a program:"
    " look at the frames before you pass them on."
)
_LIBRARIES = ("numpy", "scipy", "pillow", "tifffile", "pydicom")
_OWN_FILES = re.compile(r"((?P<stem>[^/]+)/(?P=stem)|(masks|traces)/[^/]+)_\d+\.png(\.\d+\.partial)?")

_READ_ME = """\
This folder was written by `ccmeval prepare` (version {version}).

  manifest.csv   one line a frame: picture, mask, trace, diagnosis, subject, eye, pixel size, bits, split
  split.csv      one line a subject: its split
  ledger.json    what the next run needs to keep names and splits; do not edit it
  prepare.json   settings, versions and counts

Pictures are grey PNG files with the grey levels of their sources and nothing else: no EXIF, no tags, no text.
{names}
{burnt_in}
{split}
"""
_PSEUDONYMS = (
    "Subjects are pseudonyms. Names of files and folders, dates and further columns of the sources are not"
    " here."
)
_SPLIT = {
    "subject": "No subject is in two splits. A run of `ccmeval prepare` into this folder with further files"
    " keeps every split.",
    "frame": "Frames without a subject were split one by one, and may tear one person apart.",
}
_NAMES_KEPT = (
    "Names of subjects and source files were kept on request (--keep-names): they may identify people."
)


def write_private(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a table that only its owner can read (mode 600), from its first byte on."""
    with replacing(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(
                ["" if row[name] is None else guarded(str(row[name])) for name in columns] for row in rows
            )


def check_replaceable(path: Path, columns: Sequence[str], option: str) -> None:
    """Refuse to overwrite a file that is no such table.

    Raises
    ------
    CcmevalError
        If there is another file of this name.
    """
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as file:
            head = file.readline(1000).strip()
    except (OSError, ValueError):
        head = ""
    if head != ",".join(columns):
        raise CcmevalError(f"{option} {path} is another file, which is not overwritten; choose another name.")


def check_own_key(path: Path, known: Collection[str]) -> None:
    """Refuse to overwrite the key of another cohort.

    Parameters
    ----------
    path : pathlib.Path
        An existing key, or nothing yet.
    known : collection of str
        Hashes of all files that this cohort was ever made of.

    Raises
    ------
    CcmevalError
    """
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        told = {row["source_sha256"] for row in csv.DictReader(file)}
    if not told <= set(known):
        raise CcmevalError(
            f"--key-file {path} is the key of another cohort, which would be lost; choose another name."
        )


def problem_rows(problems: Iterable[Problem], places: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give the rows of `problems.csv`; `places` are output frames by source."""
    return [
        dict(
            zip(
                listed.COLUMNS,
                (one.file, one.code, one.wrong, one.done, one.other, places.get(one.file, "")),
                strict=True,
            )
        )
        for one in problems
    ]


def write_key(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the private key: which output came from which file and subject."""
    write_private(path, rows, KEY_COLUMNS)


def write_json(out: Path, content: Mapping[str, Any]) -> None:
    """Write `prepare.json`."""
    with replacing(out / "prepare.json") as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_read_me(out: Path, settings: PrepareSettings) -> None:
    """Write `README.txt`, which says what is in the folder and what no program can take out of it."""
    text = _READ_ME.format(
        version=__version__,
        names=_NAMES_KEPT if settings.keep_names else _PSEUDONYMS,
        burnt_in=BURNT_IN,
        split=_SPLIT[settings.split_by] if settings.split is not None else "The cohort is not split.",
    )
    with replacing(out / "README.txt") as partial:
        partial.write_text(text, encoding="utf-8")


def versions() -> dict[str, str]:
    """Name the versions of what decides grey levels."""
    own = {"ccmeval": __version__, "python": platform.python_version()}
    return own | {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def orphans(out: Path, expected: Iterable[str]) -> list[str]:
    """Find pictures that runs wrote and that are no longer in the cohort; other files are never named."""
    keep = set(expected)
    inside = (path.relative_to(out).as_posix() for path in (*out.glob("*/*.png"), *out.glob("*/*.partial")))
    return sorted(place for place in inside if place not in keep and _OWN_FILES.fullmatch(place))
