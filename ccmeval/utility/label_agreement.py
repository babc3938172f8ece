"""How often classifiers trained on real frames agree with the labels of synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.utility.intervals import share_interval
from ccmeval.utility.numbers import number
from ccmeval.utility.outcomes import DiagnosisOutcome, Floats
from ccmeval.utility.resampling import Integers, SubjectDraws, subject_draws
from ccmeval.utility.schema import LabelAgreement
from ccmeval.utility.two_way import two_way_error

Probabilities = npt.NDArray[np.floating]


def label_agreements(
    learner: str,
    synthetic: Sequence[Probabilities],
    labels: npt.ArrayLike,
    clusters: Sequence[str],
    classes: Sequence[str],
    real: Sequence[DiagnosisOutcome],
    rng: np.random.Generator,
    *,
    resamples: int = 2_000,
    confidence: float = 0.95,
) -> list[LabelAgreement]:
    """Compare what models of group A say of synthetic frames with the labels that these bear.

    Parameters
    ----------
    learner : str
    synthetic : sequence of float array (N, C)
        Probabilities, one array a model.
    labels : int array-like (N,)
        Of the synthetic frames; frames with -1 are left out.
    clusters : sequence of str (N,)
        What counts as independent among them.
    classes : sequence of str (C,)
    real : sequence of DiagnosisOutcome
        The same models on real test frames: their accuracy is what may be hoped for.
    rng : numpy.random.Generator
    resamples : int
    confidence : float

    Returns
    -------
    list of LabelAgreement
        Of all frames first, then of each diagnosis that has frames; empty without models or labels. The
        interval is over clusters of synthetic frames, within their diagnoses, and over models. `kappa` is
        Cohen's (Educ Psychol Meas 1960;20:37), mean over models, of all frames only: within one diagnosis
        it is 0 by definition.

    Raises
    ------
    ValueError
        If arrays differ in length.

    Examples
    --------
    >>> said = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    >>> names, rng = ["Control", "T1DPN"], np.random.default_rng(0)
    >>> found = label_agreements("unet", [said, said], [0, 1, 1, 1], list("abcd"), names, [], rng)
    >>> found[0].agreement, found[0].kappa, found[2].agreement
    (0.75, 0.5, 0.6666666666666666)
    """
    given = np.asarray(labels, dtype=np.intp).ravel()
    if any(len(one) != given.size for one in [*synthetic, clusters]):
        raise ValueError("Probabilities, labels and clusters of synthetic frames must be equally many.")
    known = given >= 0
    if not len(synthetic) or not known.any():
        return []
    truth, names = given[known], np.asarray(clusters, dtype=str)[known]
    said = np.array([np.asarray(one)[known].argmax(axis=1) for one in synthetic])
    frames = DiagnosisOutcome(np.empty((truth.size, 0)), truth, names.tolist(), classes)
    draws = subject_draws(frames, len(said), resamples, rng)
    scopes: list[int | None] = [None, *np.unique(truth).tolist()]
    return [_row(learner, said, truth, classes, scope, draws, real, confidence) for scope in scopes]


def cohen_kappa(first: Integers, second: Integers, n_classes: int) -> float:
    """Agreement beyond chance of two labellings; NaN where chance alone agrees always.

    Examples
    --------
    >>> cohen_kappa(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]), 2)
    0.5
    """
    table = np.zeros((n_classes, n_classes))
    np.add.at(table, (first, second), 1 / first.size)
    chance = float(table.sum(axis=0) @ table.sum(axis=1))
    return (float(np.trace(table)) - chance) / (1 - chance) if chance < 1 else float("nan")


def _row(
    learner: str,
    said: npt.NDArray[np.intp],
    truth: Integers,
    classes: Sequence[str],
    scope: int | None,
    draws: SubjectDraws,
    real: Sequence[DiagnosisOutcome],
    confidence: float,
) -> LabelAgreement:
    chosen = np.ones(truth.size) if scope is None else (truth == scope).astype(np.float64)
    right = (said == truth).astype(np.float64)
    values = right @ chosen / chosen.sum()
    clusters = np.unique(draws.codes[chosen > 0]).size
    error = two_way_error(values, _deviations(right, chosen, values, draws), _degrees(draws, scope, clusters))
    value = float(values.mean())
    interval = share_interval(value, error, clusters, confidence)
    kappas = [cohen_kappa(one, truth, len(classes)) for one in said] if scope is None else []
    shares = np.bincount(said[:, chosen > 0].ravel(), minlength=len(classes)) / (len(said) * chosen.sum())
    return LabelAgreement(
        learner=learner,
        diagnosis=None if scope is None else classes[scope],
        n_frames=int(chosen.sum()),
        agreement=value,
        low=number(interval.low),
        high=number(interval.high),
        kappa=number(float(np.mean(kappas))) if kappas else None,
        real_accuracy=number(_real_accuracy(real, scope)),
        predicted=dict(zip(classes, shares.tolist(), strict=True)),
    )


def _degrees(draws: SubjectDraws, scope: int | None, clusters: int) -> int:
    """Of freedom: within one diagnosis, one less than its clusters."""
    return draws.degrees if scope is None else clusters - 1


def _deviations(right: Floats, chosen: Floats, values: Floats, draws: SubjectDraws) -> Floats:
    """Share agreeing on drawn clusters minus that on all, (B, M): one product of sums over clusters."""
    n = draws.n_subjects
    hits = np.array([np.bincount(draws.codes, weights=one * chosen, minlength=n) for one in right])
    sizes = np.bincount(draws.codes, weights=chosen, minlength=n)
    drawn = draws.counts @ sizes
    shares = np.full((len(drawn), len(right)), np.nan)
    some = drawn > 0
    shares[some] = draws.counts[some] @ hits.T / drawn[some, None]
    return np.asarray(np.take_along_axis(shares - values, draws.models, axis=1), dtype=np.float64)


def _real_accuracy(real: Sequence[DiagnosisOutcome], scope: int | None) -> float:
    """Accuracy per frame on real test frames (of one diagnosis), mean over models."""
    found = []
    for one in real:
        labels = np.asarray(one.labels)
        chosen = labels >= 0 if scope is None else labels == scope
        if chosen.any():
            found.append(float((one.probabilities[chosen].argmax(axis=1) == labels[chosen]).mean()))
    return float(np.mean(found)) if found else float("nan")
