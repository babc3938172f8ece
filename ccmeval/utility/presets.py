"""Named sets of settings, such as those of a published study."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

PRESETS: Final[tuple[str, ...]] = ("cytomorphology",)


def preset(name: str) -> dict[str, Any]:
    """Read the settings of a preset, with the names of :class:`ccmeval.utility.settings.UtilitySettings`.

    Parameters
    ----------
    name : str
        One of `PRESETS`.

    Returns
    -------
    dict of str to object

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> found = preset("cytomorphology")
    >>> found["epochs"], found["batch_size"], found["learner"]["clip"]["warmup_share"]
    (100, 64, 0.3)
    """
    import yaml

    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; known: {', '.join(PRESETS)}")
    text = (resources.files("ccmeval.utility") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def over_preset(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over a preset: what is given wins, and of a learner's settings each by itself.

    Steps that are given take the place of the preset's epochs.

    Parameters
    ----------
    name : str
    given : mapping of str to object

    Returns
    -------
    dict of str to object

    Examples
    --------
    >>> found = over_preset("cytomorphology", {"steps": 50, "learner": {"clip": {"freeze_text": False}}})
    >>> "epochs" in found, found["steps"], sorted(found["learner"]["clip"])[-2:]
    (False, 50, ['warmup_share', 'weight_decay'])
    """
    base = preset(name)
    if given.get("steps") is not None:
        base.pop("epochs", None)
    learners = {**base.get("learner", {})}
    own = given.get("learner") or {}
    for learner, settings in own.items() if isinstance(own, Mapping) else ():
        learners[learner] = _laid_over(learners.get(learner, {}), settings)
    joined = {**base, **given}
    return {**joined, "learner": learners} if isinstance(own, Mapping) else joined


def _laid_over(base: Any, given: Any) -> Any:
    """Join two trees of settings; leaves of the second win."""
    if not isinstance(base, Mapping) or not isinstance(given, Mapping):
        return given
    return {**base, **{name: _laid_over(base.get(name), value) for name, value in given.items()}}
