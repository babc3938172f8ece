"""Findings on diagnoses and subjects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ccmeval.checking.findings import counted, finding
from ccmeval.cohort.diagnosis import ALIASES, fold, fold_diagnosis, known_diagnosis
from ccmeval.cohort.manifest import read_manifest
from ccmeval.cohort.pairing import STRUCTURE_WORDS
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.schema import Finding
from ccmeval.evaluation.sets import clusters_of

_KNOWN = frozenset(ALIASES.values())

UNLIKE_SHARES = 0.1
"""Difference of a diagnosis' share between two sets from which their pooled rows compare mixtures."""


def diagnoses_of(cohort: Cohort) -> dict[str, int]:
    """Count frames by diagnosis; those without one are left out."""
    return dict(Counter(record.diagnosis for record in cohort if record.diagnosis))


def labels(cohort: Cohort) -> list[Finding]:
    """Tell which diagnoses there are, what they were written as, and which are unknown or missing."""
    counts = diagnoses_of(cohort)
    bare = [record.frame for record in cohort if not record.diagnosis]
    if not counts:
        sentence = (
            "No frame has a diagnosis, so that nothing is told per diagnosis; put frames into folders named"
            " Control, T1NoDPN and T1DPN, or give a manifest column diagnosis."
        )
        return [finding("no-diagnoses", "warning", sentence, bare)]
    shown = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    found = [finding("diagnoses", "note", f"Diagnoses: {shown}.", count=len(cohort) - len(bare))]
    if bare:
        sentence = f"{counted(len(bare), 'frame')} without a diagnosis count in pooled rows only; label them."
        found.append(finding("unlabelled-frames", "warning", sentence, bare))
    if len(set(counts.values())) > 1:
        sentence = f"Diagnoses have unequal numbers of frames ({shown}): pooled rows weigh them by these."
        found.append(finding("unequal-diagnoses", "note", sentence, count=len(counts)))
    return [*found, *_aliases(cohort), *_own_labels(cohort, counts)]


def _aliases(cohort: Cohort) -> list[Finding]:
    """Tell which labels were folded into a known diagnosis."""
    folded = {raw: known for raw, known in written_labels(cohort).items() if raw != known}
    if not folded:
        return []
    shown = ", ".join(f"{raw!r} as {known}" for raw, known in sorted(folded.items()))
    sentence = f"Labels were read as known diagnoses: {shown}; if one is wrong, name them in a manifest."
    return [finding("label-aliases", "note", sentence, count=len(folded))]


def _own_labels(cohort: Cohort, counts: Mapping[str, int]) -> list[Finding]:
    own = sorted(name for name in counts if name not in _KNOWN)
    if not own:
        return []
    frames = [record.frame for record in cohort if record.diagnosis in own]
    sentence = (
        f"Labels that are no known diagnosis were kept as they are: {', '.join(own)}; check their spelling,"
        " and give the order of the diagnoses where the disease gradient matters."
    )
    return [finding("own-diagnoses", "warning", sentence, frames)]


def written_labels(cohort: Cohort) -> dict[str, str]:
    """Give the diagnosis that each label stands for, as the manifest or the folders write it.

    Returns
    -------
    dict
        By label. Those that a regular expression took from names are not among them.
    """
    if cohort.layout.startswith("manifest "):
        try:
            rows, _ = read_manifest(cohort.root / cohort.layout.removeprefix("manifest "))
        except (CcmevalError, OSError):
            return {}
        written = {row["diagnosis"] for row in rows if row.get("diagnosis")}
        return {raw: folded for raw in written if (folded := fold_diagnosis(raw))}
    return dict(pair for record in cohort if (pair := _folder_label(record)))


def _folder_label(record: Record) -> tuple[str, str] | None:
    if record.diagnosis is None:
        return None
    for folder in reversed(record.frame.split("/")[:-1]):
        if fold(folder) not in STRUCTURE_WORDS and known_diagnosis(folder) == record.diagnosis:
            return folder, record.diagnosis
    return None


def labels_against(cohort: Cohort, other: Cohort, other_name: str) -> list[Finding]:
    """Compare the diagnoses of two sets."""
    ours, theirs = diagnoses_of(cohort), diagnoses_of(other)
    if not ours or not theirs:
        return []
    found = []
    missing, extra = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    if missing:
        sentence = (
            f"Diagnoses of {other_name} without a frame here: {', '.join(missing)}; rows of these cannot be"
            " given, and pooled rows compare different mixtures."
        )
        found.append(finding("diagnosis-missing", "warning", sentence, count=len(missing)))
    if extra:
        frames = [record.frame for record in cohort if record.diagnosis in extra]
        sentence = f"Diagnoses that {other_name} has no frame of: {', '.join(extra)}; check the labels."
        found.append(finding("diagnosis-extra", "warning", sentence, frames))
    totals = sum(ours.values()), sum(theirs.values())
    shares = [(count / totals[0], theirs[name] / totals[1]) for name, count in ours.items() if name in theirs]
    unlike = max((abs(here - there) for here, there in shares), default=0.0)
    if unlike > UNLIKE_SHARES and not missing and not extra:
        sentence = (
            f"Diagnoses have other shares than in {other_name} (up to {unlike * 100:.0f} points apart):"
            " pooled rows compare different mixtures; read the rows per diagnosis."
        )
        found.append(finding("diagnosis-shares", "warning", sentence, count=len(ours)))
    return found


def subjects(cohort: Cohort, *, synthetic: bool) -> list[Finding]:
    """Tell whether subjects are known; of synthetic frames, the source subjects of their masks."""
    found: list[Finding] = []
    told = clusters_of(cohort, "synth" if synthetic else "real").subjects
    bare = [record.frame for record, subject in zip(cohort, told, strict=True) if subject is None]
    known = {subject for subject in told if subject is not None}
    whose = "source subjects of the masks" if synthetic else "subjects"
    cure = (
        "a manifest column source_subject" if synthetic else "a manifest column subject or --subject-pattern"
    )
    if not known:
        sentence = (
            f"No {whose} are known: each frame counts as independent, which makes intervals too narrow where"
            f" several frames come from one; give {cure}."
        )
        return [finding("no-subjects", "warning", sentence, bare)]
    found.append(
        finding("subjects", "note", f"Frames come from {counted(len(known), 'subject')}.", count=len(known))
    )
    if bare:
        sentence = (
            f"{counted(len(bare), 'frame')} without a subject: each counts as independent; give {cure}."
        )
        found.append(finding("some-subjects-unknown", "warning", sentence, bare))
    if len(known) == 1 and not bare:
        sentence = "All frames come from one subject, which says nothing of others; give more subjects."
        found.append(finding("one-subject", "warning", sentence, count=1))
    return found
