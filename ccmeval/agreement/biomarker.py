"""Agreement of one biomarker between two tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from ccmeval.agreement.foreign import ForeignTable
from ccmeval.morphometry.definitions import definition
from ccmeval.report.agreement_schema import BiomarkerAgreement, Interval, Pair
from ccmeval.statistics.bland_altman import BlandAltman, bland_altman
from ccmeval.statistics.bootstrap import cluster_bootstrap, cluster_means
from ccmeval.statistics.correlation import concordance, pearson, spearman
from ccmeval.statistics.estimate import Estimate, Vector
from ccmeval.statistics.reliability import icc

FEWEST_FRAMES = 3
"""Fewer common frames have no limits of agreement."""

_SUSPECT_RATIO = 5.0  # tools differ by a factor of up to about three; units by 6.25, 1000...
_FRAME_AREA_MM2 = 0.16  # of an HRT3-RCM frame, for tables that do not tell
_FEW_SUBJECTS = 10


Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class AgreementSettings(BaseModel):
    """Settings of `ccmeval agreement`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confidence: float = Field(default=0.95, gt=0, lt=1, description="Coverage of all intervals.")
    resamples: int = Field(
        default=999, ge=99, description="Bootstrap resamples of subjects, where subjects have several frames."
    )
    seed: int = Field(default=0, ge=0, description="Of the bootstrap.")
    scale: dict[str, Factor] = Field(
        default_factory=dict, description="Factors by which columns of the second table are multiplied first."
    )
    first_name: str = Field(default="", description="What to call the first table.")
    second_name: str = Field(default="", description="What to call the second table.")


@dataclass(frozen=True)
class PairedTables:
    """Two tables and which of their rows are the same frame.

    Attributes
    ----------
    first, second : ForeignTable
        The tables.
    rows : sequence of (int, int)
        Row of the first and of the second.
    """

    first: ForeignTable
    second: ForeignTable
    rows: Sequence[tuple[int, int]]

    @property
    def subjects(self) -> list[str | None]:
        """Subject of each pair, from whichever table tells."""
        return [self.first.subjects[i] or self.second.subjects[j] for i, j in self.rows]


def compare_biomarker(
    column: str, tables: PairedTables, *, scale: float, settings: AgreementSettings
) -> BiomarkerAgreement:
    """Compare one biomarker over the paired rows; a pair with an empty cell takes no part.

    Parameters
    ----------
    column : str
        The biomarker, in both tables.
    tables : PairedTables
        Intervals are over subjects where every pair has one.
    scale : float
        Factor for the second table's values.
    settings : AgreementSettings

    Returns
    -------
    BiomarkerAgreement
        Numbers that too few pairs define are None.
    """
    pairs = _pairs(column, tables, scale)
    a, b = np.array([pair.first for pair in pairs]), np.array([pair.second for pair in pairs])
    known = all(tables.subjects)
    labels = np.array([pair.subject for pair in pairs], dtype=str) if known else None
    limits = bland_altman(a, b, clusters=labels, confidence=settings.confidence)
    return BiomarkerAgreement(
        biomarker=column,
        label=definition(column).label,
        unit=definition(column).unit,
        first_header=tables.first.headers[column],
        second_header=tables.second.headers[column],
        scale=scale,
        n_frames=len(pairs),
        n_subjects=0 if labels is None else int(np.unique(labels).size),
        mean_first=_number(a.mean() if pairs else np.nan),
        mean_second=_number(b.mean() if pairs else np.nan),
        sd_first=_number(a.std(ddof=1) if len(pairs) > 1 else np.nan),
        sd_second=_number(b.std(ddof=1) if len(pairs) > 1 else np.nan),
        **_limits(limits, a, b),
        **_coefficients(a, b, labels, settings),
        warnings=[
            *unit_warnings(column, tables.first, 1.0, "first"),
            *unit_warnings(column, tables.second, scale, "second"),
            *ratio_warnings(column, a, b, tables.first.area_mm2),
            *_count_warnings(labels, a, b),
        ],
        pairs=pairs,
    )


def _pairs(column: str, tables: PairedTables, scale: float) -> list[Pair]:
    first, second = tables.first, tables.second
    found = [
        Pair(
            frame=first.frames[i],
            other_frame=second.frames[j],
            subject=subject,
            first=float(first.values[column][i]),
            second=float(second.values[column][j]) * scale,
        )
        for (i, j), subject in zip(tables.rows, tables.subjects, strict=True)
    ]
    return [pair for pair in found if math.isfinite(pair.first) and math.isfinite(pair.second)]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _interval(value: float, low: float, high: float) -> Interval:
    return Interval(value=_number(value), low=_number(low), high=_number(high))


def _limits(limits: BlandAltman, a: Vector, b: Vector) -> dict[str, Any]:
    middle = float((a.mean() + b.mean()) / 2) if a.size else float("nan")
    return {
        "bias": _interval(limits.bias, limits.bias_low, limits.bias_high),
        "bias_percent": _number(100 * limits.bias / middle) if middle else None,
        "sd_difference": _number(limits.sd),
        "lower_limit": _interval(limits.lower, limits.lower_low, limits.lower_high),
        "upper_limit": _interval(limits.upper, limits.upper_low, limits.upper_high),
        "limits_method": limits.method,
        "slope": _interval(limits.slope, limits.slope_low, limits.slope_high),
        "slope_p": _number(limits.slope_p),
    }


def _icc_of_pairs(a: Vector, b: Vector, *, confidence: float) -> Estimate:
    return icc(np.column_stack([a, b]), confidence=confidence)


_COEFFICIENTS: dict[str, Callable[..., Estimate]] = {
    "icc": _icc_of_pairs,
    "pearson": pearson,
    "spearman": spearman,
    "concordance": concordance,
}


def _coefficients(
    a: Vector, b: Vector, labels: npt.NDArray[np.str_] | None, settings: AgreementSettings
) -> dict[str, Any]:
    """Coefficients over frames; where subjects repeat, their intervals by drawing subjects."""
    estimates = {name: f(a, b, confidence=settings.confidence) for name, f in _COEFFICIENTS.items()}
    repeated = labels is not None and 1 < np.unique(labels).size < labels.size
    if not repeated or labels is None:
        found: dict[str, Any] = {name: _interval(e.value, e.low, e.high) for name, e in estimates.items()}
        return {**found, "interval_method": "F for ICC, Fisher's or Lin's z for correlations"}
    found = {
        name: _bootstrapped(_COEFFICIENTS[name], estimate, (a, b, labels), settings)
        for name, estimate in estimates.items()
    }
    of_subjects = _icc_of_pairs(
        cluster_means(a, labels), cluster_means(b, labels), confidence=settings.confidence
    )
    found["icc_subjects"] = _interval(of_subjects.value, of_subjects.low, of_subjects.high)
    return {**found, "interval_method": f"percentile bootstrap over subjects, {settings.resamples} resamples"}


def _bootstrapped(
    function: Callable[..., Estimate],
    estimate: Estimate,
    data: tuple[Vector, Vector, npt.NDArray[np.str_]],
    settings: AgreementSettings,
) -> Interval:
    a, b, labels = data
    drawn = cluster_bootstrap(
        lambda rows: function(a[rows], b[rows], confidence=settings.confidence).value,
        labels,
        rng=np.random.default_rng(settings.seed),
        resamples=settings.resamples,
    )
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return _interval(estimate.value, math.nan, math.nan)
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return _interval(estimate.value, float(low), float(high))


def unit_warnings(column: str, table: ForeignTable, scale: float, which: str) -> list[str]:
    """Warn where a header states another unit than ours, unless the user scaled the column."""
    heading, meaning = table.headings[column], definition(column)
    said = f"{table.path.name} gives {meaning.label} as {heading.unit or 'a number'!r}"
    if heading.counts and scale == 1.0:
        factor = 1 / _FRAME_AREA_MM2
        cure = _cure(which, meaning.label, factor)
        return [f"{said}, which looks like a count a frame; divide by the imaged area{cure}"]
    if heading.factor is None or scale != 1.0 or math.isclose(heading.factor, 1.0):
        return []
    cure = _cure(which, meaning.label, heading.factor)
    return [f"{said}, not {meaning.unit}; values are compared as they stand{cure}"]


def _cure(which: str, label: str, factor: float) -> str:
    if which == "second":
        return f" (to convert: --scale {label}={factor:g})."
    return " (convert them in that file)."


def ratio_warnings(column: str, a: Vector, b: Vector, area_mm2: Vector) -> list[str]:
    """Warn where the typical ratio of the two is so far from one that the units must differ."""
    positive = (a > 0) & (b > 0)
    if positive.sum() < FEWEST_FRAMES:
        return []
    label = definition(column).label
    ratio = float(np.median(b[positive] / a[positive]))
    area = float(np.nanmedian(area_mm2)) if np.isfinite(area_mm2).any() else _FRAME_AREA_MM2
    if column.endswith("_per_mm2") and _whole(b) and not _whole(a) and ratio < 2 * area:
        return [
            f"the second table's values look like counts a frame (whole numbers, typically {ratio:.2g} of"
            f" the first's; a frame has {area:.3g} mm²); they are compared as they stand"
            f" (to convert: --scale {label}={1 / area:.6g})."
        ]
    if 1 / _SUSPECT_RATIO < ratio < _SUSPECT_RATIO:
        return []
    power = 10.0 ** (3 * round(math.log10(ratio) / 3))
    cure = f" (to convert: --scale {label}={1 / power:g})" if power != 1 else ""
    return [
        f"the second table's values are typically {ratio:.3g} times the first's. Units or definitions seem"
        f" to differ; values are compared as they stand{cure}."
    ]


def _whole(values: Vector) -> bool:
    return bool(values.size) and bool(np.allclose(values, np.round(values), rtol=0, atol=1e-6))


def _count_warnings(labels: npt.NDArray[np.str_] | None, a: Vector, b: Vector) -> list[str]:
    if a.size < FEWEST_FRAMES:
        have = "frame has" if a.size == 1 else "frames have"
        return [f"only {a.size} {have} a value in both tables: too few for limits of agreement."]
    warnings = []
    subjects = 0 if labels is None else int(np.unique(labels).size)
    if subjects == 1:
        warnings.append("all frames are of one subject: the intervals say nothing about other subjects.")
    elif 1 < subjects < _FEW_SUBJECTS and subjects < a.size:
        warnings.append(f"only {subjects} subjects: intervals over subjects are unreliable below ten.")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        warnings.append("one side has the same value in every frame: no correlation.")
    return warnings
