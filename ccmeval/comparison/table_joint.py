"""Joint uncertainty of the scores that rest on tables of frames: biomarkers, gradient, adherence, pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.comparison.joint import Joint, Matrix, Vector
from ccmeval.comparison.resampling import Evaluate, Rows, Side, joint_jackknife
from ccmeval.comparison.scores_preservation import changing
from ccmeval.evaluation.criteria_preservation import deciding_comparisons
from ccmeval.evaluation.schema import SetFrame, SetSummary, ThreePillarResult

METHOD = "joint delete-one-cluster jackknife over {}, t intervals"
Place = tuple[str | None, str]
"""A diagnosis, or None for all frames, and a biomarker."""


@dataclass(frozen=True)
class Units:
    """Means of frames over what counts as independent: a subject in a diagnosis.

    Attributes
    ----------
    clusters : list of str
        One a unit.
    diagnoses : list of (str or None)
    values : float64 array (U, B)
        By biomarker or measure; NaN where undefined.
    by_subject : bool
    """

    clusters: list[str]
    diagnoses: list[str | None]
    values: Matrix
    by_subject: bool

    @classmethod
    def of(
        cls,
        clusters: Sequence[str],
        diagnoses: Sequence[str | None],
        values: npt.ArrayLike,
        by_subject: bool,
    ) -> Units:
        """Average the frames of each cluster in each diagnosis.

        Examples
        --------
        >>> found = Units.of(["a", "a", "b"], ["x"] * 3, [[1.0], [3.0], [np.nan]], True)
        >>> found.clusters, found.values.tolist()
        (['a', 'b'], [[2.0], [nan]])
        """
        table = np.asarray(values, dtype=np.float64)
        places: dict[tuple[str, str | None], list[int]] = {}
        for row, key in enumerate(zip(clusters, diagnoses, strict=True)):
            places.setdefault(key, []).append(row)
        means = np.array([_means(table[rows]) for rows in places.values()]).reshape(len(places), -1)
        return cls([key[0] for key in places], [key[1] for key in places], means, by_subject)

    def of_diagnosis(self, diagnosis: str | None) -> npt.NDArray[np.bool_]:
        """Tell which units are of a diagnosis; all where none is named."""
        return np.array([diagnosis is None or it == diagnosis for it in self.diagnoses], dtype=bool)

    @property
    def side(self) -> Side:
        """The units as rows of a side."""
        return Side(self.clusters, self.by_subject, self.diagnoses)


def is_by_subject(frames: Sequence[SetFrame]) -> bool:
    """Whether every frame of a set has a subject."""
    return bool(frames) and all(it.subject is not None for it in frames)


def measured(result: ThreePillarResult, name: str) -> list[SetFrame]:
    """Give the frames of a set that could be measured."""
    one = next((it for it in result.sets if it.name == name), SetSummary(name="real", source=""))
    return [it for it in one.frames if it.status == "measured"]


def biomarker_joint(
    results: Sequence[ThreePillarResult], diagnosis: str | None, rng: np.random.Generator
) -> tuple[Joint, str]:
    """Give the mean absolute difference of the primary biomarkers, in margins, of all sets.

    Parameters
    ----------
    results : sequence of K ThreePillarResult
        Of one real set, measured alike.
    diagnosis : str or None
        None for all comparisons that decide.
    rng : numpy.random.Generator
    """
    assert results[0].preservation is not None
    rows = deciding_comparisons(results[0].preservation.comparisons)
    rows = [row for row in rows if diagnosis is None or row.diagnosis == diagnosis]
    margins: dict[Place, float] = {(row.diagnosis, row.biomarker): row.margin or np.nan for row in rows}

    def score(real: Mapping[Place, float], synth: Mapping[Place, float]) -> float:
        sizes = [abs(synth[place] - real[place]) / margin for place, margin in margins.items()]
        return float(np.mean(sizes)) if sizes else float("nan")

    return _of_biomarkers(results, list(margins), score, rng)


def gradient_joint(results: Sequence[ThreePillarResult], rng: np.random.Generator) -> tuple[Joint, str]:
    """Give the mean of |1 - share of the real gradient that is kept| of all sets."""
    assert results[0].preservation is not None
    rows = changing(results[0].preservation.gradients)
    ends = [(row.biomarker, row.order[0], row.order[-1]) for row in rows]
    places: list[Place] = [(end, name) for name, *both in ends for end in both]

    def score(real: Mapping[Place, float], synth: Mapping[Place, float]) -> float:
        shares = [
            (synth[last, name] - synth[first, name]) / (real[last, name] - real[first, name])
            for name, first, last in ends
        ]
        return float(np.mean(np.abs(1 - np.array(shares)))) if shares else float("nan")

    return _of_biomarkers(results, places, score, rng)


def _of_biomarkers(
    results: Sequence[ThreePillarResult],
    places: Sequence[Place],
    score: Callable[[Mapping[Place, float], Mapping[Place, float]], float],
    rng: np.random.Generator,
) -> tuple[Joint, str]:
    """Leave clusters out of the means of units that a score is made from."""
    names = list(dict.fromkeys(name for _, name in places))
    real = _units_of(measured(results[0], "real"), names)
    sets = [_units_of(measured(result, "synth"), names) for result in results]
    wanted = [(diagnosis, names.index(name)) for diagnosis, name in places]

    def means(units: Units) -> Callable[[Rows], dict[Place, float]]:
        members = [units.of_diagnosis(diagnosis) for diagnosis, _ in wanted]

        def of_rows(rows: Rows) -> dict[Place, float]:
            kept = [rows[it[rows]] for it in members]
            tables = [units.values[it, column] for it, (_, column) in zip(kept, wanted, strict=True)]
            return {place: float(_means(it[:, None])[0]) for place, it in zip(places, tables, strict=True)}

        return of_rows

    def one(units: Units) -> Evaluate:
        of_synth = means(units)
        return lambda rows, others: score(of_real(rows), of_synth(others))

    of_real = means(real)
    joint = joint_jackknife(map(one, sets), [real.side, *(it.side for it in sets)], rng)
    return joint, METHOD.format(_unit([real, *sets]))


def _units_of(frames: Sequence[SetFrame], names: Sequence[str]) -> Units:
    values = [[_number(it.biomarkers.get(name)) for name in names] for it in frames]
    clusters, diagnoses = [it.cluster for it in frames], [it.diagnosis for it in frames]
    return Units.of(clusters, diagnoses, np.array(values).reshape(len(frames), -1), is_by_subject(frames))


def adherence_joint(
    results: Sequence[ThreePillarResult], measure: str, diagnosis: str | None, rng: np.random.Generator
) -> tuple[Joint, str]:
    """Give the mean of a measure of mask adherence of all sets; each source subject counts once."""
    sets = []
    for result in results:
        assert result.preservation is not None
        frames = {it.frame: it for it in measured(result, "synth")}
        known = [
            it
            for it in result.preservation.adherence_frames
            if getattr(it, measure) is not None and it.frame in frames
            if diagnosis is None or it.diagnosis == diagnosis
        ]
        clusters = [frames[it.frame].cluster for it in known]
        values = [float(getattr(it, measure)) for it in known]
        sets.append(_means_of(clusters, values, is_by_subject(list(frames.values()))))
    return _one_sided(sets, rng)


def pair_joint(
    results: Sequence[ThreePillarResult], score: str, rng: np.random.Generator
) -> tuple[Joint, str]:
    """Give the mean of a score of pairs of all sets; a real subject counts once, in all of them."""
    clusters = {it.frame: it.cluster for it in measured(results[0], "real")}
    sets = []
    for result in results:
        assert result.fidelity is not None
        known = [(clusters[it.real], _pair_value(it, score)) for it in result.fidelity.pair_scores]
        kept = [(cluster, value) for cluster, value in known if value is not None]
        sets.append(_means_of([it[0] for it in kept], [it[1] for it in kept], by_subject=True))
    return _one_sided(sets, rng)


def _pair_value(pair: object, score: str) -> float | None:
    if score.startswith("lpips_"):
        found: float | None = getattr(pair, "lpips", {}).get(score.removeprefix("lpips_"))
        return found
    value: float | None = getattr(pair, score)
    return value


def _means_of(clusters: Sequence[str], values: Sequence[float], by_subject: bool) -> Units:
    return Units.of(clusters, [None] * len(clusters), np.array(values).reshape(-1, 1), by_subject)


def _one_sided(sets: Sequence[Units], rng: np.random.Generator) -> tuple[Joint, str]:
    def one(units: Units) -> Evaluate:
        values = units.values[:, 0]
        return lambda _, rows: float(values[rows].mean()) if rows.size else float("nan")

    joint = joint_jackknife(map(one, sets), [Side([]), *(it.side for it in sets)], rng)
    return joint, METHOD.format(_unit(sets))


def _unit(sets: Sequence[Units]) -> str:
    kinds = {it.by_subject for it in sets}
    return "clusters" if len(kinds) > 1 else "subjects" if kinds == {True} else "frames"


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _means(table: Matrix) -> Vector:
    """Mean of each column over what is defined; NaN where nothing is."""
    known = np.isfinite(table)
    counts = known.sum(axis=0)
    sums = np.where(known, table, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
