"""A result of pillar 3 made up from seeded random numbers, for the report's tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ccmeval.evaluation.schema import Criterion, PillarVerdict, ThreePillarResult
from ccmeval.utility.schema import (
    Calibration,
    CalibrationBin,
    Confusion,
    CurvePoint,
    DifferenceRow,
    LabelAgreement,
    Leak,
    LearnerRow,
    Protocol,
    ScoreRow,
    SegmentationExample,
    TaskVerdict,
    UnitRow,
    UtilityResult,
)

CLASSES = ("Control", "T1NoDPN", "T1DPN")
GROUPS = ("A", "A-dup", "A-balanced", "B", "C")
PAIRS = (("B", "A"), ("C", "A"), ("B", "A-dup"), ("B", "A-balanced"), ("A-dup", "A"))
DIAGNOSIS_METRICS = (
    ("balanced_accuracy", "Balanced accuracy", "subject", "higher", 0.74),
    ("accuracy", "Accuracy", "subject", "higher", 0.76),
    ("accuracy", "Accuracy", "frame", "higher", 0.71),
    ("macro_f1", "Macro-F1", "subject", "higher", 0.73),
    ("auc", "AUC, one against the rest, mean", "subject", "higher", 0.88),
    ("calibration_error", "Expected calibration error", "frame", "lower", 0.11),
    ("balanced_accuracy", "Balanced accuracy", "frame", "higher", 0.70),
)
SEGMENTATION_METRICS = (
    ("dice", "Dice", "mean over frames", "higher", 0.78),
    ("iou", "Nerve IoU", "mean over frames", "higher", 0.64),
    ("iou", "Nerve IoU", "pooled over frames", "higher", 0.66),
    ("miou", "Mean IoU of nerve and background", "pooled over frames", "higher", 0.81),
    ("cldice", "clDice", "mean over frames", "higher", 0.83),
    ("false_discovery", "False discovery within 3 px", "pooled over frames", "lower", 0.12),
    ("cnfl_error", "CNFL error", "mean over frames", "lower", 1.9),
)
METRICS = {"diagnosis": DIAGNOSIS_METRICS, "segmentation": SEGMENTATION_METRICS}
GAINS = {"A": 0.0, "A-dup": 0.006, "A-balanced": 0.012, "B": 0.021, "C": -0.09}
LEARNERS = {
    "diagnosis": {"hmsvit": 0.0, "biomarker": 0.01},
    "segmentation": {"hmsvit": 0.0, "unet": -0.02},
}
EFFECTS = ("helps", "harms", "no detectable effect", "inconclusive", "unavailable")


def utility(folds: int = 5, seeds: int = 2, classes: Sequence[str] = CLASSES, seed: int = 3) -> UtilityResult:
    """A result with everything in it."""
    rng = np.random.default_rng(seed)
    scores = _scores(rng, classes)
    return UtilityResult(
        protocol=_protocol(folds, seeds, classes),
        learners=_learners(),
        leaks=[
            Leak(code="copy-of-test-frame", severity="warning", count=7,
                 sentence="7 synthetic frames are near-duplicates of test frames and were left out.",
                 frames=[f"synth/{i:04d}.png" for i in range(7)]),
            Leak(code="generator-undeclared", severity="note",
                 sentence="The synthetic set does not declare the frames that its generator was trained on."),
        ],
        verdicts=[
            TaskVerdict(task="diagnosis", learner="hmsvit", effect="inconclusive",
                        sentence="B against the strongest control, A-balanced: +0.009 (−0.05 to +0.07) in"
                        " balanced accuracy; this test set could show 0.081."),
            TaskVerdict(task="segmentation", learner="hmsvit", effect="helps",
                        sentence="B gains +0.021 Dice over A-dup."),
        ],
        scores=scores,
        differences=_differences(rng),
        confusions=_confusions(rng, classes),
        calibrations=_calibrations(rng),
        curves=_curves(rng),
        agreements=_agreements(classes),
        examples=[
            SegmentationExample(
                frame=f"held_out/{i}.png", key=f"frame-{i}", learner="hmsvit",
                files={"truth": f"utility/examples/{i}-truth.png",
                       **{group: f"utility/examples/{i}-{group}.png" for group in ("A", "B", "C")}},
                dice={"A": 0.77, "B": 0.81, "C": None},
            )
            for i in range(2)
        ],
        units=_units(rng, folds, seeds),
        unavailable={"clip": "Weights of clip are not here; give --weights clip=PATH, or allow --download."},
        notes=["Four validation folds hold fewer than ten frames of T1NoDPN."],
    )  # fmt: skip


def with_utility(found: UtilityResult | None = None, **more: Any) -> ThreePillarResult:
    """A run of pillar 3 alone, with its card."""
    criteria = [
        Criterion(pillar="utility", name="hybrid-diagnosis", verdict="inconclusive", value=0.009, low=-0.05,
                  high=0.07, limit=0.05, sentence="Group B is not worse than A-balanced by more than 0.05.",
                  reason="The interval reaches beyond the margin.", source="setting utility.margin"),
    ]  # fmt: skip
    card = PillarVerdict(
        pillar="utility", verdict="inconclusive", criteria=criteria,
        sentence="Nothing failed, but 1 of 1 criteria are undecided.",
    )  # fmt: skip
    return ThreePillarResult(
        created="2026-11-21T20:03:59Z",
        pillars=["utility"],
        verdicts=[card],
        utility=utility() if found is None else found,
        **more,
    )


def empty_rows() -> UtilityResult:
    """Every row there is, and hardly a number in any."""
    about = {"learner": "hmsvit", "metric": "m", "label": "M", "level": "frame"}
    return UtilityResult(
        scores=[ScoreRow(task="diagnosis", group=group, primary=True, **about) for group in GROUPS],
        differences=[DifferenceRow(task="diagnosis", group="B", against="A", effect="unavailable", **about)],
        confusions=[Confusion(learner="hmsvit", group="A", level="frame", classes=[], counts=[])],
        calibrations=[Calibration(learner="hmsvit", group="A", error=None, bins=[
            CalibrationBin(low=0, high=1, n=0, confidence=None, accuracy=None)])],
        curves=[CurvePoint(task="diagnosis", learner="hmsvit", curve="ratio", x=0, group="A", metric="m",
                           label="M")],
        agreements=[LabelAgreement(learner="hmsvit")],
        learners=[LearnerRow(name="hmsvit", status="unavailable")],
        leaks=[Leak(code="x", severity="note", sentence="Nothing was declared.")],
        verdicts=[TaskVerdict(task="segmentation", learner="unet", effect="unavailable", sentence="None.")],
        examples=[SegmentationExample(frame="f", key="k", learner="l", files={})],
        units=[UnitRow(key="k", task="diagnosis", learner="hmsvit", group="A", fold=0, seed=0,
                       status="failed", reason="Out of memory.", history=[(0, None, None), (1, None, None)])],
    )  # fmt: skip


def _protocol(folds: int, seeds: int, classes: Sequence[str]) -> Protocol:
    return Protocol(
        budget="standard", fairness="equal-steps", test="split of the real set", split_by="subject",
        folds=folds, seeds=seeds, steps=2000, batch_size=16, size_px=224, segmentation_frame_px=384,
        ratio=None, loss_weight=0.5, selection="validation-loss", tolerance_um=3.125, n_test_frames=256,
        n_test_subjects=64, n_real_frames=1031, n_real_subjects=257, n_synth_frames=4129,
        test_diagnoses=dict.fromkeys(classes, 85), real_diagnoses=dict.fromkeys(classes, 343),
        synth_diagnoses=dict.fromkeys(classes, 1376),
    )  # fmt: skip


def _learners() -> list[LearnerRow]:
    return [
        LearnerRow(name="hmsvit", version="1", identity="hmsvit 1, nano, no initial weights", licence="none",
                   tasks=["diagnosis", "segmentation"], n_parameters=2_113_411, settings={"size": "nano"}),
        LearnerRow(name="biomarker", version="1", tasks=["diagnosis"], notes=["Four biomarkers a frame."]),
        LearnerRow(name="unet", version="1", tasks=["segmentation"], n_parameters=14_321_000),
        LearnerRow(name="clip", status="unavailable", reason="Weights of clip are not here."),
    ]  # fmt: skip


def _scores(rng: np.random.Generator, classes: Sequence[str]) -> list[ScoreRow]:
    rows = []
    for task, metrics in METRICS.items():
        for learner, shift in LEARNERS[task].items():
            for group in GROUPS:
                for number, (metric, label, level, better, base) in enumerate(metrics):
                    sign = 1 if better == "higher" else -1
                    value = base * (1 + sign * (GAINS[group] + shift)) + rng.normal(0, 0.004)
                    about: dict[str, Any] = {
                        "task": task, "learner": learner, "group": group, "metric": metric, "label": label,
                        "level": level, "better": better, "unit": "mm/mm²" if metric == "cnfl_error" else "",
                    }  # fmt: skip
                    missing = (metric, group, learner) == ("calibration_error", "C", "biomarker")
                    rows.append(
                        ScoreRow(**about, primary=number == 0, value=None if missing else value, sd=0.019,
                                 low=value - 0.06, high=value + 0.06, n_units=10,
                                 validation_value=value + 0.031,
                                 reason="No probability was given." if missing else "")
                    )  # fmt: skip
                    if metric == "auc":
                        rows += [
                            ScoreRow(**about, diagnosis=name, value=value, sd=0.03, n_units=10)
                            for name in classes
                        ]
    return rows


def _differences(rng: np.random.Generator) -> list[DifferenceRow]:
    rows = []
    for task, metrics in METRICS.items():
        for learner in LEARNERS[task]:
            for number, (metric, label, level, better, _) in enumerate(metrics):
                for place, (group, against) in enumerate(PAIRS):
                    sign = 1 if better == "higher" else -1
                    value = sign * (GAINS[group] - GAINS[against]) + rng.normal(0, 0.004)
                    diagnosis = task == "diagnosis"
                    rows.append(
                        DifferenceRow(
                            task=task, learner=learner, group=group, against=against, metric=metric,
                            label=label, level=level, better=better, primary=number == 0, value=value,
                            sd=0.017, low=value - 0.061, high=value + 0.059, n_units=10, n_clusters=64,
                            interval_method="bootstrap over subjects and models, 2,000 resamples, percentile",
                            corrected_t=value / 0.02, corrected_df=9, corrected_p=0.31,
                            mcnemar_better=9 if diagnosis else None, mcnemar_worse=7 if diagnosis else None,
                            mcnemar_p=0.804 if diagnosis else None, standard_error=0.029,
                            smallest_detectable=0.0813, margin=0.05, effect=EFFECTS[place],
                            sentence=f"{group} against {against}: the interval decides.",
                        )
                    )  # fmt: skip
    return rows


def _confusions(rng: np.random.Generator, classes: Sequence[str]) -> list[Confusion]:
    size = len(classes)
    return [
        Confusion(learner=learner, group=group, level=level, classes=list(classes),
                  counts=(np.eye(size) * 15 + rng.uniform(1, 5, (size, size))).round(1).tolist())
        for learner in LEARNERS["diagnosis"] for level in ("subject", "frame") for group in GROUPS
    ]  # fmt: skip


def _calibrations(rng: np.random.Generator) -> list[Calibration]:
    edges = np.linspace(0.3, 1.0, 8)
    return [
        Calibration(learner=learner, group=group, error=0.087, bins=[
            CalibrationBin(low=low, high=high, n=int(rng.integers(5, 200)), confidence=(low + high) / 2,
                           accuracy=float(np.clip((low + high) / 2 + rng.normal(-0.05, 0.05), 0, 1)))
            for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        ])
        for learner in LEARNERS["diagnosis"] for group in GROUPS
    ]  # fmt: skip


def _curves(rng: np.random.Generator) -> list[CurvePoint]:
    places: dict[Any, Sequence[float]] = {
        "ratio": (0, 0.25, 0.5, 1, 2, 5),
        "per-diagnosis": (25, 50, 100, 250, 500, 1000),
        "loss-weight": (0.1, 0.25, 0.5, 0.75, 0.9),
    }
    rows = []
    for curve, xs in places.items():
        for number, x in enumerate(xs):
            for group in ("B", "C") if curve == "per-diagnosis" else ("B",):
                value = 0.74 + 0.006 * number - 0.06 * (group == "C") + float(rng.normal(0, 0.005))
                rows.append(
                    CurvePoint(task="diagnosis", learner="hmsvit", curve=curve, x=x, group=group,
                               metric="balanced_accuracy", label="Balanced accuracy", value=value, sd=0.02,
                               low=value - 0.05, high=value + 0.05, n_units=10, n_real=824.5,
                               n_synth=824.5 * x)
                )  # fmt: skip
    return rows


def _agreements(classes: Sequence[str]) -> list[LabelAgreement]:
    return [
        LabelAgreement(learner=learner, diagnosis=name, n_frames=4129 if name is None else 1376,
                       agreement=0.612, low=0.58, high=0.641, kappa=0.42 if name is None else None,
                       real_accuracy=0.713,
                       predicted={it: round(1 / len(classes), 4) for it in classes})
        for learner in LEARNERS["diagnosis"] for name in (None, *classes)
    ]  # fmt: skip


def _units(rng: np.random.Generator, folds: int, seeds: int) -> list[UnitRow]:
    rows = []
    for task in METRICS:
        for learner in LEARNERS[task]:
            for group in GROUPS:
                for fold in range(folds):
                    for seed in range(seeds):
                        steps = range(0, 2001, 125)
                        history = [
                            (step, 1.1 * 0.999**step + 0.1 * float(rng.random()),
                             1.1 * 0.9995**step + 0.2 + 0.1 * float(rng.random()))
                            for step in steps
                        ]  # fmt: skip
                        failed = (group, fold, seed, learner) == ("C", 1, 0, "hmsvit")
                        rows.append(
                            UnitRow(key=f"{len(rows):064x}"[::-1], task=task, learner=learner, group=group,
                                    fold=fold, seed=seed, n_real=0 if group == "C" else 824,
                                    n_synth=4129 if group in "BC" else 0, n_distinct=824, steps=2000,
                                    best_step=1500, seconds=95.2, validation_loss=0.71,
                                    validation_score=0.72 + float(rng.normal(0, 0.02)), device="cpu",
                                    status="failed" if failed else "done",
                                    reason="The loss became NaN; lower the learning rate." if failed else "",
                                    history=[] if learner == "biomarker" else history)
                        )  # fmt: skip
    return rows
