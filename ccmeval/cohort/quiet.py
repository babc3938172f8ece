"""Libraries' remarks on odd files kept off the user's terminal."""

from __future__ import annotations

import logging
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
