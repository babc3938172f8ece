"""From cohorts and what was checked and measured in them to the parts that the pillars share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ccmeval.checking.check import CheckedSet
from ccmeval.cohort.common_scale import Sized, choose_scale
from ccmeval.cohort.record import Cohort, Record
from ccmeval.cohort.standardise import CommonScale, grid_of
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.measuring import SetSource
from ccmeval.evaluation.schema import Scale, SetFrame
from ccmeval.evaluation.sets import EvaluatedSet, clusters_of
from ccmeval.report.schema import BiomarkersResult, FrameRow


def scale_of(real: CheckedSet, synth: CheckedSet) -> Scale:
    """Choose the scale that both sets are brought to.

    Parameters
    ----------
    real, synth : CheckedSet

    Returns
    -------
    Scale
    """
    sized = [_sizes(one) for one in (real, synth)]
    pixel_size_um, field_um, sentence = choose_scale(sized[0], sized[1])
    common = CommonScale(pixel_size_um, field_um)
    changed = [any(_changes(shape, size, common) for shape, size in frames) for frames in sized]
    return Scale(
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_um,
        changed_real=changed[0],
        changed_synth=changed[1],
        sentence=sentence,
    )


def common_scale_of(real: CheckedSet, synths: Sequence[CheckedSet]) -> Scale:
    """Choose the scale that several synthetic sets and the real one are brought to: that of the poorest.

    Parameters
    ----------
    real : CheckedSet
    synths : sequence of CheckedSet
        At least one.

    Returns
    -------
    Scale
    """
    sized = [_sizes(real), *map(_sizes, synths)]
    chosen = [choose_scale(sized[0], own) for own in sized[1:]]
    pixel_size_um = max(size for size, _, _ in chosen)
    field_um = (min(field[0] for _, field, _ in chosen), min(field[1] for _, field, _ in chosen))
    common = CommonScale(pixel_size_um, field_um)
    changed = [any(_changes(shape, size, common) for shape, size in frames) for frames in sized]
    view = f"{pixel_size_um:.4g} um a pixel and {field_um[1]:.4g} x {field_um[0]:.4g} um"
    sentence = (
        f"All sets were brought to {view}, the coarsest pixels and the smallest field of all."
        if any(changed)
        else f"All sets have one scale ({view}), and no frame was changed."
    )
    return Scale(
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_um,
        changed_real=changed[0],
        changed_synth=any(changed[1:]),
        sentence=sentence,
    )


def _sizes(one: CheckedSet) -> list[Sized]:
    return [
        (fact.shape, fact.pixel_size_um)
        for fact in one.facts
        if fact.usable and fact.shape is not None and fact.pixel_size_um is not None
    ]


def _changes(shape: tuple[int, int], pixel_size_um: float, common: CommonScale) -> bool:
    grid = grid_of(shape, pixel_size_um, common)
    return not grid.is_crop or grid.size != shape


def assemble(
    source: SetSource,
    cohort: Cohort,
    checked: CheckedSet,
    measured: BiomarkersResult | None,
    real_subjects: frozenset[str] = frozenset(),
) -> EvaluatedSet:
    """Join what is known of a set, leaving out the frames that cannot be used.

    Parameters
    ----------
    source : SetSource
    cohort : Cohort
    checked : CheckedSet
    measured : BiomarkersResult or None
        None where nothing was measured.
    real_subjects : frozenset of str
        Subjects of the real set, for a synthetic one.

    Returns
    -------
    EvaluatedSet

    Raises
    ------
    CcmevalError
        If no frame is left.
    """
    rows = _rows_by_key(measured)
    usable, facts, left_out = [], [], []
    for record, fact in zip(cohort, checked.facts, strict=True):
        if fact.usable and (measured is None or rows[record.key].status == "measured"):
            usable.append(record)
            facts.append(fact)
        else:
            left_out.append((record, fact.reason or rows[record.key].reason))
    if not usable:
        raise CcmevalError(f"No frame of {source.path} could be used; ccmeval check {source.path} says why.")
    kept = replace(cohort, records=tuple(usable))
    clusters = clusters_of(kept, source.name, real_subjects)
    return EvaluatedSet(
        name=source.name,
        source=str(source.path),
        cohort=kept,
        clusters=clusters,
        rows=[rows[record.key] for record in usable] if measured is not None else [],
        sha256=[fact.sha256 for fact in facts],
        shapes=[fact.shape or (0, 0) for fact in facts],
        pixel_sizes_um=[fact.pixel_size_um or 0.0 for fact in facts],
        failed=[_failed(record, reason) for record, reason in left_out],
    )


def _rows_by_key(measured: BiomarkersResult | None) -> dict[str, FrameRow]:
    return {row.key: row for row in measured.frames} if measured is not None else {}


def _failed(record: Record, reason: str) -> SetFrame:
    return SetFrame(
        frame=record.frame,
        key=record.key,
        diagnosis=record.diagnosis,
        subject=record.subject,
        cluster=f"frame {record.frame}",
        status="failed",
        reason=reason,
    )
