"""Difference between diagnoses adjusted for covariates such as age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


RESERVED = frozenset(("subject", "diagnosis", "eye", "eyes", "n_frames", "status", "warning"))
"""Columns that identify or count rather than describe a subject."""


@dataclass(frozen=True)
class AdjustedDifference:
    """Difference of means at equal covariates.

    Attributes
    ----------
    diagnosis_a, diagnosis_b : str
        The difference is b - a.
    value, low, high, p : float
        Difference, its interval and its p.
    n : int
        Subjects in the model, of all diagnoses.
    """

    diagnosis_a: str
    diagnosis_b: str
    value: float
    low: float
    high: float
    p: float
    n: int


def usable_covariates(table: pd.DataFrame, covariates: Sequence[str]) -> tuple[list[str], list[str]]:
    """Sort covariates into those that can be used and a sentence for each that cannot.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a frame, before anything is made of it.
    covariates : sequence of str
        Column names.

    Returns
    -------
    usable : list of str
    sentences : list of str
    """
    import pandas as pd

    usable, sentences = [], []
    for name in dict.fromkeys(covariates):
        if name in RESERVED:
            sentences.append(f"{name!r} cannot be a covariate; nothing is adjusted for it.")
            continue
        if name not in table:
            sentences.append(
                f"The covariate {name!r} is not a column of the table; nothing is adjusted for it."
            )
            continue
        given = table[name].notna() & table[name].astype(str).str.strip().ne("")
        numbers = pd.to_numeric(table[name], errors="coerce")
        numbers = numbers.where(np.isfinite(numbers))
        if not given.any():
            sentences.append(f"The covariate {name!r} is empty; nothing is adjusted for it.")
        elif int(numbers[given].isna().sum()):
            odd = str(table.loc[given & numbers.isna(), name].iloc[0])
            sentences.append(
                f"The covariate {name!r} has values that are not numbers, such as {odd!r} (leave a gap where"
                " it is unknown, give categories as 0 and 1); nothing is adjusted for it."
            )
        elif numbers.nunique() < 2:
            sentences.append(
                f"The covariate {name!r} has the same value everywhere; nothing is adjusted for it."
            )
        else:
            usable.append(name)
    return usable, sentences


def adjusted_differences(
    table: pd.DataFrame,
    column: str,
    diagnoses: Sequence[str],
    covariates: Sequence[str],
    *,
    confidence: float = 0.95,
) -> list[AdjustedDifference]:
    """Analysis of covariance: one common slope for each covariate over all diagnoses.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a subject, with `diagnosis`, `column` and numeric covariates. Rows with a gap in any
        of them are left out.
    column : str
        The biomarker.
    diagnoses : sequence of str
        Those compared, in order.
    covariates : sequence of str
        Numeric columns.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    list of AdjustedDifference
        Each pair of diagnoses of at least two subjects; empty where the model has no degrees of
        freedom left or a covariate cannot be told from the diagnoses.

    Notes
    -----
    Ordinary least squares (statsmodels) with HC3 errors, which hold when the diagnoses differ in
    variance, as they do here.
    """
    import statsmodels.api as sm

    names = list(covariates)
    kept = table[table["diagnosis"].isin(list(diagnoses))].dropna(subset=[column, *names])
    # One subject alone in its diagnosis is fitted exactly and has no residual to judge it by.
    present = [name for name in diagnoses if (kept["diagnosis"] == name).sum() > 1]
    kept = kept[kept["diagnosis"].isin(present)]
    if len(present) < 2:
        return []
    values = kept[names].to_numpy(np.float64)
    values = values - values.mean(axis=0)
    scale = values.std(axis=0)
    groups = np.column_stack([(kept["diagnosis"] == name).to_numpy(np.float64) for name in present])
    design = np.column_stack([groups, values / np.where(scale > 0, scale, 1.0)])
    if len(kept) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return []
    fit = sm.OLS(kept[column].to_numpy(np.float64), design).fit(cov_type="HC3", use_t=True)
    pairs = combinations(range(len(present)), 2)
    return [_contrast(fit, present, pair, confidence) for pair in pairs]


def _contrast(fit: Any, names: list[str], pair: tuple[int, int], confidence: float) -> AdjustedDifference:
    """Difference of two diagnoses, whose columns lead the design."""
    contrast = np.zeros(len(fit.params))
    contrast[list(pair)] = -1.0, 1.0
    test = fit.t_test(contrast)
    low, high = np.ravel(test.conf_int(alpha=1 - confidence)).tolist()
    value, p = float(np.ravel(test.effect)[0]), float(np.ravel(test.pvalue)[0])
    return AdjustedDifference(names[pair[0]], names[pair[1]], value, low, high, p, int(fit.nobs))
