"""Keep the libraries' progress bars and advice off the user's console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Show errors only of diffusers and transformers inside, and no bars; then as before."""
    import diffusers.utils.logging as of_diffusers
    import transformers.utils.logging as of_transformers

    books = (of_diffusers, of_transformers)
    before = [(book.get_verbosity(), book.is_progress_bar_enabled()) for book in books]
    try:
        for book in books:
            book.set_verbosity_error()
            book.disable_progress_bar()
        yield
    finally:
        for book, (level, bars) in zip(books, before, strict=True):
            book.set_verbosity(level)
            if bars:
                book.enable_progress_bar()
