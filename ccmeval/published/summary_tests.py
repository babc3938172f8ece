"""Tests of every synthetic row of the biomarker table against the real one, over numbers of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ccmeval.preservation.equivalence import verdict
from ccmeval.published.audit_schema import Reach, SummaryTest
from ccmeval.published.moments import (
    Sample,
    equivalence_p,
    largest_equivalent,
    share_below_zero,
    smallest_significant,
    welch_from_moments,
)
from ccmeval.published.schema import Column, Paper, PublishedTable, Row
from ccmeval.statistics.tests_of_difference import holm

REAL = "Real"
SIZES = (20, 50, 106, 200)
"""Frames a side that are tried where none are printed; 106 is a third of 318."""
_SKEWED = 0.05


@dataclass(frozen=True)
class TestPlan:
    """What the tests assume.

    Attributes
    ----------
    sizes : tuple of int
        Frames a side, where the table prints none.
    alpha : float
    margin_in_sd : float
        Equivalence margin in printed SDs of the real frames.
    margins : mapping of str to float
        Margin of a biomarker's column in its unit, in place of that.
    """

    __test__ = False  # pytest takes classes of such a name for tests

    sizes: tuple[int, ...] = SIZES
    alpha: float = 0.05
    margin_in_sd: float = 0.5
    margins: Mapping[str, float] = field(default_factory=dict)

    def margin(self, column: str, sd: float) -> tuple[float, str]:
        """Give the margin of a biomarker, and whence it comes."""
        if column in self.margins:
            return self.margins[column], "set beforehand, in the unit"
        return self.margin_in_sd * sd, f"{self.margin_in_sd:g} printed SD of the real frames, taken as fixed"


def biomarker_columns(table: PublishedTable) -> list[Column]:
    """List the columns of biomarkers."""
    return [it for it in table.columns if it.kind == "mean and SD"]


def summary_tests(paper: Paper, plan: TestPlan) -> list[SummaryTest]:
    """Test every synthetic mean that is at hand against the real one.

    Parameters
    ----------
    paper : Paper
    plan : TestPlan

    Returns
    -------
    list of SummaryTest
        For each number of frames (one pass where the table prints them), by source, diagnosis and
        biomarker. P-values are adjusted after Holm over the rows of one source and number of frames.

    Notes
    -----
    Frames count as independent and as of one each side: those of one subject are alike, so that true
    p-values are larger than these, of difference and of equivalence alike. The margin counts as fixed.
    """
    table = paper.table("biomarkers")
    sources = [it for it in dict.fromkeys(row.labels["source"] for row in table.rows) if it != REAL]
    found: list[SummaryTest] = []
    for size in plan.sizes:
        rows = [it for one in sources for it in _adjusted(list(_of_source(table, one, size, plan)), plan)]
        found += rows
        if not any(it.n_assumed for it in rows):
            break
    return found


def _of_source(table: PublishedTable, source: str, size: int, plan: TestPlan) -> Iterator[SummaryTest]:
    for row in (it for it in table.rows if it.labels["source"] == source):
        real = next(
            (it for it in table.rows if it.labels == {**row.labels, "source": REAL}), Row(labels=row.labels)
        )
        for column in biomarker_columns(table):
            sides = [_sample(it, column, size) for it in (real, row)]
            if sides[0] is not None and sides[1] is not None:
                yield _test(row, column, sides[0], sides[1], plan, assumed=_assumed(real) or _assumed(row))


def _sample(row: Row, column: Column, size: int) -> Sample | None:
    entry = row.cells.get(column.key)
    number = entry.number if entry else None
    if number is None or number.sd is None:
        return None
    printed = row.cells["n_frames"].number if not _assumed(row) else None
    return Sample(float(number.value), float(number.sd), int(printed.value) if printed else size)


def _assumed(row: Row) -> bool:
    entry = row.cells.get("n_frames")
    return entry is None or entry.printed is None


def _test(
    row: Row, column: Column, real: Sample, synth: Sample, plan: TestPlan, *, assumed: bool
) -> SummaryTest:
    found = welch_from_moments(real, synth)
    margin, source = plan.margin(column.key, real.sd)
    low, high = found.interval(1 - plan.alpha)
    return SummaryTest(
        source=row.labels["source"], diagnosis=row.labels["diagnosis"], biomarker=column.key,
        label=column.title, unit=column.unit, mean_real=real.mean, sd_real=real.sd, n_real=real.n,
        mean_synth=synth.mean, sd_synth=synth.sd, n_synth=synth.n, n_assumed=assumed,
        difference=found.difference, error=_number(found.error) or None, degrees=_number(found.degrees),
        low=_number(low), high=_number(high), p=_number(found.p()), margin=margin, margin_source=source,
        tost_p=_number(equivalence_p(found, margin, plan.alpha)),
    )  # fmt: skip


def _adjusted(tests: list[SummaryTest], plan: TestPlan) -> list[SummaryTest]:
    raw = np.array([np.nan if it.p is None else it.p for it in tests])
    size = int(np.isfinite(raw).sum())
    return [
        it.model_copy(
            update={
                "p_holm": _number(p),
                "holm_family_size": size,
                "verdict": verdict(p, np.nan if it.tost_p is None else it.tost_p, plan.alpha),
            }
        )
        for it, p in zip(tests, holm(raw).tolist(), strict=True)
    ]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def reach(paper: Paper, plan: TestPlan) -> list[Reach]:
    """Say what each number of frames could show, were the synthetic SD the real one.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> found = reach(published_paper(), TestPlan(sizes=(50,)))[0]
    >>> found.label, round(found.smallest_significant, 2), round(found.largest_equivalent, 2)
    ('CNFL', 2.04, 0.86)
    """
    table = paper.table("biomarkers")
    rows = [it for it in table.rows if it.labels["source"] == REAL]
    found = {
        (it.n, it.diagnosis, it.biomarker): it
        for size in plan.sizes
        for row in rows
        for column in biomarker_columns(table)
        if (it := _reach(row, column, size, plan)) is not None
    }
    return list(found.values())


def _reach(row: Row, column: Column, size: int, plan: TestPlan) -> Reach | None:
    sample = _sample(row, column, size)
    if sample is None or sample.n < 2:
        return None
    margin, _ = plan.margin(column.key, sample.sd)
    return Reach(
        n=sample.n,
        diagnosis=row.labels["diagnosis"],
        biomarker=column.key,
        label=column.title,
        unit=column.unit,
        sd=sample.sd,
        margin=margin,
        smallest_significant=smallest_significant(sample.sd, sample.n, plan.alpha),
        largest_equivalent=largest_equivalent(sample.sd, sample.n, margin, plan.alpha),
    )


def skewed(paper: Paper) -> list[str]:
    """Name the printed means and SDs that no normal distribution of values above zero can have.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> skewed(published_paper())[0]
    'CNFD of Real, T1NoDPN: 16.17 ± 10.12 as a normal distribution has 5.5 % below zero'
    """
    table = paper.table("biomarkers")
    said = []
    for row in table.rows:
        for column in biomarker_columns(table):
            sample = _sample(row, column, 2)
            if sample is not None and (share := share_below_zero(sample.mean, sample.sd)) > _SKEWED:
                text = row.cells[column.key].printed
                said.append(
                    f"{column.title} of {row.name}: {text} as a normal"
                    " distribution has"
                    f" {100 * share:.1f} % below zero"
                )
    return said
