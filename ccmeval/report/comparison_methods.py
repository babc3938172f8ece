"""The methods of a comparison in words, written from its result alone."""

from __future__ import annotations

from ccmeval.comparison.schema import CompareResult, Ranking
from ccmeval.report.comparison_words import BETTER_WORDS, joined, ranking_title, scored
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_methods import Methods
from ccmeval.report.three_pillar_references import Citations
from ccmeval.report.three_pillar_words import unique
from ccmeval.report.view import Cell, Head, Table, plural


def comparison_methods(result: CompareResult) -> Methods:
    """Write the methods paragraphs."""
    cite = Citations()
    paragraphs = [
        _data(result),
        _scores(result),
        _floors(result),
        _references(result),
        _ranking(result, cite),
        _letters(result),
        _overall(result),
        _shared(result),
    ]
    return Methods([it for it in paragraphs if it], cite.works)


def _data(result: CompareResult) -> str:
    version = result.versions.get("ccmeval", "")
    real = result.real
    said = f"{plural(len(scored(result)), 'synthetic set')} were held against"
    said += f" {plural(real.n_frames, 'real frame')}"
    said += f" of {plural(real.n_subjects, 'subject')}" if real.n_subjects else ""
    said += f" with ccmeval {version}." if version else "."
    unit = "subject" if real.by_subject else "frame, as subjects are not known"
    said += f" The unit of analysis is the {unit}."
    return f"{said} {result.scale.sentence}".strip()


def _scores(result: CompareResult) -> str:
    if not result.scores:
        return ""
    methods = unique([it.interval_method for one in result.sets for it in one.values])
    levels = sorted({it.confidence for one in result.sets for it in one.values if it.low is not None})
    said = (
        "Intervals of single values are at " + joined([f"{100 * it:g} %" for it in levels]) if levels else ""
    )
    said += f" ({'; '.join(methods)})" if said and methods else ""
    return f"{said}. Definitions of all scores are in the table below." if said else ""


def _floors(result: CompareResult) -> str:
    floors = [it.floor for one in result.sets for it in one.values if it.floor is not None]
    if not floors:
        return ""
    sources = joined(unique([it.source for it in floors]))
    sizes = sorted({it.n for it in floors})
    between = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    splits = sorted({it.splits for it in floors})
    return (
        f"The floor of a score is the same score between real and real frames ({sources};"
        f" {joined([f'{it:,}' for it in splits])} random splits, {between} frames a side): a set that"
        " equals the real one comes near the floor and not near zero. A score moves with the number of"
        " frames, so that only the value taken at the floor's number of frames is to be held against it."
    )


def _references(result: CompareResult) -> str:
    """Say what each reference is, and what it may be held against."""
    found = [it.reference for one in result.sets for it in one.values if it.reference is not None]
    said = dict.fromkeys(f"{it.label}: {it.sentence}".strip(": ") for it in found)
    if not said:
        return ""
    return (
        f"References beside the scores: {' '.join(said)} A reference has its own interval; that intervals of"
        " set and reference overlap decides nothing. Whether synthetic frames help against real frames alone"
        " is tested on the same test subjects in the report of each set."
    )


def _ranking(result: CompareResult, cite: Citations) -> str:
    ranked = [it for it in result.rankings if it.status == "ranked"]
    if not ranked:
        return "No score ranks the sets."
    by_method: dict[str, list[str]] = {}
    for it in ranked:
        by_method.setdefault(_method_words(it), []).append(ranking_title(result, it))
    said = [f"{joined(names, 8)}: {method}." for method, names in by_method.items()]
    noise = [
        f"{ranking_title(result, it)} {number_text(it.floor_noise)}"
        for it in ranked
        if it.floor_noise is not None
    ]
    said.append("Intervals end where values of a score can lie.")
    if noise:
        said.append(f"Noise of the floor, half its range: {joined(noise, 20)}.")
    holm = cite("holm") if any(pair.p_holm is not None for it in ranked for pair in it.pairs) else ""
    after = f" after Holm{holm}" if holm else ""
    return (
        "A set is placed above another only where the interval of their difference, adjusted for all pairs"
        f"{after}, excludes zero and the difference exceeds the noise of the floor where that is known. How"
        f" the joint uncertainty was found: {' '.join(said)}"
    )


def _method_words(it: Ranking) -> str:
    parts = [it.method or "the result does not say how"]
    if it.draws:
        parts.append(f"{it.draws:,} draws")
    parts.append(f"{100 * it.confidence:g} % confidence")
    if it.n_frames is not None:
        parts.append(f"{it.n_frames:,} frames of each set")
    return ", ".join(parts)


def _letters(result: CompareResult) -> str:
    if not any(rank.letters for it in result.rankings for rank in it.ranks):
        return ""
    return (
        "Sets that share a letter are not told apart by that score; “a” holds the best. The rank of a set is"
        " 1 plus the number of sets placed above it, so that ties share a rank; its interval goes from there"
        " to the number of ranked sets less those placed below it. The share"
        " of the draws in which it is the best is that of the joint draws."
    )


def _overall(result: CompareResult) -> str:
    parts = []
    if result.pareto is not None:
        parts.append(result.pareto.rule)
    if result.overall is not None:
        parts.append(result.overall.sentence)
    return " ".join(part for part in parts if part)


def _shared(result: CompareResult) -> str:
    return " ".join(f"{name}: {words}" for name, words in result.shared.items())


def scores_table(result: CompareResult) -> Table:
    """Define the scores: what each tells, which way is better, and whether it ranks."""
    rows = [
        [
            Cell(it.label, it.key),
            Cell(it.sentence or "–"),
            Cell(BETTER_WORDS[it.better]),
            Cell("ranks" if it.ranked else f"does not rank. {it.why_not_ranked}".strip()),
        ]
        for it in result.scores
    ]
    heads = [
        Head("Score", long=True),
        Head("What it tells", long=True),
        Head("Better"),
        Head("Ranking", long=True),
    ]
    return Table("The scores.", heads, rows)


def methods_markdown(result: CompareResult) -> str:
    """Write the methods as Markdown."""
    found = comparison_methods(result)
    lines = ["# Methods", "", *[line for it in found.paragraphs for line in (_plain(it), "")]]
    if found.references:
        lines += ["## References", ""]
        lines += [f"{number}. {_plain(it)}" for number, it in enumerate(found.references, 1)]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    return "".join(f"\\{it}" if it in "\\`*_<>#" else it for it in " ".join(text.split()))
