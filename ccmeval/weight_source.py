"""Where plug-ins may take weights from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WeightSource:
    """Where a plug-in may take weights from; nothing is fetched unless the user asked for it.

    Attributes
    ----------
    paths : mapping of str to str
        Local files by plug-in name (``--weights NAME=PATH``).
    download : bool
        Whether the user allowed to fetch official weights (``--download``).
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    download: bool = False
