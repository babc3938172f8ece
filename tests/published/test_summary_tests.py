"""Tests from means and SDs, against scipy and statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ccmeval.published.check_claims import accuracy_gain, equivalence
from ccmeval.published.library import published_paper
from ccmeval.published.moments import (
    Sample,
    equivalence_p,
    largest_equivalent,
    smallest_significant,
    welch_from_moments,
)
from ccmeval.published.summary_tests import TestPlan, reach, summary_tests
from tests.published.copies import MADE_UP, biomarker_rows, filled


def test_welch_by_hand():
    # sqrt(25/50 + 25/50) = 1; (0.5 + 0.5)^2 / (0.25/49 + 0.25/49) = 98
    found = welch_from_moments(Sample(20, 5, 50), Sample(18, 5, 50))
    assert (found.difference, found.error, found.degrees) == (-2, 1.0, pytest.approx(98))


@pytest.mark.parametrize("n", [(5, 9), (40, 12), (106, 300)])
def test_welch_is_that_of_scipy(n):
    real, synth = Sample(14.6, 5.6, n[0]), Sample(15.9, 4.1, n[1])
    peer = stats.ttest_ind_from_stats(14.6, 5.6, n[0], 15.9, 4.1, n[1], equal_var=False)
    assert welch_from_moments(real, synth).p() == pytest.approx(peer.pvalue)


def test_tost_is_that_of_statsmodels():
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    rng = np.random.default_rng(3)
    a, b = rng.normal(10, 2, 40), rng.normal(10.3, 3, 60)
    peer = CompareMeans(DescrStatsW(b), DescrStatsW(a)).ttost_ind(-1.5, 1.5, usevar="unequal")[0]
    samples = [Sample(it.mean(), it.std(ddof=1), it.size) for it in (a, b)]
    assert equivalence_p(welch_from_moments(*samples), 1.5) == pytest.approx(peer)


def test_one_frame_gives_no_test():
    assert np.isnan(welch_from_moments(Sample(1, 1, 1), Sample(2, 1, 9)).p())


def test_reach_is_where_the_tests_turn():
    sd, n, margin = 5.14, 50, 2.57
    edge = smallest_significant(sd, n)
    p = [welch_from_moments(Sample(0, sd, n), Sample(edge * k, sd, n)).p() for k in (0.999, 1.001)]
    assert p[0] > 0.05 > p[1]
    edge = largest_equivalent(sd, n, margin)
    p = [
        equivalence_p(welch_from_moments(Sample(0, sd, n), Sample(edge * k, sd, n)), margin)
        for k in (0.999, 1.001)
    ]
    assert p[0] < 0.05 < p[1]


def test_reach_of_the_paper():
    found = {(it.n, it.diagnosis, it.label): it for it in reach(published_paper(), TestPlan())}
    assert len(found) == 4 * 3 * 4
    one = found[20, "Control", "CNFL"]
    # t(38, 0.975) = 2.0244, t(38, 0.95) = 1.6860; sqrt(2/20) x 5.14 = 1.6254; 2.57 - 2.7404 < 0
    assert one.smallest_significant == pytest.approx(2.0244 * 1.6254, rel=1e-4)
    assert one.largest_equivalent is None
    assert found[106, "Control", "CNFL"].largest_equivalent == pytest.approx(
        2.57 - 1.65211 * 0.70604, rel=1e-3
    )


def test_nothing_is_tested_where_no_synthetic_row_is_at_hand():
    assert summary_tests(published_paper(), TestPlan()) == []
    check = equivalence(published_paper(), TestPlan())
    assert check.finding == "cannot be told"
    assert len(check.missing) == 24


def test_rows_are_tested_at_every_size(tmp_path):
    paper = filled(tmp_path, tables={"biomarkers": biomarker_rows()})
    found = summary_tests(paper, TestPlan(sizes=(30, 100)))
    assert len(found) == 2 * len(MADE_UP) * 4
    assert all(it.n_assumed for it in found)
    assert {it.holm_family_size for it in found} == {12}
    one = next(
        it
        for it in found
        if (it.source, it.diagnosis, it.label, it.n_real) == ("LoRA", "Control", "CNFL", 100)
    )
    peer = stats.ttest_ind_from_stats(18.0, 4.0, 100, 19.40, 5.14, 100, equal_var=False)
    assert one.p == pytest.approx(peer.pvalue)
    assert (one.difference, one.margin) == (pytest.approx(-1.4), pytest.approx(2.57))


def test_holm_is_over_the_rows_of_one_source(tmp_path):
    from statsmodels.stats.multitest import multipletests

    found = summary_tests(filled(tmp_path, tables={"biomarkers": biomarker_rows(100)}), TestPlan())
    own = [it for it in found if it.source == "LoRA"]
    assert [it.p_holm for it in own] == pytest.approx(multipletests([it.p for it in own], method="holm")[1])


def test_printed_sizes_are_taken_once(tmp_path):
    found = summary_tests(filled(tmp_path, tables={"biomarkers": biomarker_rows(100)}), TestPlan())
    assert len(found) == len(MADE_UP) * 4
    assert {(it.n_real, it.n_synth, it.n_assumed) for it in found} == {(100, 100, False)}


def test_the_claim_of_equivalence_agrees_where_every_row_passes(tmp_path):
    rows = [row for row in biomarker_rows(2000) if row["source"] != "LoRA"]
    check = equivalence(filled(tmp_path, tables={"biomarkers": rows}), TestPlan())
    assert check.finding == "cannot be told"  # LoRA's rows are not at hand
    same = [{**row, "source": "LoRA"} for row in rows if row["source"] == "WDLoRA"]
    check = equivalence(filled(tmp_path, tables={"biomarkers": [*rows, *same]}), TestPlan())
    assert check.finding == "agrees"
    assert check.steps[0] == "LoRA, frames a side 2000: of 12 rows 12 equivalent."


def test_one_row_that_always_differs_speaks_against_it(tmp_path):
    rows = biomarker_rows(200)
    rows[0]["cnfl_mm_per_mm2"] = "12.00 ± 4.00"
    check = equivalence(filled(tmp_path, tables={"biomarkers": rows}), TestPlan())
    assert check.finding == "does not agree"
    # CNFL of the altered row, and CNFW of the same: -0.58 / sqrt((1.30^2 + 1.10^2) / 200) = -0.58 / 0.1204
    assert check.steps[0] == "LoRA, frames a side 200: of 12 rows 10 equivalent, 2 different."
    assert "LoRA, Control, CNFW" in check.steps[5]
    assert "-4.82" in check.steps[5].replace("−", "-")


def test_a_margin_in_the_unit(tmp_path):
    paper = filled(tmp_path, tables={"biomarkers": biomarker_rows(100)})
    found = summary_tests(paper, TestPlan(margins={"cnfl_mm_per_mm2": 0.1}))
    assert {it.margin for it in found if it.label == "CNFL"} == {0.1}
    assert all(it.verdict != "equivalent" for it in found if it.label == "CNFL")


def test_the_gain_beside_its_noise(tmp_path):
    check = accuracy_gain(published_paper())
    assert check.finding == "cannot be told"
    # sqrt(0.7 x 0.3 / 64) = sqrt(0.00328125) = 0.0572822; 64 x 0.021 = 1.344
    assert check.steps[0] == "2.1 points of 64 subjects are 1.34 subjects."
    assert "= 0.0573, that is 5.73 points" in check.steps[1]
    large = accuracy_gain(filled(tmp_path, statements={"accuracy_gain": "12.0"}))
    assert large.finding == "agrees"  # 1.96 x 5.73 = 11.2
    between = accuracy_gain(filled(tmp_path, statements={"accuracy_gain": "8.0"}))
    assert between.finding == "cannot be told"
    assert "within half the 95 % interval" in between.sentence
