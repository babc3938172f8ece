"""The table of frames summed up over subjects and over diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from ccmeval.morphometry.definitions import COLUMNS, definition
from ccmeval.statistics.bootstrap import RESAMPLES, bootstrap_mean_ci

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_FRAMES = 5
"""Frames below which a subject's mean is called unreliable: the field's advice is five to eight
representative frames (Vagenas et al., Invest Ophthalmol Vis Sci 2012;53:1405)."""

NOT_STATED = "not stated"
"""Stands for the diagnosis of frames that have none."""

UNIT_SUBJECT, UNIT_FRAME = "subject", "frame"

_MOST_NAMES = 8
"""Names listed in one note."""


def clean_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the measured frames and make `subject` and `diagnosis` text or None.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `biomarkers.csv`. Only the biomarker columns are needed; without a column `status`
        all rows count as measured. Flagged frames are kept.

    Returns
    -------
    kept : pandas.DataFrame
        Measured frames, biomarkers as float64 with infinities made NaN.
    notes : list of str
        What was left out and how many, one sentence each.
    """
    import pandas as pd

    kept, notes = rows.copy(), []
    if "status" in kept:
        measured = kept["status"].astype(str).eq("measured")
        if failed := int((~measured).sum()):
            notes.append(f"{failed} of {len(kept)} frames could not be measured and are left out.")
        kept = kept[measured].copy()
    for name in ("subject", "diagnosis", "eye"):
        values = kept[name] if name in kept else pd.Series([None] * len(kept), index=kept.index)
        kept[name] = pd.Series([_text(value) for value in values], index=kept.index, dtype=object)
    for column in biomarker_columns(kept):
        numbers = pd.to_numeric(kept[column], errors="coerce").astype(np.float64)
        kept[column] = numbers.where(np.isfinite(numbers))
    return kept, notes


def biomarker_columns(rows: pd.DataFrame) -> list[str]:
    """List the biomarker columns a table has, in the order of the definitions."""
    return [column for column in COLUMNS if column in rows]


def _text(value: Any) -> str | None:
    if value is None or value != value:  # NaN is not equal to itself
        return None
    # A subject read from a CSV with gaps comes as 12.0; its name is 12.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return text or None


def subject_table(rows: pd.DataFrame, *, carry: Sequence[str] = ()) -> pd.DataFrame:
    """Mean over each subject's measured frames.

    Frames of both eyes are pooled: the subject is the unit of analysis. Means are over the finite
    values of each biomarker.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `biomarkers.csv`: `subject`, `diagnosis`, `eye`, `status` and biomarker columns.
    carry : sequence of str
        Further columns, such as age, of which the subject's mean is to be added (NaN where a value
        is not a number).

    Returns
    -------
    pandas.DataFrame
        One row a subject, in order of first appearance: `subject`, `diagnosis`, `eyes` (how many
        were named), `n_frames`, `warning`, the carried columns, then for each biomarker its mean
        under its own name and the SD over frames under the name with `_sd` (NaN for one frame).
        A subject whose frames carry two diagnoses, or one on some frames only, has one row for each
        and one for the frames without, all warned. Frames without
        a subject are in no row; without any subject the table is empty. `attrs["notes"]` holds one
        sentence for each thing left out.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"subject": ["a", "a", "b"], "cnfl_mm_per_mm2": [10.0, 14.0, 20.0]})
    >>> subject_table(rows)[["subject", "n_frames", "cnfl_mm_per_mm2"]].values.tolist()
    [['a', 2, 12.0], ['b', 1, 20.0]]
    """
    import pandas as pd

    kept, notes = clean_rows(rows)
    columns = biomarker_columns(kept)
    known = kept[kept["subject"].notna()].copy()
    if nameless := len(kept) - len(known):
        notes.append(
            f"{nameless} of {len(kept)} measured frames have no subject and are in no subject's mean."
        )
    known["diagnosis"] = known["diagnosis"].where(known["diagnosis"].notna(), NOT_STATED)
    carried = [name for name in dict.fromkeys(carry) if name not in columns]
    for name in carried:
        known[name] = pd.to_numeric(known[name], errors="coerce") if name in known else np.nan
    groups = known.groupby(["subject", "diagnosis"], sort=False)
    table = groups.agg(eyes=("eye", "nunique"), n_frames=("subject", "size")).reset_index()
    table["warning"] = _warnings(table)
    parts = [groups[carried].mean().reset_index(drop=True)] if carried else []
    if columns:
        means, sds = groups[columns].mean(), groups[columns].std(ddof=1).add_suffix("_sd")
        order = [name for column in columns for name in (column, f"{column}_sd")]
        parts.append(pd.concat([means, sds], axis=1)[order].reset_index(drop=True))
    table = pd.concat([table, *parts], axis=1)
    several, partly = _split_subjects(table)
    if several:
        notes.append(
            f"Subjects with frames under more than one diagnosis: {_listed(several)}; they count in each, and"
            " intervals and tests take them for different subjects."
        )
    if partly:
        notes.append(
            f"Subjects of whose frames only some have a diagnosis: {_listed(partly)}; the other frames are"
            " summed up apart and take no part in the tests."
        )
    table.attrs["notes"] = notes
    return table


def _split_subjects(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """List the subjects of several diagnoses, and those of one diagnosis on some of their frames only."""
    stated = table.loc[table["diagnosis"] != NOT_STATED, "subject"]
    several = list(stated[stated.duplicated()].unique())
    twice = table.loc[table["subject"].duplicated(), "subject"].unique()
    return several, [name for name in twice if name not in several]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _warnings(table: pd.DataFrame) -> list[str]:
    several, partly = map(set, _split_subjects(table))
    warnings = []
    for subject, frames in zip(table["subject"], table["n_frames"], strict=True):
        said = []
        if frames < MINIMUM_FRAMES:
            plural = "" if frames == 1 else "s"
            said.append(f"only {frames} frame{plural}: below {MINIMUM_FRAMES} the mean is unreliable")
        if subject in several:
            said.append("frames of this subject carry more than one diagnosis")
        if subject in partly:
            said.append("only some frames of this subject have a diagnosis")
        warnings.append("; ".join(said))
    return warnings


def analysis_table(rows: pd.DataFrame, *, carry: Sequence[str] = ()) -> tuple[pd.DataFrame, str]:
    """Give the table with one row a unit of analysis, and name that unit.

    Subjects where any measured frame names its subject, else frames, with a note that frames of
    one subject are not independent. Columns: `diagnosis`, `n_frames`, carried ones, biomarkers;
    `attrs["notes"]`.
    """
    import pandas as pd

    kept, notes = clean_rows(rows)
    if kept["subject"].notna().any():
        return subject_table(rows, carry=carry), UNIT_SUBJECT
    table = kept.copy()
    table["diagnosis"] = table["diagnosis"].where(table["diagnosis"].notna(), NOT_STATED)
    table["n_frames"] = 1
    for name in carry:
        table[name] = pd.to_numeric(table[name], errors="coerce") if name in table else np.nan
    notes.append(
        "No frame names its subject, so intervals and tests treat each frame as independent; where"
        " subjects have several frames they are too narrow and p-values too small."
    )
    table.attrs["notes"] = notes
    return table, UNIT_FRAME


def diagnosis_order(labels: npt.ArrayLike) -> list[str]:
    """Order diagnoses: the three of the field by severity, a user's own by appearance, none last.

    Examples
    --------
    >>> diagnosis_order(["T1DPN", "mine", "Control", "not stated"])
    ['Control', 'T1DPN', 'mine', 'not stated']
    """
    seen = list(dict.fromkeys(np.asarray(labels, dtype=object).tolist()))
    known = [name for name in ("Control", "T1NoDPN", "T1DPN") if name in seen]
    own = [name for name in seen if name not in (*known, NOT_STATED)]
    return [*known, *own, *([NOT_STATED] if NOT_STATED in seen else [])]


def diagnosis_table(
    rows: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean, SD, median and bootstrap interval of each biomarker in each diagnosis, over subjects.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `biomarkers.csv`.
    seed : int
        Of the bootstrap; each diagnosis and biomarker draws from its own stream, so that a cohort
        with one more diagnosis leaves the others' intervals as they were.
    resamples : int
        Bootstrap resamples.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    pandas.DataFrame
        Tidy, one row for each diagnosis and biomarker: `diagnosis`, `biomarker` (column name),
        `label`, `unit`, `unit_of_analysis` ("subject", or "frame" where no frame names its subject),
        `n_subjects` (0 if unknown), `n_frames`, `n_defined` (units with a finite value, which the
        numbers rest on), `mean`, `sd` (NaN for one), `median`, `ci_low`, `ci_high` (NaN for one),
        `confidence`, `ci_method`, `warning`. `attrs["notes"]` holds sentences on what was left out.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"subject": list("aabb"), "cnfl_mm_per_mm2": [1.0, 3, 4, 6]})
    >>> diagnosis_table(rows)[["n_subjects", "n_frames", "mean", "median"]].values.tolist()
    [[2.0, 4.0, 3.5, 3.5]]
    """
    import pandas as pd

    table, unit = analysis_table(rows)
    found: list[dict[str, Any]] = []
    for diagnosis in diagnosis_order(table["diagnosis"].to_numpy()):
        part = table[table["diagnosis"] == diagnosis]
        for column in biomarker_columns(table):
            rng = np.random.default_rng([seed, crc32(f"{diagnosis}\n{column}".encode())])
            summary = _summary(part[column].to_numpy(np.float64), rng, resamples, confidence)
            found.append(
                {
                    "diagnosis": diagnosis,
                    "biomarker": column,
                    "label": definition(column).label,
                    "unit": definition(column).unit,
                    "unit_of_analysis": unit,
                    "n_subjects": len(part) if unit == UNIT_SUBJECT else 0,
                    "n_frames": int(part["n_frames"].sum()),
                    **summary,
                }
            )
    result = pd.DataFrame(found, columns=_DIAGNOSIS_COLUMNS)
    result.attrs["notes"] = table.attrs["notes"]
    return result


_DIAGNOSIS_COLUMNS = [
    "diagnosis", "biomarker", "label", "unit", "unit_of_analysis", "n_subjects", "n_frames", "n_defined",
    "mean", "sd", "median", "ci_low", "ci_high", "confidence", "ci_method", "warning",
]  # fmt: skip

_FEW_FOR_BOOTSTRAP = 10  # below about ten, bootstrap intervals cover clearly less than they say


def _summary(
    values: npt.NDArray[np.float64], rng: np.random.Generator, resamples: int, confidence: float
) -> dict[str, Any]:
    values = values[np.isfinite(values)]
    n = int(values.size)
    interval = bootstrap_mean_ci(values, rng=rng, resamples=resamples, confidence=confidence)
    few = n < _FEW_FOR_BOOTSTRAP
    return {
        "n_defined": n,
        "mean": interval.value,
        "sd": float(values.std(ddof=1)) if n > 1 else float("nan"),
        "median": float(np.median(values)) if n else float("nan"),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "confidence": confidence,
        "ci_method": interval.method,
        "warning": f"only {n}: a bootstrap interval over fewer than ten is too narrow" if few else "",
    }
