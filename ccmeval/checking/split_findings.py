"""Findings on the column `split`: nobody may be learnt from and tested on."""

from __future__ import annotations

from collections import Counter, defaultdict

from ccmeval.checking.findings import counted, finding
from ccmeval.cohort.record import Cohort
from ccmeval.evaluation.schema import Finding

_COLUMN = "split"


def splits(cohort: Cohort) -> list[Finding]:
    """Tell how frames are split, and which subjects are in several splits.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    list of Finding
        Nothing where no frame has a split.
    """
    told = {record.frame: record.extra.get(_COLUMN, "").strip() for record in cohort}
    counts = Counter(split for split in told.values() if split)
    if not counts:
        return []
    shown = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    found = [finding("splits", "note", f"Frames are split: {shown}.", count=counts.total())]
    by_subject: dict[str, set[str]] = defaultdict(set)
    for record in cohort:
        if record.subject is not None and told[record.frame]:
            by_subject[record.subject].add(told[record.frame])
    torn = {subject for subject, names in by_subject.items() if len(names) > 1}
    if torn:
        first = min(torn)
        sentence = (
            f"{counted(len(torn), 'subject')} in several splits, e.g. {first} in"
            f" {' and '.join(sorted(by_subject[first]))}: a model would be tested on whom it has learnt from;"
            " put all frames of a subject into one."
        )
        frames = [record.frame for record in cohort if record.subject in torn]
        found.append(finding("subject-in-several-splits", "error", sentence, frames, count=len(torn)))
    bare = [frame for frame, split in told.items() if not split]
    if bare:
        sentence = (
            f"{counted(len(bare), 'frame')} without a split, though others have one; fill in the column."
        )
        found.append(finding("some-splits-unknown", "warning", sentence, bare))
    return found
