"""Joint uncertainty of what models learnt with each set: the same test subjects, folds and seeds for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.comparison.joint import Joint, Part
from ccmeval.comparison.material import Arrays

METHOD = (
    "the same draws of test subjects for all sets, and models of the same folds and seeds, t intervals; of"
    " these training frames"
)


def utility_joint(scores: Sequence[Arrays], metric: str, level: str, degrees: float) -> Joint:
    """Give a metric of all sets, with what test subjects and trained models add to its uncertainty.

    Parameters
    ----------
    scores : sequence of K mappings
        As :meth:`ccmeval.comparison.material.Material.scores` gives them: values of R models on all test
        frames, and deviations on B draws of subjects, on which M of the models were tried. Draws and models
        are the same for all sets.
    metric, level : str
    degrees : float
        Of freedom of a variance over subjects.

    Returns
    -------
    Joint
        NaN for a set of which a model failed. With a single model the part of the models is unknown, and
        only other test subjects are accounted for.

    Notes
    -----
    As :func:`ccmeval.utility.two_way.two_way_error`, of all sets together; what draws of some models would
    average out over all is not taken off, which errs on the safe side.

    Examples
    --------
    >>> one = {"a|frame|values": np.array([0.5, 0.7]), "a|frame|deviations": np.array([[0.1, 0.1], [-0.1, -0.1]])}
    >>> joint = utility_joint([one, one], "a", "frame", 9)
    >>> joint.values.tolist(), joint.contrast(0, 1).error
    ([0.6, 0.6], 0.0)
    """  # noqa: E501
    values = np.array([it[f"{metric}|{level}|values"] for it in scores], dtype=np.float64).T
    deviations = np.array([it[f"{metric}|{level}|deviations"] for it in scores], dtype=np.float64)
    known = np.isfinite(deviations)
    counts = known.sum(axis=2)
    means = np.where(counts > 0, np.where(known, deviations, 0.0).sum(axis=2) / np.maximum(counts, 1), 0.0).T
    parts = [Part(means - means.mean(axis=0), 1 / (len(means) - 1), degrees)]
    n_models = len(values)
    if n_models > 1:
        centred = np.where(np.isfinite(values), values - values.mean(axis=0), 0.0)
        parts.append(Part(centred, 1 / (n_models * (n_models - 1)), n_models - 1))
    return Joint(values.mean(axis=0), parts)
