"""A synthetic set against a reference bundle, where the real frames may not leave their house."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ccmeval import __version__
from ccmeval.checking.check import CheckedSet
from ccmeval.cohort.record import Cohort
from ccmeval.cohort.standardise import TOLERANCE, grid_of
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.assembling import assemble
from ccmeval.evaluation.masks import mask_adherence
from ccmeval.evaluation.measuring import SetSource, measure_set, reading_settings, sources
from ccmeval.evaluation.preservation_run import frames_of, mask_sources
from ccmeval.evaluation.reference_features import reference_fidelity
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.schema import Finding, Scale, SetSummary, ThreePillarResult
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.steps import Run, begin, check_set_of, findings_of, judged, load_set
from ccmeval.preservation.schema import PreservationResult
from ccmeval.reference.file import open_bundle
from ccmeval.reference.gradient import gradients_reference
from ccmeval.reference.preservation import (
    INDEPENDENT,
    NO_VALUES,
    compare_reference,
    compare_structure,
    diagnoses_of,
)
from ccmeval.reference.schema import ReferenceBundle
from ccmeval.settings import RunSettings

_OURS = ("overlays", "covariates")
"""Settings of measurement that change no number, and stay the user's."""


def evaluate_against_reference(run: Run) -> ThreePillarResult:
    """Score a synthetic set by what a bundle tells of the real one.

    Parameters
    ----------
    run : Run
        Its `real` is a bundle.

    Returns
    -------
    ThreePillarResult
        What a bundle cannot give stands in it as unavailable, with the reason.

    Raises
    ------
    CcmevalError
        If the bundle is damaged, or was measured otherwise than this run is asked to.
    """
    held = open_bundle(run.real)
    bundle = held.bundle
    _refuse_other_masks(run.settings, bundle)
    run = replace(run, settings=with_measurement(run.settings, bundle))
    check_segmenter(run.settings, bundle)
    (source,) = (one for one in sources(None, run.synth, run.settings) if one.name == "synth")
    cohort, findings = _without_left_out(load_set(source, run.out), bundle)
    checked = check_set_of(run, source, cohort, None)
    scale = scale_of_bundle(bundle, checked)
    parts = _parts(run, source, cohort, checked, scale)
    result = begin(run, [parts.synth])
    result.sets.insert(0, summary_of(run.real, bundle))
    result.scale = scale
    result.findings = [*findings_of(parts, {"synth": checked}), *findings, *_findings(run, bundle, checked)]
    if "fidelity" in run.settings.pillars:
        result.fidelity = reference_fidelity(parts, held)
    if "preservation" in run.settings.pillars:
        result.preservation = _preservation(parts, bundle)
    result.notes += [f"Reference bundle: {it}" for it in bundle.notes]
    return judged(result, run)


def with_measurement(settings: ThreePillarSettings, bundle: ReferenceBundle) -> ThreePillarSettings:
    """Take the bundle's settings of measurement, or refuse others that were asked for.

    Raises
    ------
    CcmevalError
        If the run was asked to measure otherwise.
    """
    given = settings.measurement if "measurement" in settings.model_fields_set else {}
    asked = {name: value for name, value in given.items() if name not in _OURS}
    if asked:
        bundled = RunSettings(**bundle.measurement).model_dump(mode="json", include=set(asked))
        other = [name for name in asked if asked[name] != bundled[name]]
        if "segmenter" in other:
            raise CcmevalError(
                f"The reference bundle was measured with the segmenter {bundle.measurement['segmenter']!r},"
                f" not {asked['segmenter']!r}: biomarkers of two segmenters do not compare. Leave --segmenter"
                " out,"
                " or ask for a bundle of that segmenter."
            )
        if other:
            raise CcmevalError(
                f"The reference bundle was measured with other settings ({', '.join(other)}): leave them out,"
                " and the synthetic frames are measured with the bundle's."
            )
    own = {name: settings.measurement[name] for name in _OURS if name in settings.measurement}
    return settings.model_copy(update={"measurement": {**bundle.measurement, **own}})


def check_segmenter(settings: ThreePillarSettings, bundle: ReferenceBundle) -> None:
    """Refuse a segmenter of another version than the bundle's.

    Raises
    ------
    CcmevalError
        If it is not here, or another.
    """
    if settings.measurement["nerves_from"] != "segmenter":
        return
    from ccmeval.measurement.nerve_source import load_segmenter

    segmenter = load_segmenter(RunSettings(**settings.measurement))
    here = f"{segmenter.name} {segmenter.version}"
    if here != bundle.segmenter:
        raise CcmevalError(
            f"The reference bundle was measured with the segmenter {bundle.segmenter!r}, and {here!r} is"
            " here: biomarkers of two segmenters do not compare. Install that one, or ask for a new bundle."
        )


def _refuse_other_masks(settings: ThreePillarSettings, bundle: ReferenceBundle) -> None:
    kind = bundle.measurement.get("nerves_from")
    if kind == "traces":
        raise CcmevalError(
            "The reference bundle was measured from given traces, and synthetic frames have none; ask for a"
            " bundle whose nerves a segmenter found."
        )
    if settings.paired or settings.held_out is not None:
        option = "--paired" if settings.paired else "--held-out"
        raise CcmevalError(f"{option} needs real frames, and a reference bundle holds none; leave it out.")


def _without_left_out(cohort: Cohort, bundle: ReferenceBundle) -> tuple[Cohort, list[Finding]]:
    """Leave out frames of diagnoses that the bundle keeps silent on, as its pooled numbers do."""
    silent = set(bundle.set.left_out)
    kept = tuple(record for record in cohort if record.diagnosis not in silent)
    gone = len(cohort) - len(kept)
    if not gone:
        return cohort, []
    names = ", ".join(sorted(silent))
    if not kept:
        raise CcmevalError(f"The reference bundle leaves out the diagnoses of all synthetic frames: {names}.")
    sentence = (
        f"{gone} synthetic frames of {names} are left out: the reference bundle tells nothing of these"
        " diagnoses, since it has too few subjects of them."
    )
    return replace(cohort, records=kept), [
        Finding(set="synth", code="left-out-diagnosis", severity="warning", sentence=sentence, count=gone)
    ]


def scale_of_bundle(bundle: ReferenceBundle, checked: CheckedSet) -> Scale:
    """Bring the synthetic frames to the bundle's scale; the real ones cannot be brought to another.

    Parameters
    ----------
    bundle : ReferenceBundle
    checked : CheckedSet

    Returns
    -------
    Scale
    """
    told = bundle.scale
    grids = [
        (it.shape, grid_of(it.shape, it.pixel_size_um, told))
        for it in checked.facts
        if it.usable and it.shape is not None and it.pixel_size_um is not None
    ]
    changed = any(not grid.is_crop or grid.size != shape for shape, grid in grids)
    height, width = told.field_of_view_um
    sentence = (
        f"Synthetic frames were brought to the reference bundle's {told.pixel_size_um:.4g} um a pixel, and"
        f" larger ones cropped to its {width:.4g} x {height:.4g} um."
        if changed
        else f"The synthetic frames have the reference bundle's scale ({told.pixel_size_um:.4g} um a pixel)."
    )
    return Scale(
        pixel_size_um=told.pixel_size_um,
        field_of_view_um=told.field_of_view_um,
        changed_synth=changed,
        sentence=sentence,
    )


def _parts(run: Run, source: SetSource, cohort: Cohort, checked: CheckedSet, scale: Scale) -> RunParts:
    reading = reading_settings(source, run.settings, scale)
    measured = measure_set(
        source, cohort, reading, run.out, overwrite=run.overwrite, progress=run.progress, command=run.command
    )
    synth = assemble(source, cohort, checked, measured)
    return RunParts(synth, synth, None, [], scale, run.settings, {"synth": reading}, run.out, run.progress)


def summary_of(source: str, bundle: ReferenceBundle) -> SetSummary:
    """Sum the bundle's set up for the report."""
    told = bundle.set
    return SetSummary(
        name="real",
        source=source,
        kind="reference bundle",
        layout=f"reference bundle of format {bundle.format_version}, built {bundle.created}",
        n_frames=told.n_frames,
        n_subjects=told.n_units if told.by_subject else 0,
        n_clusters=told.n_units,
        diagnoses={cell.diagnosis or "not stated": cell.n_frames for cell in told.cells},
        pixel_size_um=told.pixel_size_um,
        shape_px=told.shape_px,
        sha256=told.sha256,
    )


def _findings(run: Run, bundle: ReferenceBundle, checked: CheckedSet) -> list[Finding]:
    """Say what may keep the two sides from comparing."""
    found: list[dict[str, Any]] = []
    built = bundle.versions.get("ccmeval", "")
    if built != __version__:
        sentence = f"The reference bundle was built with ccmeval {built}, and this is {__version__}."
        found.append({"code": "bundle-version", "severity": "warning", "sentence": sentence})
    sizes = [it.pixel_size_um for it in checked.facts if it.usable and it.pixel_size_um is not None]
    coarse = sum(size > bundle.scale.pixel_size_um * (1 + TOLERANCE) for size in sizes)
    if coarse:
        sentence = (
            f"{coarse} synthetic frames have coarser pixels than the reference bundle's"
            f" {bundle.scale.pixel_size_um:.4g} um and were interpolated: what they cannot show counts"
            " against them. Between folders both sets would have been brought to the coarser pixels."
        )
        found.append(
            {"code": "coarser-than-bundle", "severity": "warning", "sentence": sentence, "count": coarse}
        )
    if not bundle.set.by_subject:
        sentence = (
            "The reference bundle's subjects are unknown, so that each of its frames counted as independent:"
            " intervals are too narrow if several come from one eye."
        )
        found.append({"code": "bundle-without-subjects", "severity": "warning", "sentence": sentence})
    return [Finding(set="real", **it) for it in found]


def _preservation(parts: RunParts, bundle: ReferenceBundle) -> PreservationResult:
    frames, settings = frames_of(parts.synth), parts.settings.preservation
    parts.progress("Comparing biomarkers", 0, 1)
    found = PreservationResult(
        comparisons=compare_reference(frames, bundle, settings),
        gradients=gradients_reference(frames, bundle, settings, parts.rng("gradient")),
        correlation=compare_structure(frames, bundle),
        diagnosis_order=diagnoses_of(frames, bundle),
        segmenter_real=bundle.segmenter,
        segmenter_synth=mask_sources(parts.synth),
        notes=[INDEPENDENT, NO_VALUES],
    )
    found.adherence_frames, found.adherence, notes = mask_adherence(parts, ceiling=False)
    found.notes += notes
    parts.progress("Comparing biomarkers", 1, 1)
    return found
