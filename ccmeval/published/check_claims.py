"""Checks of what the text concludes: the gain in accuracy, and equivalence with real frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ccmeval.published.audit_schema import Check, Finding, Quoted, SummaryTest
from ccmeval.published.checking import numbers_of, plain, quoted, quoted_cell, short, untold
from ccmeval.published.schema import Entry, Paper
from ccmeval.published.summary_tests import REAL, TestPlan, biomarker_columns, summary_tests
from ccmeval.report.numbers import p_text
from ccmeval.statistics.estimate import normal_quantile
from ccmeval.utility.power import accuracy_standard_error


def accuracy_gain(paper: Paper) -> Check:
    """Set the gain of accuracy beside the noise of a test set of the printed size.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> accuracy_gain(published_paper()).steps[1]
    'Standard error of the accuracy: √(0.7 × 0.3 / 64) = 0.0573, that is 5.73 points.'
    """
    key, title = "accuracy-gain", "The gain of diagnosis accuracy beside the noise of its test set"
    claim = "The gain of accuracy stands out of the noise of its test set."
    names = ("accuracy_gain", "test_subjects", "accuracy_about")
    numbers = [quoted(paper.statement(it)) for it in names]
    values = numbers_of(paper, *names)
    if values is None or not values[1] or not 0 < values[2] < 1:
        return untold(key, title, claim, numbers)
    gain, subjects, accuracy = values
    error = 100 * accuracy_standard_error(float(accuracy), int(subjects))
    half = normal_quantile(0.95) * error
    beyond = float(gain) > half
    steps = [
        f"{gain} points of {subjects} subjects are {short(gain * subjects / 100, 3)} subjects.",
        f"Standard error of the accuracy: √({accuracy} × {1 - accuracy} / {subjects}) ="
        f" {short(error / 100, 3)},"
        f" that is {short(error, 3)} points.",
        f"Half of the 95 % interval of one accuracy: {short(normal_quantile(0.95), 3)} × {short(error, 3)} ="
        f" {short(half, 3)} points; the gain is {gain} points.",
    ]
    sentence = (
        f"The gain of {gain} points is larger than half the 95 % interval of one accuracy, {short(half, 3)}"
        " points."
        if beyond
        else f"The gain of {gain} points is smaller than one standard error of the accuracy it is of,"
        f" {short(error, 3)} points; whether it is one of the method cannot be told from it."
        if float(gain) <= error
        else f"The gain of {gain} points lies within half the 95 % interval of one accuracy,"
        f" {short(half, 3)} points."
    )
    return Check(
        key=key, title=title, claim=claim, finding="agrees" if beyond else "cannot be told",
        sentence=sentence, numbers=numbers, steps=steps,
        explanations=[
            "Both models were tested on the same subjects: a paired test can be sharper than these standard"
            " errors"
            " say. It needs the subjects on which only one of the two is right, which are not printed.",
            "The printed gain in % is taken as percentage points. Subjects count as independent, and one"
            " training run stands for the method.",
        ],
    )  # fmt: skip


_VERDICTS = ("equivalent", "both", "different", "inconclusive", "undefined")
_CLAIM = (
    "The abstract has the synthetic frames statistically equivalent to real data: every biomarker in every"
    " diagnosis passes two one-sided tests at the margin."
)


def equivalence(paper: Paper, plan: TestPlan) -> Check:
    """Check the claim of equivalence by tests from printed means and SDs.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> equivalence(published_paper(), TestPlan()).finding
    'cannot be told'
    """
    key, title = "equivalence", "Equivalence of biomarkers with those of real frames"
    numbers = _quoted_biomarkers(paper)
    tests = summary_tests(paper, plan)
    if not tests:
        return untold(key, title, _CLAIM, numbers)
    steps = [*_summaries(tests), *(_step(it) for it in tests)]
    finding, sentence = _verdict(tests, complete=all(it.printed is not None for it in numbers))
    return Check(
        key=key, title=title, claim=_CLAIM, finding=finding, sentence=sentence, numbers=numbers, steps=steps,
        missing=[it.what for it in numbers if it.printed is None],
    )  # fmt: skip


def _quoted_biomarkers(paper: Paper) -> list[Quoted]:
    table = paper.table("biomarkers")
    rows = sorted(table.rows, key=lambda it: it.labels["source"] != REAL)
    return [
        quoted_cell(table, f"{it.title} of {row.name}", row.cells.get(it.key, Entry()), it.unit)
        for row in rows
        for it in biomarker_columns(table)
    ]


def _summaries(tests: Sequence[SummaryTest]) -> list[str]:
    """Count verdicts by source and number of frames."""
    groups: dict[tuple[str, str], list[SummaryTest]] = {}
    for it in tests:
        sizes = f"{it.n_real}" if it.n_real == it.n_synth else f"{it.n_real} and {it.n_synth}"
        groups.setdefault((it.source, f"{sizes}{' (assumed)' if it.n_assumed else ''}"), []).append(it)
    said = []
    for (source, size), found in groups.items():
        counts: Counter[str] = Counter(it.verdict for it in found)
        words = ", ".join(f"{counts[name]} {name}" for name in _VERDICTS if counts[name])
        said.append(f"{source}, frames a side {size}: of {len(found)} rows {words}.")
    return said


def _step(it: SummaryTest) -> str:
    n = f"n = {it.n_real} and {it.n_synth}{', assumed' if it.n_assumed else ''}"
    if it.error is None or it.degrees is None:
        return f"{it.source}, {it.diagnosis}, {it.label}: no test, since nothing varies or n is too small."
    text = (
        f"{it.source}, {it.diagnosis}, {it.label} ({n}): {plain(it.mean_synth)} − {plain(it.mean_real)} ="
        f" {plain(it.difference)}; √({plain(it.sd_real)}² / {it.n_real} + {plain(it.sd_synth)}² /"
        f" {it.n_synth}) = {short(it.error)}; t = {short(it.difference / it.error, 3)}, {short(it.degrees)}"
        f" degrees of freedom, p {_p(it.p)}, after Holm over {it.holm_family_size} {_p(it.p_holm)}; within"
        f" ±{short(it.margin, 3)} p {_p(it.tost_p)}: {it.verdict}."
    )
    return text.replace(" -", " −")


def _p(value: float | None) -> str:
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _verdict(tests: Sequence[SummaryTest], *, complete: bool) -> tuple[Finding, str]:
    """Judge over all numbers of frames: one row always different speaks against, all equivalent for it."""
    rows: dict[tuple[str, str, str], list[SummaryTest]] = {}
    for it in tests:
        rows.setdefault((it.source, it.diagnosis, it.label), []).append(it)
    always_different = sum(all(it.verdict == "different" for it in found) for found in rows.values())
    always_equivalent = sum(
        all(it.verdict in ("equivalent", "both") for it in found) for found in rows.values()
    )
    counted = (
        f"Of {len(rows)} rows {always_equivalent} are equivalent and {always_different} different at every"
        " number"
        " of frames that was tried."
    )
    if always_different:
        return "does not agree", counted
    if complete and always_equivalent == len(rows):
        return "agrees", counted
    return "cannot be told", f"{counted} The rest depends on the number of frames, or shows neither."
