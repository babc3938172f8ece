"""The page of a three-pillar run: one self-contained file, drawn from the result and some pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ccmeval import __version__
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.report import three_pillar_fidelity as pillar_1
from ccmeval.report import three_pillar_memory as memory
from ccmeval.report import three_pillar_preservation as pillar_2
from ccmeval.report import three_pillar_sets as sets
from ccmeval.report import three_pillar_structure as structure
from ccmeval.report import three_pillar_verdicts as verdicts
from ccmeval.report.page import render_template
from ccmeval.report.three_pillar_equivalence import equivalence_plot, shown_comparisons
from ccmeval.report.three_pillar_gallery import QUANTILES, Album, galleries, near_pairs
from ccmeval.report.three_pillar_gradient import gradient_plot, pair_plot
from ccmeval.report.three_pillar_maps import MOST_POINTS, correlation_plot, embedding_plot
from ccmeval.report.three_pillar_methods import methods_paragraphs
from ccmeval.report.three_pillar_pictures import NoPictures, PictureSource
from ccmeval.report.three_pillar_provenance import files_of, settings_table, versions_table
from ccmeval.report.three_pillar_utility import utility_view
from ccmeval.report.three_pillar_violins import blocks, violins
from ccmeval.report.three_pillar_words import SET_WORDS
from ccmeval.report.view import time_text

MOST_FIGURES = 12
"""Of a kind."""


@dataclass(frozen=True)
class Drawn:
    """A figure with what it shows."""

    picture: Markup
    title: str
    words: str = ""


def render_three_pillar(
    result: ThreePillarResult, pictures: PictureSource | None = None, *, files: Sequence[str] = ()
) -> str:
    """Give the page as text.

    Parameters
    ----------
    result : ThreePillarResult
        What the page tells.
    pictures : PictureSource, optional
        Where frames for the galleries come from; without it the page has none.
    files : sequence of str
        Files beside the page, by address relative to it.

    Returns
    -------
    str
        One page without scripts that asks no network. Its lists, figures and pictures are bounded, so that
        ten thousand frames make hardly a larger page than a hundred.

    Examples
    --------
    >>> "<script" in render_three_pillar(ThreePillarResult(created=""))
    False
    """
    album = Album(pictures or NoPictures())
    view: dict[str, Any] = {
        "title": verdicts.title(result),
        "made": f"Made {time_text(result.created)} · ccmeval {result.versions.get('ccmeval', __version__)}",
        "compared": [(SET_WORDS[it.name], it.source) for it in result.sets],
        "cards": verdicts.cards(result),
        "notes": result.notes,
        "findings": verdicts.findings_table(result),
        "findings_summary": verdicts.findings_summary(result),
        "sets": sets.sets_table(result),
        "diagnoses": sets.diagnoses_table(result),
        "failed": sets.failed_table(result),
        "sets_notes": sets.sets_notes(result),
        "scale": result.scale.sentence,
        "fidelity": _fidelity(result, album),
        "preservation": _preservation(result),
        "galleries": galleries(result, album),
        "quantiles": ", ".join(f"{100 * it:.0f}" for it in QUANTILES),
        "utility": _utility(result, album),
        "methods": methods_paragraphs(result),
        "command": result.command,
        "versions": versions_table(result),
        "settings": settings_table(result),
        "files": files_of(files),
    }
    return render_template("three_pillar.html.j2", {"view": view, "sections": _sections(view)})


def _sections(view: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("verdicts", "Verdicts"), ("findings", "Checks"), ("sets", "Sets"), ("fidelity", "1 Fidelity")]
    found.append(("preservation", "2 Biomarkers"))
    if view["galleries"]:
        found.append(("gallery", "Gallery"))
    return [*found, ("utility", "3 Utility"), ("methods", "Methods"), ("provenance", "Provenance")]


def _absent(result: ThreePillarResult, pillar: str) -> str:
    """Say why a pillar has no section."""
    if pillar not in result.pillars:
        return "This pillar was not part of this run."
    found = next((it for it in result.verdicts if it.pillar == pillar), None)
    return f"This pillar is unavailable. {found.sentence if found else ''}".strip()


def _fidelity(result: ThreePillarResult, album: Album) -> dict[str, Any]:
    found = result.fidelity
    if found is None:
        return {"absent": _absent(result, "fidelity")}
    maps = [
        Drawn(embedding_plot(it), it.features, f"perplexity {it.perplexity:g}, seed {it.seed}")
        for it in found.embeddings[:MOST_FIGURES]
    ]
    return {
        "absent": "",
        "parts": pillar_1.extractor_parts(found),
        "floor_words": pillar_1.floor_words(found),
        "missing": memory.missing_table(found),
        "memorisation": memory.memorisation_table(found),
        "near": near_pairs(result, album),
        "n_copies": found.n_copies,
        "near_total": len(found.near_pairs),
        "scores": memory.scores_table(found),
        "maps": [it for it in maps if it.picture],
        "map_points": f"{MOST_POINTS:,}",
        "notes": found.notes,
    }


def _utility(result: ThreePillarResult, album: Album) -> dict[str, Any]:
    if result.utility is not None:
        return utility_view(result.utility, album)
    if "utility" in result.pillars:
        return {"absent": _absent(result, "utility")}
    return {
        "absent": "Not part of this run: whether models that learn from these synthetic frames do better on"
        " real ones was not asked."
    }


def _preservation(result: ThreePillarResult) -> dict[str, Any]:
    found = result.preservation
    if found is None:
        return {"absent": _absent(result, "preservation")}
    primary = shown_comparisons(found.comparisons, "primary")
    shown = list(dict.fromkeys(row.biomarker for row in primary))[:MOST_FIGURES]
    of_one = {row.biomarker: row for row in primary}
    strips = [
        Drawn(
            violins(blocks(result, name), label=of_one[name].label, unit=of_one[name].unit),
            of_one[name].label,
        )
        for name in shown
    ]
    gradients = [Drawn(gradient_plot(it), "") for it in found.gradients if it.family == "primary"]
    pairs = [Drawn(pair_plot(it), it.label) for it in found.pairs[:MOST_FIGURES]]
    return {
        "absent": "",
        "primary": pillar_2.comparison_table(found.comparisons, "primary"),
        "exploratory": pillar_2.comparison_table(found.comparisons, "exploratory"),
        "tests": pillar_2.tests_table(found.comparisons, "primary"),
        "exploratory_tests": pillar_2.tests_table(found.comparisons, "exploratory"),
        "words": pillar_2.comparison_words(found.comparisons),
        "warnings": pillar_2.comparison_warnings(found.comparisons),
        "equivalence": equivalence_plot(primary),
        "strips": [it for it in strips if it.picture],
        "gradients": structure.gradient_table(found.gradients),
        "gradient_plots": [it for it in gradients if it.picture][:MOST_FIGURES],
        "correlation": correlation_plot(found.correlation) if found.correlation else Markup(""),
        "correlation_words": structure.correlation_words(found.correlation) if found.correlation else "",
        "pairs": structure.pairs_table(found),
        "pair_plots": [it for it in pairs if it.picture],
        "adherence": structure.adherence_table(found),
        "worst": structure.worst_adherence_table(found),
        "segmenters": (found.segmenter_real, found.segmenter_synth),
        "notes": found.notes,
    }
