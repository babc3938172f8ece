"""Synthetic frames against published means and SDs, where no real frame is at hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import adjusted, number, spread_of
from ccmeval.preservation.difference import small_sample_factor
from ccmeval.preservation.equivalence import tost
from ccmeval.preservation.frames import Frames, Vector, align, unit_means
from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.published import Moments, PublishedTable, published_table
from ccmeval.preservation.resampling import (
    FEWEST_FOR_BOOTSTRAP,
    Counts,
    draw_weights,
    studentised,
    weighted_mean,
)
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.preservation.spread import sd
from ccmeval.statistics.estimate import Estimate


def compare_published(
    synth: Frames, name: str, settings: PreservationSettings, rng: np.random.Generator
) -> list[BiomarkerComparison]:
    """Compare the synthetic set with a published table, diagnosis by diagnosis.

    Parameters
    ----------
    synth : Frames
    name : str
        See `published_table`.
    settings : PreservationSettings
        `published_n` gives the subjects behind the table, by diagnosis.
    rng : numpy.random.Generator

    Returns
    -------
    list of BiomarkerComparison
        One for each diagnosis and biomarker that the table and the set share; without a pooled one,
        since the table's diagnoses have no known weights.

    Raises
    ------
    CcmevalError
        If no table has that name.

    Notes
    -----
    Where `published_n` says nothing of a diagnosis, the published mean counts as exact: the interval, the
    test and the two one-sided tests know the error of the synthetic mean only, and there is no Hedges' g
    interval. Where it does, the published SD over its root is the mean's standard error (Welch); the SD
    is over frames, so that this errs to the safe side where a subject had several. The default margin is
    a share of the published SD over frames, wider than that of subjects; a margin in the unit is better.

    Examples
    --------
    >>> synth = Frames(["a", "b"], ["a", "b"], ["T1DPN"] * 2, {"cnfl_mm_per_mm2": np.array([9.0, 11.0])})
    >>> rows = compare_published(synth, "2602.13693", PreservationSettings(), np.random.default_rng(0))
    >>> rows[0].label, round(rows[0].difference, 2), rows[0].verdict
    ('CNFL', 0.24, 'inconclusive')
    """
    table = published_table(name)
    rows = [
        _row(frames, diagnosis, meaning, table, settings, rng)
        for diagnosis, columns in table.diagnoses.items()
        if len(frames := synth.of_diagnosis(diagnosis))
        for meaning in DEFINITIONS
        if meaning.column in columns
    ]
    return adjusted(rows, settings)


def _row(
    frames: Frames,
    diagnosis: str,
    meaning: Definition,
    table: PublishedTable,
    settings: PreservationSettings,
    rng: np.random.Generator,
) -> BiomarkerComparison:
    truth, n = table.diagnoses[diagnosis][meaning.column], settings.published_n.get(diagnosis)
    values, level = frames.values(meaning.column), settings.confidence
    units = align([], frames.clusters, linked=False)
    means = unit_means(values, units.synth, units.count)
    found = against(means, truth, n)
    weights = draw_weights(units.in_real, units.in_synth, settings.resamples, rng)
    fields: dict[str, Any] = {
        **_who(frames, diagnosis, meaning, n),
        "n_synth_units": found.n_b,
        "n_synth_undefined": int(np.isnan(values).sum()),
        "mean_real": truth.mean,
        "sd_real_frames": truth.sd,
        **_synthetic(values, means, truth, found),
        **_intervals(means, weights, truth, found, n, level),
        **_equivalence(found, meaning, truth, table, settings),
        "welch_p": number(found.p()),
        "test_method": _method(n),
        "warning": _warning(found, frames, n, settings),
    }
    return BiomarkerComparison(**fields)


def _who(frames: Frames, diagnosis: str, meaning: Definition, n: int | None) -> dict[str, Any]:
    return {
        "biomarker": meaning.column,
        "label": meaning.label,
        "unit": meaning.unit,
        "family": "primary" if meaning.family == "primary" else "exploratory",
        "scope": "diagnosis",
        "diagnosis": diagnosis,
        "unit_of_analysis": "subject" if frames.by_subject else "frame",
        "reference": "published table",
        "n_real_units": n or 0,
        "n_synth_frames": len(frames),
    }


def _equivalence(
    found: Overlap, meaning: Definition, truth: Moments, table: PublishedTable, settings: PreservationSettings
) -> dict[str, Any]:
    margin, source = settings.margin_in_sd * truth.sd, f"published SD over frames ({table.source})"
    source = f"{settings.margin_in_sd:g} {source}"
    if meaning.column in settings.margins:
        margin, source = settings.margins[meaning.column], "set beforehand, in the unit"
    equivalence = tost(found, margin, alpha=settings.alpha)
    return {
        "margin": margin,
        "margin_source": source,
        "tost_p": number(equivalence.p),
        "equivalence_low": number(equivalence.low),
        "equivalence_high": number(equivalence.high),
    }


def against(means: Vector, truth: Moments, n: int | None) -> Overlap:
    """Difference of the mean of units from a published mean.

    Parameters
    ----------
    means : float array
        Of the synthetic units; NaN ones are left out.
    truth : Moments
    n : int or None
        Subjects behind the published mean; None takes it as exact.

    Returns
    -------
    Overlap
        Of Welch's test from moments, or of the one-sample t-test.
    """
    known = means[np.isfinite(means)]
    if known.size < 2:
        difference = float(known[0]) - truth.mean if known.size else float("nan")
        return Overlap(difference, float("nan"), float("nan"), n or 0, known.size, 0)
    part, degrees = sd(known) ** 2 / known.size, known.size - 1.0
    error = part
    if n is not None:
        other = truth.sd**2 / n
        error = part + other
        degrees = error**2 / (part**2 / (known.size - 1) + other**2 / (n - 1))
    difference = float(known.mean()) - truth.mean
    return Overlap(difference, float(np.sqrt(error)), degrees, n or 0, known.size, 0)


def _synthetic(values: Vector, means: Vector, truth: Moments, found: Overlap) -> dict[str, float | None]:
    spread = sd(values)
    return {
        "mean_synth": number(found.difference + truth.mean),
        "sd_synth": number(sd(means)),
        "sd_synth_frames": number(spread),
        "difference_in_published_sd": number(found.difference / truth.sd),
        "sd_ratio": number(spread / truth.sd),
    }


def _intervals(
    means: Vector, weights: Counts, truth: Moments, found: Overlap, n: int | None, confidence: float
) -> dict[str, Any]:
    """Difference, by bootstrap where the published mean counts as exact, and Hedges' g where n is known."""
    interval = Estimate(found.difference, *found.interval(confidence), found.n_b, confidence, _method(n))
    if n is None and found.n_b >= FEWEST_FOR_BOOTSTRAP and found.error > 0:
        drawn = studentised(lambda w: weighted_mean(w, means), weights, confidence=confidence, n=found.n_b)
        interval = Estimate(
            found.difference,
            drawn.low - truth.mean,
            drawn.high - truth.mean,
            found.n_b,
            confidence,
            drawn.method,
        )
    fields: dict[str, Any] = {**spread_of("difference", interval), "interval_method": interval.method}
    spread = sd(means)
    if n is not None and np.isfinite(spread):
        degrees = n + found.n_b - 2
        pooled = float(np.sqrt(((n - 1) * truth.sd**2 + (found.n_b - 1) * spread**2) / degrees))
        fields["hedges_g"] = number(small_sample_factor(degrees) * found.difference / pooled)
    return fields


def _method(n: int | None) -> str:
    if n is None:
        return "one-sample t, the published mean taken as exact"
    return f"Welch's t from the published SD over frames and {n} subjects"


def _warning(found: Overlap, frames: Frames, n: int | None, settings: PreservationSettings) -> str:
    said = ["The published SD is over frames; the SD ratio has no interval, since its error is unknown."]
    if n is None:
        said.append("The published number of subjects is unknown: its mean is taken as exact.")
    if found.n_b < settings.fewest_units:
        said.append(f"The synthetic set has {found.n_b} units only: intervals and tests are rough.")
    if found.error == 0:
        said.append("The synthetic values do not vary: the set has collapsed here.")
    if not frames.by_subject:
        said.append("Source subjects are unknown: frames count as independent.")
    return " ".join(said)
