"""The journal of a run: rows are kept as they are made, one JSON line each.

The first line tells whose run it is. A line is appended only after the pictures of its frame are in
place, so a run that was killed at any moment resumes with nothing lost. A line that was torn by the
kill is dropped when the journal is opened again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ccmeval.errors import CcmevalError

JOURNAL_NAME = "journal.jsonl"
_KIND = "ccmeval biomarkers journal"
_SYNC_EVERY_S = 1.0
"""Lines reach the operating system at once (safe against a kill) and the disk at least this often
(safe against a loss of power)."""


class JournalError(CcmevalError):
    """A row cannot be kept (disk full, no permission)."""


class BusyFolderError(CcmevalError):
    """Another run is writing into the folder."""


@dataclass
class Past:
    """What a journal holds.

    Attributes
    ----------
    path : pathlib.Path
        The journal.
    identity : dict
        Input, settings and versions of the run.
    keys : set of str
        Every frame key that the run began to work on, finished or not.
    places : dict of str to int
        Where in the file the last line of each finished frame begins, by key. The lines stay in the
        file until one is wanted, so that memory does not grow with the frames.
    size : int
        Bytes up to the end of the last whole line.
    """

    path: Path
    identity: dict[str, Any]
    keys: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def line(self, key: str) -> bytes:
        """Read the last line of a finished frame."""
        with self.path.open("rb") as file:
            file.seek(self.places[key])
            return file.readline()


def read_past(folder: Path) -> Past | None:
    """Read a folder's journal.

    Returns
    -------
    Past or None
        None where the folder holds no journal, or one killed before its first line was whole.

    Raises
    ------
    CcmevalError
        If a file of the journal's name is something else.
    """
    path = folder / JOURNAL_NAME
    if not path.is_file() or path.stat().st_size == 0:
        return None
    past: Past | None = None
    for entry, begin, end in _whole_lines(path):
        if past is None:
            if entry.get("kind") != _KIND:
                raise CcmevalError(f"{path} is not a journal of ccmeval; choose another folder with -o.")
            past = Past(path, identity=dict(entry["identity"]))
        elif "begin" in entry:
            past.keys.update(entry["begin"])
        else:
            past.places[entry["row"]["key"]] = begin
        past.size = end
    if past is None and not _is_torn_first_line(path):
        raise CcmevalError(f"{path} is not a journal of ccmeval; choose another folder with -o.")
    return past


def _is_torn_first_line(path: Path) -> bool:
    start = json.dumps({"kind": _KIND})[:-1].encode()
    with path.open("rb") as file:
        return start.startswith(file.read(len(start)))


def _whole_lines(path: Path) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yield each whole line with where it begins and ends; stop at the first that is torn."""
    end = 0
    with path.open("rb") as file:
        for line in file:
            begin, end = end, end + len(line)
            try:
                entry = json.loads(line)
            except ValueError:
                return
            if not line.endswith(b"\n") or not isinstance(entry, dict):
                return
            yield entry, begin, end


class Journal:
    """The journal of a folder, open for appending by one process at a time.

    Parameters
    ----------
    folder : pathlib.Path
        The run's folder.
    identity : dict
        Input, settings and versions; written as the first line of a new journal.
    past : Past, optional
        What :func:`read_past` gave for this folder, to go on from there.

    Raises
    ------
    BusyFolderError
        If another process has it open.
    JournalError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Journal(folder, {"input": "frames"}) as journal:
    ...     journal.begin(["a", "b"])
    ...     journal.append({"row": {"key": "a"}})
    >>> sorted(read_past(folder).places), sorted(read_past(folder).keys)
    (['a'], ['a', 'b'])
    """

    def __init__(self, folder: Path, identity: dict[str, Any], past: Past | None = None) -> None:
        self._file = _open_locked(folder)
        self._synced = time.monotonic()
        self._file.truncate(past.size if past else 0)
        if past is None:
            self.append({"kind": _KIND, "identity": identity})

    def begin(self, keys: list[str]) -> None:
        """Note the frames to come, so that `--overwrite` knows every file a killed run may have left."""
        self.append({"begin": keys})

    def append(self, entry: dict[str, Any]) -> None:
        """Keep one line.

        Raises
        ------
        JournalError
            If the file system refuses.
        """
        line = json.dumps(entry, allow_nan=False).encode() + b"\n"
        try:
            whole = self._file.write(line) == len(line)
            reason = "No space left on device"
        except OSError as error:
            whole, reason = False, str(error.strerror)
        if not whole:
            raise _refused(self._file.name, reason)
        if time.monotonic() - self._synced > _SYNC_EVERY_S:
            self._sync()

    def _sync(self) -> None:
        try:
            os.fsync(self._file.fileno())
        except OSError as error:  # a network's disk may tell only now that it is full
            raise _refused(self._file.name, error.strerror) from error
        self._synced = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._file.close()


def _refused(name: str, reason: str | None) -> JournalError:
    return JournalError(f"{name} cannot be written ({reason}); free space, then run again with --resume.")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder for a while.

    Raises
    ------
    BusyFolderError
        If another process has its journal open.
    """
    with _open_locked(folder):
        yield


def _open_locked(folder: Path) -> IO[bytes]:
    """Open the journal; it is locked until it is closed or the process ends, however it ends."""
    path = folder / JOURNAL_NAME
    try:
        file = path.open("ab", buffering=0)  # a line is with the system once written
    except OSError as error:
        raise JournalError(
            f"{path} cannot be written ({error.strerror}); choose another folder with -o."
        ) from error
    try:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: two runs into one folder are the user's care there
        pass
    except OSError as error:
        file.close()
        raise BusyFolderError(
            f"Another run is writing into {folder}; wait for it or choose another folder with -o."
        ) from error
    return file
