"""Pillar 2 against a bundle: each biomarker of the synthetic set against numbers of the real one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import adjusted, number, spread_of
from ccmeval.preservation.correlations import FEWEST_FRAMES, Side, correlations, matrix_distance
from ccmeval.preservation.equivalence import Margin, tost
from ccmeval.preservation.frames import Frames, align, unit_means
from ccmeval.preservation.remarks import margin_and_undefined
from ccmeval.preservation.schema import BiomarkerComparison, CorrelationStructure
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.preservation.spread import sd
from ccmeval.reference.schema import BiomarkerSummary, ReferenceBundle
from ccmeval.reference.statistics import LogSpread, Sample, hedges, spread_ratio, welch
from ccmeval.reference.summaries import log_sd_error
from ccmeval.statistics.estimate import Estimate

LEAST_SHARE = 0.05
"""Difference of the shares of a diagnosis from which a pooled row says so."""

INDEPENDENT = (
    "A reference bundle names no subjects: synthetic frames count as independent of the real ones, also where"
    " they were made from masks of its subjects; intervals are then too wide rather than too narrow."
)
NO_VALUES = (
    "A reference bundle holds no single values: there is no Kolmogorov-Smirnov, Wasserstein or Mann-Whitney"
    " figure, and intervals are Student's t in place of the bootstrap."
)


def compare_reference(
    synth: Frames, bundle: ReferenceBundle, settings: PreservationSettings
) -> list[BiomarkerComparison]:
    """Compare every biomarker in every diagnosis of either side, and pooled.

    Parameters
    ----------
    synth : Frames
    bundle : ReferenceBundle
    settings : PreservationSettings

    Returns
    -------
    list of BiomarkerComparison
        As `ccmeval.preservation.comparison.compare` gives them for two sets that share no subject, but for
        what needs single values. Means, SDs, Welch's p, Hedges' g and the two one-sided tests are the same
        numbers.
    """
    rows = []
    for diagnosis in [*diagnoses_of(synth, bundle), None]:
        part = synth if diagnosis is None else synth.of_diagnosis(diagnosis)
        told = {
            it.biomarker: it
            for it in bundle.biomarkers
            if it.scope == ("pooled" if diagnosis is None else "diagnosis") and it.diagnosis == diagnosis
        }
        rows += [_row(part, diagnosis, it, told.get(it.column), bundle, settings) for it in DEFINITIONS]
    return adjusted(rows, settings)


def diagnoses_of(synth: Frames, bundle: ReferenceBundle) -> list[str]:
    """Diagnoses of either side: those of the bundle's order first, then the rest by appearance."""
    held = [it.diagnosis for it in bundle.set.cells if it.diagnosis is not None]
    seen = dict.fromkeys([*held, *synth.seen_diagnoses])
    order = bundle.diagnosis_order
    return [*(name for name in order if name in seen), *(name for name in seen if name not in order)]


def sample_of(told: BiomarkerSummary | None) -> Sample:
    """Give mean and SD of the real units."""
    nan = float("nan")
    if told is None:
        return Sample(0, nan, nan)
    return Sample(told.n_units, told.mean, nan if told.sd is None else told.sd)


def sample_of_frames(frames: Frames, column: str) -> Sample:
    """Give mean and SD of the synthetic units."""
    units = align([], frames.clusters, linked=False)
    means = unit_means(frames.values(column), units.synth, units.count)
    known = means[np.isfinite(means)]
    return Sample(known.size, float(known.mean()) if known.size else float("nan"), sd(known))


def _row(
    frames: Frames,
    diagnosis: str | None,
    meaning: Definition,
    told: BiomarkerSummary | None,
    bundle: ReferenceBundle,
    settings: PreservationSettings,
) -> BiomarkerComparison:
    values, level = frames.values(meaning.column), settings.confidence
    real, synth = sample_of(told), sample_of_frames(frames, meaning.column)
    found = welch(real, synth)
    margin, source = _margin(told, meaning, bundle, settings)
    equivalence = tost(found, margin, alpha=settings.alpha)
    testable = found.error > 0
    ends = found.interval(level) if found.error >= 0 else (float("nan"), float("nan"))
    interval = Estimate(found.difference, *ends, found.n_a + found.n_b, level, found.method)
    fields: dict[str, Any] = {
        **_who(frames, diagnosis, meaning, told, bundle),
        "n_synth_undefined": int(np.isnan(values).sum()),
        "n_synth_units": synth.n,
        "mean_real": number(real.mean),
        "sd_real": number(real.sd),
        "mean_synth": number(synth.mean),
        "sd_synth": number(synth.sd),
        "sd_real_frames": None if told is None else told.sd_frames,
        "sd_synth_frames": number(sd(values)),
        **spread_of("difference", interval),
        **spread_of("hedges_g", hedges(real, synth, level)),
        **spread_of("sd_ratio", _ratio(frames, meaning.column, told, level)),
        "welch_p": number(found.p()),
        "margin": number(margin.value),
        "margin_source": source,
        "tost_p": number(equivalence.p),
        "equivalence_low": number(equivalence.low),
        "equivalence_high": number(equivalence.high),
        "test_method": f"{found.method} and two one-sided tests by it, from the bundle's means and SDs"
        if testable
        else "",
        "interval_method": found.method,
    }
    row = BiomarkerComparison(**fields)
    return row.model_copy(update={"warning": " ".join(_warnings(row, frames, bundle, settings))})


def _who(
    frames: Frames,
    diagnosis: str | None,
    meaning: Definition,
    told: BiomarkerSummary | None,
    bundle: ReferenceBundle,
) -> dict[str, Any]:
    by_subject = bundle.set.by_subject and frames.by_subject
    held = [it for it in bundle.set.cells if diagnosis is None or it.diagnosis == diagnosis]
    return {
        "biomarker": meaning.column,
        "label": meaning.label,
        "unit": meaning.unit,
        "family": "primary" if meaning.family == "primary" else "exploratory",
        "scope": "pooled" if diagnosis is None else "diagnosis",
        "diagnosis": diagnosis,
        "unit_of_analysis": "subject" if by_subject else "frame",
        "reference": "reference bundle",
        "n_real_frames": sum(it.n_frames for it in held),
        "n_real_units": told.n_units if told else 0,
        "n_real_undefined": told.n_undefined if told else 0,
        "n_synth_frames": len(frames),
    }


def _margin(
    told: BiomarkerSummary | None,
    meaning: Definition,
    bundle: ReferenceBundle,
    settings: PreservationSettings,
) -> tuple[Margin, str]:
    if meaning.column in settings.margins:
        return Margin(settings.margins[meaning.column]), "set beforehand, in the unit"
    unit = "subjects" if bundle.set.by_subject else "frames"
    share = settings.margin_in_sd
    text = f"{share:g} SD of the bundle's {unit} within diagnoses, with the error of its estimate"
    if told is None or told.margin_sd is None:
        return Margin(float("nan")), text
    return Margin(
        share * told.margin_sd, share**2 * told.margin_variance, share * told.margin_covariance
    ), text


def _ratio(frames: Frames, column: str, told: BiomarkerSummary | None, confidence: float) -> Estimate:
    nan = float("nan")
    values = frames.values(column)
    units = align([], frames.clusters, linked=False)
    n = len(np.unique(units.synth[np.isfinite(values)]))
    synth = LogSpread(sd(values), log_sd_error(values, units.synth, units.count), n)
    if told is None or told.sd_frames is None:
        return spread_ratio(LogSpread(nan, nan, 0), synth, confidence)
    error = nan if told.log_sd_error is None else told.log_sd_error
    return spread_ratio(LogSpread(told.sd_frames, error, told.n_units), synth, confidence)


def _warnings(
    row: BiomarkerComparison, synth: Frames, bundle: ReferenceBundle, settings: PreservationSettings
) -> list[str]:
    if not row.n_real_units:
        return ["The reference bundle tells nothing of this biomarker here: too few subjects have it."]
    if not row.n_synth_units:
        return ["No synthetic frame has a value here: nothing can be compared."]
    said = []
    unit = "subjects" if row.unit_of_analysis == "subject" else "frames"
    fewest = min(row.n_real_units, row.n_synth_units)
    if fewest < 2:
        said.append(f"A side has one of the {unit} only: no test is possible.")
    elif fewest < settings.fewest_units:
        said.append(f"A side has {fewest} {unit} only: intervals and tests are rough.")
    if row.sd_real == 0:
        said.append("The real values do not vary.")
    if row.sd_synth == 0:
        said.append("The synthetic values do not vary: the set has collapsed here.")
    said += margin_and_undefined(row)
    if not bundle.set.by_subject:
        said.append("The bundle's subjects are unknown: its frames count as independent.")
    if row.scope == "pooled" and bundle.set.left_out:
        said.append(f"The bundle tells nothing of {', '.join(bundle.set.left_out)}, here neither.")
    if row.scope == "pooled" and (mix := _mix(synth, bundle)):
        said.append(mix)
    return said


def _mix(synth: Frames, bundle: ReferenceBundle) -> str:
    """Say where the two sides hold diagnoses in different shares."""
    real = {cell.diagnosis: cell.n_units for cell in bundle.set.cells}
    made = Counter(name for name, _ in set(zip(synth.diagnoses, synth.clusters, strict=True)))
    shares = [{name: n / max(sum(it.values()), 1) for name, n in it.items()} for it in (real, made)]
    names = sorted({*real, *made}, key=str)
    widest = max(names, key=lambda name: abs(shares[0].get(name, 0) - shares[1].get(name, 0)))
    said = [it.get(widest, 0.0) for it in shares]
    if abs(said[0] - said[1]) < LEAST_SHARE:
        return ""
    label = widest or "no stated diagnosis"
    return f"The mix of diagnoses differs ({label}: {said[0]:.0%} of real, {said[1]:.0%} of synthetic units)."


def compare_structure(synth: Frames, bundle: ReferenceBundle) -> CorrelationStructure | None:
    """Set the bundle's rank correlations within diagnoses against those of the synthetic frames.

    Parameters
    ----------
    synth : Frames
    bundle : ReferenceBundle
    """
    told = bundle.correlation
    if told is None or not told.biomarkers:
        return None
    held = {it.diagnosis for it in bundle.set.cells}
    frames = synth.take([i for i, name in enumerate(synth.diagnoses) if name in held])
    names = sorted({it for it in frames.diagnoses if it is not None})
    units = align([], frames.clusters, linked=False)
    side = Side(
        np.stack([frames.values(column) for column in told.biomarkers], axis=1),
        np.array([-1 if it is None else names.index(it) for it in frames.diagnoses], dtype=np.intp),
        units.synth,
    )
    real = np.array([[np.nan if it is None else it for it in row] for row in told.matrix], dtype=np.float64)
    made = correlations(side)
    distance = matrix_distance(real, made)
    warning = [
        "A bundle holds no single values, so there is no interval, nor a value at the floor's number of"
        " frames: the distance is of all frames, and lies lower beside its floor than it should."
    ]
    if not np.isfinite(distance):
        warning = [f"Fewer than {FEWEST_FRAMES} frames a side have two biomarkers that vary: no comparison."]
    if held - {None} != set(names):
        warning.append("The two sides have not the same diagnoses.")
    floor = np.quantile(told.floor, [0.025, 0.5, 0.975]) if told.floor else [None] * 3
    return CorrelationStructure(
        biomarkers=told.biomarkers,
        real=told.matrix,
        synth=[[number(float(value)) for value in row] for row in made],
        mean_absolute_difference=number(distance),
        floor_n=told.floor_n,
        floor_low=floor[0],
        floor_median=floor[1],
        floor_high=floor[2],
        n_real_frames=told.n_frames,
        n_synth_frames=len(frames),
        n_real_units=told.n_units,
        n_synth_units=frames.n_units,
        warning=" ".join(warning),
    )
