"""From cohorts and what was checked and measured in them to the parts that the pillars share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ccmeval.checking.facts import CheckedSet
from ccmeval.cohort.common_scale import choose_scale
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
    sized = [[(fact.shape_px, fact.pixel_size_um) for fact in one.facts] for one in (real, synth)]
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
    facts = {fact.frame: fact for fact in checked.facts}
    rows = _rows_by_key(measured)
    usable = [
        record
        for record in cohort
        if record.frame in facts and (measured is None or rows[record.key].status == "measured")
    ]
    if not usable:
        raise CcmevalError(f"No frame of {source.path} could be used; ccmeval check {source.path} says why.")
    kept = replace(cohort, records=tuple(usable))
    clusters = clusters_of(kept, source.name, real_subjects)
    left_out = [record for record in cohort if record not in usable]
    return EvaluatedSet(
        name=source.name,
        source=str(source.path),
        cohort=kept,
        clusters=clusters,
        rows=[rows[record.key] for record in usable] if measured is not None else [],
        sha256=[facts[record.frame].sha256 for record in usable],
        shapes=[facts[record.frame].shape_px for record in usable],
        pixel_sizes_um=[facts[record.frame].pixel_size_um for record in usable],
        failed=_failed(left_out, rows, checked.reasons),
    )


def _rows_by_key(measured: BiomarkersResult | None) -> dict[str, FrameRow]:
    return {row.key: row for row in measured.frames} if measured is not None else {}


def _failed(
    records: Sequence[Record], rows: Mapping[str, FrameRow], reasons: Mapping[str, str]
) -> list[SetFrame]:
    found = []
    for record in records:
        row = rows.get(record.key)
        reason = reasons.get(record.frame) or (row.reason if row is not None else "")
        found.append(
            SetFrame(
                frame=record.frame,
                key=record.key,
                diagnosis=record.diagnosis,
                subject=record.subject,
                cluster=f"frame {record.frame}",
                status="failed",
                reason=reason,
            )
        )
    return found
