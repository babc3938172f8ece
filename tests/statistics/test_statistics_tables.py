"""Tables over subjects and diagnoses, worked by hand."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ccmeval.statistics import bootstrap_mean_ci, diagnosis_table, subject_table
from ccmeval.statistics.tables import analysis_table

CSV = """frame,subject,diagnosis,eye,status,quality_flags,age,cnfl_mm_per_mm2,mean_width_um
1.png,7,Control,OD,measured,,40,10,3.0
2.png,7,Control,OS,measured,too dark,40,14,
3.png,7,Control,OS,failed,,40,,
4.png,8,T1DPN,OD,measured,,60,4,
5.png,9,Control,OD,measured,,50,20,2.0
6.png,,Control,OD,measured,,50,30,2.0
"""


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.read_csv(io.StringIO(CSV))


def test_subject_means_by_hand(rows):
    table = subject_table(rows, carry=["age"])
    assert table["subject"].tolist() == ["7", "8", "9"], "a name that looks like 7.0 is still 7"
    assert table["diagnosis"].tolist() == ["Control", "T1DPN", "Control"]
    assert table["n_frames"].tolist() == [2, 1, 1]
    assert table["eyes"].tolist() == [2, 1, 1]
    assert table["age"].tolist() == [40, 60, 50]
    assert table["cnfl_mm_per_mm2"].tolist() == [12, 4, 20]
    assert table["cnfl_mm_per_mm2_sd"].iloc[0] == pytest.approx(np.sqrt(8))
    assert np.isnan(table["cnfl_mm_per_mm2_sd"].iloc[1])
    assert table["mean_width_um"].iloc[0] == 3.0, "a gap is left out of the mean, not the frame"
    assert np.isnan(table["mean_width_um"].iloc[1])


def test_frames_of_one_eye_are_one_eye():
    rows = pd.DataFrame({"subject": ["a"] * 4, "eye": ["OD", "OD", "OS", None], "cnfl_mm_per_mm2": range(4)})
    assert subject_table(rows)["eyes"].tolist() == [2]


def test_what_is_left_out_is_counted(rows):
    notes = " ".join(subject_table(rows).attrs["notes"])
    assert "1 of 6 frames could not be measured" in notes
    assert "1 of 5 measured frames have no subject" in notes


def test_few_frames_are_warned_of(rows):
    warnings = subject_table(rows)["warning"].tolist()
    assert warnings[0].startswith("only 2 frames")
    assert warnings[1].startswith("only 1 frame:")
    many = pd.DataFrame({"subject": ["a"] * 5, "cnfl_mm_per_mm2": range(5)})
    assert subject_table(many)["warning"].tolist() == [""]


def test_flagged_frames_stay(rows):
    assert subject_table(rows)["cnfl_mm_per_mm2"].iloc[0] == 12


def test_two_diagnoses_of_one_subject_are_kept_apart_and_warned_of():
    rows = pd.DataFrame(
        {"subject": ["a"] * 4, "diagnosis": ["Control", "T1DPN"] * 2, "cnfl_mm_per_mm2": [1.0, 10, 3, 20]}
    )
    table = subject_table(rows)
    assert table["cnfl_mm_per_mm2"].tolist() == [2, 15]
    assert table["warning"].str.contains("more than one diagnosis").all()
    assert "a" in table.attrs["notes"][0]


def test_several_diagnoses_and_a_missing_one_are_told_apart():
    rows = pd.DataFrame(
        {
            "subject": list("aabbc"),
            "diagnosis": ["Control", "T1DPN", "Control", None, None],
            "cnfl_mm_per_mm2": np.arange(5.0),
        }
    )
    table = subject_table(rows)
    warnings = table.set_index(["subject", "diagnosis"])["warning"]
    assert "more than one diagnosis" in warnings["a", "T1DPN"]
    assert "more than one" not in warnings["b", "Control"]
    assert "only some frames of this subject have a diagnosis" in warnings["b", "not stated"]
    assert "diagnosis" not in warnings["c", "not stated"]
    several, partly = table.attrs["notes"]
    assert "more than one diagnosis: a;" in several
    assert "different subjects" in several
    assert "only some have a diagnosis: b;" in partly


def test_many_subjects_of_two_diagnoses_are_counted_not_listed():
    names = [f"s{i:02}" for i in range(30)]
    rows = pd.DataFrame(
        {"subject": names * 2, "diagnosis": ["x"] * 30 + ["y"] * 30, "cnfl_mm_per_mm2": np.arange(60.0)}
    )
    (note,) = subject_table(rows).attrs["notes"]
    assert "s07 and 22 more" in note
    assert "s08" not in note


def test_no_subject_no_row(rows):
    table = subject_table(rows.drop(columns="subject"))
    assert table.empty
    assert "cnfl_mm_per_mm2" in table.columns


def test_nothing_measured(rows):
    rows["status"] = "failed"
    assert subject_table(rows).empty
    assert diagnosis_table(rows).empty


def test_diagnoses_by_hand(rows):
    table = diagnosis_table(rows).set_index(["diagnosis", "biomarker"])
    control = table.loc["Control", "cnfl_mm_per_mm2"]
    assert (control["unit_of_analysis"], control["n_subjects"], control["n_frames"]) == ("subject", 2, 3)
    assert (control["mean"], control["median"]) == (16, 16)
    assert control["sd"] == pytest.approx(np.std([12, 20], ddof=1))
    assert control["ci_low"] <= 16 <= control["ci_high"]
    single = table.loc["T1DPN", "cnfl_mm_per_mm2"]
    assert single["mean"] == 4
    assert np.isnan(single["sd"])
    assert np.isnan(single["ci_low"])
    assert table.loc["T1DPN", "mean_width_um"]["n_defined"] == 0
    assert np.isnan(table.loc["T1DPN", "mean_width_um"]["mean"])


def test_diagnosis_interval_is_over_subjects_not_frames():
    rng = np.random.default_rng(0)
    level = rng.normal(15, 4, 20)
    rows = pd.DataFrame(
        {
            "subject": np.repeat([f"s{i}" for i in range(20)], 8),
            "diagnosis": "Control",
            "cnfl_mm_per_mm2": np.repeat(level, 8) + 0.1 * rng.normal(size=160),
        }
    )
    row = diagnosis_table(rows).iloc[0]
    expected = stats.t.interval(0.95, 19, level.mean(), stats.sem(level))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=0.5)
    assert row["ci_high"] - row["ci_low"] > 2 * 1.96 * rows["cnfl_mm_per_mm2"].std() / np.sqrt(160)


def test_one_more_diagnosis_leaves_the_others_intervals(rows):
    alone = diagnosis_table(rows[rows["diagnosis"] == "Control"])
    both = diagnosis_table(rows)
    both = both[both["diagnosis"] == "Control"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, both)


def test_seed_moves_the_interval():
    rows = pd.DataFrame({"subject": list("abcdefghij"), "cnfl_mm_per_mm2": np.arange(10.0) ** 2})
    first, same, other = (diagnosis_table(rows, seed=s).iloc[0]["ci_low"] for s in (0, 0, 1))
    assert first == same != other


def test_without_subjects_frames_are_the_unit_and_said_so(rows):
    table = diagnosis_table(rows.drop(columns="subject"))
    assert set(table["unit_of_analysis"]) == {"frame"}
    assert set(table["n_subjects"]) == {0}
    assert any("independent" in note for note in table.attrs["notes"])


def test_diagnoses_come_by_severity_then_appearance():
    rows = pd.DataFrame({"diagnosis": ["zz", None, "T1DPN", "Control", "aa"], "cnfl_mm_per_mm2": range(5)})
    assert diagnosis_table(rows)["diagnosis"].tolist() == ["Control", "T1DPN", "zz", "aa", "not stated"]


def test_text_and_infinities_count_as_gaps():
    rows = pd.DataFrame({"subject": list("abc"), "cnfl_mm_per_mm2": ["3", "oops", "inf"]})
    assert diagnosis_table(rows).iloc[0][["n_defined", "mean"]].tolist() == [1, 3]


def test_rows_are_not_changed(rows):
    before = rows.copy()
    subject_table(rows)
    diagnosis_table(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_analysis_table_names_its_unit(rows):
    assert analysis_table(rows)[1] == "subject"
    assert analysis_table(rows.assign(subject=None))[1] == "frame"


def test_small_groups_are_warned_of():
    rows = pd.DataFrame({"subject": list("abc"), "cnfl_mm_per_mm2": [1.0, 2, 4]})
    row = diagnosis_table(rows).iloc[0]
    assert "only 3" in row["warning"]
    assert row["ci_low"] != bootstrap_mean_ci([1, 2, 4], rng=np.random.default_rng(99)).value
