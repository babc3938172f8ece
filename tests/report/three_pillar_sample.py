"""Results of `ccmeval three-pillar` made up from seeded random numbers, for the report's tests.

Shapes, sizes and wording are those of a real run; the statistics are plain ones (normal intervals), good
enough to draw, not to believe.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import sqrt
from typing import Any

import numpy as np

from ccmeval.evaluation.schema import (
    Criterion,
    Finding,
    PillarVerdict,
    Scale,
    SetFrame,
    SetSummary,
    ThreePillarResult,
)
from ccmeval.fidelity.schema import (
    Embedding,
    EmbeddingPoint,
    ExtractorRow,
    FidelityResult,
    Floor,
    MetricRow,
    NearPair,
    PairScore,
)
from ccmeval.morphometry.definitions import definition
from ccmeval.preservation.schema import (
    AdherenceFrame,
    AdherenceSummary,
    BiomarkerComparison,
    CorrelationStructure,
    GradientRow,
    PairAgreement,
    PreservationResult,
)

CLINICAL = ("Control", "T1NoDPN", "T1DPN")
BIOMARKERS = {
    "cnfl_mm_per_mm2": (19.4, 3.4, -0.18),
    "cnfd_per_mm2": (26.4, 6.1, -0.22),
    "cnbd_per_mm2": (42.3, 17.2, -0.25),
    "cnfw_um_per_mm2": (31.6, 1.3, -0.01),
    "ctbd_per_mm2": (62.0, 24.0, -0.2),
    "tortuosity": (0.034, 0.009, 0.1),
}
"""Mean of the healthy, SD between subjects, and relative change a step of the disease."""

PRIMARY = tuple(BIOMARKERS)[:4]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "50% & $x_1$ \\input{/etc/passwd} #{~^}",
    "{{ 7 * 7 }}{% raw %}",
    "möß 中 µm² =cmd",
)
METRICS = (
    ("frechet", "{fd}", "lower", 96.0, 60.0),
    ("kid", "KID", "lower", 0.021, 0.0004),
    ("cmmd", "CMMD", "lower", 0.31, 0.11),
    ("precision", "Precision", "higher", 0.71, 0.84),
    ("recall", "Recall", "higher", 0.62, 0.83),
    ("density", "Density", "higher", 0.83, 0.97),
    ("coverage", "Coverage", "higher", 0.74, 0.91),
    ("intra_class_diversity", "Intra-class diversity, synthetic over real", "neither", 0.87, None),
    ("vendi", "Vendi score of the synthetic set", "higher", 21.3, None),
)


def full(
    diagnoses: Sequence[str | None] = CLINICAL, *, subjects: int = 12, frames: int = 4, seed: int = 5
) -> ThreePillarResult:
    """A run with everything in it; `subjects` and `frames` a diagnosis and a subject, on both sides."""
    rng = np.random.default_rng(seed)
    real, synth = (
        _set(name, diagnoses, subjects, frames, rng, shift)
        for name, shift in (("real", 0.0), ("synth", 0.35))
    )
    named = [it for it in diagnoses if it]
    return ThreePillarResult(
        created="2026-11-21T20:03:59+00:00",
        command="ccmeval three-pillar --real ./clinic/real --synth ./generators/maskdiff-v3 -o results",
        versions={"ccmeval": "0.1.0", "Python": "3.11.2", "numpy": "2.1.0", "torch": "2.15.0"},
        settings={
            "seed": 0,
            "pillars": ["fidelity", "preservation"],
            "fidelity": {"extractors": ["inception", "morphometric"], "splits": 20, "k": 5},
            "preservation": {"margin_sd": 0.5, "resamples": 2000, "margins": {}},
            "require": [],
        },
        pillars=["fidelity", "preservation"],
        sets=[real, synth, _held_out(rng)],
        scale=Scale(
            pixel_size_um=400 / 384, field_of_view_um=(400.0, 400.0), changed_synth=True,
            sentence="Both sets were brought to 1.042 µm a pixel (400 × 400 µm): synthetic frames of 512"
            " px were reduced by area averaging, real frames stayed as they are.",
        ),
        findings=_findings(),
        verdicts=_verdicts(),
        fidelity=_fidelity(rng, named, real, synth),
        preservation=_preservation(rng, named, real, synth),
        notes=["Splits of the real set are by subject."],
    )  # fmt: skip


def minimal() -> ThreePillarResult:
    """Two frames without diagnosis or subject, pillar 1 alone, almost nothing known."""
    return ThreePillarResult(
        created="2026-11-21T20:03:59Z",
        pillars=["fidelity"],
        sets=[
            SetSummary(name="real", source="r", n_frames=1, n_clusters=1,
                       frames=[SetFrame(frame="a.png", key="a", cluster="a.png")]),
            SetSummary(name="synth", source="s", n_frames=1, n_clusters=1,
                       frames=[SetFrame(frame="b.png", key="b", cluster="b.png")]),
        ],
        verdicts=[PillarVerdict(pillar="fidelity", verdict="unavailable", sentence="One frame says"
        " nothing.")],
        fidelity=FidelityResult(
            metrics=[MetricRow(metric="frechet", label="FD-morphometric", features="morphometric",
                               status="undefined", reason="One frame has no covariance; give at least two.")]
        ),
    )  # fmt: skip


def nothing() -> ThreePillarResult:
    """The emptiest result that the schema allows."""
    return ThreePillarResult(created="2026-11-21T20:03:59Z")


def unavailable() -> ThreePillarResult:
    """Weights missing everywhere; the pillars ran and can say nothing."""
    reason = "Weights of {} are not here; give --weights {}=PATH, or let --download fetch them."
    names = ("inception", "dinov2", "clip")
    result = full()
    fidelity = FidelityResult(
        extractors=[ExtractorRow(name=n, status="unavailable", reason=reason.format(n, n)) for n in names],
        metrics=[
            MetricRow(metric=metric, label=label.format(fd="FID"), features=name, status="unavailable",
                      reason=reason.format(name, name))
            for name in names for metric, label, *_ in METRICS
        ],
    )  # fmt: skip
    verdicts = [
        PillarVerdict(
            pillar=name, verdict="unavailable", sentence="No criterion could be computed.",
            criteria=[Criterion(pillar=name, name="main", sentence="The main criterion.",
            verdict="unavailable",
                                reason="Nothing was computed.")],
        )
        for name in ("fidelity", "preservation")
    ]  # fmt: skip
    undefined = [
        it.model_copy(
            update={name: None for name in type(it).model_fields if isinstance(getattr(it, name), float)}
            | {"verdict": "undefined"}
        )
        for it in result.preservation.comparisons
    ]
    preservation = PreservationResult(comparisons=undefined, notes=["No nerve was found in any frame."])
    return result.model_copy(
        update={"fidelity": fidelity, "preservation": preservation, "verdicts": verdicts}
    )


def hostile() -> ThreePillarResult:
    """Names that would break a page, a table or a LaTeX file."""
    result = full(HOSTILE[:3])
    bad = HOSTILE[2] + HOSTILE[4]
    result.command = f"ccmeval three-pillar --real '{HOSTILE[0]}'"
    result.settings[HOSTILE[1]] = HOSTILE[0]
    for it in result.sets:
        it.source = f"{it.name}/{HOSTILE[0]}/{'very_long_name_' * 12}"
        for number, frame in enumerate(it.frames):
            frame.frame = f"{HOSTILE[number % 5]}{number}.png"
            frame.subject = frame.cluster = f"{bad}{number // 4}"
    assert result.fidelity is not None
    for pair in result.fidelity.near_pairs:
        pair.synth, pair.real = HOSTILE[1] + ".png", "=1+1 " + HOSTILE[3] + "x" * 200
    for row in result.fidelity.metrics:
        row.label += HOSTILE[4]
    result.findings.append(Finding(code="x", severity="error", sentence=bad, frames=list(HOSTILE), count=5))
    result.notes.append(HOSTILE[0])
    return result


def many_diagnoses(count: int = 30) -> ThreePillarResult:
    """More diagnoses than fit side by side, with long names."""
    return full([f"diagnosis number {i} of a long list" for i in range(count)], subjects=3, frames=2)


def large(frames: int = 10_000) -> ThreePillarResult:
    """Ten thousand frames on each side, and long lists of everything."""
    result = full(subjects=-(-frames // 30), frames=10)
    assert result.fidelity is not None
    assert result.preservation is not None
    result.fidelity.near_pairs *= 200
    result.findings *= 100
    result.preservation.adherence_frames *= -(-frames // len(result.preservation.adherence_frames))
    return result


def one_diagnosis() -> ThreePillarResult:
    """One class only: no gradient, no mean over diagnoses."""
    result = full(["Control"])
    assert result.preservation is not None
    result.preservation.gradients = []
    return result


def no_diagnoses() -> ThreePillarResult:
    """Neither diagnoses nor subjects, as of a flat folder of frames."""
    result = full([None], subjects=40, frames=1)
    assert result.preservation is not None
    result.preservation.gradients = []
    for it in result.sets:
        it.n_subjects, it.n_clusters, it.diagnoses = 0, it.n_frames, {}
        for frame in it.frames:
            frame.subject, frame.cluster = None, frame.frame
    return result


def published() -> ThreePillarResult:
    """Scored against the means and SDs of a published table: no real frames, no pillar 1."""
    result = full()
    real = SetSummary(
        name="real", source="published:2602.13693", kind="published table", n_frames=504, n_subjects=84,
        diagnoses={"Control": 168, "T1NoDPN": 168, "T1DPN": 168},
    )  # fmt: skip
    result.sets = [real, result.sets[1]]
    result.fidelity = None
    assert result.preservation is not None
    result.preservation.pairs, result.preservation.correlation = [], None
    result.preservation.adherence, result.preservation.adherence_frames = [], []
    for row in result.preservation.comparisons:
        row.ks = row.ks_p = row.wasserstein = row.mann_whitney_p = row.mann_whitney_p_holm = None
        row.reference, row.difference_in_published_sd = "published table", 0.73
    return result


def reference_bundle() -> ThreePillarResult:
    """Scored against a bundle that holds no frame."""
    result = full()
    result.sets[0].kind, result.sets[0].source, result.sets[0].frames = "reference bundle", "ref.ccmref", []
    assert result.fidelity is not None
    result.fidelity.near_pairs, result.fidelity.n_copies = [], None
    return result


VARIANTS = {
    "full": full,
    "minimal": minimal,
    "nothing": nothing,
    "unavailable": unavailable,
    "hostile": hostile,
    "many_diagnoses": many_diagnoses,
    "one_diagnosis": one_diagnosis,
    "no_diagnoses": no_diagnoses,
    "published": published,
    "reference_bundle": reference_bundle,
}


def _set(
    name: Any,
    diagnoses: Sequence[str | None],
    subjects: int,
    frames: int,
    rng: np.random.Generator,
    shift: float,
) -> SetSummary:
    rows = []
    for step, diagnosis in enumerate(diagnoses):
        for subject in range(subjects):
            level = rng.normal(size=len(BIOMARKERS))
            for frame in range(frames):
                values: dict[str, float | None] = {
                    column: float(
                        max(0.0, mean * (1 + slope * min(step, 4)) + sd * (own + shift + 0.5 * rng.normal()))
                    )
                    for (column, (mean, sd, slope)), own in zip(BIOMARKERS.items(), level, strict=True)
                }
                stem = f"{diagnosis or 'frame'}_{subject:03d}_{frame}"
                rows.append(
                    SetFrame(
                        frame=f"{diagnosis or ''}/{stem}.png", key=f"{stem}_{name}", diagnosis=diagnosis,
                        subject=f"{diagnosis}-{subject:03d}", cluster=f"{diagnosis}-{subject:03d}",
                        sha256=f"{len(rows):064x}", quality_flags=["blurred"] if rng.random() < 0.05 else [],
                        biomarkers=values,
                    )
                )  # fmt: skip
    rows[-1] = rows[-1].model_copy(
        update={"status": "failed", "reason": "The frame is constant; take it out.", "biomarkers": {}}
    )
    size = 512 if name == "synth" else 384
    return SetSummary(
        name=name, source="./clinic/real" if name == "real" else "./generators/maskdiff-v3",
        layout="class sub-folders", n_frames=len(rows), n_failed=1, n_subjects=subjects * len(diagnoses),
        n_clusters=subjects * len(diagnoses),
        diagnoses={it: subjects * frames for it in diagnoses if it}, pixel_size_um=400 / size,
        shape_px=(size, size), sha256="3f" * 32, frames=rows,
    )  # fmt: skip


def _held_out(rng: np.random.Generator) -> SetSummary:
    return _set("held-out", ["Control"], 3, 2, rng, 0.0).model_copy(update={"source": "./clinic/held-out"})


def _findings() -> list[Finding]:
    return [
        Finding(set="synth", code="duplicate-frames", severity="error", count=3,
                sentence="Three synthetic frames are byte for byte the same; keep one of each.",
                frames=["Control/a.png", "Control/b.png", "Control/c.png"]),
        Finding(set="synth", code="unequal-sizes", severity="warning", count=12,
                sentence="12 frames have another size than the rest; all were resized.", frames=["x.png"]),
        Finding(set="real", code="aliases", severity="note", count=48,
                sentence="The folder 'Healthy' was read as the diagnosis Control."),
    ]  # fmt: skip


def _verdicts() -> list[PillarVerdict]:
    fidelity = [
        Criterion(pillar="fidelity", name="frechet_over_floor", sentence="FD-morphometric at matched n is"
        " at most"
                  " 1.5 times the upper end of its floor.", source="ccmeval default", verdict="inconclusive",
                  value=1.42, low=1.18, high=1.71, limit=1.5, floor=1.0, floor_low=0.82, floor_high=1.21,
                  unit="times the floor", reason="The interval holds the limit: inconclusive at n = 18 a"
                  " side."),
        Criterion(pillar="fidelity", name="coverage", sentence="Coverage is at least 0.6.", verdict="pass",
                  source="Naeem et al. 2020", value=0.74, low=0.66, high=0.81, limit=0.6,
                  floor=0.91, floor_low=0.87, floor_high=0.95, reason="The interval lies above the limit."),
        Criterion(pillar="fidelity", name="copies", sentence="No synthetic frame is a copy of a real one.",
                  verdict="fail", value=2, limit=0, unit="frames", reason="Two frames are copies of real"
                  " ones."),
    ]  # fmt: skip
    preservation = [
        Criterion(pillar="preservation", name="cnfl_equivalent", sentence="CNFL is equivalent in every"
        " diagnosis.",
                  source="ccmeval default", verdict="pass", value=3, limit=3, unit="diagnoses",
                  reason="All three are equivalent."),
        Criterion(pillar="preservation", name="gradient_kept", sentence="CNFL falls from Control to T1DPN"
        " as it"
                  " does in the real set.", verdict="unavailable", reason="One diagnosis has no synthetic"
                  " frame."),
    ]  # fmt: skip
    return [
        PillarVerdict(pillar="fidelity", verdict="fail", criteria=fidelity,
                      sentence="Two synthetic frames are copies of real ones; distances alone would be"
                      " inconclusive."),
        PillarVerdict(pillar="preservation", verdict="pass", criteria=preservation,
                      sentence="CNFL, CNFD and CNFW are equivalent within half an SD."),
    ]  # fmt: skip


def _fidelity(
    rng: np.random.Generator, diagnoses: list[str], real: SetSummary, synth: SetSummary
) -> FidelityResult:
    extractors = [
        ExtractorRow(name="inception", label="FID", identity="inception 1", dimension=2048,
        weights_sha256="6726" * 16,
                     resizer="TensorFlow 1 bilinear to 299 × 299", licence="Apache-2.0"),
        ExtractorRow(name="morphometric", label="FD-morphometric", identity="morphometric 1", dimension=16,
                     resizer="none: computed from the nerve graph"),
        ExtractorRow(name="clip", label="FD-clip", status="unavailable",
                     reason="Weights of clip are not here; give --weights clip=PATH, or let --download"
                     " fetch them."),
    ]  # fmt: skip
    metrics = [
        row
        for extractor, (metric, label, better, value, floor) in product(extractors[:2], METRICS)
        for row in _metric_rows(rng, diagnoses, extractor, metric, label.format(fd=extractor.label),
        better, value, floor)
    ]  # fmt: skip
    metrics += [
        MetricRow(metric="cmmd", label="CMMD", features="clip", status="unavailable",
        reason=extractors[2].reason),
        MetricRow(metric="lpips", label="LPIPS (alexnet)", status="refused",
                  reason="No pairs were declared; give --paired or a manifest column."),
        MetricRow(metric="authenticity", label="Authenticity share", features="inception", better="higher",
                  value=0.66, low=0.61, high=0.71, n_real=144, n_synth=144, n_real_clusters=36,
                  n_synth_clusters=36, interval_method="bootstrap over subjects"),
        MetricRow(metric="c_t", label="C_T", features="inception", better="neither", value=-0.8, low=-2.0,
                  high=0.5, n_real=144, n_synth=144, notes=["Below −3: data copying (Meehan et al. 2020)."]),
    ]  # fmt: skip
    return FidelityResult(
        extractors=extractors,
        metrics=metrics,
        near_pairs=_near_pairs(real, synth),
        n_copies=2,
        embeddings=[_embedding(rng, name, real, synth) for name in ("inception", "morphometric")],
        pair_scores=[
            PairScore(real=r.frame, synth=s.frame, diagnosis=r.diagnosis, psnr_db=21.0 + float(rng.normal()),
                      ssim=0.61, ms_ssim=0.72, lpips={"alexnet": 0.31, "squeezenet": 0.28})
            for r, s in zip(real.frames[:20], synth.frames[:20], strict=True)
        ],
        notes=["Autocast was off; features are fp32."],
    )  # fmt: skip


def _metric_rows(
    rng: np.random.Generator,
    diagnoses: list[str],
    extractor: ExtractorRow,
    metric: str,
    label: str,
    better: Any,
    value: float,
    floor: float | None,
) -> list[MetricRow]:
    size = 48 * max(1, len(diagnoses))
    scopes: list[tuple[Any, str | None]] = [("pooled", None)]
    if len(diagnoses) > 1:
        scopes += [("diagnosis", it) for it in diagnoses] + [("mean over diagnoses", None)]
    rows = []
    for scope, diagnosis in scopes:
        n = size if scope == "pooled" else 48
        found = value * float(rng.uniform(0.9, 1.2)) * (1.0 if scope == "pooled" else 1.4)
        rows.append(
            MetricRow(
                metric=metric, label=label, features=extractor.name, scope=scope, diagnosis=diagnosis,
                value=found, low=found * 0.88, high=found * 1.14, better=better, n_real=n, n_synth=n,
                interval_method="bootstrap over subjects, 1,000 resamples, percentile",
                n_real_clusters=n // 4,
                n_synth_clusters=n // 4, n_diagnoses=len(diagnoses) if scope == "mean over"
                " diagnoses" else None,
                floor=None if floor is None or scope == "mean over diagnoses" else Floor(
                    n=n // 2, splits=20, unit="subject", median=floor * 1.3,
                    low=floor * (1.1 if floor > 0.01 else -2),
                    high=floor * 1.5, matched_median=found * 1.1, matched_low=found, matched_high=found * 1.2,
                    warning="" if n > 50 else "Halves of 24 frames: the floor is rough.",
                ),
            )
        )  # fmt: skip
    return rows


def _near_pairs(real: SetSummary, synth: SetSummary) -> list[NearPair]:
    return [
        NearPair(
            synth=s.frame, real=r.frame, synth_key=s.key, real_key=r.key, method="correlation of pixels",
            transform=("as it is", "mirrored left to right", "shifted by 3 rows and −5 columns")[i % 3],
            value=0.99 - 0.03 * i, threshold=0.95, is_copy=i < 2,
        )
        for i, (r, s) in enumerate(zip(real.frames[:10], synth.frames[:10], strict=True))
    ]  # fmt: skip


def _embedding(rng: np.random.Generator, name: str, real: SetSummary, synth: SetSummary) -> Embedding:
    places = {it: rng.normal(size=2) * 20 for it in {row.diagnosis for row in real.frames}}
    points = [
        EmbeddingPoint(set=side, frame=row.frame, diagnosis=row.diagnosis,
                       x=float(places[row.diagnosis][0] + rng.normal() * 8 + shift),
                       y=float(places[row.diagnosis][1] + rng.normal() * 8))
        for side, shift, rows in (("real", 0, real.frames), ("synth", 4, synth.frames))
        for row in rows
    ]  # fmt: skip
    return Embedding(features=name, perplexity=30.0, seed=0, points=points)


def _preservation(
    rng: np.random.Generator, diagnoses: list[str], real: SetSummary, synth: SetSummary
) -> PreservationResult:
    scopes: list[tuple[Any, str | None]] = [("pooled", None)]
    if len(diagnoses) > 1:
        scopes = [("diagnosis", it) for it in diagnoses] + [*scopes, ("mean over diagnoses", None)]
    comparisons = [
        _comparison(column, scope, diagnosis, real, synth)
        for column, (scope, diagnosis) in product(BIOMARKERS, scopes)
    ]
    measures = (
        ("length_recall", "Length recall", 0.93), ("hallucinated_length", "Hallucinated length", 0.08),
        ("cl_dice", "clDice", 0.9), ("betti_0_error", "Betti-0 error", 1.4), ("scale", "Scale", 1.01),
    )  # fmt: skip
    return PreservationResult(
        comparisons=comparisons,
        gradients=[_gradient(rng, it, diagnoses) for it in BIOMARKERS] if len(diagnoses) > 1 else [],
        correlation=_correlation(rng),
        pairs=[_agreement(rng, it) for it in PRIMARY],
        adherence=[
            AdherenceSummary(measure=name, label=label, scope=scope, diagnosis=diagnosis, mean=mean,
                             low=mean * 0.97, high=mean * 1.03, n_frames=144, n_units=36,
                             ceiling=None if name == "scale" else mean * 1.04)
            for (name, label, mean), (scope, diagnosis) in product(measures, scopes)
            if scope != "mean over diagnoses"
        ],
        adherence_frames=[
            AdherenceFrame(frame=row.frame, diagnosis=row.diagnosis, length_recall=float(rng.uniform(0.7, 1)),
                           hallucinated_length=0.1, cl_dice=0.9, betti_0_error=int(rng.integers(0, 5)),
                           betti_1_error=-1, branch_point_recall=None, shift_row_px=0.5, shift_column_px=-1.2,
                           scale=1.01, aligned_length_recall=0.95)
            for row in synth.frames
        ],
        diagnosis_order=list(diagnoses),
        segmenter_real="ridge 1",
        segmenter_synth="ridge 1",
        notes=["Frames without nerves stand at zero in FD-morphometric."],
    )  # fmt: skip


def _unit_means(of: SetSummary, column: str, diagnosis: str | None) -> Any:
    by_unit: dict[str, list[float]] = {}
    for row in of.frames:
        value = row.biomarkers.get(column)
        if value is not None and diagnosis in (None, row.diagnosis):
            by_unit.setdefault(row.cluster, []).append(value)
    return np.array([np.mean(found) for found in by_unit.values()])


def _comparison(
    column: str, scope: Any, diagnosis: str | None, real: SetSummary, synth: SetSummary
) -> BiomarkerComparison:
    meaning = definition(column)
    first, second = (_unit_means(it, column, diagnosis) for it in (real, synth))
    means = (first.mean(), second.mean())
    sds = tuple((it.std(ddof=1) or 1.0) if it.size > 1 else 1.0 for it in (first, second))
    difference, margin = float(means[1] - means[0]), 0.5 * float(sds[0])
    error = sqrt(sds[0] ** 2 / first.size + sds[1] ** 2 / second.size)
    within = abs(difference) + 1.66 * error < margin
    apart = abs(difference) > 1.98 * error
    verdict = {(True, True): "both", (True, False): "equivalent", (False, True): "different"}.get(
        (within, apart), "inconclusive"
    )
    ratio = float(sds[1] / sds[0])
    return BiomarkerComparison(
        biomarker=column, label=meaning.label, unit=meaning.unit, scope=scope, diagnosis=diagnosis,
        family="primary" if column in PRIMARY else "exploratory", unit_of_analysis="subject",
        n_real_frames=4 * first.size, n_real_units=first.size, n_synth_frames=4 * second.size,
        n_synth_units=second.size, mean_real=means[0], mean_synth=means[1], sd_real=sds[0], sd_synth=sds[1],
        sd_real_frames=sds[0] * 1.1, sd_synth_frames=sds[1] * 1.1, difference=difference,
        difference_low=difference - 1.98 * error, difference_high=difference + 1.98 * error,
        hedges_g=difference / sds[0], hedges_g_low=-0.1, hedges_g_high=0.9, sd_ratio=ratio,
        sd_ratio_low=ratio * 0.8, sd_ratio_high=ratio * 1.2, ks=0.2, ks_p=0.3,
        wasserstein=abs(difference) * 1.1,
        welch_p=0.04, welch_p_holm=0.31, mann_whitney_p=0.05, mann_whitney_p_holm=0.4, holm_family_size=12,
        holm_family="primary biomarkers, all diagnoses",
        margin=margin, margin_source="half an SD of the real set's subjects", tost_p=0.03,
        equivalence_low=difference - 1.66 * error, equivalence_high=difference + 1.66 * error,
        verdict=verdict, test_method="Welch's t over subjects; TOST by Welch",
        interval_method="BCa bootstrap over subjects, 2,000 resamples",
        warning="Fewer than 30 subjects: intervals may be too narrow." if first.size < 30 else "",
    )  # fmt: skip


def _gradient(rng: np.random.Generator, column: str, diagnoses: list[str]) -> GradientRow:
    meaning = definition(column)
    mean, _, slope = BIOMARKERS[column]
    verdicts = ("kept", "weakened", "exaggerated", "lost", "reversed", "inconclusive")
    index = list(BIOMARKERS).index(column)
    real = [mean * (1 + slope * i) for i in range(len(diagnoses))]
    return GradientRow(
        biomarker=column, label=meaning.label, unit=meaning.unit,
        family="primary" if column in PRIMARY else "exploratory", order=list(diagnoses),
        direction="rises" if slope > 0 else "falls", means_real=real,
        means_synth=[it * float(rng.uniform(0.95, 1.1)) for it in real], jonckheere_z_real=-5.2,
        jonckheere_p_real=1e-7, jonckheere_z_synth=-3.1, jonckheere_p_synth=0.002, effect_real=1.6,
        effect_synth=1.2, effect_ratio=0.76, effect_ratio_low=0.5, effect_ratio_high=1.05,
        difference_real=real[-1] - real[0], difference_synth=0.8 * (real[-1] - real[0]), difference_ratio=0.8,
        difference_ratio_low=0.55, difference_ratio_high=1.1, n_units_real=[12] * len(real),
        n_units_synth=[12] * len(real), interval_method="Fieller over subjects", unit_of_analysis="subject",
        order_kept=index != 3, verdict=verdicts[index % 6], reason="The interval of the ratio holds 1.",
    )  # fmt: skip


def _correlation(rng: np.random.Generator) -> CorrelationStructure:
    tables = []
    for _ in range(2):
        found = np.corrcoef(rng.normal(size=(len(BIOMARKERS), 12)))
        tables.append([[float(it) for it in row] for row in found])
    tables[1][0][3] = tables[1][3][0] = None  # type: ignore[call-overload]
    return CorrelationStructure(
        biomarkers=list(BIOMARKERS), real=tables[0], synth=tables[1], mean_absolute_difference=0.18, low=0.12,
        high=0.25, floor_n=72, floor_median=0.09, floor_low=0.05, floor_high=0.15, matched_median=0.19,
        matched_low=0.14, matched_high=0.26,
    )  # fmt: skip


def _agreement(rng: np.random.Generator, column: str) -> PairAgreement:
    meaning = definition(column)
    mean, sd, _ = BIOMARKERS[column]
    real = rng.normal(mean, sd, 40)
    synth = real + rng.normal(0.2 * sd, 0.4 * sd, 40)
    bias, spread = float(np.mean(synth - real)), float(np.std(synth - real, ddof=1))
    return PairAgreement(
        biomarker=column, label=meaning.label, unit=meaning.unit, n_pairs=40, n_units=20, bias=bias,
        bias_low=bias - 0.1 * sd, bias_high=bias + 0.1 * sd, lower_limit=bias - 1.96 * spread,
        upper_limit=bias + 1.96 * spread, icc=0.86, icc_low=0.75, icc_high=0.92,
        method="over subjects (Zou 2013)", real=real.tolist(), synth=synth.tolist(),
    )  # fmt: skip
