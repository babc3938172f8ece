"""Pixel scores of declared pairs; refused where no pair was declared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.fidelity.schema import MetricRow, PairScore
from ccmeval.plugins import WeightSource
from ccmeval.statistics import bootstrap_mean_ci

if TYPE_CHECKING:
    from ccmeval.fidelity.lpips import Backbone, Lpips

REFUSED = (
    "Scores of pairs compare pixel with pixel and mean nothing unless each synthetic frame was made from a"
    " known real one; declare the pairs by --paired (same stem) or a manifest column real_frame."
)
LABELS = {"psnr_db": "PSNR (dB)", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}
BACKBONES: tuple[Backbone, ...] = ("alex", "squeeze")
"""Networks of LPIPS, by the names of its authors."""

Score = Callable[[FloatArray, FloatArray], float]


def pair_scores(parts: RunParts) -> tuple[list[PairScore], list[MetricRow]]:
    """Score every declared pair, and average over pairs.

    Parameters
    ----------
    parts : RunParts

    Returns
    -------
    scores : list of PairScore
    rows : list of MetricRow
        Mean with an interval over real subjects; refused rows where no pair was declared.
    """
    if not parts.pairs:
        names = [*LABELS, "lpips"]
        labels = {**LABELS, "lpips": "LPIPS"}
        return [], [_row(name, labels[name], status="refused", reason=REFUSED) for name in names]
    networks, missing = _networks(parts)
    scores, unequal = [], 0
    for done, (real_index, synth_index) in enumerate(parts.pairs, start=1):
        real, synth = parts.read(parts.real, real_index), parts.read(parts.synth, synth_index)
        record, other = parts.real.cohort.records[real_index], parts.synth.cohort.records[synth_index]
        score = PairScore(real=record.frame, synth=other.frame, diagnosis=other.diagnosis)
        if real.pixels.shape == synth.pixels.shape:
            _fill(score, real.pixels, synth.pixels, networks)
        else:
            unequal += 1
        scores.append(score)
        parts.progress("Scoring pairs", done, len(parts.pairs))
    return scores, [*_means(parts, scores, unequal), *missing]


def _networks(parts: RunParts) -> tuple[dict[str, Score], list[MetricRow]]:
    source = WeightSource(parts.settings.weights, parts.settings.download)
    loaded = {name: _network(name, source) for name in BACKBONES}
    found: dict[str, Score] = {name: one.score for name, one in loaded.items() if not isinstance(one, str)}
    missing = [
        _row(f"lpips_{name}", f"LPIPS ({name})", status="unavailable", reason=reason)
        for name, reason in loaded.items()
        if isinstance(reason, str)
    ]
    return found, missing


def _network(name: Backbone, source: WeightSource) -> Lpips | str:
    """Load a network, or say why it is not here."""
    from ccmeval.fidelity.lpips import Lpips

    try:
        return Lpips(name, source)
    except UnavailableError as error:
        return str(error)


def _fill(score: PairScore, real: FloatArray, synth: FloatArray, networks: dict[str, Score]) -> None:
    from ccmeval.fidelity.paired import ms_ssim, psnr, ssim

    score.psnr_db = _finite(psnr(real, synth))
    score.ssim, score.ms_ssim = _finite(ssim(real, synth)), _finite(ms_ssim(real, synth))
    found = {name: _finite(network(real, synth)) for name, network in networks.items()}
    score.lpips = {name: value for name, value in found.items() if value is not None}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _means(parts: RunParts, scores: list[PairScore], unequal: int) -> list[MetricRow]:
    clusters = [parts.real.clusters.labels[real_index] for real_index, _ in parts.pairs]
    tables = {name: (label, [getattr(it, name) for it in scores]) for name, label in LABELS.items()}
    for name in BACKBONES:
        if any(name in it.lpips for it in scores):
            tables[f"lpips_{name}"] = (f"LPIPS ({name})", [it.lpips.get(name) for it in scores])
    return [_mean(parts, name, label, values, clusters, unequal) for name, (label, values) in tables.items()]


def _mean(
    parts: RunParts,
    name: str,
    label: str,
    given: list[float | None],
    clusters: list[str],
    unequal: int,
) -> MetricRow:
    values = np.array([math.nan if it is None else it for it in given])
    known = np.isfinite(values)
    notes = [f"{int((~known).sum())} of {len(values)} pairs have no score."] if not known.all() else []
    if name == "psnr_db" and not known.all() and unequal < int((~known).sum()):
        notes.append("The PSNR of equal frames is infinite and left out of the mean.")
    if unequal:
        notes.append(f"{unequal} pairs differ in size at the common scale.")
    found = bootstrap_mean_ci(values, clusters, rng=parts.rng(f"pairs {name}"))
    if found.n == 0:
        reason = "No pair has this score. " + " ".join(notes)
        return _row(name, label, status="undefined", reason=reason, n_real=len(values), n_synth=len(values))
    return _row(
        name,
        label,
        value=_finite(found.value),
        low=_finite(found.low),
        high=_finite(found.high),
        interval_method=found.method,
        n_real=int(known.sum()),
        n_synth=int(known.sum()),
        n_real_clusters=found.n,
        n_synth_clusters=found.n,
        notes=notes,
    )


def _row(name: str, label: str, **more: object) -> MetricRow:
    better = "lower" if name.startswith("lpips") else "higher"
    return MetricRow.model_validate({"metric": name, "label": label, "better": better, **more})
