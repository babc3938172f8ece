"""The methods of pillar 3 in words, with the works that apply."""

from __future__ import annotations

from collections.abc import Iterable

from ccmeval.report.three_pillar_references import Citations
from ccmeval.report.three_pillar_utility_words import (
    TASK_WORDS,
    TASKS,
    full_label,
    group_order,
    percent_words,
)
from ccmeval.report.three_pillar_words import unique
from ccmeval.report.view import plural
from ccmeval.utility.schema import GROUP_WORDS, LearnerRow, Protocol, ScoreRow, UtilityResult

_LEARNER_WORKS = (
    ("hmsvit", ("hmsvit", "hiera")),
    ("hiera", ("hiera",)),
    ("resnet", ("resnet",)),
    ("unet", ("unet",)),
    ("clip", ("clip",)),
)
_TESTS = {
    "held-out set": "a held-out set of real frames, the same for every fold",
    "split of the real set": "{} set apart from the real set, the same for every fold",
    "cross-fit": "the real frames of each fold in turn (cross-fit)",
}


def utility_paragraphs(found: UtilityResult, cite: Citations) -> list[str]:
    """Write the methods of pillar 3: protocol and learners, then scores and statistics.

    Parameters
    ----------
    found : UtilityResult
    cite : Citations
        Numbers the works.

    Examples
    --------
    >>> utility_paragraphs(UtilityResult(), Citations())
    []
    """
    parts = (_protocol(found, cite), _statistics(found, cite))
    return [it for it in parts if it]


def _listed(parts: Iterable[str]) -> str:
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _protocol(found: UtilityResult, cite: Citations) -> str:
    said = []
    groups = {row.group for part in (found.scores, found.differences, found.units) for row in part}
    if groups:
        named = [f"{name} ({GROUP_WORDS[name]})" for name in sorted(groups, key=group_order)]
        said.append(
            f"Downstream utility was tested by training the same learners in groups {_listed(named)}."
        )
    trained = [it for it in found.learners if it.status == "trained"]
    if trained:
        said.append(f"Learners were {_listed(_learner(it, cite) for it in trained)}.")
    if found.protocol:
        said += _training(found.protocol)
    failed = sum(row.status == "failed" for row in found.units)
    if failed:
        said.append(f"{failed:,} of {plural(len(found.units), 'training run')} failed and count nowhere.")
    missing = [f"{name} ({reason.rstrip('.')})" for name, reason in found.unavailable.items()]
    if missing:
        said.append(f"Not trained: {'; '.join(missing)}.")
    return " ".join([*said, *[it.sentence for it in found.leaks]])


def _learner(it: LearnerRow, cite: Citations) -> str:
    works = next((works for name, works in _LEARNER_WORKS if name in it.name.lower()), ())
    details = [it.identity, f"{it.n_parameters:,} trainable parameters" if it.n_parameters else ""]
    said = "; ".join(filter(None, details))
    return f"{it.name}{cite(*works)}{f' ({said})' if said else ''}"


def _training(it: Protocol) -> list[str]:
    kept = "subjects" if it.split_by == "subject" else "frames"
    count = f"{it.n_test_frames:,} test frames"
    count += f" of {plural(it.n_test_subjects, 'subject')}" if it.n_test_subjects else ""
    fair = (
        "Every group was given the same number of optimiser steps"
        if it.fairness == "equal-steps"
        else "Every group saw each of its frames equally often; those of group A had"
    )
    steps = (
        f" ({it.steps:,} steps of {plural(it.batch_size, 'frame')})"
        if it.fairness == "equal-steps"
        else f" {it.steps:,} steps of {plural(it.batch_size, 'frame')}"
    )
    ratio = "all synthetic frames" if it.ratio is None else f"{it.ratio:g} synthetic frames per real one"
    by_frame = (
        " Frames were split without regard to subjects, so that scores are too good."
        if it.split_by == "frame"
        else ""
    )
    return [
        f"Training and validation varied over {it.folds} folds (by {it.split_by}) and"
        f" {plural(it.seeds, 'seed')}; all models were tested on {_TESTS[it.test].format(kept)} ({count})."
        f"{by_frame}",
        f"{fair}{steps}, at {it.size_px} px; budget “{it.budget}”, state kept: {it.selection}. Groups with"
        f" synthetic frames used {ratio}; in group B the loss of real frames had the weight"
        f" {it.loss_weight:g}{' (plain averaging)' if it.loss_weight == 0.5 else ''}.",
    ]


def _statistics(found: UtilityResult, cite: Citations) -> str:
    said = [sentence for task in TASKS if (sentence := _metrics(found, task, cite))]
    rows = found.differences
    if rows:
        methods = unique([row.interval_method for row in rows])
        owen = cite("pigeonhole") if any(_is_pigeonhole(it) for it in methods) else ""
        named = f" ({_listed(methods)}{owen})" if methods else ""
        level = percent_words(rows[0].confidence)
        said.append(f"Groups were compared on the same test frames; {level}{named}.")
    tests = []
    if any(row.corrected_p is not None for row in rows):
        tests.append(f"the corrected resampled t-test{cite('corrected-t')}")
    if any(row.mcnemar_p is not None for row in rows):
        tests.append(f"McNemar’s exact test{cite('mcnemar')} on the majority of models")
    if tests:
        said.append(f"Tests were {_listed(tests)}.")
    margins = unique([f"± {row.margin:g} in {full_label(row)}" for row in rows if row.primary and row.margin])
    if margins:
        said.append(f"Differences that matter were set beforehand: {_listed(margins)}.")
    if any(row.smallest_detectable is not None for row in rows):
        said.append("The smallest detectable difference is the one found in four of five repeats.")
    if found.agreements:
        kappa = cite("kappa") if any(it.kappa is not None for it in found.agreements) else ""
        said.append(
            "Labels of synthetic frames were checked by models that learnt from real frames alone"
            f"{f', with Cohen’s kappa{kappa}' if kappa else ''}."
        )
    return " ".join([*said, *found.notes])


def _is_pigeonhole(method: str) -> bool:
    """Tell whether an interval comes from drawing both subjects and models, as Owen's bootstrap does."""
    words = method.lower()
    return "pigeonhole" in words or ("bootstrap" in words and "subject" in words and "model" in words)


def _metrics(found: UtilityResult, task: str, cite: Citations) -> str:
    rows = [row for row in found.scores if row.task == task]
    labels = list(dict.fromkeys(f"{full_label(row)}{_work(row, cite)}" for row in rows))
    primary = unique([full_label(row) for row in rows if row.primary])
    if not labels:
        return ""
    first = f" The primary metric was {_listed(primary)}." if primary else ""
    tolerance = ""
    if task == "segmentation" and found.protocol:
        tolerance = f" Lengths count as found within {found.protocol.tolerance_um:g} µm."
    return f"{TASK_WORDS[task]} was scored by {_listed(labels)}.{first}{tolerance}"


def _work(row: ScoreRow, cite: Citations) -> str:
    name = row.metric.lower().replace("_", "")
    if "cldice" in name:
        return cite("cldice")
    return cite("calibration") if "calibration" in name or name == "ece" else ""
