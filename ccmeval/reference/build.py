"""`ccmeval reference build`: a real set in, a bundle of numbers about it out."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ccmeval.batch.conclusion import library_versions
from ccmeval.checking.check import CheckedSet
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.evaluation.assembling import assemble, scale_of
from ccmeval.evaluation.fidelity_run import MORPHOMETRIC, feature_set, raw_features
from ccmeval.evaluation.measuring import SetSource, measure_set, reading_settings
from ccmeval.evaluation.preservation_run import frames_of, mask_sources
from ccmeval.evaluation.run_parts import Progress, RunParts, silent
from ccmeval.evaluation.schema import Scale
from ccmeval.evaluation.sets import EvaluatedSet, hash_of
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.steps import Run, check_set_of, load_set
from ccmeval.fidelity.cache import FeatureCache
from ccmeval.fidelity.extractors.morphometric import INDICATORS
from ccmeval.fidelity.schema import ExtractorRow
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.preservation.settings import KNOWN_ORDER
from ccmeval.reference.cells import CellError, count_units, draw_splits, minimum_of, parts_of, rows_kept
from ccmeval.reference.disclosure import disclosure
from ccmeval.reference.extractor_build import (
    Arrays,
    described,
    kept_vectors,
    split_distances,
    standardised,
)
from ccmeval.reference.file import SUFFIX, write_bundle
from ccmeval.reference.schema import (
    Cell,
    Minimum,
    ReferenceBundle,
    ReferenceExtractor,
    ReferenceScale,
    ReferenceSet,
    StandardisationNote,
)
from ccmeval.reference.summaries import (
    columns_telling_of_few,
    summarise_biomarkers,
    summarise_correlations,
    summarise_trends,
)
from ccmeval.settings import RunSettings

MEASURED_WITH = ("segmenter", "nerves_from", "reading", "ridge", "phantom_net", "morphometry", "quality")
"""Settings that decide what is measured in a frame."""


UNEVEN = (
    "morphometric features: {} left out, since fewer than {} units have another number of frames with a value"
    " than the rest, whose mean could be worked out from those over units and over frames."
)
ALL_UNEVEN = (
    "fewer than {} subjects of a diagnosis have another number of frames than the rest: from means over"
    " subjects and over frames theirs could be worked out. Give equally many frames of each subject."
)


@dataclass(frozen=True)
class BuildOptions:
    """How a bundle is built.

    Attributes
    ----------
    keep_features : bool
        Whether it holds the feature vectors of single frames.
    minimum : int or None
        Smallest cell; by default 5 subjects, or 10 frames where subjects are unknown.
    work : pathlib.Path or None
        Folder that keeps what was measured, so that an interrupted build goes on; else a temporary one.
    overwrite : bool
        Replace the file.
    """

    keep_features: bool = False
    minimum: int | None = None
    work: Path | None = None
    overwrite: bool = False


@dataclass
class _Raw:
    """Features of one extractor, standardised."""

    row: ExtractorRow
    found: FeatureSet
    note: StandardisationNote | None
    notes: list[str] = field(default_factory=list)


def build_reference(
    real: str | Path,
    out: str | Path,
    settings: ThreePillarSettings | None = None,
    options: BuildOptions | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[ReferenceBundle, list[str]]:
    """Write what scoring against a real set needs, and no frame of it.

    Parameters
    ----------
    real : path
        A folder or a manifest.
    out : path
        The file; its suffix is ``.ccmref``.
    settings : ThreePillarSettings, optional
        Those of the real set, features, measurement, statistics, seed and jobs.
    options : BuildOptions, optional
    progress : callable, optional

    Returns
    -------
    bundle : ReferenceBundle
    problems : list of str
        Extractors that could not be used, with the cure.

    Raises
    ------
    CcmevalError
        If the file exists, there are no frames, or too few subjects to speak of.
    """
    settings, options, out = settings or ThreePillarSettings(), options or BuildOptions(), Path(out)
    if out.suffix != SUFFIX:
        raise CcmevalError(f"{out}: a reference bundle's name ends in {SUFFIX}; give -o {out.stem}{SUFFIX}.")
    if out.exists() and not options.overwrite:
        raise CcmevalError(f"{out} exists already; choose another name with -o, or --overwrite it.")
    with TemporaryDirectory(prefix="ccmeval-") as temporary:
        work = options.work.resolve() if options.work is not None else Path(temporary)
        run = Run(str(real), "", work, _quiet(settings), progress=progress or silent)
        parts = _measured(run)
        return _written(parts, out, options)


def _quiet(settings: ThreePillarSettings) -> ThreePillarSettings:
    """Measure with all settings completed, and draw no pictures."""
    measurement = {**settings.measurement, "overlays": False}
    return settings.model_copy(update={"measurement": RunSettings(**measurement).model_dump(
        mode="json", include={*MEASURED_WITH, "overlays"})})  # fmt: skip


def _measured(run: Run) -> RunParts:
    settings = run.settings
    source = SetSource(
        "real",
        Path(run.real),
        settings.real_subject_pattern,
        settings.real_field_of_view_um,
        settings.real_masks,
    )
    cohort = load_set(source, run.out)
    checked = check_set_of(run, source, cohort, None)
    scale = _own_scale(checked)
    reading = reading_settings(source, settings, scale)
    measured = measure_set(source, cohort, reading, run.out, overwrite=False, progress=run.progress)
    one = assemble(source, cohort, checked, measured)
    return RunParts(one, one, None, [], scale, settings, {"real": reading}, run.out, run.progress)


def _own_scale(checked: CheckedSet) -> Scale:
    """Bring the set to its own median scale: another set is unknown yet."""
    if not checked.usable:
        raise CcmevalError(f"No frame of {checked.cohort.root} could be used; ccmeval check says why.")
    return scale_of(checked, checked)


def _written(parts: RunParts, out: Path, options: BuildOptions) -> tuple[ReferenceBundle, list[str]]:
    whole, settings = parts.real, parts.settings
    minimum = minimum_of(whole.clusters.by_subject, options.minimum)
    diagnoses = [record.diagnosis for record in whole.cohort]
    rows, left_out = rows_kept(whole.clusters.labels, diagnoses, minimum)
    one = _taken(whole, rows)
    parts = replace(parts, real=one, synth=one)
    arrays, problems = Arrays(), []
    raws: list[_Raw] = []
    cache = FeatureCache()
    frames = frames_of(one)
    silent = [] if options.keep_features else columns_telling_of_few(frames, minimum)
    for name in dict.fromkeys(settings.fidelity.features):
        found = _raw(parts, name, minimum, arrays, cache, silent if name == MORPHOMETRIC else ())
        if isinstance(found, str):
            problems.append(f"{name}: {found}")
        else:
            raws.append(found)
    extractors = _extractors(parts, raws, minimum, arrays, keep=options.keep_features)
    told = _set(one, [name or "not stated" for name in left_out])
    order = [it for it in settings.preservation.diagnosis_order or KNOWN_ORDER if it in frames.seen_diagnoses]
    summaries = summarise_biomarkers(frames, minimum)
    structure, splits = settings.preservation.structure, settings.preservation.structure_splits
    assert parts.scale.pixel_size_um is not None
    assert parts.scale.field_of_view_um is not None
    bundle = ReferenceBundle(
        created=_now(),
        versions=library_versions(),
        disclosure=disclosure(told, minimum, extractors),
        minimum=minimum,
        set=told,
        scale=ReferenceScale(
            pixel_size_um=parts.scale.pixel_size_um, field_of_view_um=parts.scale.field_of_view_um
        ),
        segmenter=mask_sources(one),
        measurement={name: settings.measurement[name] for name in MEASURED_WITH},
        diagnosis_order=order,
        seed=settings.seed,
        extractors=extractors,
        biomarkers=summaries,
        trends=summarise_trends(frames, order, summaries, parts.rng("trends")),
        correlation=summarise_correlations(frames, structure, summaries, splits, parts.rng("correlation")),
        # Reasons may hold this machine's paths and are for the builder alone.
        notes=[
            f"The builder could not compute {it.partition(': ')[0]} features, or left them out."
            for it in problems
        ],
    )
    return write_bundle(out, bundle, arrays.held), problems


def _raw(
    parts: RunParts, name: str, minimum: Minimum, arrays: Arrays, cache: FeatureCache, silent: Sequence[str]
) -> _Raw | str:
    """Compute features, or say why there are none; notes on single frames stay here."""
    try:
        row, (found,), _ = raw_features(parts, [parts.real], name, cache)
        rows, left_out = rows_kept(found.clusters, found.diagnoses, minimum)
        found, names, dropped = _without(found.take(rows), _column_names(name, row), silent)
        if dropped and len(names) <= len(INDICATORS):
            return ALL_UNEVEN.format(minimum.n)
        found, note, notes = standardised(found, row, names, arrays)
    except (UnavailableError, CellError, ValueError) as error:
        return str(error)
    if dropped:
        row = row.model_copy(update={"identity": row.identity.rpartition("; ")[0] + "; " + ", ".join(
            it for it in names if it not in INDICATORS)})  # fmt: skip
        notes.append(UNEVEN.format(", ".join(dropped), minimum.n))
    if left_out:
        notes.append(f"{name} features are finite in too few frames of {', '.join(map(str, left_out))}.")
    return _Raw(row, found, note, notes)


def _without(
    found: FeatureSet, names: Sequence[str], silent: Sequence[str]
) -> tuple[FeatureSet, Sequence[str], list[str]]:
    """Drop columns; give the remaining names and the dropped ones."""
    dropped = [it for it in names if it in silent]
    if not dropped:
        return found, names, []
    kept = [i for i, it in enumerate(names) if it not in silent]
    thin = FeatureSet(found.values[:, kept], found.frames, found.clusters, found.diagnoses, found.by_subject)
    return thin, [names[i] for i in kept], dropped


def _column_names(name: str, row: ExtractorRow) -> Sequence[str]:
    if name != MORPHOMETRIC:
        return ()
    return (*row.identity.rpartition("; ")[2].split(", "), *INDICATORS)


def _extractors(
    parts: RunParts, raws: Sequence[_Raw], minimum: Minimum, arrays: Arrays, *, keep: bool
) -> list[ReferenceExtractor]:
    if keep:
        found = [kept_vectors(it.row, it.found, it.note, arrays) for it in raws]
    else:
        one = feature_set(parts.real, np.zeros((len(parts.real.cohort), 1)))
        splits = draw_splits(one, parts.settings.fidelity.splits, parts.rng("halves"))
        chosen = typical_split(one, [it.found for it in raws], splits, minimum)
        found = [described(it.row, it.found, it.note, splits, chosen, minimum, arrays) for it in raws]
    return [
        it.model_copy(update={"notes": [*it.notes, *raw.notes]}) for it, raw in zip(found, raws, strict=True)
    ]


def typical_split(
    one: FeatureSet,
    features: Sequence[FeatureSet],
    splits: Sequence[frozenset[Hashable]],
    minimum: Minimum,
) -> frozenset[Hashable] | None:
    """Choose the split whose halves are as far apart as halves usually are; the same for all features.

    Parameters
    ----------
    one : FeatureSet
        All kept frames; their features do not matter.
    features : sequence of FeatureSet
    splits : sequence of frozenset
    minimum : Minimum

    Returns
    -------
    frozenset or None
        Among the splits that give most cells; None where every one has halves that are too small.
    """
    cells = [len(parts_of(one, first, minimum)) for first in splits]
    most = max(cells, default=0)
    if most <= len(set(one.diagnoses)):
        return None
    able = [i for i, count in enumerate(cells) if count == most]
    unusual = np.zeros(len(splits))
    for found in features:
        distances = np.log(np.maximum(split_distances(found, splits), 1e-300))
        unusual += np.nan_to_num(np.abs(distances - np.nanmedian(distances)), nan=np.inf)
    return splits[min(able, key=lambda i: (unusual[i], i))]


def _taken(one: EvaluatedSet, rows: Any) -> EvaluatedSet:
    index = [int(i) for i in rows]

    def pick(values: Sequence[Any]) -> list[Any]:
        return [values[i] for i in index] if values else []

    clusters = replace(one.clusters, subjects=pick(one.clusters.subjects), labels=pick(one.clusters.labels))
    return replace(
        one,
        cohort=replace(one.cohort, records=tuple(pick(one.cohort.records))),
        clusters=clusters,
        rows=pick(one.rows),
        sha256=pick(one.sha256),
        shapes=pick(one.shapes),
        pixel_sizes_um=pick(one.pixel_sizes_um),
        failed=[],
    )


def _set(one: EvaluatedSet, left_out: list[str]) -> ReferenceSet:
    found = feature_set(one, np.zeros((len(one.cohort), 1)))
    names = list(dict.fromkeys(found.diagnoses))
    summary = one.summary()
    cells = []
    for name in names:
        rows = np.flatnonzero([it == name for it in found.diagnoses])
        cells.append(Cell(diagnosis=name, n_frames=rows.size, n_units=count_units(found, rows)))
    return ReferenceSet(
        n_frames=len(found),
        n_units=count_units(found, np.arange(len(found))),
        by_subject=found.by_subject,
        cells=cells,
        left_out=left_out,
        pixel_size_um=summary.pixel_size_um,
        shape_px=summary.shape_px,
        sha256=hash_of(one.sha256),
    )


def _now() -> str:
    """Give the time, or that of SOURCE_DATE_EPOCH, by which builds are reproducible."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(told), timezone.utc) if told else datetime.now(timezone.utc)
    return now.isoformat(timespec="seconds")
