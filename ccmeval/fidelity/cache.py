"""Features kept on disk, by the content of a frame and the identity of the extractor; no frames.

One SQLite file an extractor identity. SQLite is safe against a kill at any moment and against several
processes at a time, and holds 10,000 vectors in one file. Each vector carries a checksum; what does not
pass is computed again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[Any]

_KEYS_A_QUERY = 500
_WAIT_S = 60.0
"""How long to wait for another process that is writing."""

_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, dtype TEXT, crc INTEGER, vector BLOB)"
_DTYPES = ("<f4", "<f8")


def default_cache_folder() -> Path:
    """Say where features are kept unless told otherwise.

    Returns
    -------
    pathlib.Path
        ``$CCMEVAL_CACHE``, else ``$XDG_CACHE_HOME/ccmeval/features``, else ``~/.cache/ccmeval/features``.
    """
    told = os.environ.get("CCMEVAL_CACHE")
    if told:
        return Path(told).expanduser()
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "ccmeval" / "features"


def frame_key(sha256: str, page: int = 0, standardisation: str = "") -> str:
    """Name the content of a frame.

    Parameters
    ----------
    sha256 : str
        Of the frame's file.
    page : int
        Of the file.
    standardisation : str
        Every setting that changes the pixels given to the extractor, such as the scale.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> frame_key("ab", 0) == frame_key("ab", 1)
    False
    """
    text = "\n".join([sha256, str(page), standardisation])
    return hashlib.sha256(text.encode()).hexdigest()


class FeatureCache:
    """Vectors on disk. A cache that cannot be read or written slows a run and never stops it.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Made when first written to; by default :func:`default_cache_folder`.

    Attributes
    ----------
    problems : list of str
        Why the cache could not be used, each once; for the notes of a result.

    Examples
    --------
    >>> import tempfile
    >>> cache = FeatureCache(Path(tempfile.mkdtemp()))
    >>> cache.put("radiomic; 1", {"a": np.array([1.0, 2.0])})
    >>> cache.get("radiomic; 1", ["a", "b"]), cache.get("radiomic; 2", ["a"])
    ({'a': array([1., 2.])}, {})
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_cache_folder()
        self.problems: list[str] = []

    def path(self, identity: str) -> Path:
        """Give the file of an extractor identity."""
        return self.folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.sqlite"

    def get(self, identity: str, keys: Sequence[str]) -> dict[str, Vector]:
        """Look vectors up.

        Parameters
        ----------
        identity : str
            What the extractor's `prepare` gave.
        keys : sequence of str
            From :func:`frame_key`.

        Returns
        -------
        dict of str to float array (D,)
            Those that are there and whole.
        """
        found: dict[str, Vector] = {}
        path = self.path(identity)
        if not path.is_file() or path.stat().st_size == 0:
            return found
        with self._guarded(path), closing(_open(path)) as base:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                part = list(keys[start : start + _KEYS_A_QUERY])
                marks = ",".join("?" * len(part))
                rows = base.execute(f"SELECT * FROM vectors WHERE key IN ({marks})", part)  # noqa: S608 - only marks
                found |= {key: vector for key, *row in rows if (vector := _unpacked(key, *row)) is not None}
        return found

    def put(self, identity: str, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors; all of them or, after a kill, none.

        Parameters
        ----------
        identity : str
        vectors : mapping of str to float array (D,)
            By :func:`frame_key`; float32 is kept as such, all else as float64.
        """
        path = self.path(identity)
        with self._guarded(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [_packed(key, vector) for key, vector in vectors.items()]
            with closing(_open(path)) as base, base:
                base.execute(_TABLE)
                base.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _guarded(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            self._note(f"The feature cache {self.folder} cannot be used ({error}); all is computed anew.")
        except (sqlite3.DatabaseError, OverflowError) as error:
            # No rescue is worth a doubtful number: the next run fills it again.
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
            self._note(f"A file of the feature cache was damaged ({error}) and is written anew.")

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _open(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=_WAIT_S)
    base.text_factory = str
    return base


def _packed(key: str, vector: Vector) -> tuple[str, str, int, bytes]:
    dtype = "<f4" if vector.dtype == np.float32 else "<f8"
    data = np.ascontiguousarray(vector, dtype).tobytes()
    return key, dtype, _checksum(key, dtype, data), data


def _unpacked(key: str, dtype: Any, crc: Any, data: Any) -> Vector | None:
    """Give the vector, or None where anything of the entry was changed."""
    if dtype not in _DTYPES or not isinstance(data, bytes) or crc != _checksum(key, dtype, data):
        return None
    return np.frombuffer(data, dtype).astype(dtype[1:])


def _checksum(key: str, dtype: str, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(f"{key} {dtype}".encode()))
