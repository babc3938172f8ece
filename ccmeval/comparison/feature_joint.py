"""Joint uncertainty of the scores that rest on features: distances, and neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.comparison.joint import Joint, Vector
from ccmeval.comparison.resampling import (
    Evaluate,
    Rows,
    Side,
    joint_half_samples,
    joint_jackknife,
    linear_joint,
)
from ccmeval.fidelity.distance_specs import distance_specs
from ccmeval.fidelity.floors import drawn_rows
from ccmeval.fidelity.neighbours import prdc_of_distances
from ccmeval.fidelity.resampling import GROUPS
from ccmeval.fidelity.scopes import MetricSpec
from ccmeval.fidelity.vectors import FeatureSet, by_indexing
from ccmeval.fidelity.views import MOST_FRAMES, Distances, View

DISTANCES: dict[str, MetricSpec] = {
    spec.metric: spec for spec in distance_specs() if spec.metric != "frechet_infinity"
}
"""Distances that sets are ranked by. The extrapolated one has no interval, and so no ranks."""

NEIGHBOURS = ("precision", "recall", "density", "coverage")

_LARGE = 2000  # frames of two sets from where the influence function takes the place of evaluations
JACKKNIFE = "joint delete-one-cluster jackknife over {}, t intervals"
LINEAR = "joint infinitesimal jackknife over {}, t intervals"
HALVES = "joint half-samples of {} (delete-d jackknife, d = half), t intervals"


@dataclass(frozen=True)
class FeatureSets:
    """The features of one extractor in the real set and in all sets that are compared.

    Attributes
    ----------
    real : FeatureSet
    sets : sequence of FeatureSet
    """

    real: FeatureSet
    sets: Sequence[FeatureSet]

    def of(self, diagnosis: str | None) -> FeatureSets:
        """Give the frames of a diagnosis, or all."""
        if diagnosis is None:
            return self
        return FeatureSets(
            self.real.of_diagnosis(diagnosis), [one.of_diagnosis(diagnosis) for one in self.sets]
        )

    def of_equal_size(self, rng: np.random.Generator) -> tuple[FeatureSets, int | None]:
        """Bring all sets to the number of frames of the smallest, by whole clusters as far as that goes.

        Returns
        -------
        sets : FeatureSets
        count : int or None
            Frames of each; None where they were equally many.
        """
        fewest = min(len(one) for one in self.sets)
        if all(len(one) == fewest for one in self.sets):
            return self, None
        drawn = [one.take(drawn_rows(one, np.arange(len(one)), fewest, rng)) for one in self.sets]
        return FeatureSets(self.real, drawn), fewest

    @property
    def sides(self) -> list[Side]:
        """The real side and each set."""
        return [Side(it.clusters, it.by_subject, it.diagnoses) for it in (self.real, *self.sets)]

    @property
    def unit(self) -> str:
        """What is left out together, in the plural."""
        kinds = {it.by_subject for it in (self.real, *self.sets)}
        return "clusters" if len(kinds) > 1 else "subjects" if kinds == {True} else "frames"


def distance_joint(
    metric: str, found: FeatureSets, rng: np.random.Generator, groups: int = GROUPS
) -> tuple[Joint, str]:
    """Give the distances of all sets to the real one, with their joint uncertainty.

    Parameters
    ----------
    metric : str
        Of :data:`DISTANCES`.
    found : FeatureSets
        Of equally many frames a set.
    rng : numpy.random.Generator
    groups : int

    Returns
    -------
    joint : Joint
    method : str
        How it was found, in words.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [str(i) for i in range(40)]
    >>> real, near, far = (FeatureSet(rng.normal(at, 1, (40, 2)), names, names, [None] * 40) for at in (0, 0, 5))
    >>> joint, _ = distance_joint("frechet", FeatureSets(real, [near, far]), rng)
    >>> bool(joint.contrast(0, 1).interval(0.95)[1] < 0)
    True
    """  # noqa: E501
    spec = DISTANCES[metric]
    largest = len(found.real) + max(len(one) for one in found.sets)
    if spec.influence is None or largest <= _LARGE:
        joint = joint_jackknife(_evaluations(spec, found), found.sides, rng, groups)
        return joint, JACKKNIFE.format(found.unit)
    real = found.real.values
    values = np.array([spec.function(real, one.values) for one in found.sets])
    pairs = [spec.influence(real, one.values) for one in found.sets]
    joint = linear_joint(values, [it[0] for it in pairs], [it[1] for it in pairs], found.sides)
    return joint, LINEAR.format(found.unit)


def _evaluations(spec: MetricSpec, found: FeatureSets) -> Iterator[Evaluate]:
    """Prepare the metric for one set after the other."""
    real = found.real

    def one(synth: FeatureSet) -> Evaluate:
        if min(len(real), len(synth)) < spec.minimum:
            return lambda rows, others: float("nan")
        evaluate = (spec.prepare or by_indexing(spec.function))(np.vstack([real.values, synth.values]))
        return lambda rows, others: evaluate(rows, others + len(real))

    return (one(synth) for synth in found.sets)


def neighbour_joints(
    found: FeatureSets, rng: np.random.Generator, *, k: int, count: int
) -> tuple[dict[str, Joint], str]:
    """Give precision, recall, density and coverage of all sets, with their joint uncertainty.

    Parameters
    ----------
    found : FeatureSets
        Of equally many frames a set; beyond 1,500 of a set, a random part of it.
    rng : numpy.random.Generator
    k : int
        Neighbours.
    count : int
        Half-samples.

    Returns
    -------
    joints : dict of str to Joint
        By name.
    method : str
    """
    thin = FeatureSets(_thinned(found.real, rng), [_thinned(one, rng) for one in found.sets])
    tables = [Distances.of(View("pooled", None, thin.real, one)) for one in thin.sets]

    def evaluate(number: int, a: Rows, b: Rows) -> Vector:
        table = tables[number]
        if min(a.size, b.size) <= k:
            return np.full(len(NEIGHBOURS), np.nan)
        some = prdc_of_distances(
            table.real[np.ix_(a, a)], table.cross[np.ix_(a, b)], table.synth[np.ix_(b, b)], k
        )
        return np.array([getattr(some, name) for name in NEIGHBOURS])

    joints = joint_half_samples(evaluate, thin.sides, rng, count)
    return dict(zip(NEIGHBOURS, joints, strict=True)), HALVES.format(found.unit)


def _thinned(one: FeatureSet, rng: np.random.Generator) -> FeatureSet:
    if len(one) <= MOST_FRAMES:
        return one
    return one.take(np.sort(rng.permutation(len(one))[:MOST_FRAMES]))
