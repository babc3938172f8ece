"""All metrics of pillar 1 on the features of one extractor."""

from __future__ import annotations

import numpy as np

from ccmeval.fidelity.distance_specs import distance_specs
from ccmeval.fidelity.diversity_rows import diversity_rows
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.memorisation_rows import memorisation_rows
from ccmeval.fidelity.neighbour_rows import prdc_rows
from ccmeval.fidelity.schema import ExtractorRow, MetricRow
from ccmeval.fidelity.scopes import ScopeSettings, floor_notes, mean_over_diagnoses, scoped_rows
from ccmeval.fidelity.settings import FidelitySettings
from ccmeval.fidelity.vectors import FeatureSet


def set_metrics(
    real: FeatureSet,
    synth: FeatureSet,
    held_out: FeatureSet | None,
    extractor: ExtractorRow,
    settings: FidelitySettings,
    rng: np.random.Generator,
    memo: FloorMemo | None = None,
) -> list[MetricRow]:
    """Evaluate distances, neighbours, diversity and memorisation.

    Parameters
    ----------
    real, synth : FeatureSet
        Without features that are not finite.
    held_out : FeatureSet or None
        Real frames that the generator never saw.
    extractor : ExtractorRow
        Name and label of the features.
    settings : FidelitySettings
    rng : numpy.random.Generator
        Each family of metrics draws from a stream of its own.
    memo : FloorMemo, optional
        Floors of the real set that are known already.

    Returns
    -------
    list of MetricRow
        Of each metric: pooled, by diagnosis, and the mean over diagnoses, as far as it has these.
    """
    streams = rng.spawn(5)
    seed = int(streams[0].integers(2**31))
    scope = ScopeSettings(
        features=extractor.name,
        features_label=extractor.label,
        confidence=settings.confidence,
        splits=settings.splits,
        memo=memo,
    )
    rows = []
    for spec in distance_specs(seed=seed):
        rows += scoped_rows(spec, real, synth, rng=streams[1], settings=scope, held_out=held_out)
    name, splits, resamples = extractor.name, settings.splits, settings.resamples
    common = {"splits": splits, "resamples": resamples}
    neighbours = prdc_rows(real, synth, name, rng=streams[2], k=settings.neighbours, memo=memo, **common)
    diversity = diversity_rows(real, synth, name, rng=streams[3], memo=memo, **common)
    for row in (*neighbours, *diversity):
        row.notes += [note for note in floor_notes(row) if note not in row.notes]
    rows += [*neighbours, *diversity, *_means([*neighbours, *diversity])]
    return rows + memorisation_rows(
        real,
        synth,
        held_out,
        name,
        rng=streams[4],
        splits=splits,
        resamples=max(resamples, 999),
        memo=memo,
    )


def _means(rows: list[MetricRow]) -> list[MetricRow]:
    """Average each metric over its diagnoses, by the one function that does so."""
    by_metric: dict[str, list[MetricRow]] = {}
    for row in rows:
        if row.scope == "diagnosis":
            by_metric.setdefault(row.metric, []).append(row)
    return [mean_over_diagnoses(found) for found in by_metric.values()]
