"""Pillar 1 against a reference bundle: features of the synthetic frames, and what may be asked of them."""

from __future__ import annotations

import numpy as np

from ccmeval.errors import UnavailableError
from ccmeval.evaluation.fidelity_run import (
    MORPHOMETRIC,
    Features,
    add_features,
    feature_set,
    raw_features,
)
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.fidelity.cache import FeatureCache
from ccmeval.fidelity.extractors.morphometric import INDICATORS, morphometric_vectors, vector_columns
from ccmeval.fidelity.frechet import Moments
from ccmeval.fidelity.scaling import Standardisation
from ccmeval.fidelity.schema import ExtractorRow, FidelityResult
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.reference.fidelity import HeldCell, HeldExtractor, fidelity_rows, unavailable_rows
from ccmeval.reference.file import BundleError, ReferenceFile
from ccmeval.reference.schema import ReferenceExtractor

NO_COPIES = (
    "Copies of real frames, pixel scores of pairs and nearest real frames need the real frames themselves,"
    " and a reference bundle holds none: nothing is said about copying."
)
NOT_HELD = "The reference bundle was built without {} features; ask its builder for them."
OTHER_IDENTITY = (
    "The reference bundle's {} features are of {!r}, and here they would be of {!r}: distances between the"
    " two mean nothing."
)


def reference_fidelity(parts: RunParts, held: ReferenceFile) -> FidelityResult:
    """Compare the synthetic frames with what a bundle tells of the real ones' features.

    Parameters
    ----------
    parts : RunParts
        Both of its sets are the synthetic one.
    held : ReferenceFile

    Returns
    -------
    FidelityResult
    """
    result = FidelityResult(notes=[NO_COPIES])
    cache = FeatureCache()
    notes = {it.name: it for it in held.bundle.extractors}
    for name in dict.fromkeys(parts.settings.fidelity.features):
        note = notes.get(name)
        if note is None:
            bare = ReferenceExtractor(
                name=name, label="FID" if name == "inception" else f"FD-{name}", identity="", dimension=0
            )
            _unavailable(result, bare, NOT_HELD.format(name))
            continue
        try:
            _add(parts, held, note, result, cache)
        except UnavailableError as error:
            _unavailable(result, note, str(error))
    result.notes += cache.problems
    return result


def _unavailable(result: FidelityResult, note: ReferenceExtractor, reason: str) -> None:
    result.extractors.append(
        ExtractorRow(name=note.name, label=note.label, status="unavailable", reason=reason)
    )
    result.metrics += unavailable_rows(note, reason, frechet=True)


def _add(
    parts: RunParts,
    held: ReferenceFile,
    note: ReferenceExtractor,
    result: FidelityResult,
    cache: FeatureCache,
) -> None:
    """Add all that the bundle lets one extractor's features tell."""
    row, synth, columns, notes = _synthetic(parts, held, note, cache)
    if note.vectors is not None:
        real = _kept(held, note)
        if columns is not None:
            real, synth = (_selected(it, columns) for it in (real, synth))
        add_features(parts, Features(row, real, synth, None, notes), result)
        return
    cells = [
        HeldCell(
            it.scope, it.diagnosis, it.side, _moments(held, it.mean, it.factor, it.n_frames, note), it.n_units
        )
        for it in note.moments
    ]
    result.extractors.append(row)
    result.notes += notes
    extractor = HeldExtractor(note, cells, columns)
    synth = synth if columns is None else _selected(synth, columns)
    parts.progress(f"Comparing {note.name} features", 0, 1)
    result.metrics += fidelity_rows(
        extractor,
        synth,
        n_units=held.bundle.set.n_units,
        confidence=parts.settings.fidelity.confidence,
        rng=parts.rng(f"fidelity {note.name}"),
    )
    parts.progress(f"Comparing {note.name} features", 1, 1)


def _selected(found: FeatureSet, columns: np.ndarray) -> FeatureSet:
    return FeatureSet(
        found.values[:, columns], found.frames, found.clusters, found.diagnoses, found.by_subject
    )


def _moments(held: ReferenceFile, mean: str, factor: str, n: int, note: ReferenceExtractor) -> Moments:
    means, factors = held.array(mean), held.array(factor)
    fits = means.shape == (note.dimension,) and factors.ndim == 2 and factors.shape[1] == note.dimension
    if not fits or n < 2 or not (np.isfinite(means).all() and np.isfinite(factors).all()):
        raise BundleError(f"The reference bundle {held.path} is damaged: moments of {note.name} do not fit.")
    return Moments(means, n, factor=factors)


def _synthetic(
    parts: RunParts, held: ReferenceFile, note: ReferenceExtractor, cache: FeatureCache
) -> tuple[ExtractorRow, FeatureSet, np.ndarray | None, list[str]]:
    """Compute the synthetic features, standardised by the bundle; and the columns both sides define."""
    if note.name == MORPHOMETRIC:
        row, synth, columns, notes = _morphometric(parts, note)
    else:
        row, (synth,), notes = raw_features(parts, [parts.synth], note.name, cache)
        columns = None
        if row.identity != note.identity:
            raise UnavailableError(OTHER_IDENTITY.format(note.name, note.identity, row.identity))
    if note.standardisation is not None:
        scale = _scale(held, note)
        synth = FeatureSet(
            scale(synth.values), synth.frames, synth.clusters, synth.diagnoses, synth.by_subject
        )
        if columns is not None:
            columns = np.flatnonzero(np.isin(scale.kept, columns))
    row.dimension = synth.values.shape[1] if columns is None else columns.size
    return row, synth, columns, [*note.notes, *notes]


def _morphometric(
    parts: RunParts, note: ReferenceExtractor
) -> tuple[ExtractorRow, FeatureSet, np.ndarray | None, list[str]]:
    """Take the biomarkers by the bundle's columns; those that no synthetic frame defines are dropped."""
    assert note.standardisation is not None
    wanted = [it for it in note.standardisation.names if it not in INDICATORS]
    rows = [row.biomarkers for row in parts.synth.rows]
    values, names = morphometric_vectors(rows, wanted)
    defined = set(vector_columns(rows)) | set(INDICATORS)
    missing = [it for it in names if it not in defined]
    source = parts.synth.rows[0].mask_source
    row = ExtractorRow(
        name=note.name,
        label=note.label,
        identity=f"morphometric; {source}; {', '.join(wanted)}",
        resizer=note.resizer,
    )
    if row.identity != note.identity:
        raise UnavailableError(OTHER_IDENTITY.format(note.name, note.identity, row.identity))
    if not missing:
        return row, feature_set(parts.synth, values), None, []
    kept = np.array([i for i, name in enumerate(names) if name in defined], dtype=np.intp)
    said = f"morphometric features: {', '.join(missing)} dropped, which no synthetic frame defines."
    return row, feature_set(parts.synth, values), kept, [said]


def _scale(held: ReferenceFile, note: ReferenceExtractor) -> Standardisation:
    told = note.standardisation
    assert told is not None
    mean, sd = held.array(told.mean), held.array(told.sd)
    kept = np.array(told.kept, dtype=np.intp)
    fits = mean.shape == sd.shape == kept.shape == (note.dimension,) and bool((sd > 0).all())
    if not fits or kept.min() < 0 or kept.max() >= len(told.names):
        raise BundleError(f"The reference bundle {held.path} is damaged: scales of {note.name} do not fit.")
    return Standardisation(mean, sd, kept, len(told.names))


def _kept(held: ReferenceFile, note: ReferenceExtractor) -> FeatureSet:
    """Give the vectors that the builder kept, with anonymous names."""
    told = note.vectors
    assert told is not None
    values, clusters, places = (held.array(it) for it in (told.values, told.clusters, told.diagnoses))
    count = len(values)
    fits = (
        values.ndim == 2 and values.shape[1] == note.dimension and clusters.shape == places.shape == (count,)
    )
    if not fits or places.min(initial=0) < -1 or places.max(initial=-1) >= len(told.diagnosis_names):
        raise BundleError(f"The reference bundle {held.path} is damaged: vectors of {note.name} do not fit.")
    return FeatureSet(
        values,
        [f"bundle frame {i + 1}" for i in range(count)],
        # Never one of a synthetic subject's names.
        [f"bundle {held.bundle.minimum.unit} {int(it) + 1}" for it in clusters],
        [told.diagnosis_names[int(it)] if it >= 0 else None for it in places],
        held.bundle.set.by_subject,
    )
