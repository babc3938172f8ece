"""The disease gradient of synthetic frames against that of published means."""

from __future__ import annotations

from typing import Any

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import number, spread_of
from ccmeval.preservation.frames import Frames, Vector, align, unit_means
from ccmeval.preservation.gradient import between, order_kept, who
from ccmeval.preservation.gradient_verdict import Evidence, gradient_verdict
from ccmeval.preservation.published import Moments, PublishedTable, published_table
from ccmeval.preservation.ratio import gap
from ccmeval.preservation.resampling import draw_weights, studentised
from ccmeval.preservation.schema import GradientRow
from ccmeval.preservation.settings import KNOWN_ORDER, PreservationSettings
from ccmeval.preservation.spread import sd
from ccmeval.preservation.trend import jonckheere
from ccmeval.statistics.effects import hedges_g, mean_difference
from ccmeval.statistics.estimate import Estimate, undefined


def gradients_published(
    synth: Frames, name: str, settings: PreservationSettings, rng: np.random.Generator
) -> list[GradientRow]:
    """Compare the change of every published biomarker along the diagnoses.

    Parameters
    ----------
    synth : Frames
    name : str
        See `published_table`.
    settings : PreservationSettings
    rng : numpy.random.Generator

    Returns
    -------
    list of GradientRow
        Empty where fewer than two ordered diagnoses stand in both.

    Raises
    ------
    CcmevalError
        If no table has that name.

    Notes
    -----
    The published means count as exact, so that the intervals know the error of the synthetic set only.
    `effect_real` is the published difference in published SDs over frames; `effect_ratio` sets the same of
    the synthetic set, in its own SDs over frames, against it. `effect_synth` is over units, as elsewhere.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [str(i) for i in range(60)]
    >>> values = {"cnfl_mm_per_mm2": rng.normal(np.repeat([19, 10], 30), 3)}
    >>> synth = Frames(names, names, ["Control"] * 30 + ["T1DPN"] * 30, values)
    >>> row = gradients_published(synth, "2602.13693", PreservationSettings(), rng)[0]
    >>> row.label, row.direction, row.verdict
    ('CNFL', 'falls', 'kept')
    """
    table = published_table(name)
    both = set(table.diagnoses) & set(synth.seen_diagnoses)
    order = [it for it in settings.diagnosis_order or KNOWN_ORDER if it in both]
    if len(order) < 2:
        return []
    columns = set.intersection(*(set(table.diagnoses[it]) for it in order))
    return [_row(synth, order, it, table, settings, rng) for it in DEFINITIONS if it.column in columns]


def _row(
    synth: Frames,
    order: list[str],
    meaning: Definition,
    table: PublishedTable,
    settings: PreservationSettings,
    rng: np.random.Generator,
) -> GradientRow:
    truth = [table.diagnoses[it][meaning.column] for it in order]
    frames = [synth.of_diagnosis(it) for it in order]
    parts = [_means(it, meaning.column) for it in frames]
    trend = jonckheere(parts, rng)
    effect = hedges_g(parts[0], parts[-1], confidence=settings.confidence)
    ratio, size_ratio = _ratios(parts, frames, meaning.column, truth, settings, rng)
    centres = [number(float(it.mean())) if it.size else None for it in parts]
    means = [it.mean for it in truth]
    kept = order_kept(means, centres)
    said, reason = gradient_verdict(
        Evidence(ratio, 0.0, kept, settings.gradient_band, settings.alpha, min(parts[0].size, parts[-1].size))
    )
    fields: dict[str, Any] = {
        **who(meaning),
        "order": order,
        "direction": "falls" if means[-1] < means[0] else "rises",
        "means_real": means,
        "means_synth": centres,
        "n_units_synth": [int(it.size) for it in parts],
        "jonckheere_z_synth": number(trend.z),
        "jonckheere_p_synth": number(trend.p),
        "difference_real": between(means),
        "difference_synth": between(centres),
        **spread_of("difference_ratio", ratio),
        **spread_of("effect_synth", effect),
        "effect_real": (means[-1] - means[0]) / _published_sd(truth),
        **spread_of("effect_ratio", size_ratio),
        "order_kept": kept,
        "verdict": said,
        "reason": f"{reason} The published means are taken as exact.",
        "interval_method": ratio.method,
        "reference": "published table",
        "unit_of_analysis": "subject" if synth.by_subject else "frame",
    }
    return GradientRow(**fields)


def _means(frames: Frames, column: str) -> Vector:
    units = align([], frames.clusters, linked=False)
    means = unit_means(frames.values(column), units.synth, units.count)
    return means[np.isfinite(means)]


def _ratios(
    parts: list[Vector],
    frames: list[Frames],
    column: str,
    truth: list[Moments],
    settings: PreservationSettings,
    rng: np.random.Generator,
) -> tuple[Estimate, Estimate]:
    """Synthetic difference over the published one, in the unit, and both in SDs over frames."""
    level, n = settings.confidence, parts[0].size + parts[-1].size
    published = truth[-1].mean - truth[0].mean
    if min(parts[0].size, parts[-1].size) < 2 or published == 0:
        return undefined(n, level, ""), undefined(n, level, "")
    stratum = np.repeat([0, 1], [parts[0].size, parts[-1].size])
    inside = np.ones(n, dtype=bool)
    weights = draw_weights(~inside, inside, settings.resamples, rng, stratum)
    effect = gap(np.concatenate([parts[0], parts[-1]]), stratum, 0, 1)
    found = studentised(effect, weights, confidence=level, n=n)
    if not np.isfinite(found.low):
        found = mean_difference(parts[0], parts[-1], confidence=level)
    low, high = sorted((found.low / published, found.high / published))
    ratio = Estimate(found.value / published, low, high, n, level, found.method)
    spreads = [sd(it.values(column)) for it in (frames[0], frames[-1])]
    own = float(np.sqrt(np.mean(np.square(spreads))))
    scale = _published_sd(truth) / own if own > 0 else float("nan")
    nan = float("nan")
    return ratio, Estimate(ratio.value * scale, nan, nan, n, level, "")


def _published_sd(truth: list[Moments]) -> float:
    """SD over frames pooled over the first and last diagnosis, of unknown and so equal weights."""
    return float(np.sqrt((truth[0].sd ** 2 + truth[-1].sd ** 2) / 2))
