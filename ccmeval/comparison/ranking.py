"""The rankings of a comparison: by each score, over all frames and by diagnosis."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ccmeval.comparison.feature_joint import (
    DISTANCES,
    NEIGHBOURS,
    FeatureSets,
    distance_joint,
    neighbour_joints,
)
from ccmeval.comparison.joint import Joint
from ccmeval.comparison.limits import difference_within, within
from ccmeval.comparison.material import Material
from ccmeval.comparison.placing import PlacingRule, place
from ccmeval.comparison.schema import ComparedSet, Ranking, ScoreDefinition, ScoreValue
from ccmeval.comparison.scores import RANKED_PAIRS
from ccmeval.comparison.scores_utility import score_key
from ccmeval.comparison.settings import RankingSettings
from ccmeval.comparison.table_joint import adherence_joint, biomarker_joint, gradient_joint, pair_joint
from ccmeval.comparison.utility_joint import METHOD, utility_joint
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import MetricRow, Scope
from ccmeval.fidelity.scopes import is_above_floor


@dataclass(frozen=True)
class Contender:
    """A scored set with all that ranks are computed from."""

    one: ComparedSet
    result: ThreePillarResult
    material: Material


@dataclass
class Compared:
    """What was compared in a ranking, before it is an order.

    Attributes
    ----------
    names : list of str
    joint : Joint
    method : str
    n_frames : int or None
        Common number of frames, where sets had to be brought to it.
    left_out : dict of str to str
    """

    names: list[str]
    joint: Joint
    method: str
    n_frames: int | None = None
    left_out: dict[str, str] = field(default_factory=dict)


class Rankings:
    """Computes rankings one after the other.

    Parameters
    ----------
    contenders : sequence of Contender
    settings : RankingSettings
    seed : int
    neighbours, resamples : int
        Of the runs' fidelity settings.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        settings: RankingSettings,
        *,
        seed: int,
        neighbours: int,
        resamples: int,
    ) -> None:
        self.contenders, self.settings, self.seed = contenders, settings, seed
        self.neighbours, self.resamples = neighbours, resamples
        self._neighbours: dict[Any, tuple[dict[str, Joint], str]] = {}

    def rank(self, definition: ScoreDefinition, diagnosis: str | None) -> Ranking:
        """Rank the sets by a score.

        Parameters
        ----------
        definition : ScoreDefinition
            Of a score that is ranked.
        diagnosis : str or None

        Returns
        -------
        Ranking
            "not ranked", with the reason, where fewer than two sets have the score.
        """
        scope: Scope = "pooled" if diagnosis is None else "diagnosis"
        ranking = Ranking(
            score=definition.key, scope=scope, diagnosis=diagnosis, better=definition.better,
            confidence=self.settings.confidence, draws=self.settings.draws,
        )  # fmt: skip
        able, left_out = self._able(definition, diagnosis)
        if len(able) < 2:
            reason = "Fewer than two sets have this score."
            return ranking.model_copy(update={"status": "not ranked", "reason": reason, "left_out": left_out})
        found = self._compared(definition, diagnosis, able)
        found.left_out = {**left_out, **found.left_out}
        return self._placed(ranking, definition, diagnosis, found)

    def _able(
        self, definition: ScoreDefinition, diagnosis: str | None
    ) -> tuple[list[Contender], dict[str, str]]:
        able, left_out = [], {}
        for it in self.contenders:
            value = it.one.value(definition.key, diagnosis)
            if value is not None and value.value is not None:
                able.append(it)
            else:
                left_out[it.one.name] = (value.reason if value is not None else "") or "It has no such score."
        return able, left_out

    def _placed(
        self, ranking: Ranking, definition: ScoreDefinition, diagnosis: str | None, found: Compared
    ) -> Ranking:
        """Leave out what is undefined, and place the rest."""
        kept = np.flatnonzero(np.isfinite(found.joint.values))
        for i in np.flatnonzero(~np.isfinite(found.joint.values)):
            found.left_out[found.names[i]] = "The score is undefined on a part of its subjects."
        if kept.size < 2:
            update = {"status": "not ranked", "reason": "Fewer than two sets could be resampled."}
            return ranking.model_copy(update={**update, "left_out": found.left_out})
        joint = found.joint.of(kept)
        names = [found.names[i] for i in kept]
        values = [self._value(name, definition.key, diagnosis) for name in names]
        noise = floor_noise(values)
        rule = PlacingRule(
            definition.better,
            self.settings.confidence,
            noise,
            [at_floor(value, definition) for value in values],
        )
        rng = self._rng(f"draws {definition.key} {diagnosis}")
        order = place(names, joint, rule, rng, self.settings.draws)
        for rank in order.ranks:
            rank.value_low = within(rank.value_low, definition.key)
            rank.value_high = within(rank.value_high, definition.key)
        for pair in order.pairs:
            for end in ("low", "high", "adjusted_low", "adjusted_high"):
                setattr(pair, end, difference_within(getattr(pair, end), definition.key))
        return ranking.model_copy(
            update={
                "method": found.method, "n_frames": found.n_frames, "floor_noise": noise,
                "ranks": order.ranks, "pairs": order.pairs, "left_out": found.left_out,
                "notes": _notes(found),
            }
        )  # fmt: skip

    def _value(self, name: str, key: str, diagnosis: str | None) -> ScoreValue:
        one = next(it.one for it in self.contenders if it.one.name == name)
        value = one.value(key, diagnosis)
        assert value is not None
        return value

    def _compared(
        self, definition: ScoreDefinition, diagnosis: str | None, able: Sequence[Contender]
    ) -> Compared:
        key, results = definition.key, [it.result for it in able]
        names, rng = [it.one.name for it in able], self._rng(f"{key} {diagnosis}")
        by_results: dict[str, Callable[[], tuple[Joint, str]]] = {
            "biomarker-distance": lambda: biomarker_joint(results, diagnosis, rng),
            "gradient-error": lambda: gradient_joint(results, rng),
        }
        if key in by_results:
            return Compared(names, *by_results[key]())
        if key in RANKED_PAIRS:
            return Compared(names, *pair_joint(results, key, rng))
        kind, _, rest = key.partition(":")
        if kind == "adherence":
            return Compared(names, *adherence_joint(results, rest, diagnosis, rng))
        if kind == "utility":
            return self._utility(key, able)
        return self._features(kind, rest, diagnosis, able, rng)

    def _features(
        self,
        metric: str,
        extractor: str,
        diagnosis: str | None,
        able: Sequence[Contender],
        rng: np.random.Generator,
    ) -> Compared:
        able, left_out = _of_one_kind(able, lambda it: it.material.features.get(extractor, {}), "features")
        real = able[0].material.feature_set(extractor, "real")
        sets = FeatureSets(real, [it.material.feature_set(extractor, "synth") for it in able]).of(diagnosis)
        sets, count = sets.of_equal_size(rng)
        names = [it.one.name for it in able]
        if metric in DISTANCES:
            return Compared(names, *distance_joint(metric, sets, rng), count, left_out)
        assert metric in NEIGHBOURS
        held = (extractor, diagnosis, tuple(names))
        if held not in self._neighbours:
            rng = self._rng(f"neighbours {extractor} {diagnosis}")
            joints = neighbour_joints(sets, rng, k=self.neighbours, count=self.resamples)
            self._neighbours[held] = joints
        found, method = self._neighbours[held]
        return Compared(names, found[metric], method, count, left_out)

    def _utility(self, key: str, able: Sequence[Contender]) -> Compared:
        entries = {it.one.name: _entry(it.material, key) for it in able}
        able, left_out = _of_one_kind(
            able, lambda it: {n: entries[it.one.name][0][n] for n in ("tested", "draws")}, "test frames"
        )
        told, (metric, level) = entries[able[0].one.name]
        scores = [it.material.scores(entries[it.one.name][0]) for it in able]
        joint = utility_joint(scores, metric, level, told["degrees"])
        return Compared([it.one.name for it in able], joint, METHOD, None, left_out)

    def _rng(self, name: str) -> np.random.Generator:
        """Give the generator of a ranking, which other rankings do not touch."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def _entry(material: Material, key: str) -> tuple[dict[str, Any], tuple[str, str]]:
    """Find what a set left of a score of pillar 3, and the metric and level that the key names."""
    for told in material.utility:
        for name in material.scores(told):
            metric, level, what = name.split("|")
            if what == "values" and key == score_key(
                told["task"], told["learner"], told["group"], metric, level
            ):
                return told, (metric, level)
    raise KeyError(key)


def _of_one_kind(
    able: Sequence[Contender], kind: Callable[[Contender], dict[str, str]], what: str
) -> tuple[list[Contender], dict[str, str]]:
    """Keep the sets whose scores rest on the same; the commonest kind, of equals the first."""
    kinds = [{name: text for name, text in kind(it).items() if name != "synth"} for it in able]
    best = max(kinds, key=lambda one: sum(one == other for other in kinds))
    kept = [it for it, one in zip(able, kinds, strict=True) if one == best]
    reason = f"Its {what} are not those of the other sets: scores on them cannot be compared."
    return kept, {it.one.name: reason for it, one in zip(able, kinds, strict=True) if one != best}


def floor_noise(values: Sequence[ScoreValue]) -> float | None:
    """Give what a score varies by between halves of the real set: half the widest floor's range.

    Examples
    --------
    >>> from ccmeval.fidelity.schema import Floor
    >>> floor = Floor(n=9, splits=5, unit="subject", median=5, low=4, high=8, matched_median=6)
    >>> floor_noise([ScoreValue(score="a", floor=floor), ScoreValue(score="a")])
    2.0
    """
    ranges = [
        value.floor.high - value.floor.low
        for value in values
        if value.floor is not None and value.floor.high is not None and value.floor.low is not None
    ]
    return max(ranges) / 2 if ranges else None


def at_floor(value: ScoreValue, definition: ScoreDefinition) -> bool:
    """Whether a set is not told apart from real frames, so that none can be better."""
    row = MetricRow(metric="", label="", better=definition.better, floor=value.floor)
    return is_above_floor(row) is False


def _notes(found: Compared) -> list[str]:
    if found.n_frames is None:
        return []
    return [
        f"The sets differ in their number of frames, on which this score depends: they were compared at"
        f" {found.n_frames} frames each, drawn at random by whole subjects as far as that goes."
    ]
