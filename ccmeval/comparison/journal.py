"""The journal of a comparison: what is done, one JSON line each, so that a killed run goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ccmeval.batch.journal import JOURNAL_NAME, BusyFolderError
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.report.files import OutputError

KIND = "ccmeval compare journal"
OWN_FILES = ("compare.json", "compare.csv", "compare.html", "methods.md")
OWN_FOLDERS = ("sets", "shared", "features", "made", "tables", "figures")
"""What a comparison writes, and --overwrite deletes."""


@dataclass
class CompareJournal:
    """The journal of a folder, open for one process at a time.

    Attributes
    ----------
    scored : dict of str to dict
        By set: the digest of what it was scored from.
    rankings : dict of str to dict
        By digest of what was ranked.
    scale : list of float or None
        Pixel size and field of view that all sets were brought to.
    """

    file: IO[bytes]
    scored: dict[str, dict[str, Any]] = field(default_factory=dict)
    rankings: dict[str, dict[str, Any]] = field(default_factory=dict)
    scale: list[float] | None = None

    def note(self, **entry: Any) -> None:
        """Append a line, and take it over.

        Raises
        ------
        OutputError
            If the file system refuses.
        """
        try:
            self.file.write(json.dumps(entry, default=str).encode() + b"\n")
        except OSError as error:
            raise OutputError(
                f"{self.file.name} cannot be written ({error.strerror}); free space, then run again with"
                " --resume."
            ) from error
        self.take(entry)

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take over a line."""
        if "scored" in entry:
            self.scored[entry["scored"]] = dict(entry)
        elif "ranked" in entry:
            self.rankings[entry["ranked"]] = entry["ranking"]
        elif "scale" in entry:
            self.scale = entry["scale"]
            self.scored.clear()


@contextmanager
def open_journal(
    out: Path, identity: Mapping[str, Any], *, resume: bool, overwrite: bool
) -> Iterator[CompareJournal]:
    """Make a folder ready for a comparison and open its journal.

    Parameters
    ----------
    out : pathlib.Path
        Made if absent.
    identity : mapping
        What a comparison that goes on must agree in.
    resume, overwrite : bool

    Raises
    ------
    SettingsMismatchError
        If the folder holds another comparison.
    CcmevalError
        If it holds this one and neither is said, or a stranger's files.
    """
    if resume and overwrite:
        raise CcmevalError("Give --resume or --overwrite, not both.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / JOURNAL_NAME).open("ab", buffering=0) as file:
            _lock(file, out)
            entries, size = _entries(out)
            if entries and overwrite:
                _clear(out)
                entries, size = [], 0
            _check(out, entries, identity, resume)
            file.truncate(size)
            journal = CompareJournal(file)
            if not entries:
                journal.note(kind=KIND, identity=dict(identity))
            for entry in entries:
                journal.take(entry)
            yield journal
    except OSError as error:
        raise CcmevalError(
            f"The folder {out} cannot be used ({error.strerror}); choose another with -o."
        ) from error


def _check(out: Path, entries: list[dict[str, Any]], identity: Mapping[str, Any], resume: bool) -> None:
    if not entries:
        for name in (*OWN_FILES, *OWN_FOLDERS):
            if (out / name).exists():
                raise CcmevalError(
                    f"{out / name} is there already and was not written by a run of ccmeval compare; choose"
                    " another folder with -o."
                )
        return
    past = entries[0]["identity"]
    differing = [name for name in identity if past.get(name) != json.loads(json.dumps(identity[name]))]
    if differing:
        raise SettingsMismatchError(
            f"{out} holds another comparison ({', '.join(differing)} differ); choose another folder with -o,"
            " or --overwrite that one."
        )
    if not resume:
        raise CcmevalError(
            f"{out} holds this comparison already; add --resume to go on with it (what was made and scored is"
            " kept), or --overwrite to begin anew."
        )


def _entries(out: Path) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines, and where the last of them ends."""
    found: list[dict[str, Any]] = []
    size = 0
    for line in (out / JOURNAL_NAME).read_bytes().splitlines(keepends=True):
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n") or not isinstance(entry, dict):
            break
        found.append(entry)
        size += len(line)
    start = json.dumps({"kind": KIND})[:-1].encode()
    told = (out / JOURNAL_NAME).read_bytes()[: len(start)]
    if not start.startswith(told):
        raise CcmevalError(f"{out} holds a run of another command; choose another folder with -o.")
    return found, size


def _clear(out: Path) -> None:
    for name in OWN_FILES:
        (out / name).unlink(missing_ok=True)
    for name in OWN_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)


def _lock(file: IO[bytes], out: Path) -> None:
    try:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: two runs into one folder are the user's care there
        pass
    except OSError as error:
        raise BusyFolderError(
            f"Another run is writing into {out}; wait for it or choose another folder with -o."
        ) from error
