from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from ccmeval.evaluation.schema import Criterion, PillarVerdict, ThreePillarResult
from ccmeval.fidelity.schema import FidelityResult, Floor, MetricRow
from ccmeval.preservation.schema import (
    AdherenceSummary,
    BiomarkerComparison,
    CorrelationStructure,
    GradientRow,
    PreservationResult,
)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("sensitivity_readings")


def made(matched: float, found_copies: int, sd_ratio: float, verdict: str) -> ThreePillarResult:
    floor = Floor(n=24, splits=50, unit="subject", median=1.0, low=0.8, high=1.2,
                  matched_median=matched, matched_low=matched - 0.1, matched_high=matched + 0.1)  # fmt: skip
    metrics = [
        MetricRow(metric="frechet", label="FD-radiomic", features="radiomic", value=3.0, floor=floor),
        MetricRow(metric="recall", label="recall", features="radiomic", value=0.5, better="higher"),
        MetricRow(metric="frechet", label="FD-radiomic", scope="diagnosis", diagnosis="Control", value=9.0),
    ]
    names = {"biomarker": "cnfl_mm_per_mm2", "label": "CNFL", "unit": "mm/mm2", "family": "primary"}
    comparison = BiomarkerComparison(**names, difference=0.1, difference_low=-1, difference_high=1,
                                     sd_ratio=sd_ratio, sd_ratio_low=sd_ratio - 0.1,
                                     sd_ratio_high=sd_ratio + 0.1, verdict="equivalent")  # fmt: skip
    gradient = GradientRow(**names, order=["Control", "T1DPN"], direction="falls", verdict="kept",
                           effect_ratio=1.0, effect_ratio_low=0.8, effect_ratio_high=1.2)  # fmt: skip
    adherence = AdherenceSummary(measure="scale", label="scale", mean=1.0, low=0.99, high=1.01)
    criterion = Criterion(pillar="fidelity", name="copies", sentence="", verdict=verdict)
    return ThreePillarResult(
        created="",
        fidelity=FidelityResult(metrics=metrics, n_copies=found_copies),
        preservation=PreservationResult(
            comparisons=[comparison], gradients=[gradient], adherence=[adherence],
            correlation=CorrelationStructure(mean_absolute_difference=0.1, floor_low=0.1, floor_high=0.2),
        ),
        verdicts=[PillarVerdict(pillar="fidelity", verdict=verdict, sentence="", criteria=[criterion])],
    )  # fmt: skip


def test_each_kind_of_reading_is_judged(readings: ModuleType) -> None:
    faithful = readings.readings_of(made(1.0, 0, 1.0, "pass"))
    faulty = readings.readings_of(made(2.0, 3, 0.4, "fail"))
    marks = {name: readings.judge(faulty[name], faithful[name]) for name in faithful}
    assert marks == {
        "FD-radiomic": "seen",
        "recall (radiomic)": "none",  # neither floor nor interval
        "copies found": "seen",
        "biomarkers different": "unseen",
        "biomarkers equivalent": "unseen",
        "difference of means, CNFL": "unseen",
        "SD ratio, CNFL": "seen",
        "gradient kept, CNFL": "unseen",
        "gradients lost or weakened": "unseen",
        "difference of correlations": "none",
        "mask adherence: scale": "unseen",
        "criterion copies": "seen",
        "verdict of fidelity": "seen",
    }


def test_beyond_on_the_good_side_is_no_sight(readings: ModuleType) -> None:
    faithful = readings.readings_of(made(1.0, 0, 0.5, "fail"))
    closer = readings.readings_of(made(0.3, 0, 1.0, "pass"))
    for name in ("FD-radiomic", "SD ratio, CNFL", "criterion copies"):
        assert readings.judge(closer[name], faithful[name]) == "better"


def test_inside_the_floor_or_the_faithful_range_nothing_is_seen(readings: ModuleType) -> None:
    faithful = readings.readings_of(made(1.5, 0, 1.0, "pass"))["FD-radiomic"]
    for matched, mark in ((1.55, "unseen"), (1.65, "seen"), (0.85, "unseen")):
        reading = readings.readings_of(made(matched, 0, 1.0, "pass"))["FD-radiomic"]
        assert readings.judge(reading, faithful) == mark


def test_an_undecided_verdict_is_no_fail(readings: ModuleType) -> None:
    faithful = readings.readings_of(made(1.0, 0, 1.0, "pass"))
    undecided = readings.readings_of(made(1.0, 0, 1.0, "inconclusive"))
    unknown = readings.readings_of(made(1.0, 0, 1.0, "unavailable"))
    name = "verdict of fidelity"
    assert readings.judge(undecided[name], faithful[name]) == "unseen"
    assert readings.judge(unknown[name], faithful[name]) == "none"


def test_tables_show_values_marks_and_strengths(
    readings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sensitivity = importlib.import_module("sensitivity")
    sets = {("none", 0.0): (1.0, 0), ("noise", 0.5): (1.1, 0), ("noise", 1.0): (2.0, 0),
            ("copies", 0.5): (0.2, 4), ("copies", 1.0): (0.1, 9)}  # fmt: skip
    found = {case: readings.readings_of(made(fd, n, 1.0, "pass")) for case, (fd, n) in sets.items()}
    full, short = sensitivity.full_table(found), sensitivity.short_table(found)
    assert "| FD-radiomic | 0.8 to 1.2 | 1 | 1.1 | 2 **x** | 0.2 (+) | 0.1 (+) |" in full
    assert "| recall (radiomic) |  | 0.5 | 0.5 |" in full
    assert "| FD-radiomic | from 1 | looks better |" in short
    assert "| copies found | no | from 0.5 |" in short
    assert "| recall (radiomic) | - | - |" in short
