"""The name of a unit of work: a hash of all that decides its result, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from ccmeval import __version__
from ccmeval.utility.learning import Selection, Task
from ccmeval.utility.units import UnitSpec

KEY_VERSION = 1
"""Raised when the same key would name another result, e.g. because counting was changed."""


@dataclass(frozen=True)
class JobFacts:
    """What the protocol, not the learner, decides of a training run.

    Attributes
    ----------
    seed : int
        From :func:`unit_seed`.
    steps, batch_size, size_px, evaluations, selection
        As in :class:`ccmeval.utility.learning.TrainingJob`.
    tolerance_um : float
        Of a found centre line; segmentation only.
    """

    seed: int
    steps: int
    batch_size: int
    size_px: int
    evaluations: int = 8
    selection: Selection = "validation-loss"
    tolerance_um: float = 3.125


def unit_seed(settings_seed: int, task: Task, fold: int, repeat: int) -> int:
    """Draw the seed of a training run.

    The group does not enter: on the same fold and repeat all groups (and all points of a curve) start from
    the same initial weights. So they are compared in pairs, and their difference is that of their frames;
    folds and repeats vary what the groups of a pair share.

    Parameters
    ----------
    settings_seed : int
        Of the whole run.
    task : {"diagnosis", "segmentation"}
    fold, repeat : int
        From 0.

    Returns
    -------
    int
        From 0 to 2**31 - 1, which every library takes.

    Examples
    --------
    >>> unit_seed(0, "diagnosis", 0, 0) == unit_seed(0, "diagnosis", 0, 0)
    True
    >>> len({unit_seed(0, "diagnosis", fold, repeat) for fold in range(5) for repeat in range(5)})
    25
    """
    text = json.dumps([settings_seed, task, fold, repeat])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def unit_key(
    spec: UnitSpec,
    *,
    identity: str,
    settings: Mapping[str, Any],
    facts: JobFacts,
    content: Mapping[str, str],
    classes: Sequence[str],
) -> str:
    """Hash all that decides the result of a training run.

    Not in it, as results may be shared over them: folders, the machine, its devices, and how many threads
    it trains with. Another device or number of threads moves the last digits of a network's weights.

    Parameters
    ----------
    spec : UnitSpec
        Every field of it.
    identity : str
        What the learner's `prepare` gave: version and hash of initial weights.
    settings : mapping
        The learner's own, complete. Values are JSON's, tuples, paths or enumerations.
    facts : JobFacts
    content : mapping of str to str
        Hash of each portion (:func:`ccmeval.utility.portions.portion_digest`) by its purpose.
    classes : sequence of str
        Their order counts, as labels are indices into it.

    Returns
    -------
    str
        32 hexadecimal digits; the order of mappings does not matter.

    Raises
    ------
    TypeError
        If a setting is of a type whose text might change from run to run.

    Examples
    --------
    >>> spec = UnitSpec("diagnosis", "biomarker", "A", fold=0, seed=0)
    >>> common = {"facts": JobFacts(1, 10, 8, 96), "content": {"train": "ab"}, "classes": ["x", "y"]}
    >>> one = unit_key(spec, identity="biomarker 1", settings={"a": 1, "b": 2}, **common)
    >>> one == unit_key(spec, identity="biomarker 1", settings={"b": 2, "a": 1}, **common)
    True
    >>> one == unit_key(spec, identity="biomarker 2", settings={"a": 1, "b": 2}, **common)
    False
    """
    ingredients = {
        "version": [KEY_VERSION, __version__],
        "spec": asdict(spec),
        "identity": identity,
        "settings": dict(settings),
        "facts": asdict(facts),
        "content": dict(content),
        "classes": list(classes),
    }
    text = json.dumps(ingredients, sort_keys=True, default=_as_json)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _as_json(value: Any) -> Any:
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"A learner's setting of type {type(value).__name__} cannot be hashed.")
