"""Claims: which of several processes or machines that share a folder works on what.

A claim is a lock file ``KEY.N.lock`` that only one process can create (O_EXCL), and that its holder
touches every few seconds. A claim is abandoned when its process is gone (same machine) or when it was not
touched for long. An abandoned claim is never removed or renamed by others, as one that looked at it a
moment ago could then hit the fresh lock of a third. It is overtaken instead: whoever creates the lock of
the next number N + 1 holds the claim, which again only one can. The highest number counts.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ccmeval.report.files import OutputError
from ccmeval.utility.processes import is_gone, machine, started_at

BEAT_S = 10.0
"""How often a holder touches its lock."""

STALE_S = 120.0
"""A lock not touched for so long is abandoned. A network's file system may show a touch a minute late."""


class Claim:
    """A claim that this process holds; a context manager, at whose end it is released.

    Parameters
    ----------
    path : pathlib.Path
        The lock file.
    claims : Claims
    key : str
    """

    def __init__(self, path: Path, claims: Claims, key: str) -> None:
        self._path, self._claims, self._key = path, claims, key
        self._released = threading.Event()
        threading.Thread(target=self._beat, daemon=True, name=f"claim {key}").start()

    def _beat(self) -> None:
        while not self._released.wait(self._claims.beat_s):
            with suppress(OSError):
                os.utime(self._path)

    def is_ours(self) -> bool:
        """Tell whether nobody has overtaken this process, as happens to one that slept for minutes."""
        return self._claims.highest(self._key) == self._path

    def release(self) -> None:
        """Let others have it."""
        self._released.set()
        # The lowest number first: this one counts until the last of them is gone.
        for path in self._claims.locks(self._key):
            if _number(path) <= _number(self._path):
                with suppress(OSError):
                    path.unlink()

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Claims:
    """The claims of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made with the first claim.
    beat_s, stale_s : float
        See :data:`BEAT_S` and :data:`STALE_S`; the same for all who share the folder.

    Examples
    --------
    >>> claims = Claims(Path(tempfile.mkdtemp()))
    >>> with claims.take("a") as claim:
    ...     claims.take("a") is None, claims.is_held("a"), claim.is_ours()
    (True, True, True)
    >>> claims.is_held("a")
    False
    """

    def __init__(self, folder: Path, beat_s: float = BEAT_S, stale_s: float = STALE_S) -> None:
        self.folder, self.beat_s, self.stale_s = folder, beat_s, stale_s

    def take(self, key: str) -> Claim | None:
        """Claim a key.

        Returns
        -------
        Claim or None
            None where another process, or another thread of this one, holds it.

        Raises
        ------
        OutputError
            If no lock can be written.
        """
        last = self.highest(key)
        if last is not None and not self._is_abandoned(last):
            return None
        path = self.folder / f"{key}.{_number(last) + 1 if last else 0}.lock"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _create(path)
        except FileExistsError:
            return None
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written ({error.strerror or error}); free space or choose another folder."
            ) from error
        claim = Claim(path, self, key)
        if claim.is_ours():
            return claim
        claim.release()
        return None

    def is_held(self, key: str) -> bool:
        """Tell whether a living process holds a key."""
        last = self.highest(key)
        return last is not None and not self._is_abandoned(last)

    def locks(self, key: str) -> list[Path]:
        """List the lock files of a key, the lowest number first."""
        return sorted(self.folder.glob(f"{key}.*.lock"), key=_number)

    def highest(self, key: str) -> Path | None:
        """Give the lock file that counts."""
        return max(self.locks(key), key=_number, default=None)

    def _is_abandoned(self, path: Path) -> bool:
        try:
            touched = path.stat().st_mtime
            holder = json.loads(path.read_text(encoding="utf-8"))
            if holder["machine"] == machine() and is_gone(int(holder["pid"]), holder["started"]):
                return True
        except FileNotFoundError:
            return False  # released just now; the caller looks again when it likes
        except (OSError, ValueError, KeyError, TypeError):
            pass  # still being written, or torn: its age decides
        return self._clock() - touched > self.stale_s

    def _clock(self) -> float:
        """Read the clock by which the file system dates files.

        The clocks of two machines may differ by more than `stale_s`, so the date of a lock that another
        machine touches is not held against our clock but against that of a file touched now.
        """
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".clock-") as file:
            os.utime(file.name)
            return Path(file.name).stat().st_mtime


def _number(path: Path) -> int:
    text = path.name.split(".")[-2]
    return int(text) if text.isdigit() else -1


def _create(path: Path) -> None:
    holder = {"machine": machine(), "pid": os.getpid(), "started": started_at(os.getpid()), "at": time.time()}
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(holder, file)
