"""Tests between diagnoses against scipy on the subjects' means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ccmeval.statistics import auc, diagnosis_tests, hedges_g

LEVELS = {"Control": (19.4, 5.1, 14), "T1NoDPN": (14.6, 5.6, 11), "T1DPN": (9.8, 5.9, 12)}


def cohort(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for diagnosis, (mean, sd, n) in LEVELS.items():
        for i in range(n):
            level, age = rng.normal(mean, sd), rng.normal(50, 10)
            rows += [
                {
                    "subject": f"{diagnosis}-{i}",
                    "diagnosis": diagnosis,
                    "status": "measured",
                    "age": age,
                    "cnfl_mm_per_mm2": level + rng.normal(0, 1.5),
                    "cnfd_per_mm2": 6.25 * rng.poisson(max(level, 1) / 6),
                    "cnfrd": 1.45 + 0.002 * level + rng.normal(0, 0.02),
                }
                for _ in range(rng.integers(3, 8))
            ]
    return pd.DataFrame(rows)


ROWS = cohort()
MEANS = ROWS.groupby(["diagnosis", "subject"])[["cnfl_mm_per_mm2", "cnfd_per_mm2", "cnfrd"]].mean()


def test_a_pair_is_what_scipy_says_of_the_subjects_means():
    table = diagnosis_tests(ROWS).set_index(["biomarker", "diagnosis_a", "diagnosis_b"])
    row = table.loc["cnfl_mm_per_mm2", "Control", "T1DPN"]
    a, b = (MEANS.loc[name, "cnfl_mm_per_mm2"].to_numpy() for name in ("Control", "T1DPN"))
    assert (row["n_a"], row["n_b"]) == (14, 12)
    assert row["difference"] == pytest.approx(b.mean() - a.mean())
    assert row["welch_p"] == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert row["mann_whitney_p"] == pytest.approx(stats.mannwhitneyu(a, b).pvalue)
    assert row["hedges_g"] == pytest.approx(hedges_g(a, b).value)
    assert (row["auc_low"], row["auc_high"]) == pytest.approx((auc(a, b).low, auc(a, b).high))
    assert row["auc"] < 0.5
    assert row["hedges_g"] < 0
    assert row["unit_of_analysis"] == "subject"


def test_every_pair_of_every_biomarker_has_a_row():
    table = diagnosis_tests(ROWS)
    assert len(table) == 9
    pairs = list(zip(table["diagnosis_a"], table["diagnosis_b"], strict=True))[:3]
    assert pairs == [("Control", "T1NoDPN"), ("Control", "T1DPN"), ("T1NoDPN", "T1DPN")]


def test_holm_is_over_all_pairs_of_a_family():
    table = diagnosis_tests(ROWS)
    primary = table[table["family"] == "primary"]
    assert set(primary["family_size"]) == {6}
    assert set(table.loc[table["biomarker"] == "cnfrd", "family_size"]) == {3}
    for name in ("welch_p", "mann_whitney_p"):
        expected = multipletests(primary[name], method="holm")[1]
        assert primary[f"{name}_holm"].tolist() == pytest.approx(expected.tolist())


def test_family_size_counts_the_tests_that_were_made():
    """One T1DPN subject: of three pairs only Control against T1NoDPN can be tested, in two biomarkers."""
    table = diagnosis_tests(ROWS[~ROWS["diagnosis"].eq("T1DPN") | ROWS["subject"].eq("T1DPN-0")])
    assert set(table.loc[table["family"] == "primary", "family_size"]) == {2}


def test_omnibus_tests_are_scipys():
    row = diagnosis_tests(ROWS).iloc[0]
    groups = [MEANS.loc[name, "cnfl_mm_per_mm2"] for name in LEVELS]
    assert row["anova_p"] == pytest.approx(stats.f_oneway(*groups).pvalue)
    assert row["kruskal_wallis_p"] == pytest.approx(stats.kruskal(*groups).pvalue)


def test_covariates():
    table = diagnosis_tests(ROWS, covariates=["age", "hba1c"])
    assert set(table["adjusted_for"]) == {"age"}
    assert table["adjusted_difference"].notna().all()
    assert table["adjusted_p_holm"].ge(table["adjusted_p"]).all()
    assert any("hba1c" in note for note in table.attrs["notes"])
    assert diagnosis_tests(ROWS)["adjusted_difference"].isna().all()


def test_subjects_without_the_covariate_are_counted():
    rows = ROWS.copy()
    rows.loc[rows["subject"].isin(["Control-0", "T1DPN-1"]), "age"] = None
    table = diagnosis_tests(rows, covariates=["age"])
    assert set(table["adjusted_n"]) == {35}
    assert table.attrs["notes"] == [
        "Adjusted differences leave out 2 of 37 subjects, which have a gap in age."
    ]
    assert diagnosis_tests(ROWS, covariates=["age"]).attrs["notes"] == []


def test_a_covariate_that_cannot_adjust_is_said_so():
    years = ROWS["diagnosis"].map({"Control": 0.0, "T1NoDPN": 10.0, "T1DPN": 20.0})
    table = diagnosis_tests(ROWS.assign(years=years), covariates=["years"])
    assert table["adjusted_difference"].isna().all()
    (note,) = table.attrs["notes"]
    assert "Control and T1NoDPN, Control and T1DPN, T1NoDPN and T1DPN is adjusted for years" in note


def test_diagnoses_without_the_covariate_are_named():
    """Controls have no duration of diabetes."""
    years = (ROWS["age"] / 4).where(ROWS["diagnosis"] != "Control")
    table = diagnosis_tests(ROWS.assign(years=years), covariates=["years"])
    assert table["adjusted_difference"].notna().sum() == 3, "the two that have it are compared"
    gaps, pairs = table.attrs["notes"]
    assert "14 of 37 subjects" in gaps
    assert "between Control and T1NoDPN, Control and T1DPN is" in pairs


def test_a_biomarker_may_be_a_covariate():
    table = diagnosis_tests(ROWS, covariates=["cnfl_mm_per_mm2"]).set_index("biomarker")
    assert table.loc["cnfd_per_mm2", "adjusted_p"].notna().all()
    assert table.loc["cnfl_mm_per_mm2", "adjusted_p"].isna().all(), "not by itself"


def test_false_alarms_keep_to_their_rate():
    """With no true difference, fewer than about 5 % of cohorts have any adjusted p below 0.05."""
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(60):
        rows = pd.DataFrame(
            {
                "subject": np.repeat(np.arange(30), 4).astype(str),
                "diagnosis": np.repeat(list(LEVELS), 40),
                "cnfl_mm_per_mm2": np.repeat(rng.normal(15, 4, 30), 4) + rng.normal(0, 1, 120),
            }
        )
        alarms += bool((diagnosis_tests(rows)["welch_p_holm"] < 0.05).any())
    assert alarms <= 8  # at a rate of 5 % more than 8 of 60 have a chance of 0.2 %


@pytest.mark.parametrize("labels", [["Control"] * 4, [None] * 4, ["Control", "Control", None, None]])
def test_fewer_than_two_diagnoses_give_an_empty_table(labels):
    rows = pd.DataFrame({"subject": list("abcd"), "diagnosis": labels, "cnfl_mm_per_mm2": range(4)})
    table = diagnosis_tests(rows)
    assert table.empty
    assert "welch_p" in table.columns


def test_one_subject_against_many_is_said_to_be_too_few():
    rows = ROWS[(ROWS["diagnosis"] == "Control") | (ROWS["subject"] == "T1DPN-0")]
    row = diagnosis_tests(rows).iloc[0]
    assert row["warning"] == "too few to test (1 against 14)", "in the order of the difference, b against a"
    assert np.isnan(row["welch_p"])
    assert np.isnan(row["mann_whitney_p"])


def test_frames_without_a_diagnosis_take_no_part_and_are_counted():
    rows = ROWS.copy()
    rows.loc[rows["subject"] == "Control-0", "diagnosis"] = None
    table = diagnosis_tests(rows)
    assert set(table["diagnosis_a"]) | set(table["diagnosis_b"]) == set(LEVELS)
    assert table.iloc[0]["n_a"] == 13
    assert any("1 subject without a diagnosis" in note for note in table.attrs["notes"])


def test_a_subject_with_a_diagnosis_on_some_frames_is_not_without_one():
    rows = ROWS.copy()
    rows.loc[rows.index[rows["subject"] == "Control-0"][0], "diagnosis"] = None
    table = diagnosis_tests(rows)
    assert table.iloc[0]["n_a"] == 14, "its other frames take part"
    assert not any("without a diagnosis" in note for note in table.attrs["notes"])
