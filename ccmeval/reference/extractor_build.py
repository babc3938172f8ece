"""What a bundle holds of one extractor's features: moments and floors, or the vectors where asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.evaluation.fidelity_run import MORPHOMETRIC, STANDARDISED
from ccmeval.fidelity.extractors.morphometric import least_sds
from ccmeval.fidelity.floors import BY_FRAME
from ccmeval.fidelity.frechet import prepare_frechet
from ccmeval.fidelity.scaling import standardise_by
from ccmeval.fidelity.schema import ExtractorRow
from ccmeval.fidelity.vectors import FeatureSet, Rows
from ccmeval.reference.cells import Part, count_units, halves_of, parts_of
from ccmeval.reference.moments import spectral_moments
from ccmeval.reference.schema import (
    FloorNote,
    Minimum,
    MomentsNote,
    ReferenceExtractor,
    Scope,
    StandardisationNote,
    VectorsNote,
)

Array = npt.NDArray[np.generic]
First = frozenset[Hashable]


class Arrays:
    """Arrays of a bundle in the making; names tell nothing."""

    def __init__(self) -> None:
        self.held: dict[str, Array] = {}

    def add(self, array: npt.ArrayLike, dtype: str = "<f8") -> str:
        """Keep an array and give its name."""
        name = f"{len(self.held):05d}"
        self.held[name] = np.asarray(array).astype(dtype)
        return name


def standardised(
    found: FeatureSet, row: ExtractorRow, names: Sequence[str], arrays: Arrays
) -> tuple[FeatureSet, StandardisationNote | None, list[str]]:
    """Bring features of unlike units to the real set's means and SDs, and note these.

    Raises
    ------
    ValueError
        If they do not vary.
    """
    if row.name not in STANDARDISED:
        return found, None, []
    columns = list(names) or [f"column {i}" for i in range(found.values.shape[1])]
    scale = standardise_by(found.values, columns, least_sds(columns) if row.name == MORPHOMETRIC else None)
    note = StandardisationNote(
        names=columns,
        kept=[int(i) for i in scale.kept],
        mean=arrays.add(scale.mean),
        sd=arrays.add(scale.sd),
    )
    values = scale(found.values)
    moved = FeatureSet(values, found.frames, found.clusters, found.diagnoses, found.by_subject)
    return moved, note, [f"{row.name} features: {it}" for it in scale.notes]


def split_distances(found: FeatureSet, splits: Sequence[First]) -> list[float]:
    """Frechet distance between the halves of each split."""
    evaluate = prepare_frechet(found.values)
    return [evaluate(*halves_of(found, first)) for first in splits]


def described(
    row: ExtractorRow,
    found: FeatureSet,
    note: StandardisationNote | None,
    splits: Sequence[First],
    chosen: First | None,
    minimum: Minimum,
    arrays: Arrays,
) -> ReferenceExtractor:
    """Describe features by moments of cells and distances between halves.

    Parameters
    ----------
    row : ExtractorRow
    found : FeatureSet
        Standardised, of kept frames.
    note : StandardisationNote or None
    splits : sequence of frozenset
        Units of the first half in each.
    chosen : frozenset or None
        The split whose halves have moments; None for none.
    minimum : Minimum
    arrays : Arrays
    """
    parts = parts_of(found, chosen, minimum)
    scopes: list[tuple[Scope, str | None, Rows]] = []
    if any(part.side != "whole" for part in parts):
        scopes.append(("pooled", None, np.arange(len(found))))
    if all(part.side != "whole" for part in parts):
        names = dict.fromkeys(it for it in found.diagnoses if it is not None)
        scopes += [
            ("diagnosis", name, np.flatnonzero([d == name for d in found.diagnoses])) for name in names
        ]
    return _extractor(row, found, note).model_copy(
        update={
            "moments": [_moments(found, part, arrays) for part in parts],
            "floors": [_floor(found.take(rows), scope, name, splits) for scope, name, rows in scopes],
        }
    )


def kept_vectors(
    row: ExtractorRow, found: FeatureSet, note: StandardisationNote | None, arrays: Arrays
) -> ReferenceExtractor:
    """Describe features by themselves.

    Their order is that of a hash of each vector, which no one can undo to the order of the files, as a
    seeded shuffle could be; subjects are numbered as they appear in it.
    """
    order = np.argsort([hashlib.sha256(vector.tobytes()).hexdigest() for vector in found.values])
    sorted_ = found.take(order)
    numbers = {name: i for i, name in enumerate(dict.fromkeys(sorted_.clusters))}
    names = sorted({it for it in found.diagnoses if it is not None})
    places = [-1 if it is None else names.index(it) for it in sorted_.diagnoses]
    vectors = VectorsNote(
        values=arrays.add(sorted_.values),
        clusters=arrays.add([numbers[it] for it in sorted_.clusters], "<i4"),
        diagnoses=arrays.add(places, "<i4"),
        diagnosis_names=names,
    )
    return _extractor(row, found, note).model_copy(update={"vectors": vectors})


def _extractor(row: ExtractorRow, found: FeatureSet, note: StandardisationNote | None) -> ReferenceExtractor:
    return ReferenceExtractor(
        name=row.name,
        label=row.label,
        identity=row.identity,
        dimension=int(found.values.shape[1]),
        resizer=row.resizer,
        weights_sha256=row.weights_sha256,
        licence=row.licence,
        standardisation=note,
    )


def _moments(found: FeatureSet, part: Part, arrays: Arrays) -> MomentsNote:
    taken = spectral_moments(found.values[part.rows])
    assert taken.factor is not None
    return MomentsNote(
        scope=part.scope,
        diagnosis=part.diagnosis,
        side=part.side,
        n_frames=taken.n,
        n_units=count_units(found, part.rows),
        mean=arrays.add(taken.mean),
        # Single precision moves a Frechet distance by less than 1e-7 of itself.
        factor=arrays.add(taken.factor, "<f4"),
    )


def _floor(found: FeatureSet, scope: Scope, diagnosis: str | None, splits: Sequence[First]) -> FloorNote:
    return FloorNote(
        scope=scope,
        diagnosis=diagnosis,
        unit="subject" if found.by_subject else "frame",
        distances=[float(it) for it in split_distances(found, splits) if np.isfinite(it)],
        warning="" if found.by_subject else BY_FRAME.format("no subjects are known"),
    )
