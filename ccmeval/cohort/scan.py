"""The pictures below a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ccmeval.cohort.formats import HEAD_BYTES, IMAGE_SUFFIXES, PICTURES, sniff
from ccmeval.cohort.names import printable

_SKIPPED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "dicomdir", "ccmeval-results"})
_OUTPUT_MARKS = frozenset({"journal.jsonl", "biomarkers.json"})
"""A folder that holds one of these is a run's output: its masks and overlays are no frames."""

_OUTPUT_FOLDERS = frozenset({"masks", "skeletons", "overlays"})
"""Where a run writes pictures; left out at the root too, where its frames lie beside its output."""


@dataclass
class Scan:
    """What a walk through a folder found.

    Attributes
    ----------
    pictures : list of pathlib.Path
        Paths below the root of files that are pictures, or by their suffix should be.
    passed_over : int
        Number of other files.
    outputs : list of str
        Folders left out because a run wrote them.
    closed : list of str
        Folders that could not be listed.
    """

    pictures: list[Path] = field(default_factory=list)
    passed_over: int = 0
    outputs: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def scan(root: Path) -> Scan:
    """Walk through a folder and its sub-folders, links included, each real folder once.

    Hidden files and folders, ``Thumbs.db``, ``desktop.ini``, ``__MACOSX`` and ``DICOMDIR`` (a list of files)
    are skipped.
    """
    found = Scan()

    def closed(error: OSError) -> None:
        found.closed.append(printable(os.path.relpath(error.filename, root)))

    seen: set[str] = set()
    for folder, folders, files in os.walk(root, onerror=closed, followlinks=True):
        real = os.path.realpath(folder)
        is_output = not _OUTPUT_MARKS.isdisjoint(files)
        if real in seen or (is_output and Path(folder) != root):
            if real not in seen:
                found.outputs.append(printable(Path(folder).relative_to(root).as_posix()))
            folders.clear()
            continue
        seen.add(real)
        left_out = _OUTPUT_FOLDERS if is_output else frozenset[str]()
        found.outputs.extend(sorted(left_out.intersection(folders)))
        folders[:] = sorted(name for name in folders if not _skipped(name) and name not in left_out)
        for name in files:
            if not _skipped(name):
                _sort(Path(folder) / name, root, found)
    return found


def _skipped(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SKIPPED_NAMES


def _sort(path: Path, root: Path, found: Scan) -> None:
    if is_picture(path):
        found.pictures.append(path.relative_to(root))
    else:
        found.passed_over += 1


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its content, or by its suffix should be one."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    try:
        # A pipe or a device would never end.
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES)) in PICTURES
    except OSError:
        return False
