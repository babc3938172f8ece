"""The subject of a frame from its name."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from ccmeval.cohort.diagnosis import fold_diagnosis
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError

_EYES = {"od": "OD", "right": "OD", "r": "OD", "re": "OD", "os": "OS", "left": "OS", "l": "OS", "le": "OS"}


def fold_eye(value: str | None) -> str | None:
    """Fold the names of the right eye to ``OD`` and of the left to ``OS``; keep any other.

    Examples
    --------
    >>> fold_eye("Right eye"), fold_eye("os"), fold_eye("both"), fold_eye(None)
    ('OD', 'OS', 'both', None)
    """
    if value is None or not value.strip():
        return None
    return _EYES.get(value.casefold().strip().removesuffix("eye").rstrip(" _-"), value.strip())


def with_subjects(cohort: Cohort, pattern: str) -> Cohort:
    """Fill in subjects (and eyes and diagnoses) that are not known yet from the frames' names.

    Parameters
    ----------
    cohort : Cohort
        Its records.
    pattern : str
        Regular expression with a group, searched in `Record.frame`. The subject is its group
        ``(?P<subject>...)``, else its first that is neither ``(?P<eye>...)`` nor ``(?P<diagnosis>...)``.

    Returns
    -------
    Cohort
        With a note if a frame does not match.

    Raises
    ------
    CcmevalError
        If the pattern is no regular expression, has no group, or matches no frame.
    """
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise CcmevalError(
            f"--subject-pattern {pattern!r} is no regular expression ({error}); correct it."
        ) from error
    if not regex.groups:
        raise CcmevalError(
            f"--subject-pattern {pattern!r} has no group; put parentheses around the subject's part."
        )
    matches = [regex.search(record.frame) for record in cohort]
    missing = matches.count(None)
    if missing == len(matches):
        raise CcmevalError(
            f"--subject-pattern {pattern!r} matches no frame, such as {cohort.records[0].frame}; correct it."
        )
    records = tuple(_filled(record, match) for record, match in zip(cohort, matches, strict=True))
    notes = list(cohort.notes)
    if missing:
        first = next(record.frame for record, match in zip(cohort, matches, strict=True) if match is None)
        notes.append(f"{missing} of {len(matches)} frames do not match --subject-pattern, first {first}.")
    return replace(cohort, records=records, notes=tuple(notes))


def _first_free(match: re.Match[str]) -> str | None:
    """Give the first group that neither is, nor lies in, that of the eye or the diagnosis."""
    other = [match.span(name) for name in ("eye", "diagnosis") if name in match.re.groupindex]
    for number in range(1, match.re.groups + 1):
        start, end = match.span(number)
        if not any(first <= start and end <= last for first, last in other):
            return match[number]
    return None


def _filled(record: Record, match: re.Match[str] | None) -> Record:
    if match is None:
        return record
    named = match.groupdict()
    subject = named["subject"] if "subject" in named else _first_free(match)
    return replace(
        record,
        subject=record.subject or subject or None,
        eye=record.eye or fold_eye(named.get("eye")),
        diagnosis=record.diagnosis or fold_diagnosis(named.get("diagnosis")),
    )


def alike(cohort: Cohort) -> list[str]:
    """Note subjects and diagnoses whose names differ only in capitals or blanks; they stay apart."""
    notes = []
    names = {"Subjects": {r.subject for r in cohort}, "Diagnoses": {r.diagnosis for r in cohort}}
    for what, given in names.items():
        spellings = defaultdict[str, list[str]](list)
        for name in sorted(name for name in given if name):
            spellings["".join(name.casefold().split())].append(name)
        shown = [" and ".join(map(repr, names)) for names in spellings.values() if len(names) > 1]
        if shown:
            notes.append(
                f"{what} kept apart though they differ only in capitals or blanks: {', '.join(shown[:4])}."
            )
    return notes
