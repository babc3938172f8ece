"""Prompts from templates that are data: a file that comes with the package, and the user's changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from ccmeval.settings import read_yaml

Kind = Literal["edit", "describe"]

TEMPLATES = Path(__file__).with_name("prompts.yaml")
"""The templates that come with the package."""

OTHER, NONE, NEUTRAL = "other", "none", "neutral"
"""Templates of diagnoses that have none of their own, of frames without one, and of a training without."""

_FIELDS = frozenset({"diagnosis", "words"})


def prompt_templates(kind: Kind, given: Mapping[str, Any] | str | Path | None = None) -> dict[str, str]:
    """Give complete templates: the package's, with those laid over that a user gives.

    Templates that have all of ``"other"``, ``"none"`` and ``"neutral"`` are complete by themselves: so those
    that were kept with a trained generator stay as they were, whatever the package's become.

    Parameters
    ----------
    kind : {"edit", "describe"}
        For models that edit an image, or that draw from a text alone.
    given : mapping of str to str, or path of a YAML file with such, optional
        By diagnosis, or one of ``"other"``, ``"none"``, ``"neutral"``.

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        If a template is no text, is empty or has a field besides ``{diagnosis}`` and ``{words}``.
    SettingsError
        If the file cannot be read.

    Examples
    --------
    >>> found = prompt_templates("describe", {"Control": "cornea, {diagnosis}"})
    >>> found["Control"], sorted(found)[:3]
    ('cornea, {diagnosis}', ['Control', 'T1DPN', 'T1NoDPN'])
    """
    if isinstance(given, (str, Path)):
        given = read_yaml(Path(given))
    given = dict(given or {})
    found = given if {OTHER, NONE, NEUTRAL} <= given.keys() else {**_packaged()[kind], **given}
    for name, template in found.items():
        _check(name, template)
    return found


def prompt_of(templates: Mapping[str, str], diagnosis: str | None, words: str = "") -> str:
    """Fill in the template of a diagnosis.

    Parameters
    ----------
    templates : mapping of str to str
        Complete, as of :func:`prompt_templates`.
    diagnosis : str or None
    words : str
        Of the user, put where the template has ``{words}``, otherwise at its end.

    Returns
    -------
    str
        With single spaces.

    Examples
    --------
    >>> mine = {"Control": "A healthy cornea, {words}.", "other": "Cornea, {diagnosis}.", "none": "A cornea."}
    >>> prompt_of(mine, "Control", "sharp"), prompt_of(mine, "MS"), prompt_of(mine, None, "dark")
    ('A healthy cornea, sharp.', 'Cornea, MS.', 'A cornea. dark')
    """
    template = templates[NONE] if diagnosis is None else templates.get(diagnosis, templates[OTHER])
    return _filled(template, diagnosis or "", words)


def neutral_prompt(templates: Mapping[str, str], words: str = "") -> str:
    """Fill in the template that tells no diagnosis, so that a training without diagnoses can be compared.

    Examples
    --------
    >>> neutral_prompt({"neutral": "A cornea {words}"}, "from the left")
    'A cornea from the left'
    """
    return _filled(templates[NEUTRAL], "", words)


@lru_cache
def _packaged() -> dict[str, dict[str, str]]:
    return read_yaml(TEMPLATES)


def _filled(template: str, diagnosis: str, words: str) -> str:
    named = any(field == "words" for _, field, _, _ in Formatter().parse(template))
    text = template.format(diagnosis=diagnosis, words=words) + ("" if named else f" {words}")
    return " ".join(text.split())


def _check(name: str, template: Any) -> None:
    if not isinstance(template, str) or not template.strip():
        raise ValueError(f"the prompt template {name!r} must be a text that is not empty")
    try:
        fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
        template.format(diagnosis="", words="")
    except (ValueError, LookupError, AttributeError) as error:
        raise ValueError(
            f"the prompt template {name!r} cannot be filled in ({error}); only {{diagnosis}} and {{words}}"
            " are, and a brace itself is written twice"
        ) from error
    if set(fields) - _FIELDS:
        raise ValueError(
            f"the prompt template {name!r} has {{{fields[0]}}}; only {{diagnosis}} and {{words}} can be"
            " filled in"
        )
