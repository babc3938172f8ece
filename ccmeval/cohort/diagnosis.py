"""Clinical classes by their known names; a user's own labels stay theirs."""

from __future__ import annotations

from typing import Final

_CONTROL = (
    "control", "controls", "ctrl", "ctl", "healthy", "healthycontrol", "healthycontrols", "hc", "normal",
    "normals", "normalcontrol", "normalcontrols", "nc",
)  # fmt: skip
_WITH = ("{t}dpn", "{t}withdpn", "{t}wdpn", "{t}anddpn")
_WITHOUT = ("{t}nodpn", "{t}withoutdpn", "{t}wodpn", "{t}nondpn", "{t}withnodpn")


def _table() -> dict[str, str]:
    table = dict.fromkeys(_CONTROL, "Control")
    for digit in "12":
        for stem in ("t", "td", "tdm", "type", "typediabetes", "typedm"):
            head = (
                stem.replace("t", f"t{digit}", 1) if not stem.startswith("type") else f"type{digit}{stem[4:]}"
            )
            table.update({form.format(t=head): f"T{digit}DPN" for form in _WITH})
            table.update({form.format(t=head): f"T{digit}NoDPN" for form in _WITHOUT})
    return table


ALIASES: Final[dict[str, str]] = _table()
"""Known names in small letters without spaces and signs, and the diagnosis each stands for."""


def fold(label: str) -> str:
    """Reduce a name to small letters and digits.

    Examples
    --------
    >>> fold("T1DM - without DPN")
    't1dmwithoutdpn'
    """
    return "".join(letter for letter in label.casefold() if letter.isalnum())


def known_diagnosis(label: str) -> str | None:
    """Give the diagnosis that a known name stands for.

    Parameters
    ----------
    label : str
        A folder's name or a manifest's value. One that ends in ``+`` or ``-`` is left alone: ``DPN-``
        is not ``DPN``.

    Returns
    -------
    str or None
        ``"Control"``, ``"T1NoDPN"``, ``"T1DPN"``, ``"T2NoDPN"``, ``"T2DPN"``, or ``None``.

    Examples
    --------
    >>> known_diagnosis("T1noDPN"), known_diagnosis("T1DM with DPN"), known_diagnosis("healthy")
    ('T1NoDPN', 'T1DPN', 'Control')
    >>> known_diagnosis("Keratoconus") is None
    True
    """
    text = label.strip()
    return None if text.endswith(("+", "-")) else ALIASES.get(fold(text))


def fold_diagnosis(label: str | None) -> str | None:
    """Fold a known name, keep any other as the user wrote it, and make nothing of an empty one.

    Examples
    --------
    >>> fold_diagnosis("t1_no_dpn"), fold_diagnosis(" Mild "), fold_diagnosis("")
    ('T1NoDPN', 'Mild', None)
    """
    if label is None or not label.strip():
        return None
    return known_diagnosis(label) or label.strip()
