"""Adjusted differences against statsmodels' formula interface and a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from ccmeval.statistics.ancova import adjusted_differences, usable_covariates

ORDER = ["Control", "T1NoDPN", "T1DPN"]


def table(seed: int = 0, each: int = 25) -> pd.DataFrame:
    """Age falls on CNFL and differs between diagnoses; the true differences are 0 and -4."""
    rng = np.random.default_rng(seed)
    diagnosis = np.repeat(ORDER, each)
    age = rng.normal(np.repeat([35, 50, 60], each), 8)
    effect = np.repeat([0.0, 0.0, -4.0], each)
    return pd.DataFrame(
        {"diagnosis": diagnosis, "age": age, "y": 25 + effect - 0.15 * age + rng.normal(0, 1.5, 3 * each)}
    )


def test_pairs_are_those_of_a_formula():
    data = table()
    found = {(d.diagnosis_a, d.diagnosis_b): d for d in adjusted_differences(data, "y", ORDER, ["age"])}
    fit = smf.ols("y ~ C(diagnosis, Treatment('Control')) + age", data).fit(cov_type="HC3", use_t=True)
    for name in ORDER[1:]:
        term = f"C(diagnosis, Treatment('Control'))[T.{name}]"
        pair = found["Control", name]
        assert pair.value == pytest.approx(fit.params[term])
        assert (pair.low, pair.high) == pytest.approx(tuple(fit.conf_int().loc[term]))
        assert pair.p == pytest.approx(fit.pvalues[term])
    assert found["T1NoDPN", "T1DPN"].n == 75


def test_adjustment_undoes_confounding():
    data = table(each=400)
    means = data.groupby("diagnosis")["y"].mean()
    assert means["T1NoDPN"] - means["Control"] < -1.5, "without adjustment age looks like disease"
    first, second, _ = adjusted_differences(data, "y", ORDER, ["age"])
    assert first.value == pytest.approx(0, abs=0.5)
    assert second.value == pytest.approx(-4, abs=0.6)


def test_rows_with_gaps_are_left_out():
    data = table()
    data.loc[0, "age"] = np.nan
    data.loc[30, "y"] = np.nan
    assert adjusted_differences(data, "y", ORDER, ["age"])[0].n == 73


def test_one_subject_alone_in_a_diagnosis_spoils_nothing():
    data = table()
    alone = data[(data["diagnosis"] != "T1NoDPN") | (data.index == 30)]
    (pair,) = adjusted_differences(alone, "y", ORDER, ["age"])
    assert (pair.diagnosis_a, pair.diagnosis_b, pair.n) == ("Control", "T1DPN", 50)
    assert np.isfinite([pair.low, pair.high, pair.p]).all()


def test_labels_are_no_covariates():
    usable, sentences = usable_covariates(
        pd.DataFrame({"subject": [1, 2], "age": [40, 50]}), ["subject", "age"]
    )
    assert usable == ["age"]
    assert "'subject'" in sentences[0]


@pytest.mark.parametrize(
    "data",
    [
        table().iloc[:3],
        table().assign(age=lambda t: t["diagnosis"].map({"Control": 1.0, "T1NoDPN": 2.0, "T1DPN": 3.0})),
        table().assign(age=np.nan),
    ],
)
def test_no_model_no_number(data):
    assert adjusted_differences(data, "y", ORDER, ["age"]) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["", None, "", ""], "is empty"),
        (["41", "M", "", "F"], "not numbers, such as 'M' ("),
        (["40", "40", "40.0", "40"], "same value"),
        ([40, float("inf"), 30, 20], "not numbers"),
    ],
)
def test_unusable_covariates_have_a_sentence(values, words):
    usable, sentences = usable_covariates(pd.DataFrame({"age": values}), ["age"])
    assert usable == []
    assert len(sentences) == 1
    assert words in sentences[0]
    assert "'age'" in sentences[0]


def test_missing_column_has_a_sentence_and_the_rest_is_used():
    usable, sentences = usable_covariates(
        pd.DataFrame({"age": ["41", "", "52", "0"]}), ["hba1c", "age", "age"]
    )
    assert usable == ["age"]
    assert "not a column" in sentences[0]
