"""The run of `ccmeval compare`: many sets in, one table with its uncertainty out, at any moment resumable."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ccmeval.batch.conclusion import library_versions
from ccmeval.checking.check import CheckedSet
from ccmeval.comparison.grid import expand
from ccmeval.comparison.journal import CompareJournal, open_journal
from ccmeval.comparison.making import Maker
from ccmeval.comparison.overall import mean_rank, pareto_front
from ccmeval.comparison.ranking import Contender, Rankings
from ccmeval.comparison.schema import (
    AxisValue,
    ComparedSet,
    CompareResult,
    Ranking,
    RealSide,
    ScoreDefinition,
)
from ccmeval.comparison.scores import Columns, scores_of
from ccmeval.comparison.scoring import Candidate, Scorer
from ccmeval.comparison.settings import CompareSettings
from ccmeval.comparison.writing import write_compare
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.assembling import common_scale_of
from ccmeval.evaluation.folder import MEASURED
from ccmeval.evaluation.measuring import sources
from ccmeval.evaluation.run import checked_sets
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.evaluation.schema import Scale
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.shared import SharedReal
from ccmeval.evaluation.steps import BUNDLE_SUFFIX, PUBLISHED, Run
from ccmeval.evaluation.utility_members import declared_of
from ccmeval.report.comparison import write_comparison
from ccmeval.utility.clusters import OtherSets

DEFAULT_OUT = Path("ccmeval-results") / "compare"
SCOPE_OF_RANKS = (
    "Ranks hold for these sets and other frames and subjects like theirs. How much sets of one method differ"
    " when its generator is trained anew with another seed is not in them; compare sets of several seeds."
)
SHARED = "shared"
"""Folder of a comparison with what is done once for all sets."""


def run_compare(
    settings: CompareSettings,
    out: str | Path = DEFAULT_OUT,
    *,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> CompareResult:
    """Score many synthetic sets against one real set, and order them as far as the data allow.

    Parameters
    ----------
    settings : CompareSettings
    out : path
        Folder for the results: ``compare.html``, the page drawn from ``compare.json``, with ``compare.csv``,
        ``tables``, ``figures`` and ``methods.md``; each set's three-pillar run below
        ``sets/NAME``, what is done once for all below ``shared``, what was made below ``made``.
    resume : bool
        Go on with the comparison in `out`; sets may have been added, taken away, or changed since.
    overwrite : bool
        Delete the comparison in `out` and begin anew.
    progress : callable, optional
    command : str
        The command line, for the record.

    Returns
    -------
    CompareResult
        A set that fails is listed with its reason, and the others go on.

    Raises
    ------
    CcmevalError
        If nothing can be done: no real frames, a wrong setting, a folder of another comparison.
    """
    folder, show = Path(out).resolve(), progress or silent
    if settings.real.startswith(PUBLISHED) or settings.real.endswith(BUNDLE_SUFFIX):
        raise CcmevalError("A comparison needs real frames; give --real a folder or a manifest.")
    candidates = [
        Candidate(it, _own_settings(settings.evaluation, it.entry.evaluation, it.entry.ratio))
        for it in expand(settings.sets)
    ]
    with open_journal(folder, _identity(settings), resume=resume, overwrite=overwrite) as journal:
        shared = SharedReal(folder / SHARED)
        scorer = Scorer(folder, settings.real, shared, journal, show, command)
        real = _check_real(settings, folder, shared, show)
        _make(candidates, scorer, settings, command)
        _choose_scale(candidates, real, shared, journal)
        shared.others = _declared(candidates, real)
        for number, it in enumerate(candidates):
            show("Scoring sets", number, len(candidates))
            scorer.score(it)
        show("Scoring sets", len(candidates), len(candidates))
        result = _result(settings, candidates, scorer, command)
        _rank(result, candidates, settings, journal, show)
        write_compare(result, folder)
        show("Drawing the report", 0, 1)
        write_comparison(result, folder)
        show("Drawing the report", 1, 1)
    return result


def _identity(settings: CompareSettings) -> dict[str, Any]:
    """Tell what the shared side depends on; sets may come and go."""
    held_out = settings.evaluation.held_out
    return {
        "real": str(Path(settings.real).resolve()),
        "held_out": None if held_out is None else str(held_out.resolve()),
        "measurement": settings.evaluation.measurement,
    }


def _own_settings(
    evaluation: ThreePillarSettings, own: dict[str, Any], ratio: float | None
) -> ThreePillarSettings:
    """Lay what is a set's own over the settings of all."""
    told = {**evaluation.model_dump(exclude_unset=True), **own}
    if ratio is not None:
        told["utility"] = {**told.get("utility", {}), "ratio": ratio}
    return ThreePillarSettings(**told)


def _check_real(settings: CompareSettings, out: Path, shared: SharedReal, progress: Progress) -> Any:
    """Read the real set first: without it nothing else is worth beginning."""
    run = Run(settings.real, "", out, settings.evaluation, progress=progress, shared=shared)
    wanted = [it for it in sources(settings.real, "", settings.evaluation) if it.name == "real"]
    checked = checked_sets(run, wanted)[1]["real"]
    if not checked.usable:
        raise CcmevalError(
            f"No frame of {settings.real} can be used; ccmeval check {settings.real} says why."
        )
    return checked


def _make(candidates: Sequence[Candidate], scorer: Scorer, settings: CompareSettings, command: str) -> None:
    pattern = settings.evaluation.real_subject_pattern
    maker = Maker(scorer.out, command, pattern)
    for number, it in enumerate(candidates):
        scorer.progress("Making and checking sets", number, len(candidates))
        scorer.make(it, maker)
    scorer.progress("Making and checking sets", len(candidates), len(candidates))


def _choose_scale(
    candidates: Sequence[Candidate], real: Any, shared: SharedReal, journal: CompareJournal
) -> None:
    """Choose one scale for all sets; where it is not that of an earlier run, all are scored anew."""
    checked = [it.checked for it in candidates if it.checked is not None and not it.reason]
    if not checked:
        return
    scale = common_scale_of(real, checked)
    told = [float(it) for it in (scale.pixel_size_um or 0.0, *(scale.field_of_view_um or ()))]
    if journal.scale is None:
        journal.note(scale=told)
    elif journal.scale != told:
        # Sets that came or went changed it: what was measured at the old scale cannot stand beside the new.
        shutil.rmtree(shared.folder / MEASURED, ignore_errors=True)
        journal.note(scale=told)
    shared.scale = scale


def _declared(candidates: Sequence[Candidate], real: CheckedSet) -> OtherSets | None:
    """Join what all sets declare of real subjects: pillar 3 tests all of them on the same frames."""
    subjects = frozenset(it.subject for it in real.cohort if it.subject is not None)
    told = [declared_of(it.checked.cohort, subjects) for it in candidates if it.checked and not it.reason]
    if not told:
        return None
    return OtherSets(
        frozenset().union(*(it.seen for it in told)), frozenset().union(*(it.sources for it in told))
    )


def _result(
    settings: CompareSettings, candidates: Sequence[Candidate], scorer: Scorer, command: str
) -> CompareResult:
    columns, rows = Columns(), []
    for it in candidates:
        row = scorer.row(it)
        if it.result is not None:
            row.values = columns.add(scores_of(it.result, row))
        rows.append(row)
    first = next((it.result for it in candidates if it.result is not None), None)
    diagnoses = dict.fromkeys(name for row in rows for name in row.diagnoses if name != "not stated")
    order = first.preservation.diagnosis_order if first is not None and first.preservation else []
    return CompareResult(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        versions=first.versions if first is not None else library_versions(),
        settings=settings.model_dump(mode="json"),
        pillars=list(settings.evaluation.pillars),
        real=_real_side(settings, candidates),
        scale=first.scale if first is not None else Scale(),
        diagnoses=list(dict.fromkeys([*order, *diagnoses])),
        axes=_axes(rows),
        scores=list(columns.definitions.values()),
        sets=rows,
        shared=_shared_words(scorer),
        notes=[SCOPE_OF_RANKS],
    )


def _real_side(settings: CompareSettings, candidates: Sequence[Candidate]) -> RealSide:
    result = next((it.result for it in candidates if it.result is not None), None)
    if result is None:
        return RealSide(source=settings.real)
    named = {it.name: it for it in result.sets}
    real, held_out = named["real"], named.get("held-out")
    known = [it for it in real.frames if it.status == "measured"]
    return RealSide(
        source=settings.real, n_frames=real.n_frames, n_subjects=real.n_subjects, n_clusters=real.n_clusters,
        by_subject=bool(known) and all(it.subject for it in known), diagnoses=real.diagnoses,
        sha256=real.sha256, held_out=held_out.source if held_out is not None else None,
        n_held_out=held_out.n_frames if held_out is not None else 0,
    )  # fmt: skip


def _axes(rows: Sequence[ComparedSet]) -> dict[str, list[AxisValue]]:
    found: dict[str, list[AxisValue]] = {}
    for row in rows:
        for axis, value in row.axes.items():
            values = found.setdefault(axis, [])
            if value not in values:
                values.append(value)
    return found


def _shared_words(scorer: Scorer) -> dict[str, str]:
    shared = scorer.shared
    return {
        "biomarkers": "The real set was measured once, in shared/biomarkers.",
        "features": "Features of real frames were found in the feature cache after the first set.",
        "floors": f"{shared.floors.n_computed} floors computed, {shared.floors.n_found} found, in this run.",
        "group A": "Training runs on real frames alone are kept in shared/utility and done once.",
    }


def _rank(
    result: CompareResult,
    candidates: Sequence[Candidate],
    settings: CompareSettings,
    journal: CompareJournal,
    progress: Progress,
) -> None:
    """Fill in rankings, the front and the overall order."""
    rows = {row.name: row for row in result.sets}
    contenders = [
        Contender(rows[it.wanted.name], it.result, it.material)
        for it in candidates
        if it.result is not None and it.material is not None
    ]
    fidelity = settings.evaluation.fidelity
    rankings = Rankings(
        contenders, settings.ranking, seed=settings.evaluation.seed, neighbours=fidelity.neighbours,
        resamples=fidelity.resamples,
    )  # fmt: skip
    todo = _wanted_rankings(result)
    inputs = _inputs(contenders, settings)
    for number, (definition, diagnosis) in enumerate(todo):
        progress("Ranking", number, len(todo))
        key = hashlib.sha256(json.dumps([inputs, definition.key, diagnosis]).encode()).hexdigest()
        if key not in journal.rankings:
            ranking = rankings.rank(definition, diagnosis)
            journal.note(ranked=key, ranking=ranking.model_dump(mode="json"))
        result.rankings.append(Ranking.model_validate(journal.rankings[key]))
    progress("Ranking", len(todo), len(todo))
    failed = {row.name: f"It failed: {row.reason}" for row in result.sets if row.status == "failed"}
    for ranking in result.rankings:
        ranking.left_out = {**ranking.left_out, **failed}
    _fill_intervals(result)
    _over_all(result, settings)


def _wanted_rankings(result: CompareResult) -> list[tuple[ScoreDefinition, str | None]]:
    found: list[tuple[ScoreDefinition, str | None]] = []
    for definition in result.scores:
        if definition.ranked:
            scopes = [None, *result.diagnoses] if definition.group != "pairs" else [None]
            found += [(definition, it) for it in scopes if _has(result, definition.key, it)]
    return found


def _has(result: CompareResult, score: str, diagnosis: str | None) -> bool:
    return any(row.value(score, diagnosis) is not None for row in result.sets)


def _inputs(contenders: Sequence[Contender], settings: CompareSettings) -> list[Any]:
    """Tell what rankings depend on besides the score."""
    sets = [
        [it.one.name, it.one.sha256, it.material.features, it.material.utility, it.result.settings]
        for it in contenders
    ]
    digest = hashlib.sha256(json.dumps(sets, sort_keys=True, default=str).encode()).hexdigest()
    ranking = settings.ranking.model_dump(mode="json", exclude={"overall", "over"})
    return [digest, ranking, settings.evaluation.seed]


def _fill_intervals(result: CompareResult) -> None:
    """Give scores that have no interval of their own that of the ranking, where it is of the same frames."""
    rows = {row.name: row for row in result.sets}
    for ranking in result.rankings:
        for rank in ranking.ranks:
            value = rows[rank.set].value(ranking.score, ranking.diagnosis)
            if value is not None and value.low is None and ranking.n_frames is None:
                # What has no interval of its own is a mean of sizes, and never below 0.
                value.low = None if rank.value_low is None else max(rank.value_low, 0.0)
                value.high = rank.value_high
                value.interval_method = ranking.method if rank.value_low is not None else ""


def _over_all(result: CompareResult, settings: CompareSettings) -> None:
    known = {it.key: it for it in result.scores}
    for name in settings.ranking.over:
        if name not in known or not known[name].ranked:
            ranked = ", ".join(it.key for it in result.scores if it.ranked)
            raise CcmevalError(
                f"Setting ranking.over: sets are not ranked by {name!r}; choose from {ranked}."
            )
    shown = settings.ranking.over or tuple(it.key for it in result.scores if it.headline and it.ranked)
    pooled = [it for it in result.rankings if it.scope == "pooled" and it.score in shown]
    names = [row.name for row in result.sets if row.status == "scored"]
    result.pareto = pareto_front(pooled, names)
    if settings.ranking.overall == "mean-rank":
        result.overall = mean_rank(pooled, names)
