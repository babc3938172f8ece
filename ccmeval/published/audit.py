"""The audit of a paper: every check on what is printed, and the tests that its tables allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from ccmeval import __version__
from ccmeval.published import (
    check_averages,
    check_claims,
    check_parameters,
    check_repeats,
    check_separability,
)
from ccmeval.published.audit_schema import AuditResult, Check
from ccmeval.published.schema import KNOWN_FROM, Paper
from ccmeval.published.summary_tests import TestPlan, reach, skewed, summary_tests

CHECKS = (
    check_averages.headline_fid,
    check_averages.class_averages,
    check_repeats.headline_ssim,
    check_repeats.text_ssim,
    check_repeats.spade_value,
    check_separability.swapped_separability,
    check_repeats.repeated_sds,
    check_parameters.lora_counts,
    check_parameters.wdlora_counts,
    check_parameters.parameter_share,
    check_repeats.caption_name,
    check_repeats.shortened_number,
    check_repeats.time_unit,
    check_claims.accuracy_gain,
)
"""Each takes a `Paper` and gives a `Check`; that of equivalence needs a `TestPlan` besides."""

ASSUMPTIONS = (
    "A printed number stands for every value that rounds to it: half a unit of its last decimal either way.",
    "Two prints are taken to be of one quantity where the reader who noted them says so; where they are not,"
    " a disagreement between them means nothing.",
    "Tests take printed means and SDs as exact, and every frame as independent. Frames of one subject are"
    " alike, so that the true p-values, of difference and of equivalence, are larger than these.",
    "Synthetic frames count as independent of the real ones. Where masks of the same real frames made them,"
    " a paired test is sharper; it needs the pairs, which are not printed.",
    "Equivalence margins count as fixed beforehand. As multiples of a printed SD they carry its error, which"
    " makes the true p-values of equivalence larger.",
    "P-values of difference are adjusted after Holm over the rows of one source; those of equivalence are"
    " not, since all of them must pass.",
)


def audit(
    paper: Paper, plan: TestPlan | None = None, *, own_copy: str = "", command: str = ""
) -> AuditResult:
    """Check what can be checked from the printed numbers of a paper.

    Parameters
    ----------
    paper : Paper
    plan : TestPlan, optional
        Numbers of frames, level and margins of the tests.
    own_copy : str
        The file that was laid over the tables, for the record.
    command : str
        For the record.

    Returns
    -------
    AuditResult

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> audit(published_paper()).of("headline-fid").finding
    'does not agree'
    """
    plan = plan or TestPlan()
    checks: list[Check] = [check(paper) for check in CHECKS]
    checks.append(check_claims.equivalence(paper, plan))
    assumptions = list(ASSUMPTIONS)
    if uneven := skewed(paper):
        assumptions.append(
            "Welch's test leans on means being normal, which few frames do not grant for skewed values, such"
            f" as {'; '.join(uneven)}."
        )
    return AuditResult(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        versions={"ccmeval": __version__},
        paper=paper.source,
        title=paper.title,
        paper_versions=paper.versions,
        own_copy=Path(own_copy).name if own_copy else "",
        alpha=plan.alpha,
        margin_in_sd=plan.margin_in_sd,
        margins=dict(plan.margins),
        group_sizes=list(plan.sizes),
        checks=checks,
        tests=summary_tests(paper, plan),
        reach=reach(paper, plan),
        assumptions=assumptions,
        notes=[_origins(checks), *paper.notes],
    )


def _origins(checks: Sequence[Check]) -> str:
    """Say how the printed numbers that the checks rest on are known."""
    known = {
        (it.what, it.printed): it.known_from for check in checks for it in check.numbers if it.known_from
    }
    counts: Counter[str] = Counter(known.values())
    parts = "; ".join(f"{counts[way]} from {words}" for way, words in KNOWN_FROM.items() if counts[way])
    return f"The checks rest on {len(known)} printed numbers or words: {parts}."
