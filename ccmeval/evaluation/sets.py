"""The sets of a run: which frames, which of them belong together, and what was measured in them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ccmeval.cohort.record import Cohort, Record
from ccmeval.evaluation.schema import SetFrame, SetSummary
from ccmeval.report.schema import FrameRow

SetName = Literal["real", "synth", "held-out"]

SOURCE_SUBJECT_COLUMNS = ("source_subject", "mask_subject")
"""Manifest columns that name the subject whose mask a synthetic frame was made from."""


@dataclass(frozen=True)
class Clusters:
    """What counts as independent in a set.

    Attributes
    ----------
    subjects : sequence of (str or None)
        One a record.
    labels : sequence of str
        The subject, or a label of the frame's own.
    by_subject : bool
        Whether every frame has a subject.
    notes : sequence of str
    """

    subjects: Sequence[str | None]
    labels: Sequence[str]
    by_subject: bool
    notes: Sequence[str] = ()


def clusters_of(cohort: Cohort, name: SetName, real_subjects: frozenset[str] = frozenset()) -> Clusters:
    """Tell which frames of a set belong together.

    Real frames cluster by subject. A synthetic frame clusters by its mask's source subject: the manifest's
    column ``source_subject`` (or ``mask_subject``), or its ``subject`` where that is one of the real set's.
    A frame of which nothing is known stands for itself.

    Parameters
    ----------
    cohort : Cohort
    name : {"real", "synth", "held-out"}
    real_subjects : frozenset of str
        Subjects of the real set.

    Returns
    -------
    Clusters

    Examples
    --------
    >>> from pathlib import Path
    >>> records = [Record("a.png", "a", Path("a.png"), subject="P1"), Record("b.png", "b", Path("b.png"))]
    >>> found = clusters_of(Cohort(records, Path()), "real")
    >>> list(found.labels), found.by_subject
    (['P1', 'frame b.png'], False)
    """
    own = name == "synth"
    subjects = [_source_subject(record) if own else record.subject for record in cohort]
    notes: list[str] = []
    if own and not any(subjects):
        subjects, notes = _synthetic_subjects(cohort, real_subjects)
    known = sum(subject is not None for subject in subjects)
    if 0 < known < len(subjects):
        notes.append(
            f"{len(subjects) - known} of {len(subjects)} {name} frames have no subject; each of them counts"
            " as independent."
        )
    labels = [
        subject if subject is not None else f"frame {record.frame}"
        for subject, record in zip(subjects, cohort, strict=True)
    ]
    return Clusters(subjects, labels, known == len(subjects) > 0, notes)


def _source_subject(record: Record) -> str | None:
    for column in SOURCE_SUBJECT_COLUMNS:
        if record.extra.get(column):
            return record.extra[column]
    return None


def _synthetic_subjects(cohort: Cohort, real_subjects: frozenset[str]) -> tuple[list[str | None], list[str]]:
    """Take the column `subject` of a synthetic set for what it most probably is, and say so."""
    subjects = [record.subject for record in cohort]
    told = {subject for subject in subjects if subject is not None}
    if not told:
        return list(subjects), []
    if told <= real_subjects:
        note = "The synthetic frames' subjects are all subjects of the real set, and are taken as the sources"
        return list(subjects), [f"{note} of their masks."]
    note = (
        "The synthetic frames' subjects are not those of the real set: frames of one synthetic subject count"
        " together, and independent of the real ones. If a real mask was their source, name its subject in a"
        " manifest column source_subject."
    )
    return [None if it is None else f"synthetic {it}" for it in subjects], [note]


@dataclass(frozen=True)
class EvaluatedSet:
    """A set of frames with all that was found out about it.

    Attributes
    ----------
    name : str
    source : str
        The path as it was given.
    cohort : Cohort
        Only frames that could be read.
    clusters : Clusters
        Of those.
    rows : sequence of FrameRow
        What was measured, one a record; empty where nothing was.
    sha256 : sequence of str
        Of each frame's file.
    shapes : sequence of (int, int)
    pixel_sizes_um : sequence of float
    failed : sequence of SetFrame
        Frames that could not be read or measured, with their reasons.
    """

    name: SetName
    source: str
    cohort: Cohort
    clusters: Clusters
    rows: Sequence[FrameRow] = ()
    sha256: Sequence[str] = ()
    shapes: Sequence[tuple[int, int]] = ()
    pixel_sizes_um: Sequence[float] = ()
    failed: Sequence[SetFrame] = field(default_factory=list)

    def frames(self) -> list[SetFrame]:
        """Give what tables and figures need of each frame that can be used."""
        rows: Sequence[FrameRow | None] = self.rows or [None] * len(self.cohort)
        return [
            SetFrame(
                frame=record.frame,
                key=record.key,
                diagnosis=record.diagnosis,
                subject=subject,
                cluster=cluster,
                sha256=sha256,
                quality_flags=row.quality_flags if row else [],
                biomarkers=row.biomarkers if row else {},
            )
            for record, subject, cluster, sha256, row in zip(
                self.cohort, self.clusters.subjects, self.clusters.labels, self.sha256, rows, strict=True
            )
        ]

    def summary(self) -> SetSummary:
        """Sum the set up for the report."""
        counts = Counter(record.diagnosis or "not stated" for record in self.cohort)
        known = {subject for subject in self.clusters.subjects if subject is not None}
        return SetSummary(
            name=self.name,
            source=self.source,
            layout=self.cohort.layout,
            n_frames=len(self.cohort) + len(self.failed),
            n_failed=len(self.failed),
            n_subjects=len(known),
            n_clusters=len(set(self.clusters.labels)),
            diagnoses=dict(counts),
            pixel_size_um=float(np.median(self.pixel_sizes_um)) if self.pixel_sizes_um else None,
            shape_px=Counter(self.shapes).most_common(1)[0][0] if self.shapes else None,
            sha256=hash_of(self.sha256),
            frames=[*self.frames(), *self.failed],
        )


def hash_of(hashes: Sequence[str]) -> str:
    """Hash a set by the hashes of its files, whatever their order and names.

    Examples
    --------
    >>> hash_of(["b", "a"]) == hash_of(["a", "b"]), hash_of([])
    (True, '')
    """
    if not hashes:
        return ""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
