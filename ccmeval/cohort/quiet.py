"""Libraries' remarks on odd files kept off the user's terminal."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

for _library in ("PIL", "tifffile", "pydicom"):
    # Without any handler Python prints a library's log to stderr; whoever configures logging still gets it.
    logging.getLogger(_library).addHandler(logging.NullHandler())


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore warnings while a library decodes.

    They tell of odd tags on files that are read well, or precede an error that becomes a sentence.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_MUTING = threading.Lock()


@contextmanager
def mute_decoder() -> Iterator[None]:
    """Keep what libtiff writes to the process's standard error off the terminal.

    It reports each damaged line of a picture there, past Python, before it fails; the failure becomes a
    sentence.
    """
    with _MUTING:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            kept = os.dup(2)
        except OSError:  # a process without a standard error
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(nowhere)
            os.close(kept)
