"""Pseudonyms of subjects that nobody can compute, and the private key that tells them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping


def pseudonyms_of(subjects: Iterable[str], secret: bytes) -> Mapping[str, str]:
    """Give every subject a pseudonym.

    Numbered by the order of a keyed hash: without the secret, nobody who knows the subjects' names or their
    order can tell who is who, and with it the same subjects always get the same pseudonyms.

    Parameters
    ----------
    subjects : iterable of str
    secret : bytes
        Drawn once and kept in the private folder.

    Returns
    -------
    mapping of str to str

    Examples
    --------
    >>> found = pseudonyms_of(["P1", "P2", "P1"], b"secret")
    >>> sorted(found), sorted(found.values())
    (['P1', 'P2'], ['S0001', 'S0002'])
    """
    ordered = sorted(
        set(subjects), key=lambda name: hmac.digest(secret, name.encode("utf-8", "replace"), "sha256")
    )
    digits = max(4, len(str(len(ordered))))
    return {name: f"S{number:0{digits}d}" for number, name in enumerate(ordered, start=1)}


def fingerprint(*parts: str) -> str:
    """Hash texts in their order.

    Examples
    --------
    >>> fingerprint("a", "b") == fingerprint("ab"), len(fingerprint("a"))
    (False, 64)
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
