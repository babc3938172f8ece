"""Whether biomarkers change along the diagnoses in the synthetic set as they do in the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import number, spread_of
from ccmeval.preservation.frames import Codes, Frames, Vector, align, links, unit_means
from ccmeval.preservation.gradient_verdict import Evidence, gradient_verdict
from ccmeval.preservation.ratio import gap, ratio_interval, standardised_gap
from ccmeval.preservation.resampling import FEWEST_FOR_BOOTSTRAP, Counts, draw_weights
from ccmeval.preservation.schema import GradientRow
from ccmeval.preservation.settings import KNOWN_ORDER, PreservationSettings
from ccmeval.preservation.trend import Trend, jonckheere
from ccmeval.statistics.effects import hedges_g
from ccmeval.statistics.estimate import Estimate


@dataclass(frozen=True)
class _Axis:
    """Units (a subject in a diagnosis) of both sets, and their resamples."""

    order: list[str]
    real: Frames
    synth: Frames
    codes: tuple[Codes, Codes]
    stratum: Codes
    weights: Counts


def gradients(
    real: Frames, synth: Frames, settings: PreservationSettings, rng: np.random.Generator
) -> list[GradientRow]:
    """Compare the change of every biomarker along the diagnoses.

    Parameters
    ----------
    real, synth : Frames
    settings : PreservationSettings
    rng : numpy.random.Generator

    Returns
    -------
    list of GradientRow
        One a biomarker; empty where fewer than two ordered diagnoses stand in both sets.

    Notes
    -----
    Over means of subjects, each in its diagnosis. The verdict rests on the ratio of the differences (last
    less first diagnosis, in the unit), whose interval lies within a band or does not; see
    `gradient_verdict`. The ratio of Hedges' g stands beside it; it also moves where the synthetic set
    scatters less, or has more frames a subject, though no difference has changed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def cohort(tag, means):
    ...     names = [f"{tag}{i}" for i in range(60)]
    ...     values = {"cnfl_mm_per_mm2": rng.normal(np.repeat(means, 30), 2)}
    ...     return Frames(names, names, ["Control"] * 30 + ["T1DPN"] * 30, values)
    >>> row = gradients(cohort("r", [20, 10]), cohort("s", [15, 15]), PreservationSettings(), rng)[0]
    >>> row.label, row.direction, row.verdict
    ('CNFL', 'falls', 'lost')
    """
    order = ordered(real, synth, settings)
    if len(order) < 2:
        return []
    axis = _axis(real, synth, order, settings, rng)
    return [_row(axis, meaning, settings, rng) for meaning in DEFINITIONS]


def ordered(real: Frames, synth: Frames, settings: PreservationSettings) -> list[str]:
    """Diagnoses of the order that both sets have; others have no place in a gradient."""
    both = set(real.seen_diagnoses) & set(synth.seen_diagnoses)
    return [name for name in settings.diagnosis_order or KNOWN_ORDER if name in both]


def _axis(
    real: Frames, synth: Frames, order: list[str], settings: PreservationSettings, rng: np.random.Generator
) -> _Axis:
    linked = links(real, synth)
    kept = [it.take([i for i, d in enumerate(it.diagnoses) if d in order]) for it in (real, synth)]
    names = [[f"{d}\0{c}" for d, c in zip(it.diagnoses, it.clusters, strict=True)] for it in kept]
    units = align(*names, linked=linked)
    stratum = np.zeros(units.count, dtype=np.intp)
    for codes, it in zip((units.real, units.synth), kept, strict=True):
        stratum[codes] = [order.index(str(d)) for d in it.diagnoses]
    weights = draw_weights(units.in_real, units.in_synth, settings.resamples, rng, stratum)
    return _Axis(order, kept[0], kept[1], (units.real, units.synth), stratum, weights)


def _row(
    axis: _Axis, meaning: Definition, settings: PreservationSettings, rng: np.random.Generator
) -> GradientRow:
    means = [
        unit_means(it.values(meaning.column), codes, axis.stratum.size)
        for it, codes in zip((axis.real, axis.synth), axis.codes, strict=True)
    ]
    parts = [[_known(it[axis.stratum == k]) for k in range(len(axis.order))] for it in means]
    trends = [jonckheere(it, rng) for it in parts]
    ratio, size_ratio = _ratios(axis, means, parts, settings.confidence)
    centres = [[number(float(v.mean())) if v.size else None for v in it] for it in parts]
    kept = order_kept(*centres)
    said, reason = gradient_verdict(
        Evidence(ratio, trends[0].p, kept, settings.gradient_band, settings.alpha, _fewest(parts))
    )
    by_subject = axis.real.by_subject and axis.synth.by_subject
    fields: dict[str, Any] = {
        **who(meaning),
        "order": axis.order,
        "direction": direction(trends[0].z, trends[0].p, settings.alpha),
        **_side("real", parts[0], centres[0], trends[0], settings.confidence),
        **_side("synth", parts[1], centres[1], trends[1], settings.confidence),
        **spread_of("difference_ratio", ratio),
        **spread_of("effect_ratio", size_ratio),
        "order_kept": kept,
        "verdict": said,
        "reason": reason + ("" if by_subject else _BY_FRAME),
        "interval_method": ratio.method,
        "unit_of_analysis": "subject" if by_subject else "frame",
    }
    return GradientRow(**fields)


def _ratios(
    axis: _Axis, means: list[Vector], parts: list[list[Vector]], confidence: float
) -> tuple[Estimate, Estimate]:
    """Ratios of the differences and of Hedges' g, of the last diagnosis against the first."""
    last, n = len(axis.order) - 1, sum(values.size for it in parts for values in it)
    weights = axis.weights if _fewest(parts) >= FEWEST_FOR_BOOTSTRAP else axis.weights[:0]
    raw, sized = ([effect(it, axis.stratum, 0, last) for it in means] for effect in (gap, standardised_gap))
    return (
        ratio_interval(raw[0], raw[1], weights, confidence=confidence, n=n),
        ratio_interval(sized[0], sized[1], weights, confidence=confidence, n=n),
    )


def _fewest(parts: list[list[Vector]]) -> int:
    """Units in the smallest of the first and last diagnoses."""
    return min(it[k].size for it in parts for k in (0, -1))


def _side(
    name: str, parts: list[Vector], centres: list[float | None], trend: Trend, confidence: float
) -> dict[str, Any]:
    return {
        f"means_{name}": centres,
        f"n_units_{name}": [int(values.size) for values in parts],
        f"jonckheere_z_{name}": number(trend.z),
        f"jonckheere_p_{name}": number(trend.p),
        f"difference_{name}": between(centres),
        **spread_of(f"effect_{name}", hedges_g(parts[0], parts[-1], confidence=confidence)),
    }


_BY_FRAME = " Subjects are unknown: frames count as independent, so the interval is too narrow."


def who(meaning: Definition) -> dict[str, Any]:
    """Fields that name the biomarker."""
    family = "primary" if meaning.family == "primary" else "exploratory"
    return {"biomarker": meaning.column, "label": meaning.label, "unit": meaning.unit, "family": family}


def direction(z: float, p: float, alpha: float) -> Literal["falls", "rises", "none"]:
    """Direction of a significant trend.

    Examples
    --------
    >>> direction(-3.0, 0.003, 0.05), direction(-1.0, 0.3, 0.05)
    ('falls', 'none')
    """
    if not p < alpha:
        return "none"
    return "falls" if z < 0 else "rises"


def between(means: Sequence[float | None]) -> float | None:
    """Last mean less the first."""
    first, last = means[0], means[-1]
    return None if first is None or last is None else last - first


def order_kept(real: Sequence[float | None], synth: Sequence[float | None]) -> bool | None:
    """Whether the means of both sets rank the diagnoses alike; None where one is missing.

    Examples
    --------
    >>> order_kept([3.0, 2.0, 1.0], [9.0, 5.0, 4.0]), order_kept([3.0, 2.0, 1.0], [9.0, 4.0, 5.0])
    (True, False)
    """
    a = np.array([np.nan if it is None else it for it in real], dtype=np.float64)
    b = np.array([np.nan if it is None else it for it in synth], dtype=np.float64)
    if not np.isfinite([*a, *b]).all():
        return None
    upper = np.triu_indices(a.size, 1)
    signs = [np.sign(it[None, :] - it[:, None])[upper] for it in (a, b)]
    return bool((signs[0] == signs[1]).all())


def _known(values: Vector) -> Vector:
    return values[np.isfinite(values)]
