"""Two tables compared: numbers from scipy and by hand, units warned of and never converted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from ccmeval.agreement.biomarker import AgreementSettings
from ccmeval.agreement.foreign import TableError
from ccmeval.agreement.tables import compare_tables
from ccmeval.errors import CcmevalError
from ccmeval.report.agreement_schema import AgreementResult

N, FRAMES_EACH = 60, 4


@pytest.fixture
def tables(tmp_path) -> tuple[Path, Path, pd.DataFrame, pd.DataFrame]:
    """Our table with subjects, and another tool's with counts, mm for um and one bias of 2."""
    rng = np.random.default_rng(0)
    subject = [f"s{i // FRAMES_EACH:02d}" for i in range(N)]
    cnfl = np.repeat(rng.normal(16, 5, N // FRAMES_EACH), FRAMES_EACH) + rng.normal(0, 2, N)
    counts = rng.poisson(3, N)
    ours = pd.DataFrame(
        {
            "frame": [f"{s}/{i:03d}.png" for i, s in enumerate(subject)],
            "subject": subject,
            "status": "measured",
            "cnfl_mm_per_mm2": cnfl,
            "cnfd_per_mm2": 6.25 * counts + rng.choice([0, 6.25], N),
            "cnfw_um_per_mm2": rng.normal(31, 1.3, N),
            "imaged_area_mm2": 0.16,
        }
    )
    other = pd.DataFrame(
        {
            "Image Name": [f"{i:03d}.BMP" for i in range(N)],
            "CNFL": cnfl - 2 + rng.normal(0, 1, N),
            "CNFD": counts,
            "CNFW": ours["cnfw_um_per_mm2"] / 1000,
            "Comment": "fine",
        }
    )
    first, second = tmp_path / "biomarkers.csv", tmp_path / "ACCMetrics.csv"
    ours.to_csv(first, index=False)
    other.to_csv(second, index=False)
    return first, second, ours, other


def of(result: AgreementResult, column: str):
    return next(it for it in result.biomarkers if it.biomarker == column)


def test_numbers_are_those_of_scipy_over_subjects(tables):
    first, second, ours, other = tables
    found = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    difference = ours["cnfl_mm_per_mm2"] - other["CNFL"]
    means = difference.groupby(ours["subject"]).mean()
    expected = stats.t.interval(0.95, len(means) - 1, means.mean(), stats.sem(means))
    assert (found.n_frames, found.n_subjects) == (60, 15)
    assert found.bias.value == pytest.approx(means.mean())
    assert (found.bias.low, found.bias.high) == pytest.approx(expected)
    assert found.pearson.value == pytest.approx(
        stats.pearsonr(ours["cnfl_mm_per_mm2"], other["CNFL"]).statistic
    )
    assert found.spearman.value == pytest.approx(
        stats.spearmanr(ours["cnfl_mm_per_mm2"], other["CNFL"]).statistic
    )
    assert found.bias_percent == pytest.approx(
        100 * means.mean() / (ours["cnfl_mm_per_mm2"].mean() + other["CNFL"].mean()) * 2
    )
    assert found.icc_subjects is not None
    assert "over subjects" in found.interval_method


def test_intervals_over_subjects_are_wider_than_over_frames(tables):
    """The difference between tools is made to vary with the subject: frames say too much."""
    first, second, ours, other = tables
    shift = np.repeat(np.random.default_rng(1).normal(0, 3, N // FRAMES_EACH), FRAMES_EACH)
    other.assign(CNFL=other["CNFL"] + shift).to_csv(second, index=False)
    known = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    ours.drop(columns="subject").to_csv(first, index=False)
    result = compare_tables(first, second)
    unknown = of(result, "cnfl_mm_per_mm2")
    assert known.bias.high - known.bias.low > 1.4 * (unknown.bias.high - unknown.bias.low)
    assert result.n_subjects == 0
    assert unknown.icc_subjects is None
    assert any("treat frames as independent" in note for note in result.notes)


def test_icc_of_subjects_is_of_their_means(tables):
    """Frames of a subject err by +3 and -3 in turn: each frame is off, no subject's mean is."""
    first, second, ours, other = tables
    other.assign(CNFL=ours["cnfl_mm_per_mm2"] + np.tile([3, -3], N // 2)).to_csv(second, index=False)
    found = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    assert found.icc_subjects.value == pytest.approx(1)
    assert found.icc.value < 0.95


def test_subjects_may_come_from_the_other_table(tables):
    first, second, ours, other = tables
    ours.drop(columns="subject").to_csv(first, index=False)
    other.assign(subject=ours["subject"]).to_csv(second, index=False)
    assert compare_tables(first, second).n_subjects == 15


def test_counts_and_other_units_are_warned_of_and_left_as_they_stand(tables):
    first, second, _, other = tables
    result = compare_tables(first, second)
    counts, width = of(result, "cnfd_per_mm2"), of(result, "cnfw_um_per_mm2")
    assert counts.mean_second == pytest.approx(other["CNFD"].mean())
    assert "--scale CNFD=6.25" in counts.warnings[0]
    assert width.mean_second == pytest.approx(other["CNFW"].mean())
    assert "--scale CNFW=1000" in width.warnings[0]
    assert not of(result, "cnfl_mm_per_mm2").warnings


def test_scale_is_the_only_conversion(tables):
    first, second, ours, _ = tables
    result = compare_tables(first, second, AgreementSettings(scale={"CNFW": 1000, "cnfd": 6.25}))
    width = of(result, "cnfw_um_per_mm2")
    assert width.mean_second == pytest.approx(ours["cnfw_um_per_mm2"].mean())
    assert width.scale == 1000
    assert not width.warnings
    assert not of(result, "cnfd_per_mm2").warnings
    assert of(result, "cnfl_mm_per_mm2").scale == 1


def test_a_stated_unit_is_warned_of(tables):
    first, second, _, other = tables
    other.rename(columns={"CNFW": "CNFW (mm/mm2)"}).to_csv(second, index=False)
    warnings = of(compare_tables(first, second), "cnfw_um_per_mm2").warnings
    assert "'mm/mm2'" in warnings[0]
    assert "--scale CNFW=1000" in warnings[0]


def test_scale_must_name_a_shared_biomarker(tables):
    with pytest.raises(CcmevalError, match="they share CNFL, CNFD, CNFW"):
        compare_tables(*tables[:2], AgreementSettings(scale={"CNBD": 2}))


def test_left_out_frames_are_counted_and_named(tables):
    first, second, ours, other = tables
    ours.loc[0, ["status", "cnfl_mm_per_mm2"]] = ["failed", np.nan]
    ours.to_csv(first, index=False)
    pd.concat([other.iloc[:-2], other.iloc[[5]]]).to_csv(second, index=False)
    result = compare_tables(first, second)
    assert result.unmatched_second == ["000.BMP"]
    assert result.unmatched_first == ["s14/058.png", "s14/059.png"]
    assert set(result.ambiguous) == {"005.BMP", "s01/005.png"}
    assert result.n_frames == 60 - 1 - 2 - 1
    assert len([note for note in result.notes if "left out" in note]) == 4


def test_the_same_table_agrees_perfectly(tables):
    first = tables[0]
    found = of(compare_tables(first, first), "cnfl_mm_per_mm2")
    assert found.bias.value == 0
    assert found.icc.value == found.pearson.value == found.concordance.value == 1
    assert found.lower_limit.value == found.upper_limit.value == 0


def test_the_same_command_gives_the_same_numbers(tables):
    first, second = (compare_tables(*tables[:2]).biomarkers for _ in range(2))
    assert first == second


def test_names_tell_the_tables_apart(tables, tmp_path):
    first, second, _, other = tables
    result = compare_tables(first, second)
    assert (result.first_name, result.second_name) == ("ccmeval", "ACCMetrics")
    (tmp_path / "b").mkdir()
    for folder in ("", "b"):
        other.to_csv(tmp_path / folder / "rater.csv", index=False)
    result = compare_tables(tmp_path / "rater.csv", tmp_path / "b" / "rater.csv")
    assert result.second_name == "b/rater"
    assert result.first_name != result.second_name


def test_two_frames_have_no_limits(tables):
    first, second, _, other = tables
    other.iloc[:2].to_csv(second, index=False)
    found = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    assert found.n_frames == 2
    assert found.bias.value is None
    assert (found.icc.value, found.icc.low) == (None, None), "of two frames it would reach from -200 to 1"
    assert "only 2 frames have a value in both tables: too few" in " ".join(found.warnings)
    other.iloc[:1].to_csv(second, index=False)
    found = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    assert "only 1 frame has a value" in " ".join(found.warnings)


def test_one_subject_is_said(tables):
    first, second, ours, _ = tables
    ours.assign(subject="only").to_csv(first, index=False)
    found = of(compare_tables(first, second), "cnfl_mm_per_mm2")
    assert any("one subject" in warning for warning in found.warnings)


def test_no_common_frame_and_no_common_biomarker(tables):
    first, second, ours, other = tables
    other.assign(**{"Image Name": [f"x{i}" for i in range(N)]}).to_csv(second, index=False)
    with pytest.raises(TableError, match=r"share no frame: names like 's00/000\.png' and 'x0'"):
        compare_tables(first, second)
    other[["Image Name"]].assign(CNFrD=1.4).to_csv(second, index=False)
    with pytest.raises(TableError, match="share no biomarker"):
        compare_tables(first, second)
    ours.assign(frame="same.png").to_csv(first, index=False)
    other.assign(**{"Image Name": "same"}).to_csv(second, index=False)
    with pytest.raises(TableError, match="fit several rows"):
        compare_tables(first, second)


def test_result_survives_json(tables):
    result = compare_tables(*tables[:2])
    assert AgreementResult.model_validate_json(result.model_dump_json()) == result
    assert result.schema_version == "1.0"


@pytest.mark.parametrize("bad", [{"scale": {"CNFL": 0}}, {"confidence": 1}, {"resamples": 3}, {"sed": 1}])
def test_settings_have_bounds(bad):
    with pytest.raises(ValidationError):
        AgreementSettings(**bad)
