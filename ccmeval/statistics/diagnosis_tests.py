"""Tests of each biomarker between each pair of diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.morphometry.definitions import definition
from ccmeval.statistics.ancova import AdjustedDifference, adjusted_differences, usable_covariates
from ccmeval.statistics.effects import auc, hedges_g, mean_difference
from ccmeval.statistics.estimate import Estimate
from ccmeval.statistics.tables import (
    NOT_STATED,
    UNIT_SUBJECT,
    analysis_table,
    biomarker_columns,
    clean_rows,
    diagnosis_order,
)
from ccmeval.statistics.tests_of_difference import anova_p, holm, kruskal_wallis_p, mann_whitney_p, welch_p

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = [
    "biomarker", "label", "unit", "family", "unit_of_analysis", "diagnosis_a", "diagnosis_b", "n_a",
    "n_b", "mean_a", "mean_b", "difference", "difference_low", "difference_high", "hedges_g",
    "hedges_g_low", "hedges_g_high", "auc", "auc_low", "auc_high", "auc_method", "welch_p",
    "welch_p_holm", "mann_whitney_p", "mann_whitney_p_holm", "family_size", "anova_p",
    "kruskal_wallis_p", "adjusted_for", "adjusted_n", "adjusted_difference", "adjusted_low",
    "adjusted_high", "adjusted_p", "adjusted_p_holm", "confidence", "warning",
]  # fmt: skip

_P_VALUES = ("welch_p", "mann_whitney_p", "adjusted_p")
_MINIMUM_UNITS = 2

_MOST_PAIRS = 6
"""Pairs of diagnoses named in one note."""


def diagnosis_tests(
    rows: pd.DataFrame, covariates: Sequence[str] = (), *, confidence: float = 0.95
) -> pd.DataFrame:
    """Compare every biomarker between each pair of diagnoses, over subjects.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `biomarkers.csv`. Frames without a diagnosis take no part.
    covariates : sequence of str
        Columns to adjust for by analysis of covariance, such as ``("age",)``; a subject's value is
        the mean over its frames.
    confidence : float
        Coverage of all intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each biomarker and pair, empty for fewer than two diagnoses. The difference,
        Hedges' g and the AUC are of `diagnosis_b` against `diagnosis_a`: a biomarker that falls has
        a negative difference and an AUC below 0.5. P-values by Welch and Mann-Whitney; those ending
        in `_holm` are adjusted within the biomarker's family (all pairs of all primary, or of all
        secondary biomarkers; `family_size` says how many). `anova_p` and `kruskal_wallis_p` are over
        all diagnoses at once. `attrs["notes"]` holds sentences on what was left out, among them
        why a covariate could not be used, where it has gaps, and between which diagnoses nothing is adjusted.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"subject": list("abcdef"), "diagnosis": ["Control"] * 3 + ["T1DPN"] * 3,
    ...                      "cnfl_mm_per_mm2": [18.0, 20, 22, 10, 9, 12]})
    >>> found = diagnosis_tests(rows).iloc[0]
    >>> found["diagnosis_a"], found["diagnosis_b"], f"{found['difference']:.2f}", f"{found['auc']:.1f}"
    ('Control', 'T1DPN', '-9.67', '0.0')
    """
    import pandas as pd

    kept, _ = clean_rows(rows)
    usable, sentences = usable_covariates(kept, covariates)
    table, unit = analysis_table(rows, carry=usable)
    notes = [*table.attrs["notes"], *sentences]
    order = [name for name in diagnosis_order(table["diagnosis"].to_numpy()) if name != NOT_STATED]
    if stray := _strays(table, unit):
        notes.append(
            f"{stray} {unit}{'s' if stray > 1 else ''} without a diagnosis"
            f" {'take' if stray > 1 else 'takes'} no part in the tests."
        )
    columns = biomarker_columns(table) if len(order) > 1 else []
    found = [
        {"unit_of_analysis": unit, "confidence": confidence, **row}
        for column in columns
        for row in _biomarker_rows(table, column, order, usable, confidence)
    ]
    result = pd.DataFrame(found, columns=_COLUMNS)
    _adjust(result)
    if usable and columns:
        notes += [*_gaps(table, order, usable, unit), *_unadjusted(result, usable)]
    result.attrs["notes"] = notes
    return result


def _strays(table: pd.DataFrame, unit: str) -> int:
    """Count what has no diagnosis; a subject that has one on other frames is told of by its table."""
    nameless = table["diagnosis"] == NOT_STATED
    if unit == UNIT_SUBJECT:
        nameless &= ~table["subject"].isin(table.loc[~nameless, "subject"])
    return int(nameless.sum())


def _gaps(table: pd.DataFrame, order: list[str], covariates: list[str], unit: str) -> list[str]:
    """Count what the adjusted differences cannot use, for want of a covariate."""
    able = table[table["diagnosis"].isin(order)]
    missing = able[covariates].isna()
    names = ", ".join(name for name in covariates if missing[name].any())
    if not names:
        return []
    lost = int(missing.any(axis=1).sum())
    return [f"Adjusted differences leave out {lost} of {len(able)} {unit}s, which have a gap in {names}."]


def _unadjusted(result: pd.DataFrame, covariates: list[str]) -> list[str]:
    """Say which diagnoses are compared, but nowhere at equal covariates."""
    tested = result[result["warning"] == ""]
    found: dict[str, bool] = {}
    for a, b, value in zip(
        tested["diagnosis_a"], tested["diagnosis_b"], tested["adjusted_difference"], strict=True
    ):
        found[f"{a} and {b}"] = found.get(f"{a} and {b}", False) or bool(np.isfinite(value))
    pairs = [pair for pair, any_is in found.items() if not any_is]
    if not pairs:
        return []
    more = f" and {len(pairs) - _MOST_PAIRS} more" if len(pairs) > _MOST_PAIRS else ""
    return [
        f"No difference between {', '.join(pairs[:_MOST_PAIRS])}{more} is adjusted for"
        f" {', '.join(covariates)}: too few have a value, or the diagnosis alone decides it."
    ]


def _biomarker_rows(
    table: pd.DataFrame, column: str, order: list[str], covariates: list[str], confidence: float
) -> list[dict[str, Any]]:
    by_diagnosis = {
        name: table.loc[table["diagnosis"] == name, column].dropna().to_numpy(np.float64) for name in order
    }
    others = [name for name in covariates if name != column]
    fits = adjusted_differences(table, column, order, others, confidence=confidence) if others else []
    adjusted = {(found.diagnosis_a, found.diagnosis_b): found for found in fits}
    meaning = definition(column)
    common = {
        "biomarker": column,
        "label": meaning.label,
        "unit": meaning.unit,
        "family": meaning.family,
        "anova_p": anova_p(list(by_diagnosis.values())),
        "kruskal_wallis_p": kruskal_wallis_p(list(by_diagnosis.values())),
    }
    return [
        {
            **common,
            "diagnosis_a": a,
            "diagnosis_b": b,
            **_pair(by_diagnosis[a], by_diagnosis[b], confidence),
            **_adjusted(adjusted.get((a, b)), others),
        }
        for a, b in combinations(order, 2)
    ]


def _pair(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], confidence: float) -> dict[str, Any]:
    curve = auc(a, b, confidence=confidence)
    few = min(a.size, b.size) < _MINIMUM_UNITS
    return {
        "n_a": int(a.size),
        "n_b": int(b.size),
        "mean_a": float(a.mean()) if a.size else float("nan"),
        "mean_b": float(b.mean()) if b.size else float("nan"),
        **_spread("difference", mean_difference(a, b, confidence=confidence)),
        **_spread("hedges_g", hedges_g(a, b, confidence=confidence)),
        **_spread("auc", curve),
        "auc_method": curve.method,
        "welch_p": welch_p(a, b),
        "mann_whitney_p": float("nan") if few else mann_whitney_p(a, b),
        "warning": f"too few to test ({b.size} against {a.size})" if few else "",
    }


def _spread(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _adjusted(found: AdjustedDifference | None, covariates: list[str]) -> dict[str, Any]:
    nan = float("nan")
    if found is None:
        return {"adjusted_for": "", "adjusted_n": 0} | dict.fromkeys(
            ("adjusted_difference", "adjusted_low", "adjusted_high", "adjusted_p"), nan
        )
    return {
        "adjusted_for": ", ".join(covariates),
        "adjusted_n": found.n,
        "adjusted_difference": found.value,
        "adjusted_low": found.low,
        "adjusted_high": found.high,
        "adjusted_p": found.p,
    }


def _adjust(table: pd.DataFrame) -> None:
    """Fill the Holm columns in place, within each family of biomarkers."""
    for name in _P_VALUES:
        table[f"{name}_holm"] = np.nan
    for family in table["family"].unique():
        member = table["family"] == family
        table.loc[member, "family_size"] = int(table.loc[member, "welch_p"].notna().sum())
        for name in _P_VALUES:
            table.loc[member, f"{name}_holm"] = holm(table.loc[member, name].to_numpy(np.float64))
