"""The journal of a generated set: a line a frame, written once the frame is in place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.report.files import OutputError

JOURNAL_FILE = "generating.jsonl"
"""Not `journal.jsonl`, by which folders of results are known and passed over."""

_KIND = "ccmeval generate journal"


@dataclass(frozen=True)
class Done:
    """A frame that is in place.

    Attributes
    ----------
    fingerprint : str
        Of what was wanted.
    sha256, mask_sha256 : str
        Of the files; `mask_sha256` is empty without a mask.
    extra : mapping of str to str
        Further columns of its row in the manifest.
    """

    fingerprint: str
    sha256: str
    mask_sha256: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def read_journal(journal: Path) -> tuple[dict[str, Any] | None, dict[str, Done], int]:
    """Read whole lines; give the identity, the frames, and the bytes up to the end of the last whole line.

    The identity is None where the first line was never whole.
    """
    lines = journal.read_bytes().splitlines(keepends=True)
    if not lines or _is_torn_start(lines[0]):
        return None, {}, 0
    identity = _identity(lines[0], journal)
    done: dict[str, Done] = {}
    size = len(lines[0])
    for line in lines[1:]:
        try:
            entry = json.loads(line)
            name, one = entry.pop("frame"), Done(**entry)
        except (ValueError, TypeError, KeyError, AttributeError):
            break  # torn by a kill; what was made after it is made again
        if not line.endswith(b"\n"):
            break
        done[name] = one
        size += len(line)
    return identity, done, size


def _is_torn_start(line: bytes) -> bool:
    start = json.dumps({"kind": _KIND})[:-1].encode()
    return not line.endswith(b"\n") and (start.startswith(line) or line.startswith(start))


def _identity(line: bytes, journal: Path) -> dict[str, Any]:
    try:
        head = json.loads(line)
        if head["kind"] == _KIND:
            return dict(head["identity"])
    except (ValueError, TypeError, KeyError):
        pass
    raise SettingsMismatchError(f"{journal} is no journal of ccmeval; choose another folder with -o.")


def write_head(file: IO[bytes], identity: Mapping[str, Any]) -> None:
    """Write the first line, which tells whose run it is."""
    append(file, {"kind": _KIND, "identity": dict(identity)})


def append(file: IO[bytes], entry: Mapping[str, Any]) -> None:
    """Write a line.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    line = json.dumps(entry).encode() + b"\n"
    try:
        whole = file.write(line) == len(line)
        reason = "No space left on device"
    except OSError as error:
        whole, reason = False, str(error.strerror)
    if not whole:
        raise OutputError(f"{file.name} cannot be written ({reason}); free space, then add --resume.")


@contextmanager
def locked(journal: Path) -> Iterator[IO[bytes]]:
    """Open a journal for appending, by one process at a time, however that ends.

    Raises
    ------
    CcmevalError
        If it cannot be written, or another process has it open.
    """
    try:
        file = journal.open("ab", buffering=0)  # a line is with the system once written
    except OSError as error:
        raise CcmevalError(
            f"{journal} cannot be written ({error.strerror}); choose another folder with -o."
        ) from error
    with file:
        try:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two runs into one folder are the user's care there
            pass
        except OSError as error:
            raise CcmevalError(
                f"Another run is writing into {journal.parent}; wait for it, or choose another with -o."
            ) from error
        yield file
