"""Each biomarker of the synthetic set against the real one: per diagnosis, and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.difference import effect_size, mean_interval
from ccmeval.preservation.distances import ks_distance, wasserstein
from ccmeval.preservation.equivalence import Margin, default_margin, tost, verdict
from ccmeval.preservation.frames import Frames, Units, Vector, align, links, unit_means
from ccmeval.preservation.overlap import overlapping_t, rank_p
from ccmeval.preservation.remarks import remarks
from ccmeval.preservation.resampling import Counts, draw_weights
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.preservation.settings import KNOWN_ORDER, PreservationSettings
from ccmeval.preservation.spread import sd, sd_ratio
from ccmeval.statistics.estimate import Estimate
from ccmeval.statistics.tests_of_difference import holm, mann_whitney_p


@dataclass(frozen=True)
class _Scope:
    """The frames of one diagnosis, or all, with their units and resamples."""

    diagnosis: str | None
    real: Frames
    synth: Frames
    units: Units
    weights: Counts


def compare(
    real: Frames, synth: Frames, settings: PreservationSettings, rng: np.random.Generator
) -> list[BiomarkerComparison]:
    """Compare every biomarker in every diagnosis of either set, and pooled.

    Parameters
    ----------
    real, synth : Frames
    settings : PreservationSettings
    rng : numpy.random.Generator

    Returns
    -------
    list of BiomarkerComparison
        Diagnoses in their order, then pooled; within each the biomarkers in the order of the tables.
        What the data do not define is None, with the reason in `warning`.

    Notes
    -----
    The unit is the subject: means of its frames are tested, each subject once, by the t-test for
    partially overlapping samples where subjects stand on both sides (`overlapping_t`).

    P-values are adjusted after Holm in four families: primary or exploratory biomarkers, over all
    diagnoses at once, or pooled. A verdict of difference rests on the adjusted p (setting
    `adjust_difference`), one of equivalence on its own two tests: that every row of several is equivalent
    needs no adjustment (intersection-union).

    Pooled rows weigh diagnoses by their subjects on each side, so that a set of another mix differs there
    without differing in any diagnosis; the row warns.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def cohort(mean):
    ...     names = [f"{mean}-{i}" for i in range(30)]
    ...     return Frames(names, names, ["Control"] * 30, {"cnfl_mm_per_mm2": rng.normal(mean, 2, 30)})
    >>> rows = compare(cohort(18), cohort(12), PreservationSettings(), rng)
    >>> rows[0].diagnosis, rows[0].label, rows[0].verdict
    ('Control', 'CNFL', 'different')
    """
    rows = []
    for diagnosis in [*diagnoses_in_order(real, synth, settings), None]:
        scope = _scope(real, synth, diagnosis, settings, rng)
        rows += [_row(scope, meaning, settings, rng) for meaning in DEFINITIONS]
    return adjusted(rows, settings)


def diagnoses_in_order(real: Frames, synth: Frames, settings: PreservationSettings) -> list[str]:
    """Diagnoses of either set: those of the order first, then the rest by appearance."""
    seen = dict.fromkeys([*real.seen_diagnoses, *synth.seen_diagnoses])
    order = settings.diagnosis_order or KNOWN_ORDER
    return [*(name for name in order if name in seen), *(name for name in seen if name not in order)]


def adjusted(
    rows: Sequence[BiomarkerComparison], settings: PreservationSettings
) -> list[BiomarkerComparison]:
    """Fill the Holm columns within each family of rows, and then the verdicts."""
    updates: list[dict[str, Any]] = [{} for _ in rows]
    families = [(row.family, row.scope) for row in rows]
    for family in dict.fromkeys(families):
        places = [i for i, it in enumerate(families) if it == family]
        welch = np.array([_nan(rows[i].welch_p) for i in places])
        ranks = holm([_nan(rows[i].mann_whitney_p) for i in places])
        means = holm(welch)
        name = f"{family[0]} biomarkers, {'all diagnoses' if family[1] == 'diagnosis' else 'pooled'}"
        for i, mean_p, rank in zip(places, means, ranks, strict=True):
            p = mean_p if settings.adjust_difference else _nan(rows[i].welch_p)
            updates[i] = {
                "welch_p_holm": number(mean_p),
                "mann_whitney_p_holm": number(rank),
                "holm_family": name,
                "holm_family_size": int(np.isfinite(welch).sum()),
                "verdict": verdict(float(p), _nan(rows[i].tost_p), settings.alpha),
            }
    return [row.model_copy(update=update) for row, update in zip(rows, updates, strict=True)]


def number(value: float) -> float | None:
    """Give a plain number, or None for what is not finite."""
    return float(value) if np.isfinite(value) else None


def spread_of(name: str, estimate: Estimate) -> dict[str, float | None]:
    """Fields of an estimate and its interval."""
    return {
        name: number(estimate.value),
        f"{name}_low": number(estimate.low),
        f"{name}_high": number(estimate.high),
    }


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _scope(
    real: Frames,
    synth: Frames,
    diagnosis: str | None,
    settings: PreservationSettings,
    rng: np.random.Generator,
) -> _Scope:
    linked = links(real, synth)
    if diagnosis is not None:
        real, synth = real.of_diagnosis(diagnosis), synth.of_diagnosis(diagnosis)
    units = align(real.clusters, synth.clusters, linked=linked)
    weights = draw_weights(units.in_real, units.in_synth, settings.resamples, rng)
    return _Scope(diagnosis, real, synth, units, weights)


def _row(
    scope: _Scope, meaning: Definition, settings: PreservationSettings, rng: np.random.Generator
) -> BiomarkerComparison:
    real, synth = scope.real.values(meaning.column), scope.synth.values(meaning.column)
    units, level = scope.units, settings.confidence
    a = unit_means(real, units.real, units.count)
    b = unit_means(synth, units.synth, units.count)
    found = overlapping_t(a, b)
    interval = mean_interval(a, b, found, scope.weights, level)
    ratio = sd_ratio(real, synth, units, scope.weights, confidence=level)
    ks, ks_p = ks_distance(real, synth, units, rng=rng, permutations=settings.permutations)
    margin, source = _margin(scope, meaning, a, b, settings)
    equivalence = tost(found, margin, alpha=settings.alpha)
    testable = found.error > 0 or found.exact
    fields: dict[str, Any] = {
        **_who(scope, meaning),
        "n_real_units": found.n_a,
        "n_synth_units": found.n_b,
        "n_shared_units": found.n_pairs,
        "n_real_undefined": int(np.isnan(real).sum()),
        "n_synth_undefined": int(np.isnan(synth).sum()),
        **_moments("real", real, a),
        **_moments("synth", synth, b),
        **spread_of("difference", interval),
        **spread_of("hedges_g", effect_size(a, b, found, scope.weights, level)),
        **spread_of("sd_ratio", ratio),
        "ks": number(ks),
        "ks_p": number(ks_p),
        "wasserstein": number(wasserstein(real, synth)),
        "welch_p": number(found.p()),
        "mann_whitney_p": number(_rank_test(a, b, found.n_pairs)) if testable else None,
        "margin": number(margin.value),
        "margin_source": source,
        "tost_p": number(equivalence.p),
        "equivalence_low": number(equivalence.low),
        "equivalence_high": number(equivalence.high),
        "test_method": _tests(found.method, found.n_pairs) if testable else "",
        "interval_method": interval.method,
    }
    row = BiomarkerComparison(**fields)
    return row.model_copy(update={"warning": " ".join(remarks(row, scope.real, scope.synth, settings))})


def _rank_test(a: Vector, b: Vector, shared: int) -> float:
    return rank_p(a, b) if shared else mann_whitney_p(a, b)


def _tests(method: str, shared: int) -> str:
    ranks = "the same on joint ranks" if shared else "Mann-Whitney"
    return f"{method}; {ranks}; two one-sided tests by {method}"


def _who(scope: _Scope, meaning: Definition) -> dict[str, Any]:
    by_subject = scope.real.by_subject and scope.synth.by_subject
    return {
        "biomarker": meaning.column,
        "label": meaning.label,
        "unit": meaning.unit,
        "family": "primary" if meaning.family == "primary" else "exploratory",
        "scope": "pooled" if scope.diagnosis is None else "diagnosis",
        "diagnosis": scope.diagnosis,
        "unit_of_analysis": "subject" if by_subject else "frame",
        "n_real_frames": len(scope.real),
        "n_synth_frames": len(scope.synth),
    }


def _moments(side: str, values: Vector, means: Vector) -> dict[str, float | None]:
    known = means[np.isfinite(means)]
    return {
        f"mean_{side}": number(float(known.mean())) if known.size else None,
        f"sd_{side}": number(sd(known)),
        f"sd_{side}_frames": number(sd(values)),
    }


def _margin(
    scope: _Scope, meaning: Definition, real: Vector, synth: Vector, settings: PreservationSettings
) -> tuple[Margin, str]:
    if meaning.column in settings.margins:
        return Margin(settings.margins[meaning.column]), "set beforehand, in the unit"
    labels = np.full(scope.units.count, "", dtype=object)
    if scope.diagnosis is None:
        labels[scope.units.real] = [str(name) for name in scope.real.diagnoses]
    unit = "subjects" if scope.real.by_subject else "frames"
    within = " within diagnoses" if scope.diagnosis is None else ""
    text = f"{settings.margin_in_sd:g} SD of the real set's {unit}{within}, estimated from these data"
    return default_margin(real, synth, labels, settings.margin_in_sd), text
