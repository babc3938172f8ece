"""What tells nerve from texture: features of a candidate segment, and the rule that judges them.

======================  ====================================================================
feature                 meaning
======================  ====================================================================
``log_length``          log of the segment's length in um
``faint_coherence``     coherence that four fifths of its pixels exceed
``straightness``        extent over length: 1 for a straight line along rows or columns
``log_network_length``  log of the length of the connected network it belongs to
``log_firm_length``     the same at the firm coherence, mean over its pixels, 0 below it
``weaker_end``          coherence of the neighbour at its less supported end; 0 for a loose end
``crowding``            candidate pixels per area around it: high in texture
``breadth``             response of the broad filter: high in K-structures and folds
``alignment``           agreement with the frame's main direction, times how marked that is
======================  ====================================================================

Lengths count pixels, each for one pixel's side: a diagonal is 1.41 times as long as they say, and its
straightness up to 1.41. With the weights, which were fitted to features counted so, the two differences
balance to within 0.15 of the score.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.candidates import EIGHT, Candidates, segment_mean
from ccmeval.nerves.context import ORIENTATIONS
from ccmeval.nerves.filters import Evidence
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.settings import RidgeSettings, SegmentWeights

FEATURES: tuple[str, ...] = tuple(name for name in SegmentWeights.model_fields if name != "intercept")
"""Columns of the feature table, in order."""

_CROWD_UM = 36.0  # side of the window for crowding: several epithelial cells
_FULL_SUPPORT_UM = 25.0  # a neighbour shorter than this supports in proportion to its length


def segment_features(candidates: Candidates, evidence: Evidence, settings: RidgeSettings) -> FloatArray:
    """Describe every candidate segment.

    Parameters
    ----------
    candidates : Candidates
    evidence : Evidence
    settings : RidgeSettings

    Returns
    -------
    float64 array (count + 1, 9)
        Row s describes segment s (row 0 is empty); columns as in :data:`FEATURES`.
    """
    rows, columns = np.nonzero(candidates.segment > 0)
    at = candidates.segment[rows, columns]
    sizes = np.bincount(at, minlength=candidates.count + 1).astype(float)
    coherence = evidence.coherence[rows, columns].astype(float)
    network, firm = (
        segment_mean(_log_network_length(candidates, evidence.coherence, level)[rows, columns], at, sizes)
        for level in (settings.candidate_coherence, settings.firm_coherence)
    )
    table = {
        "log_length": np.log(np.maximum(sizes, 1) * GRID_UM),
        "faint_coherence": _fifth(coherence, at, sizes),
        "straightness": _straightness(rows, columns, at, sizes),
        "log_network_length": network,
        "log_firm_length": firm,
        "weaker_end": _weaker_end(candidates, segment_mean(coherence, at, sizes), sizes),
        "crowding": segment_mean(_crowding(candidates)[rows, columns], at, sizes),
        "breadth": segment_mean(evidence.breadth[rows, columns], at, sizes),
        "alignment": _alignment(
            evidence.orientation[rows, columns], coherence - settings.candidate_coherence, at, sizes
        ),
    }
    return np.stack([table[name] for name in FEATURES], axis=1)


def segment_probability(features: FloatArray, weights: SegmentWeights) -> FloatArray:
    """Judge segments by the logistic rule.

    Parameters
    ----------
    features : float array (S, 9)
        As from :func:`segment_features`.
    weights : SegmentWeights

    Returns
    -------
    float array (S,)
        Probability that an expert would have traced the segment.
    """
    by_feature = np.array([getattr(weights, name) for name in FEATURES])
    score = np.clip(features @ by_feature + weights.intercept, -30, 30)
    probability: FloatArray = 1.0 / (1.0 + np.exp(-score))
    return probability


def _log_network_length(candidates: Candidates, coherence: FloatArray, level: float) -> FloatArray:
    """Log length of the connected skeleton above a level, at each of its pixels; 0 elsewhere."""
    from scipy import ndimage

    labels, count = ndimage.label(candidates.skeleton & (coherence >= level), EIGHT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1).astype(float)
    logs = np.log(sizes * GRID_UM + 1e-9)
    logs[0] = 0.0
    result: FloatArray = logs[labels]
    return result


def _fifth(values: FloatArray, at: IntArray, sizes: FloatArray) -> FloatArray:
    """First quintile of the values of each segment."""
    if not len(values):
        return np.zeros(len(sizes))
    order = np.lexsort((values, at))
    start = np.cumsum(sizes).astype(int) - sizes.astype(int)
    fifth = np.minimum(start + (0.2 * np.maximum(sizes - 1, 0)).astype(int), len(values) - 1)
    result: FloatArray = values[order][fifth]
    return result


def _straightness(rows: IntArray, columns: IntArray, at: IntArray, sizes: FloatArray) -> FloatArray:
    """Extent of each segment (of a uniform line with its spread) over its pixel count."""
    spread = np.zeros(len(sizes))
    for place in (rows.astype(float), columns.astype(float)):
        spread += segment_mean(place**2, at, sizes) - segment_mean(place, at, sizes) ** 2
    result: FloatArray = np.sqrt(12.0 * (np.maximum(spread, 0.0) + 1.0)) / np.maximum(sizes, 1)
    return result


def _weaker_end(candidates: Candidates, coherence: FloatArray, sizes: FloatArray) -> FloatArray:
    """Support of each segment by the best neighbour at its less supported end."""
    support = coherence * np.minimum(1.0, sizes * GRID_UM / _FULL_SUPPORT_UM)
    segments, junctions = candidates.touches.T
    order = np.lexsort((-support[segments], junctions))
    segments, junctions = segments[order], junctions[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = junctions[1:] != junctions[:-1]
    group = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    padded = np.append(support[segments], 0.0)
    alone = np.append(first[1:], len(order)) - first < 2
    second = np.where(alone, 0.0, padded[np.minimum(first + 1, len(order))])
    offered = np.where(new, second[group], padded[first][group])
    return _second_largest(offered, segments, len(sizes))


def _second_largest(values: FloatArray, owner: IntArray, count: int) -> FloatArray:
    """Second largest value of each owner; 0 where it has fewer than two."""
    order = np.lexsort((-values, owner))
    values, owner = values[order], owner[order]
    sizes = np.bincount(owner, minlength=count)
    start = np.cumsum(sizes) - sizes
    padded = np.append(values, 0.0)
    result: FloatArray = np.where(sizes >= 2, padded[np.minimum(start + 1, len(values))], 0.0)
    return result


def _crowding(candidates: Candidates) -> FloatArray:
    from scipy import ndimage

    side = 2 * round(_CROWD_UM / GRID_UM / 2) + 1
    result: FloatArray = ndimage.uniform_filter(candidates.skeleton.astype(np.float32), side, mode="reflect")
    return result


def _alignment(orientation: IntArray, excess: FloatArray, at: IntArray, sizes: FloatArray) -> FloatArray:
    """Cosine of the doubled angle to the frame's main direction, times that direction's strength."""
    if not len(at):
        return np.zeros(len(sizes))
    doubled = np.exp(2j * np.pi * orientation / ORIENTATIONS)
    weight = np.maximum(excess, 0.0) ** 2
    main = np.sum(weight * doubled) / max(float(weight.sum()), 1e-9)
    return segment_mean(np.real(doubled * np.conj(main)), at, sizes)
