"""Names of folders and files from names of diagnoses, whatever a user calls them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

UNLABELLED = "unlabelled"
"""Folder of frames without a diagnosis."""

_TAKEN = frozenset({"masks", UNLABELLED, "manifest.csv", "counterfactual", "biomarkers"})
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_MOST_BYTES = 60


def stem_of(diagnosis: str) -> str:
    """Make a name that is safe on every file system; one that had to be changed carries a hash of itself.

    Parameters
    ----------
    diagnosis : str

    Returns
    -------
    str
        Without separators, leading dots or hyphens, and of at most 69 bytes; different for different names.

    Examples
    --------
    >>> stem_of("T1NoDPN"), stem_of("DPN+"), stem_of("../etc"), stem_of("CON"), stem_of("masks")
    ('T1NoDPN', 'DPN+', '__etc-f7f9121f', 'CON-a3dbc4b6', 'masks-07368dcb')
    """
    plain = unicodedata.normalize("NFC", diagnosis)
    safe = "".join(letter if letter.isalnum() or letter in "._-+ " else "_" for letter in plain)
    safe = re.sub(r"^[. -]+|[. ]+$", "_", safe)
    while len(safe.encode()) > _MOST_BYTES:
        safe = safe[:-1]
    safe = safe.rstrip(". ") or "_"
    if safe == diagnosis and safe.casefold() not in _TAKEN and not _RESERVED.match(safe):
        return safe
    return f"{safe}-{hashlib.sha256(diagnosis.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
