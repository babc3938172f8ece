"""The sets of a comparison: where they come from, what made them, what that cost, and which failed."""

from __future__ import annotations

from ccmeval.comparison.schema import ComparedSet, CompareResult, GeneratorFacts
from ccmeval.report.comparison_ablation import axis_text
from ccmeval.report.comparison_cells import (
    Footnotes,
    ScoreCell,
    ScoreHead,
    ScoreRow,
    ScoreTable,
    address_of,
    failed_cell,
    missing_cell,
)
from ccmeval.report.comparison_words import MOST_SETS, bytes_text, failed, quantity_text, scored
from ccmeval.report.numbers import NONE, number_text
from ccmeval.report.three_pillar_words import badge, left_out
from ccmeval.report.view import Cell, Head, Table, interval_text, plural

PILLAR_WORDS = {"fidelity": "Fidelity", "preservation": "Biomarkers", "utility": "Utility"}
_HASH_DIGITS = 12
_NO_GENERATOR = "The result says nothing of the generator of this set."


def sets_table(result: CompareResult) -> ScoreTable:
    """Lay out what each set is: frames, independent units, verdicts of its own report, source."""
    notes = Footnotes()
    rows = [_real_row(result, notes)]
    for one in result.sets[:MOST_SETS]:
        if one.status == "failed":
            rows.append(ScoreRow(one.name, [failed_cell(one)], kind="failed"))
        else:
            rows.append(_set_row(result, one, notes))
    heads = [
        ScoreHead("Set"),
        ScoreHead("Frames"),
        ScoreHead("Units", "independent"),
        *[ScoreHead(PILLAR_WORDS[it], "verdict", text=True) for it in result.pillars],
        ScoreHead("Axes", text=True),
        ScoreHead("Source", "SHA-256 below", text=True),
    ]
    more = left_out(len(result.sets), MOST_SETS, "sets.csv")
    return ScoreTable("sets", "The sets that were compared.", heads, (), rows, notes.texts, more)


def _units(count: int, by_subject: bool) -> str:
    return plural(count, "subject" if by_subject else "unit") if count else NONE


def _real_row(result: CompareResult, notes: Footnotes) -> ScoreRow:
    it = result.real
    held = f"{it.n_held_out:,} held out" if it.n_held_out else ""
    source = ScoreCell(it.source, it.sha256[:_HASH_DIGITS])
    cells = [
        ScoreCell(f"{it.n_frames:,}", held),
        ScoreCell(_units(it.n_clusters, it.by_subject)),
        *[ScoreCell("") for _ in result.pillars],
        ScoreCell(""),
        source,
    ]
    return ScoreRow("Real", cells, kind="floor")


def _set_row(result: CompareResult, one: ComparedSet, notes: Footnotes) -> ScoreRow:
    lost = f"{one.n_failed:,} not measured" if one.n_failed else ""
    verdicts = {it.pillar: it for it in one.verdicts}
    cells = [ScoreCell(f"{one.n_frames:,}", lost), ScoreCell(_units(one.n_clusters, one.by_subject))]
    for pillar in result.pillars:
        found = verdicts.get(pillar)
        if found is None:
            cells.append(missing_cell("No verdict of this pillar was recorded for this set.", notes))
        else:
            shown = badge(found.verdict)
            cells.append(ScoreCell(shown.words, tone=shown.tone, title=found.sentence))
    axes = ", ".join(f"{name} {axis_text(value)}" for name, value in one.axes.items())
    cells += [ScoreCell(axes), ScoreCell(one.source, one.sha256[:_HASH_DIGITS])]
    made = "made by this run" if one.made_here else "as it was given"
    return ScoreRow(one.name, cells, below=made, address=address_of(one))


def diagnoses_counts(result: CompareResult) -> Table:
    """Count the frames of each diagnosis in the real set and in each other."""
    if not result.diagnoses:
        return Table("Frames by diagnosis.", [])
    counted = [("Real", result.real.diagnoses)]
    counted += [(it.name, it.diagnoses) for it in scored(result)[:MOST_SETS]]
    heads = [Head("Set", long=True), *[Head(name, number=True) for name in result.diagnoses]]
    rows = [
        [Cell(set_name), *[Cell(f"{counts.get(name, 0):,}") for name in result.diagnoses]]
        for set_name, counts in counted
    ]
    return Table("Frames by diagnosis.", heads, rows)


def generators_table(result: CompareResult) -> ScoreTable | None:
    """Lay out generators, their training, and what generating took; None where nothing was scored."""
    notes = Footnotes()
    rows = [
        ScoreRow(one.name, [*_generator_cells(one, notes), *_cost_cells(one, notes)])
        for one in scored(result)[:MOST_SETS]
    ]
    heads = [
        ScoreHead("Set"),
        ScoreHead("Generator", "version", text=True),
        ScoreHead("Trainable parameters", "of all"),
        ScoreHead("Training", "steps; frames", text=True),
        ScoreHead("Training took", "device", text=True),
        ScoreHead("Seconds per frame", "interval; device", text=True),
        ScoreHead("Peak memory", "process; device", text=True),
    ]
    spans = [("Generator", 4), ("Generating, measured", 2)]
    caption = "Generators, their training, and what generating took."
    return ScoreTable("generators", caption, heads, spans, rows, notes.texts) if rows else None


def _generator_cells(one: ComparedSet, notes: Footnotes) -> list[ScoreCell]:
    it = one.generator
    if it is None or not it.name:
        reason = (it.reason if it else "") or _NO_GENERATOR
        return [missing_cell(reason, notes) for _ in range(4)]
    reason = it.reason or "The generator's folder does not tell."
    known = [
        _trained_cell(it) if it.n_trained is not None else None,
        _steps_cell(it, it.training_steps) if it.training_steps is not None else None,
        ScoreCell(duration_text(it.training_seconds), it.training_device)
        if it.training_seconds is not None
        else None,
    ]
    return [ScoreCell(it.name, it.version), *[cell or missing_cell(reason, notes) for cell in known]]


def _trained_cell(it: GeneratorFacts) -> ScoreCell:
    whole = f"of {quantity_text(it.n_parameters)}" if it.n_parameters is not None else ""
    return ScoreCell(quantity_text(it.n_trained), whole)


def _steps_cell(it: GeneratorFacts, steps: int) -> ScoreCell:
    seen = f"{it.training_frames:,} frames" if it.training_frames is not None else ""
    of = f" of {plural(it.training_subjects, 'subject')}" if it.training_subjects else ""
    return ScoreCell(plural(steps, "step"), seen + of)


def duration_text(seconds: float) -> str:
    """Write how long something took.

    Examples
    --------
    >>> duration_text(42.0), duration_text(3600.0), duration_text(90000.0)
    ('42.0 s', '60.0 min', '25.0 h')
    """
    for size, unit in ((7200.0, "h"), (120.0, "min")):
        if seconds >= size:
            return f"{number_text(seconds / (3600.0 if unit == 'h' else 60.0))} {unit}"
    return f"{number_text(seconds)} s"


def _cost_cells(one: ComparedSet, notes: Footnotes) -> list[ScoreCell]:
    it = one.cost
    reason = it.reason or "It was not measured."
    if it.seconds_per_frame is None:
        speed = missing_cell(reason, notes)
    else:
        between = interval_text(it.seconds_low, it.seconds_high, 3)
        how = "; ".join(part for part in (between, it.device, _batch(it.batch_size)) if part)
        speed = ScoreCell(
            number_text(it.seconds_per_frame), how, marks=notes.mark(it.method), title=it.method
        )
    if it.peak_memory_bytes is None and it.peak_device_memory_bytes is None:
        return [speed, missing_cell(reason, notes)]
    device = f"device {bytes_text(it.peak_device_memory_bytes)}" if it.peak_device_memory_bytes else ""
    return [speed, ScoreCell(bytes_text(it.peak_memory_bytes), device)]


def _batch(size: int | None) -> str:
    return f"{size} at a time" if size else ""


def failed_table(result: CompareResult) -> Table:
    """List the sets that failed."""
    rows = [
        [Cell(it.name), Cell(it.reason or "No reason was recorded."), Cell(it.source)]
        for it in failed(result)
    ]
    heads = [Head("Set", long=True), Head("Reason", long=True), Head("Source", long=True)]
    return Table("Sets that failed, and why.", heads, rows)


def findings_table(result: CompareResult) -> Table:
    """List what the checks of the sets found, and what else was noted of them."""
    rows = [[Cell(one.name), Cell(said)] for one in result.sets for said in (*one.findings, *one.notes)]
    heads = [Head("Set", long=True), Head("Found", long=True)]
    return Table("What was found when checking the sets.", heads, rows)
