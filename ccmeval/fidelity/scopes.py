"""One metric over all frames, by diagnosis, and averaged over diagnoses; each row says which it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.floors import held_out_floor, matched_floor
from ccmeval.fidelity.resampling import Influence, cluster_interval
from ccmeval.fidelity.schema import Better, Floor, MetricRow, Scope
from ccmeval.fidelity.vectors import FeatureSet, Matrix, Metric, Preparation


@dataclass(frozen=True)
class MetricSpec:
    """A metric of two sets of features, and what a row of the result must know of it.

    Attributes
    ----------
    metric : str
        Machine name, e.g. ``"frechet"``.
    label : callable
        Gives the name that a paper may use from the label of the features (``"FID"``, ``"FD-dinov2"``).
    function : callable
        Takes real (N, D) and synthetic features (M, D); NaN where they define no value.
    better : {"lower", "higher", "neither"}
    minimum : int
        Fewest frames in either set.
    bounds : tuple of float
        Least and greatest possible value; intervals end there.
    needs_interval, needs_floor : bool
    prepare : callable, optional
        A quicker way to evaluate the metric on many subsets; see `Preparation`.
    influence : callable, optional
        The metric's influence function, for intervals of large sets.
    notes : callable, optional
        Sentences that the row must carry, from the same arguments as `function`.
    """

    metric: str
    label: Callable[[str], str]
    function: Metric
    better: Better = "lower"
    minimum: int = 2
    bounds: tuple[float, float] = (-np.inf, np.inf)
    needs_interval: bool = True
    needs_floor: bool = True
    prepare: Preparation | None = None
    influence: Influence | None = None
    notes: Callable[[Matrix, Matrix], list[str]] | None = None


@dataclass(frozen=True)
class ScopeSettings:
    """How rows are made.

    Attributes
    ----------
    features : str
        Name of the extractor.
    features_label : str
        What a Frechet distance on these features is called: `FeatureExtractor.label`.
    confidence : float
        Coverage of the intervals.
    splits : int or None
        Splits of a floor; None for the default of `matched_floor`.
    intervals, floors : bool
        Whether they are wanted at all.
    memo : FloorMemo or None
        Floors of the real set that are known already.
    """

    features: str = ""
    features_label: str = ""
    confidence: float = 0.95
    splits: int | None = None
    intervals: bool = True
    floors: bool = True
    memo: FloorMemo | None = None


@dataclass(frozen=True)
class _Sets:
    real: FeatureSet
    synth: FeatureSet
    held_out: FeatureSet | None = None

    def of(self, diagnosis: str) -> _Sets:
        held_out = self.held_out.of_diagnosis(diagnosis) if self.held_out is not None else None
        return _Sets(self.real.of_diagnosis(diagnosis), self.synth.of_diagnosis(diagnosis), held_out)


def scoped_rows(
    spec: MetricSpec,
    real: FeatureSet,
    synth: FeatureSet,
    *,
    rng: np.random.Generator,
    settings: ScopeSettings | None = None,
    held_out: FeatureSet | None = None,
) -> list[MetricRow]:
    """Evaluate a metric over all frames, for each diagnosis, and as the mean over the diagnoses.

    Parameters
    ----------
    spec : MetricSpec
    real, synth : FeatureSet
        Without features that are not finite: drop them by `finite_rows` first.
    rng : numpy.random.Generator
        For intervals and floors.
    settings : ScopeSettings, optional
    held_out : FeatureSet, optional
        Real frames that the generator never saw; floors are then against them.

    Returns
    -------
    list of MetricRow
        The pooled row; one a diagnosis found in either set, sorted, "undefined" with the reason where one
        set has none of it; and their mean. Without diagnoses only the first.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names, diagnoses = [str(i) for i in range(40)], ["Control", "T1DPN"] * 20
    >>> real, synth = (FeatureSet(rng.normal(size=(40, 2)), names, names, diagnoses) for _ in range(2))
    >>> spec = MetricSpec("shift", lambda label: f"shift of {label}", lambda a, b: float(np.ptp([a.mean(), b.mean()])))
    >>> rows = scoped_rows(spec, real, synth, rng=rng)
    >>> [(row.scope, row.diagnosis) for row in rows]
    [('pooled', None), ('diagnosis', 'Control'), ('diagnosis', 'T1DPN'), ('mean over diagnoses', None)]
    >>> rows[3].value == (rows[1].value + rows[2].value) / 2
    True
    """  # noqa: E501
    wanted = settings or ScopeSettings()
    sets = _Sets(real, synth, held_out)
    rows = [_row(spec, sets, rng, wanted, "pooled", None)]
    diagnoses = sorted({it for it in (*real.diagnoses, *synth.diagnoses) if it is not None})
    by_diagnosis = [_row(spec, sets.of(name), rng, wanted, "diagnosis", name) for name in diagnoses]
    if by_diagnosis:
        rows += [*by_diagnosis, mean_over_diagnoses(by_diagnosis)]
    return rows


def mean_over_diagnoses(rows: Sequence[MetricRow]) -> MetricRow:
    """Take the plain mean of the rows of one metric, one a diagnosis: the only place where this is done.

    Each diagnosis counts once, however many frames it has, and the sum is divided by their number once.

    Returns
    -------
    MetricRow
        Undefined, with a reason that names them, where any of the rows has no value. Its interval is
        composed from those of the rows, which are taken as independent, and is absent where any of them is.
        It has no floor: floors stand beside the rows.

    Raises
    ------
    ValueError
        If there is no row, or the rows are not of one metric, one a diagnosis.

    References
    ----------
    G. Zou, A. Donner, Stat Med 2008;27:1693, eq. 5 (the interval).

    Examples
    --------
    >>> rows = [
    ...     MetricRow(metric="frechet", label="FID", scope="diagnosis", diagnosis=name, value=value)
    ...     for name, value in (("Control", 10.0), ("T1NoDPN", 20.0), ("T1DPN", 16.5))
    ... ]
    >>> found = mean_over_diagnoses(rows)
    >>> found.value, found.n_diagnoses
    (15.5, 3)
    """
    names = [row.diagnosis for row in rows]
    kinds = {(row.metric, row.label, row.features, row.better, row.confidence, row.scope) for row in rows}
    if len(kinds) != 1 or rows[0].scope != "diagnosis" or len(set(names)) != len(names):
        raise ValueError("A mean over diagnoses is over rows of one metric, one a diagnosis.")
    row = rows[0].model_copy(
        update={
            "scope": "mean over diagnoses", "diagnosis": None, "value": None, "low": None, "high": None,
            "interval_method": "", "floor": None, "notes": [], "n_diagnoses": len(rows),
            "status": "computed", "reason": "",
            **{name: sum(getattr(it, name) for it in rows)
               for name in ("n_real", "n_synth", "n_real_clusters", "n_synth_clusters")},
        }
    )  # fmt: skip
    missing = [f"{it.diagnosis}" for it in rows if it.value is None]
    if missing:
        row.status = "undefined"
        row.reason = f"The mean over diagnoses needs a value of each; there is none of {', '.join(missing)}."
        return row
    values = np.array([it.value for it in rows], dtype=np.float64)
    row.value = float(values.mean())
    if all(it.low is not None and it.high is not None for it in rows):
        low, high = (np.array([getattr(it, end) for it in rows], dtype=np.float64) for end in ("low", "high"))
        row.low = row.value - float(np.sqrt(np.square(values - low).sum())) / len(rows)
        row.high = row.value + float(np.sqrt(np.square(high - values).sum())) / len(rows)
        row.interval_method = "composed from the diagnoses' intervals, taken as independent"
    return row


def is_above_floor(row: MetricRow) -> bool | None:
    """Whether synthetic frames are further from a real half than another real half is.

    Returns
    -------
    bool or None
        True where the matched value, median over the splits, lies beyond the floor's range on the worse side
        (on either side where neither is better); None without a floor.

    Examples
    --------
    >>> floor = Floor(n=40, splits=50, unit="subject", median=5, low=4, high=6, matched_median=5.5)
    >>> is_above_floor(MetricRow(metric="frechet", label="FID", value=3.0, floor=floor))
    False
    """
    floor = row.floor
    if floor is None or floor.matched_median is None or floor.low is None or floor.high is None:
        return None
    above, below = floor.matched_median > floor.high, floor.matched_median < floor.low
    return {"lower": above, "higher": below, "neither": above or below}[row.better]


def floor_notes(row: MetricRow) -> list[str]:
    """Say in words where the matched value lies beside the floor, unless it is plainly worse."""
    floor = row.floor
    if is_above_floor(row) is not False or floor is None or floor.matched_median is None:
        return []
    assert floor.low is not None
    assert floor.high is not None
    if floor.low <= floor.matched_median <= floor.high:
        return [f"Not told apart from two halves of the real set at n = {floor.n}."
                if floor.source == "halves of the real set"
                else f"Not told apart from held-out real frames at n = {floor.n}."]  # fmt: skip
    return [
        f"Nearer to the real set than other real frames are at n = {floor.n}: look for copies of real frames."
    ]


@dataclass
class _Numbers:
    value: float | None = None
    low: float | None = None
    high: float | None = None
    interval_method: str = ""
    floor: Floor | None = None
    reason: str = ""
    notes: list[str] = field(default_factory=list)


def _row(
    spec: MetricSpec,
    sets: _Sets,
    rng: np.random.Generator,
    settings: ScopeSettings,
    scope: Scope,
    diagnosis: str | None,
) -> MetricRow:
    found = _numbers(spec, sets, rng, settings)
    row = MetricRow(
        metric=spec.metric,
        label=spec.label(settings.features_label),
        features=settings.features,
        scope=scope,
        diagnosis=diagnosis,
        confidence=settings.confidence,
        better=spec.better,
        n_real=len(sets.real),
        n_synth=len(sets.synth),
        n_real_clusters=sets.real.n_clusters,
        n_synth_clusters=sets.synth.n_clusters,
        status="computed" if found.value is not None else "undefined",
        **vars(found),
    )
    row.notes += floor_notes(row)
    return row


def _numbers(spec: MetricSpec, sets: _Sets, rng: np.random.Generator, settings: ScopeSettings) -> _Numbers:
    """Value, interval and floor, or the reason why there is none."""
    real, synth = sets.real, sets.synth
    for name, count in (("real", len(real)), ("synthetic", len(synth))):
        if count < spec.minimum:
            has = f"has {count} frame{'' if count == 1 else 's'}" if count else "has no frame"
            return _Numbers(reason=f"The {name} set {has} here, and this metric needs {spec.minimum}.")
    value = spec.function(real.values, synth.values)
    if not np.isfinite(value):
        return _Numbers(reason="The features of these frames define no value of this metric.")
    found = _Numbers(value=float(value), notes=spec.notes(real.values, synth.values) if spec.notes else [])
    if spec.needs_interval and settings.intervals:
        low, high, found.interval_method = cluster_interval(
            spec.function, real, synth, rng=rng, confidence=settings.confidence,
            prepare=spec.prepare, influence=spec.influence,
        )  # fmt: skip
        ends = np.clip([low, high], *spec.bounds)
        found.low, found.high = (float(it) if np.isfinite(it) else None for it in ends)
    if spec.needs_floor and settings.floors:
        found.floor = _floor(spec, sets, rng, settings)
    return found


def _floor(spec: MetricSpec, sets: _Sets, rng: np.random.Generator, settings: ScopeSettings) -> Floor:
    real, synth, held_out = sets.real, sets.synth, sets.held_out
    if held_out is not None and len(held_out) // 2 >= max(spec.minimum, 2):
        return held_out_floor(
            spec.function, real, held_out, synth, rng=rng, splits=settings.splits, minimum=spec.minimum,
            prepare=spec.prepare, memo=settings.memo, name=f"{spec.metric} {settings.features}",
        )  # fmt: skip
    return matched_floor(
        spec.function, real, synth, rng=rng, splits=settings.splits, minimum=spec.minimum,
        prepare=spec.prepare, memo=settings.memo, name=f"{spec.metric} {settings.features}",
    )  # fmt: skip
