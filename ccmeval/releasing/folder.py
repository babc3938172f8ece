"""The folders of a release: the public one, the one being written, and the private one beside them."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.generation.set_journal import locked
from ccmeval.releasing.checksums import problems_of
from ccmeval.report.files import PARTIAL, replacing

MARKER = "release.json"
KEY = "key.csv"
COPIES = "copies.csv"
_LOCK = "lock"
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Folders:
    """Where a release is made.

    Attributes
    ----------
    out : pathlib.Path
        The release; there once it is whole.
    staged : pathlib.Path
        The same while it is written.
    private : pathlib.Path
        Key, copies and the run of the three pillars; not to be published.
    """

    out: Path
    staged: Path
    private: Path


def folders_of(out: Path) -> Folders:
    """Name the folders of a release.

    Examples
    --------
    >>> found = folders_of(Path("/data/set"))
    >>> found.staged.name, found.private.name
    ('set.partial', 'set-private')
    """
    out = out.expanduser().absolute()
    return Folders(out, out.with_name(out.name + PARTIAL), out.with_name(f"{out.name}-private"))


def is_finished(folders: Folders, identity: Mapping[str, Any]) -> bool:
    """Whether the release is there already, whole and of the same input.

    Raises
    ------
    SettingsMismatchError
        If there is anything else in its place.
    """
    out = folders.out
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    past = read_marker(folders.private)
    if past is None or past.get("identity") != identity or not past.get("finished"):
        raise SettingsMismatchError(
            f"{out} is there already and is not overwritten; choose another folder with -o."
        )
    wrong = problems_of(out)
    if wrong:
        shown = ", ".join(wrong[:3])
        raise SettingsMismatchError(
            f"{out} is this release, but {len(wrong)} files differ from its SHA256SUMS ({shown}); delete or"
            " move it to have it made anew."
        )
    return True


@contextmanager
def claimed(folders: Folders, identity: Mapping[str, Any]) -> Iterator[bytes]:
    """Hold the private folder for one process.

    Yields
    ------
    bytes
        The secret of the pseudonyms, drawn once.

    Raises
    ------
    SettingsMismatchError
        If the private folder belongs to the release of another set.
    """
    private = folders.private
    try:
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CcmevalError(f"{private} cannot be made ({error.strerror}); choose another with -o.") from error
    with locked(private / _LOCK):
        past = read_marker(private)
        if past is None and any(path.name != _LOCK for path in private.iterdir()):
            raise SettingsMismatchError(
                f"{private} is not empty and belongs to no release; choose another folder with -o."
            )
        if past is not None and past["identity"]["set"] != identity["set"]:
            raise SettingsMismatchError(
                f"{private} belongs to the release of another set, or of this one before it was changed;"
                " delete it or choose another folder with -o."
            )
        # Drawn from the system and not from a seed: who knows the seed could compute who is who.
        secret = past["secret"] if past is not None else secrets.token_hex(_SECRET_BYTES)
        if past is None or past["identity"] != identity:
            shutil.rmtree(folders.staged, ignore_errors=True)
        write_marker(private, identity, secret, finished=False)
        yield bytes.fromhex(secret)


def forget(folders: Folders) -> None:
    """Delete a private folder in which nothing was made yet, so that a mistake leaves nothing behind."""
    private = folders.private
    if {path.name for path in private.iterdir()} <= {MARKER, _LOCK}:
        shutil.rmtree(private, ignore_errors=True)


def read_marker(private: Path) -> dict[str, Any] | None:
    """Read what the private folder tells of itself."""
    try:
        found = json.loads((private / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and "secret" in found and "set" in found.get("identity", {})
    return found if whole else None


def write_marker(private: Path, identity: Mapping[str, Any], secret: str, *, finished: bool) -> None:
    """Write it."""
    told = {"identity": dict(identity), "secret": secret, "finished": finished}
    write_private(private / MARKER, json.dumps(told, indent=1) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a text that only its owner can read, from its first byte on."""
    with replacing(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)


def csv_text(columns: list[str], rows: list[dict[str, Any]]) -> str:
    r"""Write rows as CSV.

    Examples
    --------
    >>> csv_text(["a"], [{"a": "x,y"}])
    'a\n"x,y"\n'
    """
    import io

    from ccmeval.report.tables import guarded

    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(str(row.get(name, ""))) for name in columns] for row in rows)
    return held.getvalue()
