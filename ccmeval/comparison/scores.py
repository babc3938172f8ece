"""From the results of three-pillar runs to the columns of one table; nothing is computed a second time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ccmeval.comparison.schema import ComparedSet, ScoreDefinition, ScoreGroup, ScoreValue
from ccmeval.comparison.scores_preservation import preservation_scores
from ccmeval.comparison.scores_utility import utility_scores
from ccmeval.evaluation.criteria_fidelity import DEEP
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import FidelityResult, MetricRow, Status

RANKED = ("frechet", "kid", "cmmd", "precision", "recall", "density", "coverage")
RANKED_PAIRS = ("psnr_db", "ssim", "ms_ssim", "lpips_alex", "lpips_squeeze")
"""Scores that sets are ranked by, as far as any of them has a value."""

_GROUPS: dict[str, ScoreGroup] = {
    **dict.fromkeys(("frechet", "frechet_infinity", "kid", "cmmd"), "distance"),
    **dict.fromkeys(("precision", "recall", "density", "coverage"), "neighbours"),
    **dict.fromkeys(
        ("intra_class_centroid_distance", "intra_class_pairwise_distance", "vendi_ratio"), "diversity"
    ),
    **dict.fromkeys(("separability_centroids", "separability_scaled"), "diversity"),
    **dict.fromkeys(("nearest_distance_ratio", "authenticity", "c_t", "c_t_cells"), "memorisation"),
}
_HEADLINES = ("frechet", "kid", "coverage")
_HEADLINE_PAIRS = ("psnr_db", "ssim")
_NEITHER = "Neither more nor less of it is better."
_NO_INTERVAL = "It has no interval, by which sets could be told apart."

Scored = tuple[ScoreDefinition, ScoreValue]


@dataclass
class Columns:
    """The scores of all sets, in the order of the table.

    Attributes
    ----------
    definitions : dict of str to ScoreDefinition
        By key.
    """

    definitions: dict[str, ScoreDefinition] = field(default_factory=dict)

    def add(self, scored: Sequence[Scored]) -> list[ScoreValue]:
        """Take over definitions that are not known yet; give the values."""
        for definition, _ in scored:
            self.definitions.setdefault(definition.key, definition)
        return [value for _, value in scored]


def scores_of(result: ThreePillarResult, one: ComparedSet) -> list[Scored]:
    """List all scores of a set.

    Parameters
    ----------
    result : ThreePillarResult
        Of its run.
    one : ComparedSet
        With generator and cost.

    Returns
    -------
    list of (ScoreDefinition, ScoreValue)
    """
    found = cost_scores(one)
    if result.fidelity is not None:
        found += fidelity_scores(result.fidelity, one.n_frames - one.n_failed)
    if result.preservation is not None:
        found += preservation_scores(result.preservation)
    if result.utility is not None:
        found += utility_scores(result.utility)
    return found


def cost_scores(one: ComparedSet) -> list[Scored]:
    """Give what a generator has, and what generating took."""
    facts = one.generator
    unknown = facts.reason if facts is not None else "The generator is not known."
    moment = "It holds for this machine at this moment."
    return [
        _cost("parameters", "Trainable parameters", "", facts.n_trained if facts else None, unknown,
              "A number without chance.", neither=True),
        _cost("seconds", "Seconds per frame", "s", one.cost.seconds_per_frame, one.cost.reason, moment,
              ends=(one.cost.seconds_low, one.cost.seconds_high)),
        _cost("memory", "Peak memory", "bytes", one.cost.peak_memory_bytes, one.cost.reason, moment),
        _cost("device-memory", "Peak GPU memory", "bytes", one.cost.peak_device_memory_bytes,
              one.cost.reason or "No GPU was used.", moment, headline=False),
    ]  # fmt: skip


def _cost(
    key: str,
    label: str,
    unit: str,
    value: float | None,
    reason: str,
    why: str,
    *,
    neither: bool = False,
    headline: bool = True,
    ends: tuple[float | None, float | None] = (None, None),
) -> Scored:
    definition = ScoreDefinition(
        key=key, label=label, group="cost", unit=unit, better="neither" if neither else "lower",
        headline=headline, why_not_ranked=why,
    )  # fmt: skip
    status: Status = "unavailable" if value is None else "computed"
    return definition, ScoreValue(
        score=key, value=value, low=ends[0], high=ends[1], status=status,
        reason=reason if value is None else "",
    )  # fmt: skip


def fidelity_scores(result: FidelityResult, n_frames: int) -> list[Scored]:
    """Give every metric of pillar 1, and the copies."""
    shown = headline_features(result)
    found = [_metric(row, row.features == shown) for row in result.metrics]
    copies = ScoreDefinition(
        key="copies", label="Copies of real frames", group="memorisation", better="lower", kind="count",
        headline=True, why_not_ranked="Any copy is one too many.",
    )  # fmt: skip
    count = result.n_copies
    unknown = "" if count is not None else "Copies were not looked for."
    value = ScoreValue(
        score="copies", value=count, of=n_frames, n_frames=n_frames,
        status="computed" if count is not None else "unavailable", reason=unknown,
    )  # fmt: skip
    return [*found, (copies, value)]


def headline_features(result: FidelityResult) -> str:
    """Name the extractor whose distances stand in the main table: a network where one ran."""
    used = [row.name for row in result.extractors if row.status == "used"]
    return next((name for name in (*DEEP, "radiomic", *used) if name in used), "")


def _metric(row: MetricRow, shown: bool) -> Scored:
    pair = row.metric in RANKED_PAIRS or not row.features
    key = f"{row.metric}:{row.features}" if row.features else row.metric
    ranked = row.metric in (RANKED_PAIRS if pair else RANKED)
    headline = row.metric in _HEADLINE_PAIRS if pair else shown and row.metric in _HEADLINES
    why = "" if ranked else _NEITHER if row.better == "neither" else _NO_INTERVAL
    label = row.label if pair or _GROUPS.get(row.metric) == "distance" else f"{row.label} ({row.features})"
    definition = ScoreDefinition(
        key=key, label=label, group="pairs" if pair else _GROUPS.get(row.metric, "distance"),
        better=row.better, headline=headline, ranked=ranked, why_not_ranked=why,
    )  # fmt: skip
    value = ScoreValue(
        score=key, scope=row.scope, diagnosis=row.diagnosis, value=row.value, low=row.low, high=row.high,
        confidence=row.confidence, interval_method=row.interval_method, floor=row.floor,
        n_frames=row.n_synth, n_units=row.n_synth_clusters, status=row.status, reason=row.reason,
        notes=row.notes,
    )  # fmt: skip
    return definition, value
