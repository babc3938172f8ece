"""The frames of a run as pillar 3 sees them, with what their manifests declare of generators."""

from __future__ import annotations

from dataclasses import replace

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet, clusters_of
from ccmeval.utility.clusters import OtherSets
from ccmeval.utility.members import Member

GENERATOR_TRAINING = "generator_training"
"""Column of the real set's manifest: whether a generator was trained on the frame."""

GENERATOR_SUBJECTS = "generator_subjects"
"""Column of the synthetic set's manifest: subjects of its generator's training frames, separated by ``;``, or
``none`` where it learnt from no frame of the real set."""

FOLD = "fold"
"""Column of both manifests, for `cross_fit`: of a real frame its fold, from 0; of a synthetic one the fold
that its generator did not see."""

SPLIT = "split"
"""Column of the real set's manifest, as `ccmeval prepare` writes it: frames of ``test`` are held out."""

_YES = frozenset({"1", "true", "yes", "y", "train", "training"})
_NO = frozenset({"", "0", "false", "no", "n", "test", "validation", "held-out", "none"})


def sets_of(parts: RunParts) -> list[EvaluatedSet]:
    """List the sets in the order of the pools' rows: real, synthetic, held-out."""
    return [parts.real, parts.synth, *([parts.held_out] if parts.held_out is not None else [])]


def members_of(parts: RunParts) -> list[Member]:
    """Describe every usable frame of a run.

    Parameters
    ----------
    parts : RunParts

    Returns
    -------
    list of Member
        In the order of the pools' rows.

    Raises
    ------
    CcmevalError
        If a column about generators holds something that cannot be understood.
    """
    found: list[Member] = []
    for one in sets_of(parts):
        for index, record in enumerate(one.cohort):
            found.append(_member(one, index, record, len(found)))
    return found if parts.settings.utility.cross_fit else [_tested(one, parts) for one in found]


def declared_of(cohort: Cohort, real_subjects: frozenset[str]) -> OtherSets:
    """Give what the manifest of a synthetic set declares of real subjects.

    Parameters
    ----------
    cohort : Cohort
        The synthetic set.
    real_subjects : frozenset of str

    Returns
    -------
    OtherSets
    """
    seen = (_listed(record.extra.get(GENERATOR_SUBJECTS) or "") for record in cohort)
    sources = frozenset(it for it in clusters_of(cohort, "synth", real_subjects).subjects if it is not None)
    return OtherSets(frozenset().union(*seen) & real_subjects, sources & real_subjects)


def _tested(member: Member, parts: RunParts) -> Member:
    """Hold out the real frames that the manifest keeps for testing."""
    if member.kind != "real":
        return member
    split = parts.real.cohort.records[member.row].extra.get(SPLIT) or ""
    return replace(member, kind="held-out") if split.strip().lower() == "test" else member


def _member(one: EvaluatedSet, index: int, record: Record, row: int) -> Member:
    synthetic = one.name == "synth"
    subjects = _listed(record.extra.get(GENERATOR_SUBJECTS) or "") if synthetic else frozenset()
    return Member(
        row=row,
        kind=one.name,
        frame=record.frame,
        diagnosis=record.diagnosis,
        subject=one.clusters.subjects[index],
        cluster=one.clusters.labels[index],
        sha256=one.sha256[index],
        has_mask=record.mask is not None,
        generator_saw=not synthetic and _is_yes(record),
        generator_subjects=subjects,
        declared=synthetic and bool((record.extra.get(GENERATOR_SUBJECTS) or "").strip()),
        fold=_fold(record),
    )


def _listed(text: str) -> frozenset[str]:
    parts = {part.strip() for part in text.split(";")}
    return frozenset(part for part in parts if part and part.lower() != "none")


def _is_yes(record: Record) -> bool:
    given = (record.extra.get(GENERATOR_TRAINING) or "").strip().lower()
    if given not in _YES | _NO:
        raise CcmevalError(
            f"{record.frame}: the column {GENERATOR_TRAINING} says {given!r}; write yes where a generator was"
            " trained on the frame, and no elsewhere."
        )
    return given in _YES


def _fold(record: Record) -> int | None:
    given = (record.extra.get(FOLD) or "").strip()
    if not given:
        return None
    if not given.isdecimal():
        raise CcmevalError(
            f"{record.frame}: the column {FOLD} says {given!r}; write the number, from 0, of the fold that"
            " the frame's generator did not see."
        )
    return int(given)
