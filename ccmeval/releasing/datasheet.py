"""The datasheet of a release, written from the set and its results.

Its sections are those of Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 2021:
motivation, composition, collection process, preprocessing, uses, distribution, maintenance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.releasing import numbers
from ccmeval.releasing.columns import decide
from ccmeval.releasing.near_copies import NearCopies
from ccmeval.releasing.plan import N_GENERATOR_SUBJECTS, Plan
from ccmeval.releasing.settings import TO_FILL, ReleaseSettings
from ccmeval.releasing.sheet import Answer, Part, Sheet, asked
from ccmeval.report.view import Cell, Head, Table, time_text

RECIPE = ("seed", "prompt", "inference_steps", "guidance_scale", "generator_version", "generator_identity")
"""Columns that tell how a frame was made."""

_FEW_SUBJECTS = 5


@dataclass(frozen=True)
class Told:
    """All that a datasheet is written from.

    Attributes
    ----------
    settings : ReleaseSettings
    plan : Plan
    result : ThreePillarResult
        In its public form.
    copies : NearCopies
    n_dropped : int
        Frames that were left out for repeating real ones.
    of_whole_set : bool
        Whether the result is of the set before they were.
    columns : sequence of str
        Of the manifest as it came.
    conversions : mapping of str to int
        How many frames were copied and converted.
    """

    settings: ReleaseSettings
    plan: Plan
    result: ThreePillarResult
    copies: NearCopies
    n_dropped: int
    of_whole_set: bool
    columns: Sequence[str]
    conversions: dict[str, int]


def datasheet(told: Told) -> Sheet:
    """Write the datasheet of a release.

    Parameters
    ----------
    told : Told

    Returns
    -------
    Sheet
        Numbers are those of the result; what nobody told is said to be unknown, and what only the publisher
        can know is marked.
    """
    settings = told.settings
    made = f"Version {settings.version}; scored {time_text(told.result.created)} with ccmeval"
    made += f" {told.result.versions.get('ccmeval', '(version unknown)')}."
    parts = [
        Part("motivation", "Motivation", _motivation(told)),
        Part("composition", "Composition", _composition(told)),
        Part("collection", "Collection process", _collection(told)),
        Part("preprocessing", "Preprocessing, cleaning, labelling", _preprocessing(told)),
        Part("quality", "Measured quality", _quality(told)),
        Part("uses", "Uses", _uses(told)),
        Part("distribution", "Distribution", _distribution(told)),
        Part("maintenance", "Maintenance", _maintenance(told)),
    ]
    return Sheet(f"{settings.name}: datasheet", made, warnings_of(told), parts)


def warnings_of(told: Told) -> list[str]:
    """Say what must be read before the set is used."""
    found = ["These frames are synthetic. They show nobody's cornea and are not for diagnosis."]
    found += dropped_notes(told.n_dropped, of_whole_set=told.of_whole_set)
    failed = [it.pillar for it in told.result.verdicts if it.verdict == "fail"]
    if failed:
        found.append(
            f"The set failed the pillar{'s' * (len(failed) > 1)} {', '.join(failed)}; see Measured quality."
        )
    return found


def dropped_notes(count: int, *, of_whole_set: bool) -> list[str]:
    """Say that copies were left out, and of which set the numbers are."""
    if not count:
        return []
    said = "1 frame was" if count == 1 else f"{count:,} frames were"
    whose = (
        "All numbers are of the whole set, those frames included: they were not made anew."
        if of_whole_set
        else "All numbers are of the released frames alone."
    )
    return [f"{said} left out of this release for repeating real frames. {whose}"]


def _motivation(told: Told) -> list[Answer]:
    return [asked(name, told.settings.words) for name in ("purpose", "creators", "funding")]


def _composition(told: Told) -> list[Answer]:
    words, plan = told.settings.words, told.plan
    files = [
        "Grey PNG frames in frames/, and manifest.csv with one row a frame. SHA256SUMS holds a checksum of"
        " every file: sha256sum -c SHA256SUMS."
    ]
    if any(one.mask or one.trace for one in plan.frames):
        files.append(
            "masks/ (and traces/) hold the nerves that each frame was asked to show, as 0 and 255. Where they"
            " were drawn from frames of real subjects, they show these subjects' nerves."
        )
    return [
        Answer("What is in the set?", files, [numbers.counts_table(plan)]),
        Answer("How large are the frames?", numbers.sizes(plan)),
        Answer("What does the manifest tell of a frame?", [_independence(plan)], [_columns(told)]),
        Answer("Are there labels?", [_labels(plan)]),
        Answer("Do frames repeat real ones?", _copies(told), [numbers.memory_table(told.result)]),
        Answer("May anybody be recognised?", _privacy(told)),
        asked("population", words),
    ]


def _independence(plan: Plan) -> str:
    if any(one.subject for one in plan.frames):
        return (
            "source_subject is a pseudonym of the subject whose mask asked for the frame. Frames of one"
            " source_subject are not independent: keep them on one side of a split, and count them together."
        )
    return "It is unknown which frames were made from masks of one subject; frames may not be independent."


def _labels(plan: Plan) -> str:
    unlabelled = sum(not one.source.record.diagnosis for one in plan.frames)
    if unlabelled == len(plan.frames):
        return "No; the diagnosis of no frame is known."
    rest = f" {unlabelled:,} frames have none." if unlabelled else ""
    return "The diagnosis is what the generator was asked for; nobody diagnosed the frame." + rest


def _columns(told: Told) -> Table:
    rows = []
    for name in told.columns:
        decision = decide(name, told.settings.keep_columns)
        fate = decision.fate
        hidden = name in ("mask", "trace") and not told.settings.masks
        rows.append([Cell(name), Cell("left out" if hidden else fate), Cell(decision.why)])
    heads = [Head("Column of the maker's manifest"), Head("What became of it"), Head("Why", long=True)]
    shown = f"Columns published: {', '.join(told.plan.columns)}."
    return Table("What was published of the manifest.", heads, rows, shown)


def _copies(told: Told) -> list[str]:
    copies = told.copies
    among = f" among {copies.n_searched:,} real frames" if copies.n_searched else " among the real frames"
    limit = f", a copy being a correlation of pixels from {copies.threshold:g} on" if copies.threshold else ""
    said = [f"Every frame was looked for{among}, also flipped, turned and shifted{limit}."]
    if told.n_dropped:
        said.append(
            f"{told.n_dropped:,} copies were found and left out; none remains that the search knows of."
        )
    else:
        said.append("None was found to be a copy.")
    said.append(
        "The search sees copies of whole frames. It proves nothing about real frames that were not searched,"
        " and is no proof of privacy."
    )
    return said


def _privacy(told: Told) -> list[str]:
    real = next((it for it in told.result.sets if it.name == "real"), None)
    said = [
        "Names of files, subjects and folders were replaced or left out, and metadata of pictures removed."
        " What is burnt into pixels cannot be found by a program."
    ]
    few = _few_subjects(told)
    if real is not None and real.n_subjects and few:
        said.append(
            f"The report tells means of the real set also where few subjects are behind them: {few}. Consider"
            " whether these may be published."
        )
    return said


def _few_subjects(told: Told) -> str:
    found = told.result.preservation
    counts = {
        it.diagnosis: it.n_real_units
        for it in (found.comparisons if found else [])
        if it.diagnosis and it.unit_of_analysis == "subject"
    }
    return ", ".join(f"{name} ({n})" for name, n in counts.items() if n < _FEW_SUBJECTS)


def _collection(told: Told) -> list[Answer]:
    words = told.settings.words
    return [
        Answer("How were the frames made?", _generator(told.plan), [_recipe(told.plan)]),
        Answer("What did the generator learn from?", [_learnt(told.plan)]),
        *(asked(name, words) for name in ("acquisition", "consent", "selection")),
    ]


def _generator(plan: Plan) -> list[str]:
    names = Counter(one.source.record.source for one in plan.frames)
    told = [f"{name} ({count:,} frames)" for name, count in names.items() if name]
    unknown = names.get(None, 0)
    said = [f"Generator, by the manifest: {'; '.join(told)}."] if told else []
    if unknown:
        said.append(
            f"The generator of {unknown:,} frames is unknown: the manifest has no column source for them."
        )
    return said


def _recipe(plan: Plan) -> Table:
    rows = []
    for column in RECIPE:
        values = Counter(one.row.get(column, "") for one in plan.frames)
        values.pop("", None)
        if not values:
            rows.append([Cell(column), Cell("unknown")])
            continue
        shown = "; ".join(f"{text}" for text, _ in values.most_common(3))
        more = f"; {len(values):,} different values in all" if len(values) > 3 else ""
        rows.append([Cell(column), Cell(shown + more)])
    heads = [Head("What"), Head("By the manifest", long=True)]
    return Table("How the frames were made, as far as the manifest tells.", heads, rows)


def _learnt(plan: Plan) -> str:
    counts = {one.row.get(N_GENERATOR_SUBJECTS, "") for one in plan.frames}
    if counts == {""}:
        return "Unknown: the manifest does not declare which subjects the generator was trained on."
    if counts == {"0"}:
        return "From no frame of the real set, as its maker declares."
    known = sorted(int(text) for text in counts if text)
    span = f"{known[0]:,}" if known[0] == known[-1] else f"{known[0]:,} to {known[-1]:,}"
    rest = " For some frames this is unknown." if "" in counts else ""
    return f"From frames of {span} subjects, as its maker declares; they are not named here.{rest}"


def _preprocessing(told: Told) -> list[Answer]:
    done = told.conversions
    said = [
        f"{done.get('copied', 0):,} frames were copied byte for byte (they were grey PNG files with nothing"
        f" but pixels in them); {done.get('converted', 0):,} were written anew as PNG, with the same grey"
        " levels, read back and compared. No grey level was changed.",
        "Frames were renumbered, and subjects given pseudonyms in an order that tells nothing.",
    ]
    scale = told.result.scale.sentence
    scored = [scale] if scale else []
    return [
        Answer("What was done to the released files?", said),
        Answer("What was done to the frames before they were scored?", scored or ["Nothing is known of it."]),
    ]


def _quality(told: Told) -> list[Answer]:
    result = told.result
    found = [Answer("What do the three pillars say?", _absent(result), [numbers.verdict_table(result)])]
    if result.fidelity is not None:
        found.append(Answer("How far are the frames from real ones?", (), [numbers.distance_table(result)]))
    if result.preservation is not None:
        found.append(Answer("Are the biomarkers kept?", (), [numbers.biomarker_table(result)]))
    if result.utility is not None:
        found.append(Answer("Do they help to train?", (), [numbers.utility_table(result)]))
    sets = [it for it in result.sets if it.name != "synth"]
    against = [f"{it.name}: {it.n_frames:,} frames of {it.n_subjects or 'unknown'} subjects" for it in sets]
    found.append(
        Answer("Against which real frames?", [f"{'; '.join(against)}."] if against else ["Unknown."])
    )
    return found


def _absent(result: ThreePillarResult) -> list[str]:
    parts = {"fidelity": result.fidelity, "preservation": result.preservation, "utility": result.utility}
    names = [name for name, part in parts.items() if part is None]
    return [f"Not measured, and so unknown: {', '.join(names)}."] if names else []


def _uses(told: Told) -> list[Answer]:
    verdicts = {it.pillar: it.verdict for it in told.result.verdicts}
    weak = [f"{pillar} ({verdict})" for pillar, verdict in verdicts.items() if verdict != "pass"]
    limits = [
        "To diagnose, or to estimate how common a disease or a biomarker is: the shares of diagnoses are"
        " those that somebody asked for.",
        "As a test set of a model that is to work on real frames.",
    ]
    if weak:
        limits.append(f"For whatever rests on a pillar that the set did not pass: {', '.join(weak)}.")
    return [
        asked("used_for", told.settings.words),
        Answer("What should it not be used for?", limits),
    ]


def _distribution(told: Told) -> list[Answer]:
    settings = told.settings
    licence = settings.licence or TO_FILL
    return [
        Answer("Under which licence is it?", [licence], open=not settings.licence),
        *(asked(name, settings.words) for name in ("distribution", "restrictions")),
    ]


def _maintenance(told: Told) -> list[Answer]:
    settings = told.settings
    contact = settings.contact or TO_FILL
    return [
        Answer("Whom can users write to?", [contact], open=not settings.contact),
        *(asked(name, settings.words) for name in ("maintainer", "errata", "updates")),
    ]
