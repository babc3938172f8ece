"""Names that tell nothing of a person: pseudonyms of subjects, and paths of frames.

They are numbered in the order of the hashes of the pixels, so that nothing in a cohort follows from how
files, folders or subjects were called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.cohort.names import printable
from ccmeval.cohort.pairing import kind_of
from ccmeval.errors import CcmevalError
from ccmeval.preparing.choosing import Chosen
from ccmeval.preparing.ledger import Ledger
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.splitting import assign
from ccmeval.preparing.together import Groups, units_of

_UNLABELLED = "frame"


@dataclass(frozen=True)
class Member:
    """A frame of the cohort to be.

    Attributes
    ----------
    chosen : Chosen
    place : str
        Path below the cohort without suffix: ``Control/Control_000001``.
    subject : str or None
        Pseudonym.
    split : str or None
    """

    chosen: Chosen
    place: str
    subject: str | None
    split: str | None = None

    @property
    def diagnosis(self) -> str | None:
        """Of its record."""
        return self.chosen.source.record.diagnosis

    @property
    def stem(self) -> str:
        """File name without suffix; unique in the cohort."""
        return self.place.rsplit("/", 1)[-1]

    @property
    def unit(self) -> str:
        """Name under which its split is kept: the subject's, or the frame's own."""
        return self.subject if self.subject is not None else f"frame {self.chosen.content}"


def name_members(chosen: Sequence[Chosen], ledger: Ledger, settings: PrepareSettings) -> list[Member]:
    """Give every frame its place and subject, and note them in the ledger.

    Parameters
    ----------
    chosen : sequence of Chosen
    ledger : Ledger
        Of the runs before; changed in place.
    settings : PrepareSettings

    Returns
    -------
    list of Member
        In the order of their contents.

    Raises
    ------
    CcmevalError
        If frames that were one subject before are several now, or the other way round.
    """
    ordered = sorted(chosen, key=lambda one: one.content)
    pseudonyms = _pseudonyms(ordered, ledger)
    members = []
    for one in ordered:
        name = one.source.record.subject
        subject = pseudonyms[name] if name is not None else None
        if subject is not None:
            ledger.subjects[one.content] = subject
        members.append(Member(one, _place(one, subject, ledger, settings), subject))
    ledger.present = [one.content for one in ordered]
    return members


def _pseudonyms(ordered: Sequence[Chosen], ledger: Ledger) -> dict[str, str]:
    """Give the pseudonym of every subject; who was there before is known by the frames of before."""
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for one in ordered:
        name, before = one.source.record.subject, ledger.subjects.get(one.content)
        if name is None or before is None:
            continue
        if found.setdefault(name, before) != before or owners.setdefault(before, name) != name:
            raise CcmevalError(
                f"RAW now counts frames to other subjects than before ({before}); a cohort cannot change its"
                " subjects without mixing its splits: correct the labels, or prepare a new folder."
            )
    for one in ordered:
        name = one.source.record.subject
        if name is not None and name not in found:
            found[name] = f"S{ledger.number('S'):04d}"
    return found


def _place(one: Chosen, subject: str | None, ledger: Ledger, settings: PrepareSettings) -> str:
    stem = _stem(one, subject, settings)
    before = ledger.places.get(one.content)
    if before is not None and before.startswith(f"{stem}/"):
        return before
    digits = 6 if settings.names == "diagnosis" or subject is None else 3
    ledger.places[one.content] = f"{stem}/{stem}_{ledger.number(f'{stem}/'):0{digits}d}"
    return ledger.places[one.content]


def _stem(one: Chosen, subject: str | None, settings: PrepareSettings) -> str:
    if settings.names == "subject" and subject is not None:
        return subject
    return safe(one.source.record.diagnosis or _UNLABELLED)


def safe(label: str) -> str:
    """Make a label fit for a folder's name that is no word for masks or traces.

    Examples
    --------
    >>> safe("T1DM / mild"), safe("masks"), safe("...")
    ('T1DM_mild', 'class_masks', 'class')
    """
    plain = re.sub(r"[^A-Za-z0-9+-]+", "_", printable(label)).strip("_-")[:60]
    if not plain:
        return "class"
    return f"class_{plain}" if kind_of(plain) or re.fullmatch(r"S\d+", plain) else plain


def split_members(
    members: Sequence[Member], links: Sequence[tuple[str, str]], ledger: Ledger, settings: PrepareSettings
) -> tuple[list[Member], int]:
    """Give every frame its split, and note it in the ledger.

    Parameters
    ----------
    members : sequence of Member
    links : sequence of (str, str)
        Names of subjects that share a picture, and may be one person.
    ledger : Ledger
        Changed in place.
    settings : PrepareSettings

    Returns
    -------
    members : list of Member
    torn : int
        Links between subjects that a run before had put into different splits, where they stay.

    Raises
    ------
    CcmevalError
        If subjects that differ in capitals only had been put into different splits.
    """
    if settings.split is None:
        return list(members), 0
    named = {one.chosen.source.record.subject or "": one.unit for one in members if one.subject}
    groups = Groups(named, ledger.splits)
    torn = sum(not groups.join(first, second) for first, second in links)
    alone = [[one.unit] for one in members if one.subject is None]
    frames = [(one.unit, one.diagnosis or "", one.chosen.content) for one in members]
    units = units_of([*groups.all(), *alone], frames)
    splits = assign(units, settings.split, settings.seed, ledger.splits, ledger.strata)
    for unit in units:
        for name in unit.names:
            ledger.strata.setdefault(name, unit.stratum)
    ledger.splits.update(splits)
    return [Member(one.chosen, one.place, one.subject, splits[one.unit]) for one in members], torn
