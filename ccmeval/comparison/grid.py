"""From entries with a grid to the sets of a comparison, each with its place on the axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from pydantic import ValidationError

from ccmeval.comparison.schema import AxisValue
from ccmeval.comparison.settings import SetEntry
from ccmeval.settings import SettingsError, first_problem

MOST_SETS = 500


@dataclass(frozen=True)
class WantedSet:
    """One set of a comparison.

    Attributes
    ----------
    name : str
    entry : SetEntry
        Without a grid.
    family : str
        Name of the entry that it comes of.
    axes : dict of str to value
    """

    name: str
    entry: SetEntry
    family: str
    axes: dict[str, AxisValue] = field(default_factory=dict)


def expand(entries: Mapping[str, SetEntry]) -> list[WantedSet]:
    """Make one set of every entry, and of one with a grid a set a combination.

    Parameters
    ----------
    entries : mapping of str to SetEntry

    Returns
    -------
    list of WantedSet
        The last axis varies fastest.

    Raises
    ------
    SettingsError
        If an axis has no values, a combination is no entry, or there are too many.

    Examples
    --------
    >>> entry = SetEntry(generator="x", grid={"rank": [8, 16], "generate.seed": [0]})
    >>> [(it.name, it.axes, it.entry.generate) for it in expand({"a": entry})][0]
    ('a-rank-8-seed-0', {'rank': 8, 'generate.seed': 0}, {'generator': {'rank': 8}, 'seed': 0})
    """
    found: list[WantedSet] = []
    for name, entry in entries.items():
        found += _expanded(name, entry)
    if len(found) > MOST_SETS:
        raise SettingsError(
            f"The grids come to {len(found)} sets, and {MOST_SETS} are the most; leave some out."
        )
    names = [it.name.lower() for it in found]
    again = next((it for it in found if names.count(it.name.lower()) > 1), None)
    if again is not None:
        raise SettingsError(f"Two sets are called {again.name}; give the entries other names or axes.")
    return found


def _expanded(name: str, entry: SetEntry) -> list[WantedSet]:
    if not entry.grid:
        return [WantedSet(name, entry, name)]
    for axis, values in entry.grid.items():
        if not values:
            raise SettingsError(f"Setting sets.{name}.grid.{axis}: an axis needs at least one value.")
    told = entry.model_dump(mode="python", exclude={"grid"}, exclude_defaults=True)
    found = []
    for combination in product(*entry.grid.values()):
        axes = dict(zip(entry.grid, combination, strict=True))
        document = deepcopy(told)
        for axis, value in axes.items():
            _set(document, axis, value)
        found.append(_one(name, document, axes))
    return found


def _one(name: str, document: dict[str, Any], axes: Mapping[str, Any]) -> WantedSet:
    words = {axis: _axis_value(value) for axis, value in axes.items()}
    parts = [f"{axis.rsplit('.', 1)[-1]}-{value}" for axis, value in words.items()]
    full = "-".join([name, *(_plain(part) for part in parts)])
    try:
        return WantedSet(full, SetEntry(**document), name, words)
    except ValidationError as error:
        raise SettingsError(f"Setting sets.{name}.grid: {full}: {first_problem(error)}.") from error


def _set(document: dict[str, Any], axis: str, value: Any) -> None:
    """Put a value where its axis says."""
    if axis in SetEntry.model_fields:
        document[axis] = None if axis == "corrupt" and value == "none" else value
        return
    path = axis.split(".")
    if len(path) == 1 or path[0] not in SetEntry.model_fields:
        # A setting of the generator: of its training, or, if it needs none, of the object that generates.
        path = ["train" if document.get("train") is not None else "generate", "generator", *path]
    place = document
    for part in path[:-1]:
        inside = place.get(part)
        place[part] = dict(inside) if isinstance(inside, Mapping) else {}
        place = place[part]
    place[path[-1]] = value


def _axis_value(value: Any) -> AxisValue:
    if isinstance(value, Mapping):
        return " ".join(f"{it:g}" if isinstance(it, float) else str(it) for it in value.values())
    if isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip("-")
