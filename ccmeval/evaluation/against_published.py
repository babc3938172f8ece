"""A synthetic set against a published table, where no real frame is at hand: pillar 2 alone."""

from __future__ import annotations

from ccmeval.evaluation.assembling import assemble
from ccmeval.evaluation.masks import mask_adherence
from ccmeval.evaluation.measuring import measure_set, reading_settings, sources
from ccmeval.evaluation.preservation_run import frames_of, mask_sources
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.schema import Pillar, Scale, SetSummary, ThreePillarResult
from ccmeval.evaluation.steps import PUBLISHED, Run, begin, check_set_of, findings_of, judged, load_set
from ccmeval.preservation.against_published import compare_published
from ccmeval.preservation.gradient_published import gradients_published
from ccmeval.preservation.published import published_table
from ccmeval.preservation.schema import PreservationResult

NO_PICTURES = "A published table holds no frames, so there is nothing to compare pictures with."
SCALE = (
    "Frames were measured at their own scale: a published table has none. Counts over an area depend on the"
    " frame's size; the published frames had 400 x 400 um."
)


def evaluate_against_published(run: Run) -> ThreePillarResult:
    """Run pillar 2 against published means and SDs.

    Parameters
    ----------
    run : Run
        Its `real` is ``published:NAME``.

    Returns
    -------
    ThreePillarResult
    """
    name = run.real.removeprefix(PUBLISHED)
    table = published_table(name)
    (source,) = (one for one in sources(None, run.synth, run.settings) if one.name == "synth")
    cohort = load_set(source, run.out)
    checked = check_set_of(run, source, cohort, None)
    reading = reading_settings(source, run.settings, None)
    measured = measure_set(
        source, cohort, reading, run.out, overwrite=run.overwrite, progress=run.progress, command=run.command
    )
    synth = assemble(source, cohort, checked, measured)
    parts = RunParts(
        synth, synth, None, [], Scale(sentence=SCALE), run.settings, {"synth": reading}, run.out, run.progress
    )
    result = begin(run, [synth])
    real = SetSummary(
        name="real", source=run.real, kind="published table", layout=table.source,
        diagnoses=dict.fromkeys(table.diagnoses, 0),
    )  # fmt: skip
    result.sets.insert(0, real)
    result.scale, result.findings = parts.scale, findings_of(parts, {"synth": checked})
    reasons: dict[Pillar, str] = {"fidelity": NO_PICTURES}
    if "preservation" in run.settings.pillars:
        result.preservation = _preservation(parts, name)
    return judged(result, run, reasons)


def _preservation(parts: RunParts, name: str) -> PreservationResult:
    frames, settings = frames_of(parts.synth), parts.settings.preservation
    found = PreservationResult(
        comparisons=compare_published(frames, name, settings, parts.rng("comparison")),
        gradients=gradients_published(frames, name, settings, parts.rng("gradient")),
        segmenter_synth=mask_sources(parts.synth),
    )
    found.adherence_frames, found.adherence, found.notes = mask_adherence(parts, ceiling=False)
    return found
