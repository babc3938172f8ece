"""What is released under which name: files, subjects and the rows of the manifest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ccmeval.cohort.names import natural
from ccmeval.evaluation.utility_members import GENERATOR_SUBJECTS
from ccmeval.releasing.columns import PRIVATE, decide
from ccmeval.releasing.pseudonyms import pseudonyms_of
from ccmeval.releasing.settings import ReleaseSettings
from ccmeval.releasing.source import SourceFrame, SourceSet

FRAMES, MASKS, TRACES = "frames", "masks", "traces"
N_GENERATOR_SUBJECTS = "n_generator_subjects"
LEADING = ("frame", "mask", "trace", "diagnosis", "source_subject", "eye", "pixel_size_um", "source")

_MADE = frozenset(LEADING) - {"source"}
"""Columns whose cells are made here or come from a short list."""

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Planned:
    """A frame with the names that it is released under; files that are not released are empty."""

    source: SourceFrame
    name: str
    frame: str
    mask: str
    trace: str
    subject: str
    row: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """Everything that is released of a set.

    Attributes
    ----------
    frames : sequence of Planned
    columns : sequence of str
        Of the manifest.
    subjects : mapping of str to str
        Pseudonyms.
    """

    frames: Sequence[Planned]
    columns: Sequence[str]
    subjects: Mapping[str, str]

    def hidden(self, hide: Callable[[str], str]) -> Plan:
        """Take private names out of what the manifest says in its own words."""
        frames = [
            replace(one, row={name: text if name in _MADE else hide(text) for name, text in one.row.items()})
            for one in self.frames
        ]
        return replace(self, frames=frames)


def make_plan(source: SourceSet, settings: ReleaseSettings, secret: bytes) -> Plan:
    """Give every frame its public name and row.

    Frames are numbered within their diagnosis by subject's pseudonym, so that their order tells nothing of
    the subjects' names; frames of one subject keep their order.

    Parameters
    ----------
    source : SourceSet
    settings : ReleaseSettings
    secret : bytes
        Key of the pseudonyms.

    Returns
    -------
    Plan
    """
    told = [name for one in source.frames for name in _subjects(one)]
    subjects = pseudonyms_of(told, secret)
    ordered = sorted(
        source.frames,
        key=lambda one: (
            one.record.diagnosis or "",
            subjects.get(one.subject or "", ""),
            natural(one.record.frame),
        ),
    )
    numbers: Counter[str] = Counter()
    planned = []
    for one in ordered:
        stem = _UNSAFE.sub("_", one.record.diagnosis or "").strip("_") or "frame"
        numbers[stem.casefold()] += 1
        planned.append(_planned(one, f"{stem}_{numbers[stem.casefold()]:06d}", settings, subjects))
    used = {name for one in planned for name, text in one.row.items() if text}
    others = [name for one in planned for name in one.row if name not in LEADING]
    columns = [name for name in (*LEADING, *dict.fromkeys(others)) if name in used]
    return Plan(planned, columns, subjects)


def _subjects(one: SourceFrame) -> list[str]:
    found = [one.record.subject, one.subject]
    return [name for name in found if name]


def _planned(one: SourceFrame, name: str, settings: ReleaseSettings, subjects: Mapping[str, str]) -> Planned:
    record = one.record
    mask = f"{MASKS}/{name}.png" if record.mask and settings.masks else ""
    trace = f"{TRACES}/{name}.png" if record.trace and settings.masks else ""
    subject = subjects[one.subject] if one.subject else ""
    frame = f"{FRAMES}/{name}.png"
    row = {
        "frame": frame,
        "mask": mask,
        "trace": trace,
        "diagnosis": record.diagnosis or "",
        "source_subject": subject,
        "eye": record.eye or "",
        "pixel_size_um": repr(float(one.pixel_size_um)),
        "source": record.source or "",
        **_further(record.extra, settings),
    }
    return Planned(one, name, frame, mask, trace, subject, row)


def _further(extra: Mapping[str, str], settings: ReleaseSettings) -> dict[str, str]:
    found = {}
    for column, text in extra.items():
        if column == GENERATOR_SUBJECTS:
            found[N_GENERATOR_SUBJECTS] = str(_count(text)) if text else ""
        elif column not in PRIVATE and decide(column, settings.keep_columns).fate == "published":
            found[column] = text
    return found


def _count(text: str) -> int:
    """Count the subjects of a generator.

    Examples
    --------
    >>> _count("P1; P2;P1"), _count("none")
    (2, 0)
    """
    names = {part.strip() for part in text.split(";")}
    return len({name for name in names if name and name.lower() != "none"})
