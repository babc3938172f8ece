"""A two-dimensional picture of the features; for the eye alone."""

from __future__ import annotations

import numpy as np

from ccmeval.fidelity.distances import Indices
from ccmeval.fidelity.schema import Embedding, EmbeddingPoint
from ccmeval.fidelity.vectors import FeatureSet, Matrix

MOST_POINTS = 1000
LEAST_POINTS = 4
_COMPONENTS = 50
_PERPLEXITY = 30.0


def embed(
    real: FeatureSet, synth: FeatureSet, features: str, *, seed: int = 0, most: int = MOST_POINTS
) -> Embedding | None:
    """Draw both sets by one t-SNE.

    Parameters
    ----------
    real, synth : FeatureSet
    features : str
        Name of the feature extractor.
    seed : int
        The same seed gives the same picture on the same machine.
    most : int
        Points at most, as many from each set and from each diagnosis of it as there are.

    Returns
    -------
    Embedding or None
        None for fewer than four frames with finite features in all: there is nothing to arrange.

    Notes
    -----
    Features are centred and reduced to 50 principal components, then arranged from the first two of them
    with perplexity 30, or a third of the points less one. Distances between far groups, sizes and
    densities of groups mean nothing (van der Maaten & Hinton, JMLR 2008;9:2579): no number may be drawn
    from it.
    """
    rng = np.random.default_rng(seed)
    parts = [one.take(_chosen(one, most // 2, rng)) for one in (real, synth)]
    values = np.concatenate([one.values for one in parts])
    if len(values) < LEAST_POINTS:
        return None
    perplexity = min(_PERPLEXITY, (len(values) - 1) / 3)
    places = _arranged(values, perplexity, seed)
    names = ("real",) * len(parts[0]) + ("synth",) * len(parts[1])
    frames = [*parts[0].frames, *parts[1].frames]
    diagnoses = [*parts[0].diagnoses, *parts[1].diagnoses]
    points = [
        EmbeddingPoint(set=name, frame=frame, diagnosis=diagnosis, x=float(x), y=float(y))  # type: ignore[arg-type]
        for name, frame, diagnosis, (x, y) in zip(names, frames, diagnoses, places, strict=True)
    ]
    return Embedding(features=features, perplexity=perplexity, seed=seed, points=points)


def _chosen(one: FeatureSet, most: int, rng: np.random.Generator) -> Indices:
    """Choose finite rows, evenly over the diagnoses, in their old order."""
    finite = np.flatnonzero(np.isfinite(one.values).all(axis=1))
    names = [str(one.diagnoses[int(i)]) for i in finite]
    order = rng.permutation(len(finite))
    taken: dict[str, int] = {}
    turns = np.empty(len(finite), dtype=np.intp)
    for i in order:
        turns[i] = taken[names[i]] = taken.get(names[i], -1) + 1
    # The first of each diagnosis, then the second of each, and so on.
    kept = order[np.argsort(turns[order], kind="stable")][:most]
    found: Indices = finite[np.sort(kept)]
    return found


def _arranged(values: Matrix, perplexity: float, seed: int) -> Matrix:
    from sklearn.manifold import TSNE

    centred = values - values.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    reduced = (left * sizes)[:, :_COMPONENTS]
    scale = float(sizes[0])
    if not scale > 0:  # all frames alike: one point
        return np.zeros((len(values), 2))
    signs = np.sign(reduced[np.abs(reduced).argmax(axis=0), np.arange(reduced.shape[1])])
    reduced = reduced * np.where(signs == 0, 1, signs)
    start = np.zeros((len(values), 2))
    start[:, : min(2, reduced.shape[1])] = reduced[:, :2]
    start *= 1e-4 / start[:, 0].std()
    found: Matrix = TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(reduced)
    return found
