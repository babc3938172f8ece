"""Verdicts against cases worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ccmeval.evaluation.criteria_fidelity import deciding_features, fidelity_criteria
from ccmeval.evaluation.criteria_preservation import is_different, preservation_criteria
from ccmeval.evaluation.settings import CriteriaSettings
from ccmeval.evaluation.verdicts import pillar_verdicts
from ccmeval.fidelity.schema import ExtractorRow, FidelityResult, Floor, MetricRow
from ccmeval.preservation.schema import (
    AdherenceSummary,
    BiomarkerComparison,
    GradientRow,
    PreservationResult,
)

LIMITS = CriteriaSettings()


def floor(median: float, matched: tuple[float, float, float], n: int = 40) -> Floor:
    return Floor(
        n=n,
        splits=10,
        unit="subject",
        median=median,
        low=0.8 * median,
        high=1.2 * median,
        matched_median=matched[0],
        matched_low=matched[1],
        matched_high=matched[2],
    )


def fidelity(
    distance: tuple[float, float, float], coverage: tuple[float, float, float], copies: int | None = 0
) -> FidelityResult:
    return FidelityResult(
        extractors=[ExtractorRow(name="radiomic")],
        metrics=[
            MetricRow(
                metric="frechet", label="FD-radiomic", features="radiomic", value=1, floor=floor(10, distance)
            ),
            MetricRow(
                metric="coverage",
                label="Coverage",
                features="radiomic",
                value=1,
                better="higher",
                floor=floor(0.8, coverage),
            ),
        ],
        n_copies=copies,
    )


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        ((11.0, 9.0, 14.0), "pass"),
        ((19.0, 15.0, 23.0), "inconclusive"),
        ((40.0, 30.0, 50.0), "fail"),
    ],
)
def test_distance_is_judged_by_its_range_over_the_floor(
    distance: tuple[float, float, float], expected: str
) -> None:
    found = {it.name: it for it in fidelity_criteria(fidelity(distance, (0.8, 0.7, 0.9)), LIMITS)}
    assert found["distance-radiomic"].verdict == expected
    assert found["distance-radiomic"].value == pytest.approx(distance[0] / 10)
    assert found["coverage-radiomic"].verdict == "pass"


def test_low_coverage_and_copies_fail() -> None:
    found = {
        it.name: it.verdict for it in fidelity_criteria(fidelity((10, 9, 11), (0.2, 0.1, 0.3), 2), LIMITS)
    }
    assert found == {"distance-radiomic": "pass", "coverage-radiomic": "fail", "copies": "fail"}


def test_few_frames_decide_nothing() -> None:
    result = fidelity((40, 30, 50), (0.2, 0.1, 0.3))
    for row in result.metrics:
        assert row.floor is not None
        row.floor.n = 8
    found = {it.name: it.verdict for it in fidelity_criteria(result, LIMITS)}
    assert found["distance-radiomic"] == found["coverage-radiomic"] == "inconclusive"


def test_a_floor_of_zero_or_none_is_no_ratio() -> None:
    result = fidelity((1, 1, 1), (1, 1, 1), copies=None)
    assert result.metrics[0].floor is not None
    result.metrics[0].floor.median = 0.0
    result.metrics[1].floor = None
    found = fidelity_criteria(result, LIMITS)
    assert [it.verdict for it in found] == ["unavailable"] * 3
    assert all(it.reason for it in found)


def test_one_network_and_the_radiomic_features_decide() -> None:
    rows = [ExtractorRow(name=name) for name in ("morphometric", "radiomic", "squeezenet", "alexnet")]
    rows.append(ExtractorRow(name="inception", status="unavailable"))
    assert deciding_features(FidelityResult(extractors=rows)) == ["alexnet", "radiomic"]
    strangers = [ExtractorRow(name="timm:some")]
    assert deciding_features(FidelityResult(extractors=strangers)) == ["timm:some"]


def test_without_a_distance_freedom_from_copies_is_no_pass() -> None:
    result = FidelityResult(extractors=[ExtractorRow(name="morphometric")], n_copies=0)
    found = pillar_verdicts(result, None, LIMITS, ["fidelity"])[0]
    assert found.verdict == "inconclusive"
    assert "add radiomic" in found.sentence


def comparison(**more: Any) -> BiomarkerComparison:
    fields: dict[str, Any] = {
        "biomarker": "cnfl_mm_per_mm2",
        "label": "CNFL",
        "unit": "mm/mm²",
        "family": "primary",
        "scope": "diagnosis",
        "diagnosis": "Control",
        "margin": 2.0,
        "equivalence_low": -1.0,
        "equivalence_high": 1.0,
        "verdict": "equivalent",
        "sd_ratio": 1.0,
        "sd_ratio_low": 0.8,
        "sd_ratio_high": 1.2,
        "welch_p_holm": 1.0,
    }
    return BiomarkerComparison(**{**fields, **more})


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (comparison(), "pass"),
        (comparison(verdict="both", welch_p_holm=0.001), "pass"),
        (comparison(verdict="inconclusive", equivalence_high=2.5), "inconclusive"),
        (comparison(verdict="different", equivalence_low=0.1, equivalence_high=2.5), "inconclusive"),
        (
            comparison(verdict="different", equivalence_low=0.1, equivalence_high=2.5, welch_p_holm=0.01),
            "fail",
        ),
        (comparison(verdict="different", equivalence_low=2.1, equivalence_high=3), "fail"),
        (comparison(verdict="different", equivalence_low=-3, equivalence_high=-2.1), "fail"),
        (comparison(verdict="undefined", equivalence_low=None, equivalence_high=None), "unavailable"),
    ],
)
def test_equivalence(row: BiomarkerComparison, expected: str) -> None:
    found = preservation_criteria(PreservationResult(comparisons=[row]), LIMITS)[0]
    assert found.verdict == expected, found.reason
    assert is_different(row) == (expected == "fail")


def test_no_significant_difference_is_never_a_pass() -> None:
    rows = [comparison(), comparison(diagnosis="T1DPN", verdict="inconclusive", welch_p_holm=1.0)]
    found = preservation_criteria(PreservationResult(comparisons=rows), LIMITS)[0]
    assert found.verdict == "inconclusive"
    assert "T1DPN" in found.reason


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "pass"),
        ({"sd_ratio": 0.0, "sd_ratio_low": None, "sd_ratio_high": None}, "fail"),
        ({"sd_ratio": 0.3, "sd_ratio_low": 0.2, "sd_ratio_high": 0.5}, "fail"),
        ({"sd_ratio": 0.6, "sd_ratio_low": 0.4, "sd_ratio_high": 0.9}, "inconclusive"),
        ({"sd_ratio": None}, "unavailable"),
    ],
)
def test_spread(more: dict[str, Any], expected: str) -> None:
    found = preservation_criteria(PreservationResult(comparisons=[comparison(**more)]), LIMITS)[1]
    assert (found.name, found.verdict) == ("spread", expected)


def gradient(verdict: str, direction: str = "falls") -> GradientRow:
    return GradientRow.model_validate(
        {
            "biomarker": "cnfl_mm_per_mm2",
            "label": "CNFL",
            "unit": "",
            "family": "primary",
            "order": ["a", "b"],
            "direction": direction,
            "verdict": verdict,
        }
    )


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["kept", "kept"], "pass"),
        (["kept", "lost"], "fail"),
        (["kept", "reversed"], "fail"),
        (["kept", "weakened"], "inconclusive"),
        (["kept", "undefined"], "pass"),
        (["undefined"], "unavailable"),
        ([], "unavailable"),
    ],
)
def test_gradient(verdicts: list[str], expected: str) -> None:
    rows = [gradient(verdict) for verdict in verdicts]
    found = preservation_criteria(PreservationResult(gradients=rows), LIMITS)[2]
    assert (found.name, found.verdict) == ("gradient", expected)


def test_what_does_not_change_in_the_real_set_need_not_be_kept() -> None:
    rows = [gradient("kept"), gradient("inconclusive", direction="none")]
    assert preservation_criteria(PreservationResult(gradients=rows), LIMITS)[2].verdict == "pass"


def adherence(measure: str, mean: float, low: float, high: float) -> AdherenceSummary:
    return AdherenceSummary(measure=measure, label=measure, mean=mean, low=low, high=high, n_frames=9)


def test_adherence_is_judged_only_where_masks_are_known() -> None:
    assert len(preservation_criteria(PreservationResult(), LIMITS)) == 3
    rows = [adherence("length_recall", 0.9, 0.85, 0.95), adherence("hallucinated_length", 0.5, 0.4, 0.6)]
    found = {it.name: it.verdict for it in preservation_criteria(PreservationResult(adherence=rows), LIMITS)}
    assert found["mask-recall"] == "pass"
    assert found["mask-hallucination"] == "fail"


def test_pillars_that_were_not_run_say_so() -> None:
    found = pillar_verdicts(None, PreservationResult(), LIMITS, ["preservation"])
    assert [it.verdict for it in found] == ["unavailable"] * 3
    assert found[0].sentence == "This pillar was not asked for."
    assert "ccmeval utility" in found[2].sentence


def test_a_failed_pillar_names_its_first_reason() -> None:
    result = fidelity((40, 30, 50), (0.8, 0.7, 0.9))
    found = pillar_verdicts(result, None, LIMITS, ["fidelity"])[0]
    assert found.verdict == "fail"
    assert "4.00 times its floor" in found.sentence
