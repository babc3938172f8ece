"""A set of frames held against all that scoring takes for granted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccmeval.checking import frame_findings, label_findings, mask_findings, set_findings, split_findings
from ccmeval.checking.facts import FrameFacts, facts_of
from ccmeval.checking.findings import by_severity, finding
from ccmeval.cohort.record import Cohort
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.evaluation.schema import Finding
from ccmeval.evaluation.sets import SOURCE_SUBJECT_COLUMNS, SetName


@dataclass(frozen=True)
class CheckedSet:
    """A set with what was found out about it.

    Attributes
    ----------
    cohort : Cohort
    name : str
        "real", "synth", "held-out", or what else it is called in sentences.
    facts : sequence of FrameFacts
        One a record, in the cohort's order.
    findings : sequence of Finding
        Errors first.
    """

    cohort: Cohort
    name: str
    facts: Sequence[FrameFacts]
    findings: Sequence[Finding]

    @property
    def usable(self) -> list[int]:
        """Indices of the records that can be scored."""
        return [index for index, one in enumerate(self.facts) if one.usable]


def check_cohort(
    cohort: Cohort,
    name: SetName | str = "",
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    reading: ReadingSettings | None = None,
    against: CheckedSet | None = None,
    paired: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> CheckedSet:
    """Read every frame of a set once and tell what a user should know before it is scored.

    Parameters
    ----------
    cohort : Cohort
        With its masks, where they matter.
    name : str
        "real", "synth" or "held-out", which goes into the findings; any other is empty there.
    pixel_size_um, field_of_view_um : float, optional
        As for :func:`ccmeval.cohort.read_frame`.
    reading : ReadingSettings, optional
    against : CheckedSet, optional
        The set that it will be compared with, checked before.
    paired : bool
        Whether frames of one stem are pairs.
    progress : callable, optional
        Called with the frames done and all frames.

    Returns
    -------
    CheckedSet
    """
    facts = facts_of(
        cohort,
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
        reading=reading,
        progress=progress,
    )
    found = _alone(cohort, facts, name)
    if against is not None:
        found += _against(cohort, facts, name, against, paired)
    set_name = name if name in ("real", "synth", "held-out") else ""
    named = [one.model_copy(update={"set": set_name}) for one in found]
    return CheckedSet(cohort, name, facts, by_severity(named))


def check_set(
    cohort: Cohort,
    name: SetName | str = "",
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    reading: ReadingSettings | None = None,
    against: CheckedSet | None = None,
    paired: bool = False,
) -> list[Finding]:
    """Give the findings of :func:`check_cohort` alone; same parameters."""
    checked = check_cohort(
        cohort,
        name,
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
        reading=reading,
        against=against,
        paired=paired,
    )
    return list(checked.findings)


def exit_code(checked: CheckedSet) -> int:
    """Give 0 without errors, 1 with some, 2 where no frame can be used."""
    if not checked.usable:
        return 2
    return int(any(one.severity == "error" for one in checked.findings))


def _alone(cohort: Cohort, facts: Sequence[FrameFacts], name: str) -> list[Finding]:
    columns = {column for record in cohort for column in record.extra}
    synthetic = name == "synth" or (name == "" and bool(columns & set(SOURCE_SUBJECT_COLUMNS)))
    return [
        *frame_findings.usability(facts),
        *frame_findings.sizes(facts),
        *frame_findings.bits(facts),
        *frame_findings.exposure(facts),
        *frame_findings.copies(facts, {record.frame: record.diagnosis for record in cohort}),
        *label_findings.labels(cohort),
        *label_findings.subjects(cohort, synthetic=synthetic),
        *split_findings.splits(cohort),
        *mask_findings.masks(cohort, facts),
        *(finding("reading", "note", sentence) for sentence in cohort.notes),
    ]


def _against(
    cohort: Cohort, facts: Sequence[FrameFacts], name: str, other: CheckedSet, paired: bool
) -> list[Finding]:
    other_name = f"the {other.name} set" if other.name in ("real", "synth", "held-out") else other.name
    found = [
        *set_findings.shared_frames(facts, other.facts, other_name),
        *label_findings.labels_against(cohort, other.cohort, other_name),
    ]
    if name != "held-out" and other.name != "held-out":
        found += set_findings.pairing(
            cohort, other.cohort, other_name, by_stem=paired, is_real=name == "real"
        )
    return found
