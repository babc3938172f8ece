"""A result as it can be written: every number finite or missing, every text one that UTF-8 has."""

from __future__ import annotations

import math
from typing import Any

from ccmeval.evaluation.schema import ThreePillarResult


def cleaned(result: ThreePillarResult) -> ThreePillarResult:
    r"""Give the result that ``report.json`` will hold, from which all other files are drawn.

    Parameters
    ----------
    result : ThreePillarResult

    Returns
    -------
    ThreePillarResult
        NaN and infinity become None; near pairs, points of maps and curves, pairs of values, bins and
        confusion matrices that need a number and have none are left out. Bytes of file names that are no
        UTF-8 become question marks.

    Examples
    --------
    >>> found = cleaned(ThreePillarResult(created="", settings={"limit": float("nan")}, command="a\udcff"))
    >>> found.settings, found.command
    ({'limit': None}, 'a?')
    """
    found = plain(result.model_dump())
    fidelity, preservation = found["fidelity"] or {}, found["preservation"] or {}
    if fidelity:
        fidelity["near_pairs"] = [it for it in fidelity["near_pairs"] if it["value"] is not None]
    for it in fidelity.get("embeddings", ()):
        it["points"] = [point for point in it["points"] if None not in (point["x"], point["y"])]
    for it in preservation.get("pairs", ()):
        known = [pair for pair in zip(it["real"], it["synth"], strict=False) if None not in pair]
        it["real"], it["synth"] = [pair[0] for pair in known], [pair[1] for pair in known]
    if found["utility"]:
        _clean_utility(found["utility"])
    return ThreePillarResult.model_validate(found)


def _clean_utility(found: dict[str, Any]) -> None:
    """Leave out what cannot stand without its number; what has a default falls back to it."""
    found["curves"] = [it for it in found["curves"] if it["x"] is not None]
    found["confusions"] = [it for it in found["confusions"] if not any(None in row for row in it["counts"])]
    for it in found["calibrations"]:
        it["bins"] = [part for part in it["bins"] if None not in (part["low"], part["high"])]
    for it in found["agreements"]:
        it["predicted"] = {name: share for name, share in it["predicted"].items() if share is not None}
    for rows, names in (
        (found["units"], ("seconds",)),
        (found["scores"] + found["differences"], ("confidence",)),
        (found["curves"], ("n_real", "n_synth")),
    ):
        for it in rows:
            for name in names:
                if it[name] is None:
                    del it[name]


def plain(value: Any) -> Any:
    r"""Make a document of lists, mappings and values one that can be written.

    Examples
    --------
    >>> plain({"a": [1.0, float("inf")], "b": "\udcff"})
    {'a': [1.0, None], 'b': '?'}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {plain(name): plain(it) for name, it in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(it) for it in value]
    return value
