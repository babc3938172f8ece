"""Files that are either whole or absent, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccmeval.errors import CcmevalError

PARTIAL = ".partial"
"""Suffix of a file that is still being written."""


class OutputError(CcmevalError):
    """The results cannot be written (disk full, no permission); the whole run stops."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, and put it in the file's place when all went well.

    A kill at any moment leaves the old file, the new one or none.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.

    Yields
    ------
    pathlib.Path
        Beside it, of another name.

    Raises
    ------
    OutputError
        If the file system refuses, with what can be done.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "rows.csv"
    >>> with replacing(path) as partial:
    ...     _ = partial.write_text("frame")
    >>> path.read_text()
    'frame'
    """
    # The process id keeps two workers of a cluster that were given the same frame apart.
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); free space or choose another folder"
            " with -o, then run again with --resume."
        ) from error
