"""The run of `ccmeval three-pillar`: two sets in, a folder with result, tables and report out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ccmeval.checking.check import CheckedSet
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.assembling import assemble, scale_of
from ccmeval.evaluation.folder import claim
from ccmeval.evaluation.measuring import SetSource, measure_set, reading_settings, sources
from ccmeval.evaluation.pairs import declared_pairs
from ccmeval.evaluation.run_parts import Progress, RunParts, silent
from ccmeval.evaluation.schema import Finding, ThreePillarResult
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.shared import SharedReal, home_of
from ccmeval.evaluation.steps import (
    BUNDLE_SUFFIX,
    PUBLISHED,
    Run,
    begin,
    check_set_of,
    findings_of,
    identity_of,
    judged,
    load_set,
    needs_measurement,
)
from ccmeval.evaluation.watch import Watch
from ccmeval.report.files import OutputError
from ccmeval.report.schema import BiomarkersResult
from ccmeval.settings import RunSettings
from ccmeval.utility.schema import UtilityResult

DEFAULT_OUT = Path("ccmeval-results") / "three-pillar"


def run_three_pillar(
    real: str | Path,
    synth: str | Path,
    out: str | Path = DEFAULT_OUT,
    settings: ThreePillarSettings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    command: str = "",
    write: bool = True,
    shared: SharedReal | None = None,
    watch: Watch | None = None,
) -> ThreePillarResult:
    """Score a synthetic set against a real one and write everything into a folder.

    Parameters
    ----------
    real : path or str
        A folder, a manifest, a reference bundle, or ``published:2602.13693``.
    synth : path
        A folder or a manifest.
    out : path
        Folder for the results.
    settings : ThreePillarSettings, optional
    resume, overwrite : bool
        What to do where `out` holds a run of these sets.
    progress : callable, optional
    command : str
        The command line, for the record.
    write : bool
        Whether to write report, tables and figures; measurements are always written.
    shared : SharedReal, optional
        For several synthetic sets against one real set: the real side is read, measured and halved once.
        Classifiers of group A are then not asked for the labels of synthetic frames (`agreements` is empty),
        since their training run would not be the same for all sets.
    watch : Watch, optional
        Takes features and scores in passing.

    Returns
    -------
    ThreePillarResult

    Raises
    ------
    CcmevalError
        If nothing can be done.
    """
    settings = settings or ThreePillarSettings()
    folder = Path(out).resolve()
    run = Run(
        str(real),
        str(synth),
        folder,
        settings,
        overwrite,
        progress or silent,
        command,
        shared,
        watch or Watch(),
    )
    claim(folder, identity_of(run), resume=resume, overwrite=overwrite)
    result = _evaluated(run)
    if write:
        from ccmeval.report.three_pillar import write_three_pillar
        from ccmeval.report.three_pillar_pictures import FolderPictures

        run.progress("Writing the report", 0, 1)
        homes = {name: home_of(name, folder, shared) for name in ("real", "held-out")}
        write_three_pillar(result, folder, FolderPictures(folder, homes=homes))
        run.progress("Writing the report", 1, 1)
    return result


def _evaluated(run: Run) -> ThreePillarResult:
    if run.real.startswith(PUBLISHED):
        from ccmeval.evaluation.against_published import evaluate_against_published

        return evaluate_against_published(run)
    if run.real.endswith(BUNDLE_SUFFIX):
        from ccmeval.evaluation.against_reference import evaluate_against_reference

        return evaluate_against_reference(run)
    return evaluate_sets(run)


def evaluate_sets(run: Run) -> ThreePillarResult:
    """Run the pillars on two sets of frames.

    Parameters
    ----------
    run : Run

    Returns
    -------
    ThreePillarResult
    """
    wanted = sources(run.real, run.synth, run.settings)
    cohorts, checked = checked_sets(run, wanted)
    parts, findings = prepared(run, wanted, cohorts, checked)
    result = begin(run, [parts.real, parts.synth, *([parts.held_out] if parts.held_out else [])])
    result.scale, result.findings = parts.scale, findings
    if "fidelity" in run.settings.pillars:
        from ccmeval.evaluation.fidelity_run import evaluate_fidelity

        result.fidelity = evaluate_fidelity(parts)
    if "preservation" in run.settings.pillars:
        from ccmeval.evaluation.preservation_run import evaluate_preservation

        run.progress("Comparing biomarkers", 0, 1)
        result.preservation = evaluate_preservation(parts)
        run.progress("Comparing biomarkers", 1, 1)
    if "utility" in run.settings.pillars:
        result.utility = _utility(parts, alone=len(run.settings.pillars) == 1)
    return judged(result, run)


def checked_sets(run: Run, wanted: Sequence[SetSource]) -> tuple[dict[str, Cohort], dict[str, CheckedSet]]:
    """Load and check every set, each once for all runs that share the real side."""
    cohorts: dict[str, Cohort] = {}
    checked: dict[str, CheckedSet] = {}
    for source in wanted:
        cohort = run.once(f"load {source}", partial(load_set, source, run.out))
        check = partial(check_set_of, run, source, cohort, checked.get("real"))
        cohorts[source.name] = cohort
        checked[source.name] = run.once(f"check {source} {run.settings.paired}", check)
    return cohorts, checked


def _utility(parts: RunParts, *, alone: bool) -> UtilityResult:
    """Run pillar 3; where other pillars have results too, a refusal leaves them standing."""
    from ccmeval.evaluation.utility_run import evaluate_utility, refused

    try:
        return evaluate_utility(parts)
    except OutputError:
        raise
    except CcmevalError as error:
        if alone:
            raise
        return refused(error)


def prepared(
    run: Run,
    wanted: list[SetSource],
    cohorts: Mapping[str, Cohort],
    checked: Mapping[str, CheckedSet],
) -> tuple[RunParts, list[Finding]]:
    """Choose the scale, measure the sets, and join all that is known of them."""
    together = run.shared.scale if run.shared is not None else None
    scale = together or scale_of(checked["real"], checked["synth"])
    readings: dict[str, RunSettings] = {
        source.name: reading_settings(source, run.settings, scale) for source in wanted
    }
    measured: dict[str, BiomarkersResult] = {}
    if needs_measurement(run.settings):
        for source in wanted:
            measured[source.name] = measure_set(
                source,
                cohorts[source.name],
                readings[source.name],
                home_of(source.name, run.out, run.shared),
                overwrite=run.overwrite,
                progress=run.progress,
                command=run.command,
            )
    sets: dict[str, EvaluatedSet] = {}
    for source in wanted:
        known = frozenset(s for s in sets["real"].clusters.subjects if s) if "real" in sets else frozenset()
        sets[source.name] = assemble(
            source, cohorts[source.name], checked[source.name], measured.get(source.name), known
        )
    pairs = declared_pairs(sets["real"].cohort, sets["synth"].cohort, by_stem=run.settings.paired)
    parts = RunParts(
        sets["real"],
        sets["synth"],
        sets.get("held-out"),
        pairs,
        scale,
        run.settings,
        readings,
        run.out,
        run.progress,
        run.shared,
        run.watch,
    )
    return parts, findings_of(parts, checked)
