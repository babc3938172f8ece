"""Pillar 1 of a run: from sets of frames to features, and from features to its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.errors import UnavailableError
from ccmeval.evaluation.copies import search_copies
from ccmeval.evaluation.pair_scores import pair_scores
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.fidelity.cache import FeatureCache, frame_key
from ccmeval.fidelity.extraction import extract_features
from ccmeval.fidelity.extractors.loading import load_extractor
from ccmeval.fidelity.extractors.morphometric import least_sds, morphometric_vectors, vector_columns
from ccmeval.fidelity.metrics import set_metrics
from ccmeval.fidelity.scaling import standardise_by
from ccmeval.fidelity.schema import Embedding, ExtractorRow, FidelityResult, MetricRow, NearPair
from ccmeval.fidelity.vectors import FeatureSet, Matrix, finite_rows
from ccmeval.plugins import FeatureExtractor, WeightSource

MORPHOMETRIC = "morphometric"
Likely = Sequence[Sequence[int]]
"""For each synthetic frame, the real frames that it may be a copy of."""

STANDARDISED = ("radiomic", MORPHOMETRIC)
"""Features of unlike units, brought to the real set's means and SDs."""


@dataclass(frozen=True)
class Features:
    """The features of one extractor in all sets."""

    row: ExtractorRow
    real: FeatureSet
    synth: FeatureSet
    held_out: FeatureSet | None
    notes: Sequence[str] = ()


def evaluate_fidelity(parts: RunParts) -> FidelityResult:
    """Compare the two sets as pictures.

    Parameters
    ----------
    parts : RunParts

    Returns
    -------
    FidelityResult
        What an extractor cannot do for want of weights is in its row, with the cure; the others go on.
    """
    result = FidelityResult()
    cache = FeatureCache()
    likely: Likely | None = None
    for name in dict.fromkeys(parts.settings.fidelity.features):
        try:
            found = features_of(parts, name, cache)
        except UnavailableError as error:
            result.extractors.append(ExtractorRow(name=name, status="unavailable", reason=str(error)))
            result.metrics.append(_unavailable(name, str(error)))
            continue
        add_features(parts, found, result)
        likely = likely or _likely_copies(parts, found)
    result.notes += cache.problems
    result.pair_scores, rows = pair_scores(parts)
    result.metrics += rows
    if parts.settings.fidelity.copies:
        found_copies = search_copies(parts, likely)
        result.near_pairs = [*found_copies.pairs, *result.near_pairs]
        result.n_copies = found_copies.n_copies
        result.notes += found_copies.notes
    result.near_pairs = _keyed(parts, result.near_pairs)
    return result


def _likely_copies(parts: RunParts, found: Features) -> Likely | None:
    """Give the real frames nearest by features to each synthetic one, to be tried as its source."""
    from ccmeval.fidelity.near_pairs import nearest_rows

    whole = len(found.real) == len(parts.real.cohort) and len(found.synth) == len(parts.synth.cohort)
    if found.row.name == MORPHOMETRIC or not whole:
        return None
    return nearest_rows(found.real.values, found.synth.values)


def add_features(parts: RunParts, found: Features, result: FidelityResult) -> None:
    """Add all that one extractor's features tell."""
    name = found.row.name
    parts.progress(f"Comparing {name} features", 0, 1)
    result.extractors.append(found.row)
    result.notes += found.notes
    rng = parts.rng(f"fidelity {name}")
    memo = parts.shared.floors if parts.shared is not None else None
    result.metrics += set_metrics(
        found.real, found.synth, found.held_out, found.row, parts.settings.fidelity, rng, memo
    )
    if memo is not None:
        memo.save()
    parts.watch.features(found)
    if parts.settings.fidelity.embedding:
        result.embeddings += _embedding(parts, found)
    result.near_pairs += _nearest_pairs(parts, found)
    parts.progress(f"Comparing {name} features", 1, 1)


def _unavailable(name: str, reason: str) -> MetricRow:
    label = "FID" if name == "inception" else f"FD-{name}"
    return MetricRow(metric="frechet", label=label, features=name, status="unavailable", reason=reason)


def features_of(parts: RunParts, name: str, cache: FeatureCache) -> Features:
    """Compute, or find in the cache, the features of every set.

    Raises
    ------
    UnavailableError
        If the extractor, a library or its weights are missing.
    """
    sets = [one for one in (parts.real, parts.synth, parts.held_out) if one is not None]
    row, found, notes = raw_features(parts, sets, name, cache)
    if name in STANDARDISED and len(found[0]) > 1:
        found, more = _standardised(found, _names(name, row, sets), name)
        notes += more
    return Features(row, found[0], found[1], found[2] if len(found) > 2 else None, notes)


def raw_features(
    parts: RunParts, sets: Sequence[EvaluatedSet], name: str, cache: FeatureCache
) -> tuple[ExtractorRow, list[FeatureSet], list[str]]:
    """Compute, or find in the cache, the features of some sets as they are, not yet standardised.

    Returns
    -------
    row : ExtractorRow
    features : list of FeatureSet
        One a set, without frames of which a feature is not finite.
    notes : list of str

    Raises
    ------
    UnavailableError
        If the extractor, a library or its weights are missing.
    """
    if name == MORPHOMETRIC:
        row, tables, notes = _morphometric(sets)
    else:
        row, tables, notes = _of_pictures(parts, sets, name, cache)
    found = []
    for one, values in zip(sets, tables, strict=True):
        kept, dropped = finite_rows(feature_set(one, values))
        if dropped:
            shown = ", ".join(dropped[:3])
            notes.append(
                f"{len(dropped)} {one.name} frames have {name} features that are not finite: {shown}."
            )
        found.append(kept)
    return row, found, notes


def feature_set(one: EvaluatedSet, values: Matrix) -> FeatureSet:
    """Join features with what is known of their frames."""
    return FeatureSet(
        values,
        [record.frame for record in one.cohort],
        one.clusters.labels,
        [record.diagnosis for record in one.cohort],
        by_subject=one.clusters.by_subject,
    )


def _of_pictures(
    parts: RunParts, sets: Sequence[EvaluatedSet], name: str, cache: FeatureCache
) -> tuple[ExtractorRow, list[Matrix], list[str]]:
    extractor = load_extractor(name, autocast=parts.settings.fidelity.autocast)
    parts.progress(f"Loading {name}", 0, 1)
    identity = extractor.prepare(WeightSource(parts.settings.weights, parts.settings.download))
    parts.progress(f"Loading {name}", 1, 1)
    tables = [_extracted(parts, one, extractor, identity, cache) for one in sets]
    row = ExtractorRow(
        name=name,
        label=extractor.label,
        identity=identity,
        dimension=int(tables[0].shape[1]),
        resizer=extractor.resizer,
        weights_sha256=str(getattr(extractor, "weights_sha256", "")),
        licence=extractor.licence,
    )
    return row, tables, []


def _extracted(
    parts: RunParts, one: EvaluatedSet, extractor: FeatureExtractor, identity: str, cache: FeatureCache
) -> Matrix:
    def read(index: int) -> tuple[np.ndarray, float]:
        frame = parts.read(one, index)
        return frame.pixels, frame.pixel_size_um

    keys = [content_key(parts, one, index) for index in range(len(one.cohort))]
    stage = f"{extractor.name} features of {one.name} frames"
    return extract_features(
        read,
        keys,
        extractor,
        identity,
        cache,
        batch=parts.settings.fidelity.batch,
        progress=lambda done, total: parts.progress(stage, done, total),
    )


def content_key(parts: RunParts, one: EvaluatedSet, index: int) -> str:
    """Name what a frame holds once it is read and brought to the scale, for the cache."""
    reading, record = parts.readings[one.name], one.cohort.records[index]
    told = (one.pixel_sizes_um[index], reading.resample_um, reading.crop_um, reading.reading)
    return frame_key(one.sha256[index], record.page, repr(told))


def _morphometric(sets: Sequence[EvaluatedSet]) -> tuple[ExtractorRow, list[Matrix], list[str]]:
    """Take the biomarkers that were measured already."""
    if not all(one.rows for one in sets):
        raise UnavailableError("The biomarkers were not measured, so there are no morphometric features.")
    biomarkers = [[row.biomarkers for row in one.rows] for one in sets]
    columns = vector_columns(*biomarkers)
    tables = [morphometric_vectors(rows, columns)[0] for rows in biomarkers]
    source = sets[0].rows[0].mask_source
    row = ExtractorRow(
        name=MORPHOMETRIC,
        label="FD-morphometric",
        identity=f"morphometric; {source}; {', '.join(columns)}",
        dimension=int(tables[0].shape[1]),
        resizer="none: biomarkers are measured at the common scale",
    )
    return row, tables, []


def _names(name: str, row: ExtractorRow, sets: Sequence[EvaluatedSet]) -> tuple[str, ...]:
    if name != MORPHOMETRIC:
        return tuple(getattr(load_extractor(name), "names", ()))
    biomarkers = [[row.biomarkers for row in one.rows] for one in sets]
    return morphometric_vectors([], vector_columns(*biomarkers))[1]


def _standardised(
    found: list[FeatureSet], names: tuple[str, ...], name: str
) -> tuple[list[FeatureSet], list[str]]:
    """Bring all sets to the real set's means and SDs."""
    least = least_sds(names) if name == MORPHOMETRIC else None
    try:
        scale = standardise_by(found[0].values, names, least)
    except ValueError as error:
        raise UnavailableError(
            f"The {name} features cannot be standardised by the real set: {error}"
        ) from error
    return [
        FeatureSet(scale(one.values), one.frames, one.clusters, one.diagnoses, one.by_subject)
        for one in found
    ], [f"{name} features: {note}" for note in scale.notes]


def _embedding(parts: RunParts, found: Features) -> list[Embedding]:
    from ccmeval.fidelity.embedding import embed

    drawn = embed(found.real, found.synth, found.row.name, seed=parts.settings.seed)
    return [] if drawn is None else [drawn]


def _nearest_pairs(parts: RunParts, found: Features) -> list[NearPair]:
    """Give the synthetic frames that lie nearest to a real one."""
    from ccmeval.fidelity.near_pairs import nearest_pairs

    most = parts.settings.fidelity.most_near_pairs
    return nearest_pairs(found.real, found.synth, found.row.name, most=most) if most else []


def _keyed(parts: RunParts, pairs: Sequence[NearPair]) -> list[NearPair]:
    """Name the files of each pair's frames, by which the report finds their pictures."""
    synth, real = ({it.frame: it.key for it in one.cohort} for one in (parts.synth, parts.real))
    return [
        pair.model_copy(update={"synth_key": synth.get(pair.synth, ""), "real_key": real.get(pair.real, "")})
        for pair in pairs
    ]
