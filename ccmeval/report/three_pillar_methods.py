"""A methods paragraph with every setting and citation, written from the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ccmeval.evaluation.schema import SetSummary, ThreePillarResult
from ccmeval.fidelity.schema import ExtractorRow, FidelityResult, Floor
from ccmeval.preservation.schema import PreservationResult
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_preservation import holm_families
from ccmeval.report.three_pillar_provenance import settings_rows
from ccmeval.report.three_pillar_references import Citations
from ccmeval.report.three_pillar_utility_methods import utility_paragraphs
from ccmeval.report.three_pillar_words import unique
from ccmeval.report.view import plural

_METRIC_WORKS = (
    (("frechet", "fid", "fd"), ("fid",)),
    (("frechet_infinity", "fd_infinity", "fd_inf", "frechet_inf"), ("fd-infinity",)),
    (("kid",), ("kid",)),
    (("cmmd",), ("cmmd",)),
    (("precision", "recall"), ("precision-recall",)),
    (("density", "coverage"), ("density-coverage",)),
    (("vendi",), ("vendi",)),
    (("authenticity",), ("authenticity",)),
    (("c_t", "ct"), ("c_t",)),
    (("ssim",), ("ssim",)),
    (("ms_ssim",), ("ms-ssim",)),
    (("lpips",), ("lpips",)),
)
"""Machine names of metrics (exact, or up to an underscore and more) and the works they come from."""


@dataclass(frozen=True)
class Methods:
    """Paragraphs and the works that they cite, numbered from 1."""

    paragraphs: list[str]
    references: list[str]


def methods_paragraphs(result: ThreePillarResult) -> Methods:
    """Write the methods.

    Examples
    --------
    >>> methods_paragraphs(ThreePillarResult(created="", versions={"ccmeval": "0.1"})).paragraphs[0][:38]
    'Synthetic frames were compared with re'
    """
    cite = Citations()
    paragraphs = [_data(result, cite)]
    if result.fidelity:
        paragraphs.append(_fidelity(result.fidelity, cite))
    if result.preservation:
        paragraphs.append(_preservation(result.preservation, cite))
    if result.utility:
        paragraphs += utility_paragraphs(result.utility, cite)
    paragraphs.append(_verdicts(result))
    settings = settings_rows(result.settings)
    if settings:
        paragraphs.append("Settings: " + "; ".join(f"{name} = {value}" for name, value in settings) + ".")
    return Methods([it for it in paragraphs if it], cite.works)


def methods_markdown(result: ThreePillarResult) -> str:
    """Write the methods as Markdown; :func:`methods_text` writes them plain.

    Examples
    --------
    >>> methods_markdown(ThreePillarResult(created="")).splitlines()[0]
    '# Methods'
    """
    found = methods_paragraphs(result)
    lines = ["# Methods", "", *[line for it in found.paragraphs for line in (_escaped(it), "")]]
    if found.references:
        lines += ["## References", ""]
        lines += [f"{number}. {_escaped(it)}" for number, it in enumerate(found.references, 1)]
    return "\n".join(lines).rstrip() + "\n"


def methods_text(result: ThreePillarResult) -> str:
    """Write the methods as plain text.

    Examples
    --------
    >>> methods_text(ThreePillarResult(created="")).splitlines()[0]
    'METHODS'
    """
    found = methods_paragraphs(result)
    lines = ["METHODS", "", *[line for it in found.paragraphs for line in (" ".join(it.split()), "")]]
    if found.references:
        lines += ["REFERENCES", "", *[f"[{number}] {it}" for number, it in enumerate(found.references, 1)]]
    return "\n".join(lines).rstrip() + "\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{it}" if it in "\\`*_<>#" else it for it in " ".join(text.split()))


def _set_words(it: SetSummary) -> str:
    name = {"real": "real", "synth": "synthetic", "held-out": "held-out real"}[it.name]
    said = plural(it.n_frames, f"{name} frame")
    if it.kind == "published table":
        said = f"published means and standard deviations of {said} ({it.source})"
    elif it.kind == "reference bundle":
        said = f"a reference bundle of {said}"
    if it.n_subjects:
        said += f" of {plural(it.n_subjects, 'subject')}"
    if it.diagnoses:
        said += f" ({', '.join(f'{name} {count:,}' for name, count in it.diagnoses.items())})"
    return said


def _data(result: ThreePillarResult, cite: Citations) -> str:
    version = result.versions.get("ccmeval", "")
    said = [f"Synthetic frames were compared with real ones by ccmeval {version}".rstrip() + "."]
    if result.sets:
        said.append(f"The sets were {_listed(_set_words(it) for it in result.sets)}.")
    for it in result.sets:
        if it.source.startswith("published:"):
            identity = it.source.partition(":")[2]
            said.append(f"The published values are those of {identity}{cite.work(f'arXiv:{identity}.')}.")
    if result.scale.sentence:
        said.append(result.scale.sentence)
    real = next((it for it in result.sets if it.name == "real"), None)
    if real and real.n_subjects:
        said.append("The unit of analysis was the subject: frames of one subject were drawn together.")
    elif real:
        said.append("Subjects were unknown, so that the unit of analysis was the frame.")
    others = [f"{name} {number}" for name, number in result.versions.items() if name != "ccmeval"]
    if others:
        said.append(f"Software: {', '.join(others)}.")
    return " ".join(said)


def _listed(parts: Iterable[str]) -> str:
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _extractor_words(it: ExtractorRow, cite: Citations) -> str:
    works = [
        name for name in ("inception", "dinov2", "clip", "alexnet", "squeezenet") if name in it.name.lower()
    ]
    works += ["torch-fidelity"] if it.name == "inception" else []
    details = [
        f"{it.dimension:,} dimensions" if it.dimension else "",
        it.identity,
        f"resizing: {it.resizer}" if it.resizer else "",
        f"weights SHA-256 {it.weights_sha256}" if it.weights_sha256 else "",
    ]
    said = "; ".join(filter(None, details))
    return f"{it.name}{cite(*works)}{f' ({said})' if said else ''}"


def _fidelity(found: FidelityResult, cite: Citations) -> str:
    said = []
    used = [it for it in found.extractors if it.status == "used"]
    if used:
        said.append(f"Features were computed by {_listed(_extractor_words(it, cite) for it in used)}.")
    computed = [row for row in found.metrics if row.status == "computed"]
    names = [
        f"{label}{_metric_citation(metric, cite)}"
        for label, metric in {row.label: row.metric for row in computed}.items()
    ]
    if names:
        said.append(f"Metrics were {_listed(names)}.")
    if any(row.scope == "mean over diagnoses" for row in computed):
        said.append(
            "Metrics are given over all frames pooled, per diagnosis, and as the plain mean over diagnoses."
        )
    said += [
        f"Intervals ({row_level:.0%}): {method}.".replace("%", " %")
        for method, row_level in {
            row.interval_method: row.confidence for row in computed if row.interval_method
        }.items()
    ]
    said += unique([_floor_words(row.floor) for row in computed if row.floor])
    near = unique(
        [
            f"{it.method} (threshold {number_text(it.threshold)})"
            for it in found.near_pairs
            if it.threshold is not None
        ]
    )
    if near:
        said.append(f"Copies of real frames were sought by {_listed(near)}.")
    for it in found.embeddings:
        said.append(
            f"A t-SNE map{cite('t-sne')} of the {it.features} features (perplexity {it.perplexity:g}, seed"
            f" {it.seed}) is for the eye only."
        )
    missing = unique(
        [f"{it.name} ({it.reason.rstrip('.')})" for it in found.extractors if it.status == "unavailable"]
    )
    if missing:
        said.append(f"Not computed: {'; '.join(missing)}.")
    return " ".join([*said, *found.notes])


def _metric_citation(metric: str, cite: Citations) -> str:
    """Cite the work with the longest name that a metric's name starts with."""
    fitting = [
        (len(name), works)
        for names, works in _METRIC_WORKS
        for name in names
        if metric == name or metric.startswith(f"{name}_")
    ]
    return cite(*max(fitting)[1]) if fitting else ""


def _floor_words(it: Floor) -> str:
    if it.source == "held-out frames":
        return "Floors are the same metric between the real set and held-out frames at matched numbers."
    return (
        f"Floors are the same metric between halves of the real set that share no {it.unit}, at matched"
        f" numbers ({it.splits:,} random splits; median and 2.5 to 97.5 % quantiles)."
    )


def _preservation(found: PreservationResult, cite: Citations) -> str:
    said = []
    segmenters = unique([found.segmenter_real, found.segmenter_synth])
    if segmenters:
        sides = [(found.segmenter_real, "real"), (found.segmenter_synth, "synthetic")]
        apart = " and ".join(f"{name or 'an unnamed source'} in {side} frames" for name, side in sides)
        same = found.segmenter_real == found.segmenter_synth
        said.append(f"Nerves came from {f'{segmenters[0]} in both sets' if same else apart}.")
    rows = found.comparisons
    if rows:
        primary = unique([row.label for row in rows if row.family == "primary"])
        said.append(f"Primary biomarkers were {_listed(primary) or 'none'}; all others are exploratory.")
        said.append(
            f"Equivalence was judged by two one-sided tests{cite('tost')} against"
            f" {_listed(unique([row.margin_source for row in rows])) or 'a margin set beforehand'}."
        )
        said += [f"Tests: {words}." for words in unique([row.test_method for row in rows])]
        said += [
            f"Intervals: {words}{cite('bootstrap') if 'bootstrap' in words.lower() else ''}."
            for words in unique([row.interval_method for row in rows])
        ]
        said.append(_tests(found, cite))
    if found.gradients:
        order = " > ".join(found.diagnosis_order) or "the diagnoses"
        said.append(
            f"The gradient over {order} was tested by Jonckheere-Terpstra{cite('jonckheere', 'terpstra')}"
            " and by the ratio, synthetic over real, of the differences between its last and first diagnosis."
        )
    if found.correlation:
        said.append("Correlations among biomarkers are Spearman’s, within diagnoses.")
    if found.pairs:
        said.append(
            f"Declared pairs were compared by bias and limits of agreement{cite('bland-altman')} and by"
            f" ICC(2,1){cite('icc')} ({_listed(unique([it.method for it in found.pairs])) or 'plain'})."
        )
    if found.adherence:
        said.append(
            "Adherence to conditioning masks was measured by length recall and hallucinated length at 3 px,"
            f" clDice{cite('cldice')} and Betti errors{cite('betti')}."
        )
    return " ".join([*said, *found.notes])


def _tests(found: PreservationResult, cite: Citations) -> str:
    rows = found.comparisons
    parts = []
    if any(row.hedges_g is not None for row in rows):
        parts.append(f"Hedges’ g{cite('hedges')}")
    if any(row.welch_p is not None for row in rows):
        parts.append(f"Welch’s test{cite('welch')}")
    if any(row.mann_whitney_p is not None for row in rows):
        parts.append(f"the Mann-Whitney test{cite('mann-whitney')}")
    if any(row.ks is not None for row in rows):
        parts.append(f"the Kolmogorov-Smirnov distance{cite('ks')}")
    if any(row.wasserstein is not None for row in rows):
        parts.append("the Wasserstein-1 distance")
    families = holm_families(rows)
    holm = (
        f"; p-values were adjusted after Holm{cite('holm')} within families ({'; '.join(families)})"
        if families
        else ""
    )
    return f"Differences are described by {_listed(parts)}{holm}." if parts else ""


def _verdicts(result: ThreePillarResult) -> str:
    criteria = [it for card in result.verdicts for it in card.criteria]
    if not criteria:
        return ""
    said = [
        f"{it.name}: {it.sentence.rstrip('.')}{f' ({it.source})' if it.source else ''}" for it in criteria
    ]
    return f"Verdicts rest on these criteria. {'. '.join(said)}."
