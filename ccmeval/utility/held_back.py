"""The test set where no held-out set is named: a share of the real subjects that no generator saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.clusters import Cluster
from ccmeval.utility.words import counted

_OTHERS = 2
"""Clusters of every diagnosis that must remain: one to train on and one to validate with."""


def choose_test(
    clusters: Sequence[Cluster],
    classes: Sequence[str],
    share: float,
    seed: int,
    *,
    every_class: bool,
    what: str = "subject",
) -> tuple[list[Cluster], list[str]]:
    """Choose whole clusters for testing, stratified by diagnosis.

    Those that a generator is declared to have seen are never chosen; those from whose masks synthetic frames
    were made only where no others are left, since such frames cannot serve for training then.

    Parameters
    ----------
    clusters : sequence of Cluster
    classes : sequence of str
        Diagnoses that the test set must hold if `every_class`.
    share : float
        Of the clusters of each diagnosis, at least one each.
    seed : int
    every_class : bool
        Whether each of `classes` is needed here and in what remains.
    what : str
        What a cluster is, in sentences: a subject, or a frame.

    Returns
    -------
    list of Cluster
        By name.
    list of str
        Notes.

    Raises
    ------
    UnavailableError
        If a diagnosis has too few clusters for training, validation and test.
    CcmevalError
        If generators saw so many that less than half of what is wanted, or no cluster of some diagnosis, is
        left.

    Examples
    --------
    >>> from ccmeval.utility.members import Member
    >>> names = [f"P{i}" for i in range(10)]
    >>> clusters = [Cluster(n, (Member(i, "real", n, "AB"[i % 2]),), seen=i < 4) for i, n in enumerate(names)]
    >>> [cluster.name for cluster in choose_test(clusters, "AB", 0.2, 0, every_class=True)[0]]
    ['P7', 'P8']
    """
    rng = np.random.default_rng([seed, 1])
    strata: dict[str, list[Cluster]] = {}
    for cluster in sorted(clusters, key=lambda one: one.name):
        strata.setdefault(cluster.stratum, []).append(cluster)
    if every_class:
        _refuse_few(clusters, classes, what)
    chosen: list[Cluster] = []
    wanted = 0
    for name in sorted(strata):
        count = _wanted(len(strata[name]), share)
        wanted += count
        chosen += _preferred(strata[name], rng)[:count]
    if not wanted and len(clusters) > _OTHERS:
        # Every stratum is too small to spare a cluster: one is taken from all.
        wanted, chosen = 1, _preferred(clusters, rng)[:1]
    if every_class:
        chosen += _completing(chosen, clusters, classes, rng)
    _refuse_seen(chosen, clusters, classes if every_class else (), wanted, what)
    notes = []
    if len(chosen) < wanted:
        notes.append(
            f"The test set has {len(chosen)} instead of {wanted} {what}s: generators saw the others that"
            " could have been chosen."
        )
    return sorted(chosen, key=lambda one: one.name), notes


def _wanted(count: int, share: float) -> int:
    """Give how many of a stratum's clusters are tested on; two must remain."""
    return max(min(max(1, int(share * count + 0.5)), count - _OTHERS), 0)


def _preferred(clusters: Sequence[Cluster], rng: np.random.Generator) -> list[Cluster]:
    """Put the clusters that may be tested on in random order, sources of masks last."""
    drawn = [clusters[i] for i in rng.permutation(len(clusters))]
    return sorted((one for one in drawn if not one.seen), key=lambda one: one.mask_source)


def _completing(
    chosen: Sequence[Cluster], clusters: Sequence[Cluster], classes: Sequence[str], rng: np.random.Generator
) -> list[Cluster]:
    """Give a cluster for each diagnosis that only clusters of another stratum have."""
    more: list[Cluster] = []
    for name in classes:
        if not any(name in one.diagnoses for one in (*chosen, *more)):
            more += [one for one in _preferred(clusters, rng) if name in one.diagnoses][:1]
    return more


def _refuse_few(clusters: Sequence[Cluster], classes: Sequence[str], what: str) -> None:
    for name in classes:
        count = sum(name in one.diagnoses for one in clusters)
        if count <= _OTHERS:
            raise UnavailableError(
                f"The diagnosis {name} has only {counted(count, what)}, and three are needed for training,"
                f" validation and test; add {what}s, name a test set with --held-out, or leave this diagnosis"
                " out."
            )


def _refuse_seen(
    chosen: Sequence[Cluster], clusters: Sequence[Cluster], classes: Sequence[str], wanted: int, what: str
) -> None:
    if not wanted:
        raise UnavailableError(
            f"{counted(len(clusters), f'real {what}')} cannot be split into training, validation and test;"
            f" add {what}s or name a test set with --held-out."
        )
    missing = [name for name in classes if not any(name in one.diagnoses for one in chosen)]
    if 2 * len(chosen) >= wanted and not missing:
        return
    n_seen = sum(one.seen for one in clusters)
    where = f" and none of {missing[0]}" if missing else ""
    raise CcmevalError(
        f"Generators were trained on {n_seen} of {len(clusters)} real {what}s, which leaves {len(chosen)} of"
        f" {wanted} test {what}s{where}; name frames that no generator saw with --held-out, or use"
        " --cross-fit with a generator fitted anew for each fold."
    )
