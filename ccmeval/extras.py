"""Libraries of the optional extras: whether they are here, without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from ccmeval.errors import UnavailableError


def require(extra: str, *modules: str) -> None:
    """See that libraries of an extra are installed.

    Parameters
    ----------
    extra : str
        As in ``pip install 'ccmeval[EXTRA]'``.
    *modules : str
        Import names.

    Raises
    ------
    UnavailableError
        If one is missing, with the cure.

    Examples
    --------
    >>> require("deep", "numpy")
    >>> require("deep", "numpy", "no_such_library")
    Traceback (most recent call last):
    ccmeval.errors.UnavailableError: no_such_library is not installed; pip install 'ccmeval[deep]'.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise UnavailableError(
            f"{' and '.join(missing)} {verb} not installed; pip install 'ccmeval[{extra}]'."
        )
