"""Pillar 2 of a run: from measured sets to its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ccmeval.evaluation.masks import mask_adherence
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.preservation.comparison import compare, diagnoses_in_order
from ccmeval.preservation.frames import Frames
from ccmeval.preservation.gradient import gradients
from ccmeval.preservation.pairs import pair_agreement
from ccmeval.preservation.schema import PreservationResult
from ccmeval.preservation.structure import correlation_structure

NO_SUBJECTS = (
    "The real frames have no subjects, so that every frame counted as independent: intervals are too narrow"
    " and p-values too small if several frames come from one eye. Name subjects by a manifest or"
    " --subject-pattern."
)


def evaluate_preservation(parts: RunParts) -> PreservationResult:
    """Compare the biomarkers of the two sets.

    Parameters
    ----------
    parts : RunParts
        The measured sets, pairs and settings.

    Returns
    -------
    PreservationResult
    """
    settings = parts.settings.preservation
    real, synth = frames_of(parts.real), frames_of(parts.synth)
    if parts.pairs:
        real, synth = _linked(real, synth, parts.pairs)
        members = [[pair[side] for pair in parts.pairs] for side in (0, 1)]
    result = PreservationResult(
        comparisons=compare(real, synth, settings, parts.rng("comparison")),
        gradients=gradients(real, synth, settings, parts.rng("gradient")),
        correlation=correlation_structure(real, synth, settings, parts.rng("correlation")),
        pairs=pair_agreement(real.take(members[0]), synth.take(members[1]), settings, parts.rng("agreement"))
        if parts.pairs
        else [],
        diagnosis_order=diagnoses_in_order(real, synth, settings),
        segmenter_real=mask_sources(parts.real),
        segmenter_synth=mask_sources(parts.synth),
        notes=[] if real.by_subject else [NO_SUBJECTS],
    )
    result.adherence_frames, result.adherence, notes = mask_adherence(parts)
    result.notes += notes
    return result


def frames_of(one: EvaluatedSet) -> Frames:
    """Give the biomarkers of a set as the statistics take them."""
    return Frames.from_rows(one.frames(), one.clusters.by_subject)


def _linked(real: Frames, synth: Frames, pairs: Sequence[tuple[int, int]]) -> tuple[Frames, Frames]:
    """Let each synthetic frame of a pair belong to its real frame's unit.

    A declared pair is stronger knowledge than any column: the mask came from that very frame.
    """
    labels = list(synth.clusters)
    for real_index, synth_index in pairs:
        labels[synth_index] = real.clusters[real_index]
    whole = len({synth_index for _, synth_index in pairs}) == len(synth)
    return (
        replace(real, declared_pairs=True),
        replace(synth, clusters=labels, by_subject=real.by_subject and whole, declared_pairs=True),
    )


def mask_sources(one: EvaluatedSet) -> str:
    """Name the segmenter, or what else the nerves come from."""
    return ", ".join(sorted({row.mask_source for row in one.rows if row.mask_source}))
