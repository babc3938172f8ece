"""A filled `CompareResult` for tests of what is drawn from it; numbers are made up, and fit each other."""

from __future__ import annotations

from itertools import combinations

from ccmeval.comparison.schema import (
    ComparedSet,
    CompareResult,
    GeneratorFacts,
    MeasuredCost,
    OverallRank,
    OverallRanking,
    PairDifference,
    ParetoFront,
    Ranking,
    RealSide,
    ScoreDefinition,
    ScoreValue,
    SetRank,
)
from ccmeval.evaluation.schema import PillarVerdict, Scale
from ccmeval.fidelity.schema import Floor
from ccmeval.utility.schema import CurvePoint

DIAGNOSES = ("Control", "T1NoDPN", "T1DPN")
NO_PAIRS = "No pairs are declared; see --paired."

DEFINITIONS = (
    ScoreDefinition(
        key="parameters", label="Trainable parameters", group="cost", better="neither", headline=True,
        why_not_ranked="A number that has no chance in it.",
    ),
    ScoreDefinition(
        key="frechet:inception", label="FID", group="distance", better="lower", headline=True, ranked=True,
        sentence="Frechet distance of Inception features to the real set.",
    ),
    ScoreDefinition(
        key="kid:inception", label="KID", group="distance", better="lower", headline=True, ranked=True
    ),
    ScoreDefinition(
        key="ssim", label="SSIM", group="pairs", better="higher", headline=True, ranked=True
    ),
    ScoreDefinition(
        key="equivalent", label="Equivalent biomarkers", group="biomarkers", better="higher", kind="count",
        headline=True, why_not_ranked="A count of verdicts; biomarker-distance ranks by what is behind it.",
    ),
    ScoreDefinition(
        key="biomarker-distance", label="Biomarker distance", group="biomarkers", unit="margins",
        better="lower", ranked=True,
    ),
    ScoreDefinition(
        key="gradient-kept", label="Gradient kept", group="gradient", better="higher", kind="count",
        headline=True, why_not_ranked="A count of verdicts.",
    ),
    ScoreDefinition(
        key="adherence:length_recall", label="Length recall", group="adherence", better="higher",
        headline=True, ranked=True,
    ),
    ScoreDefinition(
        key="copies", label="Copies of real frames", group="memorisation", better="lower", kind="count",
        headline=True, why_not_ranked="Any copy is one too many.",
    ),
    ScoreDefinition(
        key="utility:diagnosis:biomarker:B:accuracy", label="Accuracy (biomarker, B)", group="utility",
        better="higher", headline=True, ranked=True,
    ),
    ScoreDefinition(
        key="utility:segmentation:unet:B:nerve_iou", label="Nerve IoU (unet, B)", group="utility",
        better="higher", headline=True, ranked=True,
    ),
    ScoreDefinition(
        key="seconds", label="Seconds per frame", group="cost", unit="s", better="lower", headline=True,
        why_not_ranked="Of this machine at this moment.",
    ),
    ScoreDefinition(
        key="memory", label="Peak memory", group="cost", unit="bytes", better="lower", headline=True,
        why_not_ranked="Of this machine at this moment.",
    ),
)  # fmt: skip


def example() -> CompareResult:
    """Give a comparison of four sets and one that failed, three of them of a grid over ranks."""
    sets = [
        _made("adapter-rank-8", {"rank": 8}, 20.0, 2_950_000),
        _made("adapter-rank-16", {"rank": 16}, 14.0, 5_900_000),
        _made("adapter-rank-32", {"rank": 32}, 13.5, 11_800_000),
        _given("third-party", 40.0),
        ComparedSet(
            name="broken", source="broken", status="failed",
            reason="There are no frames in broken; give a folder of frames or a manifest.",
        ),
    ]  # fmt: skip
    return CompareResult(
        created="2026-01-02T03:04:05+00:00",
        command="ccmeval compare --config compare.yaml -o OUT",
        versions={"ccmeval": "0.1.0", "numpy": "2.0.0"},
        settings={"seed": 0, "draws": 2000},
        pillars=["fidelity", "preservation", "utility"],
        real=RealSide(
            source="real.csv", n_frames=120, n_subjects=30, n_clusters=30, by_subject=True,
            diagnoses=dict.fromkeys(DIAGNOSES, 40), sha256="ab" * 32,
        ),
        scale=Scale(pixel_size_um=1.04, field_of_view_um=(400.0, 400.0), sentence="All sets at 1.04 um."),
        diagnoses=list(DIAGNOSES),
        axes={"rank": [8, 16, 32]},
        scores=list(DEFINITIONS),
        sets=sets,
        rankings=[_fid(None), *(_fid(name) for name in DIAGNOSES), _not_ranked()],
        pareto=ParetoFront(
            scores=["frechet:inception", "adherence:length_recall"],
            rule="A set dominates another that it is placed above by a score or more, and below by none.",
            front=["adapter-rank-16", "adapter-rank-32"],
            above={
                "adapter-rank-8": ["adapter-rank-16", "adapter-rank-32"],
                "third-party": ["adapter-rank-8", "adapter-rank-16", "adapter-rank-32"],
            },
            by_value=["adapter-rank-32"],
        ),
        overall=OverallRanking(
            rule="mean-rank",
            sentence="Mean of the ranks by each score; its ends are the means of theirs.",
            scores=["frechet:inception"],
            ranks=[
                OverallRank(set="adapter-rank-32", value=1.0, low=1.0, high=2.0, rank=1),
                OverallRank(set="adapter-rank-16", value=1.0, low=1.0, high=2.0, rank=1),
                OverallRank(set="adapter-rank-8", value=3.0, low=3.0, high=3.0, rank=3),
                OverallRank(set="third-party", value=4.0, low=4.0, high=4.0, rank=4),
            ],
            left_out={"broken": "It failed."},
        ),
        shared={"biomarkers": "The real set was measured once (120 frames).", "floors": "Taken once."},
        notes=[],
    )  # fmt: skip


def _made(name: str, axes: dict[str, bool | int | float | str], fid: float, trained: int) -> ComparedSet:
    cost = MeasuredCost(
        seconds_per_frame=0.42, seconds_low=0.40, seconds_high=0.45, n_frames_timed=112, batch_size=8,
        peak_memory_bytes=3_221_225_472, device="cpu", method="Wall clock over batches after the first.",
    )  # fmt: skip
    facts = GeneratorFacts(
        name="qwen-wdlora", version="1", n_trained=trained, n_parameters=20_400_000_000,
        training_steps=1000, training_seconds=3600.0, training_device="cuda", training_frames=240,
        training_subjects=60, size_px=384, seed=0, settings=dict(axes), model=f"made/{name}/training",
    )  # fmt: skip
    found = _scored(name, f"made/{name}/frames", fid, facts, cost)
    return found.model_copy(update={"made_here": True, "axes": axes, "family": "adapter", "curves": _curve()})


def _given(name: str, fid: float) -> ComparedSet:
    facts = GeneratorFacts(reason="The set was not made here, and its manifest names no trained generator.")
    cost = MeasuredCost(reason="Not measured: the set was not made by this run.")
    return _scored(name, "/elsewhere/third-party", fid, facts, cost)


def _scored(name: str, source: str, fid: float, facts: GeneratorFacts, cost: MeasuredCost) -> ComparedSet:
    return ComparedSet(
        name=name, source=source, folder=f"sets/{name}", n_frames=120, n_clusters=30, by_subject=True,
        diagnoses=dict.fromkeys(DIAGNOSES, 40), sha256="cd" * 32, generator=facts, cost=cost,
        values=_values(fid, facts, cost),
        verdicts=[PillarVerdict(pillar="fidelity", verdict="inconclusive", sentence="Undecided.")],
    )  # fmt: skip


def _values(fid: float, facts: GeneratorFacts, cost: MeasuredCost) -> list[ScoreValue]:
    found = [
        _known("parameters", facts.n_trained, facts.reason),
        _known("seconds", cost.seconds_per_frame, cost.reason),
        _known("memory", cost.peak_memory_bytes, cost.reason),
        ScoreValue(score="ssim", status="refused", reason=NO_PAIRS),
        ScoreValue(score="copies", value=0, of=120),
    ]
    for diagnosis in (None, *DIAGNOSES):
        found += _in(diagnosis, fid)
    found.append(ScoreValue(score="frechet:inception", scope="mean over diagnoses", value=fid * 1.3))
    return found


def _in(diagnosis: str | None, fid: float) -> list[ScoreValue]:
    where = {"scope": "pooled" if diagnosis is None else "diagnosis", "diagnosis": diagnosis}
    floor = Floor(n=60, splits=50, unit="subject", median=9.0, low=7.0, high=12.0, matched_median=fid + 4)
    rows = [
        {"score": "frechet:inception", "value": fid, "low": fid - 2, "high": fid + 2, "floor": floor},
        {"score": "kid:inception", "value": fid / 1e3, "low": fid / 1e3 - 0.002, "high": fid / 1e3 + 0.002},
        {"score": "equivalent", "value": 9 if diagnosis is None else 3, "of": 12 if diagnosis is None else 4},
        {"score": "biomarker-distance", "value": fid / 20, "low": fid / 25, "high": fid / 15},
        {"score": "adherence:length_recall", "value": 1 - fid / 100, "low": 0.5, "high": 0.95},
    ]
    if diagnosis is None:
        rows += [
            {"score": "gradient-kept", "value": 3, "of": 4},
            {"score": "utility:diagnosis:biomarker:B:accuracy", "value": 0.7, "low": 0.6, "high": 0.8},
            {"score": "utility:segmentation:unet:B:nerve_iou", "status": "unavailable",
             "reason": "The extra ccmeval[learn] is not installed."},
        ]  # fmt: skip
    return [ScoreValue.model_validate({**row, **where, "n_frames": 120, "n_units": 30}) for row in rows]


def _known(score: str, value: float | None, reason: str) -> ScoreValue:
    status = "unavailable" if value is None else "computed"
    return ScoreValue(score=score, value=value, status=status, reason=reason if value is None else "")


def _curve() -> list[CurvePoint]:
    return [
        CurvePoint(
            task="diagnosis", learner="biomarker", curve="per-diagnosis", x=x, group="B", metric="accuracy",
            label="Accuracy", value=0.6 + 0.02 * place, low=0.55, high=0.75, n_units=5,
        )
        for place, x in enumerate((100, 300, 1000, 5000))
    ]  # fmt: skip


def _fid(diagnosis: str | None) -> Ranking:
    order = ["adapter-rank-32", "adapter-rank-16", "adapter-rank-8", "third-party"]
    values = {"adapter-rank-32": 13.5, "adapter-rank-16": 14.0, "adapter-rank-8": 20.0, "third-party": 40.0}
    places = {"adapter-rank-32": (1, 1, 2, "a"), "adapter-rank-16": (1, 1, 2, "a")}
    places |= {"adapter-rank-8": (3, 3, 3, "b"), "third-party": (4, 4, 4, "c")}
    ranks = [
        SetRank(
            set=name, value=values[name], standard_error=1.0, rank=places[name][0], low=places[name][1],
            high=places[name][2], letters=places[name][3],
            probability_best=0.5 if places[name][0] == 1 else 0,
        )
        for name in order
    ]  # fmt: skip
    return Ranking(
        score="frechet:inception", scope="pooled" if diagnosis is None else "diagnosis", diagnosis=diagnosis,
        better="lower", method="joint delete-one-subject jackknife", draws=2000, floor_noise=2.5, ranks=ranks,
        pairs=[_pair(*names, values) for names in combinations(order, 2)], left_out={"broken": "It failed."},
    )  # fmt: skip


def _pair(first: str, second: str, values: dict[str, float]) -> PairDifference:
    gap = values[first] - values[second]
    apart = abs(gap) > 3
    return PairDifference(
        first=first, second=second, difference=gap, standard_error=1.0, low=gap - 2, high=gap + 2,
        adjusted_low=gap - 2.7, adjusted_high=gap + 2.7, p=0.001 if apart else 0.6,
        p_holm=0.006 if apart else 0.6, probability_better=0.999 if apart else 0.68,
        placed="first" if apart else "neither",
        reason="the adjusted interval excludes 0" if apart else "the adjusted interval holds 0",
    )  # fmt: skip


def _not_ranked() -> Ranking:
    return Ranking(score="ssim", better="higher", status="not ranked", reason=NO_PAIRS)
