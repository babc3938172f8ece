"""Comparisons as they come: six sets by three diagnoses, an ablation, one set that failed, many gaps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from ccmeval.comparison.schema import (
    ComparedSet,
    CompareResult,
    GeneratorFacts,
    MeasuredCost,
    PairDifference,
    ParetoFront,
    Ranking,
    RealSide,
    Reference,
    ScoreDefinition,
    ScoreValue,
    SetRank,
)
from ccmeval.evaluation.schema import PillarVerdict, Scale
from ccmeval.fidelity.schema import Floor
from ccmeval.utility.schema import CurvePoint
from tests.report.three_pillar_sample import HOSTILE

DIAGNOSES = ("Control", "T1NoDPN", "T1DPN")
NAMES = (
    "qwen-image-edit lora rank 8, mask and prompt",
    "qwen-image-edit lora rank 32, mask and prompt",
    "qwen-image-edit wdlora rank 8, mask and prompt",
    "qwen-image-edit wdlora rank 32, mask and prompt",
    "spade-384-baseline_without_held-out-subjects_v2",
    "third-party set, received 2026-03",
)
LOST = "maisi latent diffusion, 30 steps"
NO_PAIRS = "No pairs are declared; name them with --paired."
NOT_MADE = "Not measured: the set was not made by this run."
NO_LEARNER = "The extra ccmeval[learn] is not installed; install it with pip install 'ccmeval[learn]'."
FEW = "T1DPN has 9 frames of 3 subjects, fewer than the 12 that an interval needs."

ALONE = Reference(
    label="Real frames alone (group A)", sentence="The same learner, on the real training frames alone.",
    value=0.683, low=0.624, high=0.742, n_units=12,
)  # fmt: skip
CEILING = Reference(label="Real frames, their own masks", value=0.981, low=0.972, high=0.99)


def _definition(key: str, label: str, group: str, better: str, **more: object) -> ScoreDefinition:
    told = {"key": key, "label": label, "group": group, "better": better, "headline": True, **more}
    return ScoreDefinition.model_validate(told)


DEFINITIONS = (
    _definition(
        "parameters", "Trainable parameters", "cost", "neither", why_not_ranked="It has no chance in it."
    ),
    _definition("frechet:inception", "FID", "distance", "lower", ranked=True, sentence="Frechet distance."),
    _definition("kid:inception", "KID", "distance", "lower", ranked=True, sentence="Kernel distance."),
    _definition("cmmd:clip", "CMMD", "distance", "lower", ranked=True),
    _definition("psnr", "PSNR", "pairs", "higher", unit="dB", ranked=True),
    _definition("ssim", "SSIM", "pairs", "higher", ranked=True),
    _definition("equivalent", "Equivalent biomarkers", "biomarkers", "higher", kind="count"),
    _definition(
        "biomarker-distance", "Biomarker distance", "biomarkers", "lower", unit="margins", ranked=True
    ),
    _definition("gradient-kept", "Gradient kept", "gradient", "higher", kind="count"),
    _definition("adherence:length_recall", "Length recall", "adherence", "higher", ranked=True),
    _definition("copies", "Copies of real frames", "memorisation", "lower", kind="count"),
    _definition("authenticity", "Authenticity", "memorisation", "higher", ranked=True),
    _definition(
        "utility:diagnosis:biomarker:B:accuracy", "Accuracy (biomarker, B)", "utility", "higher", ranked=True
    ),
    _definition(
        "utility:segmentation:unet:B:nerve_iou", "Nerve IoU (unet, B)", "utility", "higher", ranked=True
    ),
    _definition("utility:segmentation:unet:B:miou", "mIoU (unet, B)", "utility", "higher", ranked=True),
    _definition("seconds", "Seconds per frame", "cost", "lower", unit="s"),
    _definition("memory", "Peak memory", "cost", "lower", unit="bytes"),
)
LEVELS = dict(zip(NAMES, (1.30, 1.12, 1.16, 1.08, 2.4, 3.9), strict=True))
"""How far each set is from the real one, in floors."""

_AXES = (
    {"adapter": "LoRA", "rank": 8}, {"adapter": "LoRA", "rank": 32},
    {"adapter": "WDLoRA", "rank": 8}, {"adapter": "WDLoRA", "rank": 32},
)  # fmt: skip
_TRAINED = (2_949_120, 11_796_480, 2_998_272, 11_993_088, 92_500_000, None)


def realistic(names: Sequence[str] = NAMES, lost: str = LOST) -> CompareResult:
    """Give six sets and one that failed."""
    sets = [_set(name, number) for number, name in enumerate(names)]
    sets.insert(
        4,
        ComparedSet(
            name=lost, source="made/maisi", status="failed", made_here=True,
            reason="The training was stopped after 12 of 1,000 steps, as the loss was not a number; lower the"
            " learning rate.",
        ),
    )  # fmt: skip
    levels = dict(zip(names, LEVELS.values(), strict=True))
    rankings = [
        _ranking("frechet:inception", levels, 96.0, 4.0, "lower", d, lost) for d in (None, *DIAGNOSES)
    ]
    rankings += [
        _ranking("kid:inception", levels, 0.012, 0.0011, "lower", None, lost),
        _ranking("biomarker-distance", levels, 0.31, 0.2, "lower", None, lost),
        _ranking("adherence:length_recall", levels, -0.2, 0.02, "higher", None, lost),
        _ranking("utility:diagnosis:biomarker:B:accuracy", levels, -0.02, 0.05, "higher", None, lost),
        *(
            Ranking(score=it, better="higher", status="not ranked", reason=NO_PAIRS)
            for it in ("psnr", "ssim")
        ),
    ]
    return CompareResult(
        created="2026-11-21T20:03:59+00:00", command="ccmeval compare --config compare.yaml -o OUT",
        versions={"ccmeval": "0.1.0", "numpy": "2.0.0"}, settings={"seed": 0, "rank": {"draws": 2000}},
        pillars=["fidelity", "preservation", "utility"],
        real=RealSide(
            source="cohorts/corneal-2024/manifest.csv", n_frames=240, n_subjects=60, n_clusters=60,
            by_subject=True, diagnoses=dict.fromkeys(DIAGNOSES, 80), sha256="ab" * 32, n_held_out=60,
        ),
        scale=Scale(pixel_size_um=1.04, sentence="All sets were brought to 1.04 µm a pixel."),
        diagnoses=list(DIAGNOSES), axes={"adapter": ["LoRA", "WDLoRA"], "rank": [8, 32]},
        scores=list(DEFINITIONS), sets=sets, rankings=rankings,
        pareto=ParetoFront(
            scores=["frechet:inception", "adherence:length_recall"],
            rule="A set dominates another that it is placed above by a score or more, and below by none.",
            front=list(names[:4]), above={names[4]: list(names[:4]), names[5]: list(names[:5])},
        ),
        shared={"Features of the real set": "taken once for all sets.", "Biomarkers": "measured once."},
        notes=["One generator could not be trained; its row says why."],
    )  # fmt: skip


def hostile() -> CompareResult:
    """Give sets with names that break pages, tables and formulas."""
    bad = tuple(f"{text}{i}" for i, text in enumerate((*HOSTILE, "=HYPERLINK(1)")))
    found = realistic(bad, lost=HOSTILE[1])
    found.command = found.real.source = HOSTILE[0]
    found.notes.append(HOSTILE[3])
    found.settings[HOSTILE[1]] = HOSTILE[0]
    for one in found.sets:
        one.reason = HOSTILE[0] if one.status == "failed" else ""
        one.folder = f"sets/{HOSTILE[1]}" if one.folder else ""
        for it in one.values:
            it.reason += HOSTILE[2] if it.value is None else ""
    found.axes = {HOSTILE[0]: ["a", "b"]}
    for one, value in zip(found.sets, ("a", "b", "a"), strict=False):
        one.axes = {HOSTILE[0]: value}
    return found


def _set(name: str, number: int) -> ComparedSet:
    made = number < 5
    level = list(LEVELS.values())[number]
    facts = GeneratorFacts(reason="The set's manifest names no trained generator.")
    cost = MeasuredCost(reason=NOT_MADE)
    if made:
        facts = GeneratorFacts(
            name="spade" if number == 4 else "qwen-lora" if number < 2 else "qwen-wdlora", version="1",
            n_trained=_TRAINED[number], n_parameters=92_500_000 if number == 4 else 20_430_000_000,
            training_steps=1000, training_seconds=5400.0, training_device="cuda", training_frames=240,
            training_subjects=60, seed=0,
        )  # fmt: skip
        cost = MeasuredCost(
            seconds_per_frame=0.021 if number == 4 else 0.83, seconds_low=0.02, seconds_high=0.92,
            n_frames_timed=232, batch_size=8, peak_memory_bytes=(2 + number) * 2**30,
            peak_device_memory_bytes=14 * 2**30, device="cuda", method="Wall clock over batches.",
        )  # fmt: skip
    return ComparedSet(
        name=name, source=f"made/{number}/frames" if made else "/elsewhere/third party", made_here=made,
        axes=dict(_AXES[number]) if number < 4 else {}, family="adapter" if number < 4 else "",
        folder=f"sets/{number}", n_frames=240, n_failed=3 * (number == 5), n_clusters=60, by_subject=made,
        diagnoses=dict.fromkeys(DIAGNOSES, 80), sha256=f"{number}c" * 32, generator=facts, cost=cost,
        values=_values(level, number, facts, cost), curves=_curve(level) if number < 4 else [],
        verdicts=[
            PillarVerdict(pillar="fidelity", verdict="pass" if level < 1.2 else "fail", sentence="By FID."),
            PillarVerdict(pillar="preservation", verdict="inconclusive", sentence="Too few subjects."),
        ],
        findings=["12 frames are flagged as blurred."] if number == 5 else [],
    )  # fmt: skip


def _values(level: float, number: int, facts: GeneratorFacts, cost: MeasuredCost) -> list[ScoreValue]:
    found = [
        _plain("parameters", facts.n_trained, facts.reason),
        _plain("seconds", cost.seconds_per_frame, cost.reason),
        _plain("memory", cost.peak_memory_bytes, cost.reason),
        *(ScoreValue(score=it, status="refused", reason=NO_PAIRS) for it in ("psnr", "ssim")),
        ScoreValue(score="cmmd:clip", status="unavailable", reason="The weights of CLIP are not here."),
        ScoreValue(score="copies", value=float(number == 5), of=240),
        _known("authenticity", 0.93 - 0.05 * level, 0.03),
        _known("gradient-kept", 4.0 if level < 1.2 else 2.0, None, of=4),
        _known("utility:diagnosis:biomarker:B:accuracy", 0.74 - 0.02 * level, 0.05, reference=ALONE),
        *(
            ScoreValue(score=f"utility:segmentation:unet:B:{it}", status="unavailable", reason=NO_LEARNER)
            for it in ("nerve_iou", "miou")
        ),
    ]
    for place, diagnosis in enumerate((None, *DIAGNOSES)):
        base = 96.0 * level * (1 + 0.2 * place)
        n = 120 if diagnosis is None else 40
        floor = Floor(
            n=n, splits=50, unit="subject", median=91.0 + 9 * place, low=84.0, high=99.0 + 9 * place,
            matched_median=base + 21.0, matched_low=base + 15.0, matched_high=base + 30.0,
        )  # fmt: skip
        rows = [
            _known("frechet:inception", base, 4.0, floor=floor),
            _known("kid:inception", 0.012 * level, 0.0011),
            _known("equivalent", 11.0 - number if diagnosis is None else 3.0, None, of=4 if place else 12),
            _known("biomarker-distance", 0.31 * level, 0.2),
            _known(
                "adherence:length_recall",
                0.97 - 0.1 * level,
                0.02,
                reference=CEILING.model_copy(update={"value": 0.981 - 0.01 * place}),
            ),
        ]
        if diagnosis == "T1DPN" and number == 5:
            rows[0] = ScoreValue(score="frechet:inception", status="undefined", reason=FEW)
        where = {"scope": "pooled" if diagnosis is None else "diagnosis", "diagnosis": diagnosis}
        found += [row.model_copy(update=where) for row in rows]
    found.append(ScoreValue(score="frechet:inception", scope="mean over diagnoses", value=134.4 * level))
    return found


def _known(score: str, value: float, half: float | None, **more: object) -> ScoreValue:
    ends = {} if half is None else {"low": value - half, "high": value + half}
    told = {"score": score, "value": value, "n_frames": 240, "n_units": 60, **ends, **more}
    return ScoreValue.model_validate({"interval_method": "bootstrap over subjects", **told})


def _plain(score: str, value: float | None, reason: str) -> ScoreValue:
    status = "unavailable" if value is None else "computed"
    return ScoreValue(score=score, value=value, status=status, reason=reason if value is None else "")


def _curve(level: float) -> list[CurvePoint]:
    return [
        CurvePoint(
            task="diagnosis", learner="biomarker", curve="per-diagnosis", x=x, group="B", metric="accuracy",
            label="Accuracy", value=0.62 + 0.03 * place - 0.05 * (level - 1), low=0.55 + 0.03 * place,
            high=0.69 + 0.03 * place, n_units=5,
        )
        for place, x in enumerate((100, 300, 1000, 5000))
    ]  # fmt: skip


def _ranking(
    score: str,
    levels: dict[str, float],
    size: float,
    error: float,
    better: str,
    diagnosis: str | None,
    lost: str,
) -> Ranking:
    """Rank sets whose values are `size` times their levels; pairs closer than 2.8 errors are not placed."""
    values = {name: size * level for name, level in levels.items()}
    sign = -1.0 if better == "higher" else 1.0
    order = sorted(values, key=lambda name: sign * values[name])
    pairs = [_pair(one, other, values, error, better) for one, other in combinations(order, 2)]
    over = {name: [it.first for it in pairs if it.second == name and it.placed == "first"] for name in order}
    under = {name: [it.second for it in pairs if it.first == name and it.placed == "first"] for name in order}
    letters = letters_of(order, pairs)
    ranks = [
        SetRank(
            set=name, value=values[name], standard_error=error / 2, rank=1 + len(over[name]),
            low=1 + len(over[name]), high=len(order) - len(under[name]), letters=letters[name],
            probability_best=0.4 if not over[name] else 0.0,
        )
        for name in order
    ]  # fmt: skip
    scope = "pooled" if diagnosis is None else "diagnosis"
    told = {
        "score": score,
        "scope": scope,
        "diagnosis": diagnosis,
        "better": better,
        "ranks": ranks,
        "pairs": pairs,
    }
    method = "joint bootstrap over subjects of the real set and of each synthetic one"
    return Ranking.model_validate(
        {**told, "method": method, "draws": 2000, "left_out": {lost: "It failed."}, "floor_noise": error}
    )


def _pair(first: str, second: str, values: dict[str, float], error: float, better: str) -> PairDifference:
    gap = values[first] - values[second]
    apart = abs(gap) > 2.8 * error
    return PairDifference(
        first=first, second=second, difference=gap, standard_error=error, low=gap - 1.96 * error,
        high=gap + 1.96 * error, adjusted_low=gap - 2.8 * error, adjusted_high=gap + 2.8 * error,
        p=0.0004 if apart else 0.31, p_holm=0.006 if apart else 0.62, probability_better=0.99,
        placed="first" if apart else "neither",
    )  # fmt: skip


def letters_of(order: Sequence[str], pairs: Sequence[PairDifference]) -> dict[str, str]:
    """Letter each run of neighbours among which no pair is placed."""
    apart = {frozenset((it.first, it.second)) for it in pairs if it.placed != "neither"}
    runs: list[list[str]] = []
    for start in range(len(order)):
        run = [order[start]]
        for name in order[start + 1 :]:
            if any(frozenset((name, other)) in apart for other in run):
                break
            run.append(name)
        if not any(set(run) <= set(known) for known in runs):
            runs.append(run)
    return {name: "".join("abcdefgh"[i] for i, run in enumerate(runs) if name in run) for name in order}
