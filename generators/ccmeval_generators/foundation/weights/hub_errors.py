"""What the hub's errors mean to a user, in one sentence each."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval_generators.foundation.weights.kinds import BaseKind


class OfflineError(UnavailableError):
    """The hub cannot be reached."""


@contextmanager
def told_by_hub(kind: BaseKind, repository: str, revision: str | None) -> Iterator[None]:
    """Turn whatever the hub's client raises inside into a sentence.

    Raises
    ------
    OfflineError
        If the hub cannot be reached.
    UnavailableError
        If the repository is gated or not found, or the disk is full; or for any other reason.
    """
    try:
        yield
    except CcmevalError:
        raise
    except Exception as error:  # the client lets errors of its HTTP library through, whichever it is
        raise _as_sentence(error, kind, repository, revision) from error


def _as_sentence(error: Exception, kind: BaseKind, repository: str, revision: str | None) -> UnavailableError:
    from huggingface_hub import errors

    where, local = f"huggingface.co/{repository}", f"give --weights {kind.key}=FOLDER"
    if isinstance(error, errors.GatedRepoError):
        return UnavailableError(
            f"{where} is gated: accept its terms there and log in with hf auth login, or {local}."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return UnavailableError(f"{where} has no revision {revision!r}; correct the setting base.")
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return UnavailableError(
            f"{where} is not found, or private; correct the setting base, log in with hf auth login, or"
            f" {local}."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UnavailableError(
            f"The disk became full while {kind.what} was fetched; free space, or set HF_HOME to a folder on a"
            " larger disk."
        )
    if _is_offline(error):
        return OfflineError(
            f"{where} cannot be reached ({type(error).__name__}); check the network and HF_HUB_OFFLINE, or"
            f" {local}."
        )
    return UnavailableError(f"{where} could not be fetched ({_short(error)}); try again, or {local}.")


def _is_offline(error: Exception) -> bool:
    """Tell a lacking network from an answer of the hub."""
    from huggingface_hub import errors

    if isinstance(error, errors.HfHubHTTPError):
        return False
    if isinstance(error, (ConnectionError, TimeoutError, errors.LocalEntryNotFoundError)):
        return True
    # Of httpx or requests, by whichever this version of the client works.
    return any(base.__name__ in ("TransportError", "RequestException") for base in type(error).__mro__)


def _short(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:200]
