"""The disease gradient of synthetic frames against that of a bundle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import number, spread_of
from ccmeval.preservation.frames import Frames, Vector, align, unit_means
from ccmeval.preservation.gradient import between, direction, order_kept, who
from ccmeval.preservation.gradient_verdict import Evidence, gradient_verdict
from ccmeval.preservation.schema import GradientRow
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.preservation.trend import jonckheere
from ccmeval.reference.preservation import sample_of, sample_of_frames
from ccmeval.reference.schema import BiomarkerSummary, ReferenceBundle
from ccmeval.reference.statistics import gap_ratio, hedges
from ccmeval.statistics.estimate import Estimate


def gradients_reference(
    synth: Frames, bundle: ReferenceBundle, settings: PreservationSettings, rng: np.random.Generator
) -> list[GradientRow]:
    """Compare the change of every biomarker along the diagnoses.

    Parameters
    ----------
    synth : Frames
    bundle : ReferenceBundle
    settings : PreservationSettings
    rng : numpy.random.Generator
        For the synthetic set's trend tests by permutation.

    Returns
    -------
    list of GradientRow
        One a biomarker that the bundle tells of in every ordered diagnosis of both sides; empty where
        these are fewer than two. As `ccmeval.preservation.gradient.gradients` for sets that share no
        subject, with Fieller's interval in place of a bootstrap's.
    """
    both = set(synth.seen_diagnoses) & {it.diagnosis for it in bundle.set.cells}
    order = [name for name in settings.diagnosis_order or bundle.diagnosis_order if name in both]
    if len(order) < 2:
        return []
    told = {(it.biomarker, it.diagnosis): it for it in bundle.biomarkers if it.scope == "diagnosis"}
    return [
        _row(synth, order, it, [told[it.column, name] for name in order], bundle, settings, rng)
        for it in DEFINITIONS
        if all((it.column, name) in told for name in order)
    ]


def _row(
    synth: Frames,
    order: list[str],
    meaning: Definition,
    told: list[BiomarkerSummary],
    bundle: ReferenceBundle,
    settings: PreservationSettings,
    rng: np.random.Generator,
) -> GradientRow:
    level = settings.confidence
    frames = [synth.of_diagnosis(name) for name in order]
    real, made = [sample_of(it) for it in told], [sample_of_frames(it, meaning.column) for it in frames]
    trend = jonckheere([_means(it, meaning.column) for it in frames], rng)
    known = next((it for it in bundle.trends if it.biomarker == meaning.column and it.order == order), None)
    z, p = (float("nan") if it is None else it for it in ((known.z, known.p) if known else (None, None)))
    ratio = gap_ratio((real[0], real[-1]), (made[0], made[-1]), level)
    effects = [hedges(it[0], it[-1], level) for it in (real, made)]
    centres = [[number(it.mean) for it in side] for side in (real, made)]
    kept = order_kept(*centres)
    fewest = min(it[k].n for it in (real, made) for k in (0, -1))
    said, reason = gradient_verdict(Evidence(ratio, p, kept, settings.gradient_band, settings.alpha, fewest))
    if known is None:
        said, reason = "undefined", "The reference bundle holds no trend test in this order."
    fields: dict[str, Any] = {
        **who(meaning),
        "order": order,
        "direction": direction(z, p, settings.alpha),
        "means_real": centres[0],
        "means_synth": centres[1],
        "n_units_real": [it.n for it in real],
        "n_units_synth": [it.n for it in made],
        "jonckheere_z_real": number(z),
        "jonckheere_p_real": number(p),
        "jonckheere_z_synth": number(trend.z),
        "jonckheere_p_synth": number(trend.p),
        "difference_real": between(centres[0]),
        "difference_synth": between(centres[1]),
        **spread_of("difference_ratio", ratio),
        **spread_of("effect_real", effects[0]),
        **spread_of("effect_synth", effects[1]),
        **spread_of("effect_ratio", _size_ratio(effects, level)),
        "order_kept": kept,
        "verdict": said,
        "reason": reason,
        "interval_method": ratio.method,
        "reference": "reference bundle",
        "unit_of_analysis": "subject" if synth.by_subject and bundle.set.by_subject else "frame",
    }
    return GradientRow(**fields)


def _size_ratio(effects: list[Estimate], confidence: float) -> Estimate:
    """Ratio of Hedges' g, without an interval."""
    nan, (real, made) = float("nan"), (it.value for it in effects)
    value = made / real if np.isfinite([real, made]).all() and real != 0 else nan
    return Estimate(value, nan, nan, 0, confidence, "")


def _means(frames: Frames, column: str) -> Vector:
    units = align([], frames.clusters, linked=False)
    means = unit_means(frames.values(column), units.synth, units.count)
    return means[np.isfinite(means)]
