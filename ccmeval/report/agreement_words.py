"""An agreement result in words and cells, for the screen, the CSV file and the page."""

from __future__ import annotations

from typing import Any

from ccmeval.report.agreement_schema import AgreementResult, BiomarkerAgreement, Interval
from ccmeval.report.numbers import fixed_text, p_text, shared_decimals
from ccmeval.report.view import Cell, Head, Table, Tile, interval_text, plural, some

SCREEN_HEADS = ("", "n", "bias\n95 % CI", "limits of\nagreement", "ICC(2,1)\n95 % CI", "r")

_INTERVALS = (
    "bias", "lower_limit", "upper_limit", "slope", "icc", "icc_subjects", "pearson", "spearman",
    "concordance",
)  # fmt: skip
_NAMES_SHOWN = 20
_COEFFICIENT_DECIMALS = 3


def screen_row(it: BiomarkerAgreement) -> tuple[str, ...]:
    """Give the cells of one biomarker in the table on the screen, by `SCREEN_HEADS`."""
    decimals = decimals_of(it)
    return (
        f"{it.label}\n{it.unit}",
        str(it.n_frames),
        _with_interval(it.bias, bias_decimals(it)),
        interval_text(it.lower_limit.value, it.upper_limit.value, decimals),
        _with_interval(it.icc, 2),
        fixed_text(it.pearson.value, 2),
    )


def csv_row(it: BiomarkerAgreement) -> dict[str, Any]:
    """Lay one biomarker out flat: every number of it but the pairs.

    Examples
    --------
    >>> from ccmeval.report.agreement_schema import BiomarkerAgreement
    >>> "bias_low" in csv_row(BiomarkerAgreement.model_construct(bias=Interval(value=1.0), warnings=[]))
    True
    """
    cells: dict[str, Any] = {}
    for name in BiomarkerAgreement.model_fields:
        value = getattr(it, name, None)
        if name == "pairs":
            continue
        if name in _INTERVALS:
            found = value or Interval(value=None)
            cells |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        else:
            cells[name] = " ".join(value) if isinstance(value, list) else value
    return cells


def decimals_of(it: BiomarkerAgreement) -> int:
    """Choose the decimals of everything in the biomarker's own unit."""
    return shared_decimals(it.mean_first, it.sd_difference)


def bias_decimals(it: BiomarkerAgreement) -> int:
    """Choose the decimals of the bias: at least one significant digit of half its interval."""
    if it.bias.low is None or it.bias.high is None:
        return decimals_of(it)
    fine = shared_decimals(it.bias.value, (it.bias.high - it.bias.low) / 2) - 1
    return max(decimals_of(it), fine)


def _with_interval(it: Interval, decimals: int) -> str:
    between = interval_text(it.low, it.high, decimals)
    value = fixed_text(it.value, decimals)
    return f"{value}\n{between}" if between else value


def _cell(it: Interval | None, decimals: int = _COEFFICIENT_DECIMALS) -> Cell:
    if it is None:
        return Cell(fixed_text(None, decimals))
    return Cell(fixed_text(it.value, decimals), interval_text(it.low, it.high, decimals))


def main_table(result: AgreementResult) -> Table:
    """Make the table of means, bias and limits of agreement."""
    heads = [
        Head("Biomarker"),
        Head("Frames", number=True),
        Head(result.first_name, "mean", number=True),
        Head(result.second_name, "mean", number=True),
        Head("Bias", "95 % CI", number=True),
        Head("Bias", "% of mean", number=True),
        Head("Lower limit", "95 % CI", number=True),
        Head("Upper limit", "95 % CI", number=True),
    ]
    rows = [_main_row(it) for it in result.biomarkers]
    return Table(f"Differences are {result.first_name} − {result.second_name}.", heads, rows)


def _mean_cells(it: BiomarkerAgreement) -> list[Cell]:
    pairs = ((it.mean_first, it.sd_first), (it.mean_second, it.sd_second))
    first, second = (shared_decimals(*pair) for pair in pairs)
    if abs(first - second) == 1:  # farther apart they differ in their unit, and each keeps its own
        first = second = min(first, second)
    return [
        Cell(fixed_text(mean, decimals), f"SD {fixed_text(sd, decimals)}")
        for (mean, sd), decimals in zip(pairs, (first, second), strict=True)
    ]


def _main_row(it: BiomarkerAgreement) -> list[Cell]:
    decimals = decimals_of(it)
    return [
        Cell(it.label, it.unit),
        Cell(str(it.n_frames)),
        *_mean_cells(it),
        _cell(it.bias, bias_decimals(it)),
        Cell(fixed_text(it.bias_percent, 1)),
        _cell(it.lower_limit, decimals),
        _cell(it.upper_limit, decimals),
    ]


def coefficient_table(result: AgreementResult) -> Table:
    """Make the table of ICC and correlations."""
    by_subject = any(it.icc_subjects for it in result.biomarkers)
    heads = [
        Head("Biomarker"),
        Head("ICC(2,1)", "over frames", number=True),
        *([Head("ICC(2,1)", "over subjects", number=True)] if by_subject else []),
        Head("Lin’s concordance", number=True),
        Head("Pearson", number=True),
        Head("Spearman", number=True),
        Head("Slope", "of difference", number=True),
        Head("p", "of slope", number=True),
    ]
    rows = [
        [
            Cell(it.label, it.unit),
            _cell(it.icc),
            *([_cell(it.icc_subjects)] if by_subject else []),
            _cell(it.concordance),
            _cell(it.pearson),
            _cell(it.spearman),
            _cell(it.slope, 2),
            Cell(p_text(it.slope_p)),
        ]
        for it in result.biomarkers
    ]
    methods = "; ".join(dict.fromkeys(it.interval_method for it in result.biomarkers))
    return Table(
        f"Agreement, correlation and proportional bias; below each its 95 % CI ({methods}).", heads, rows
    )


def unmatched_table(result: AgreementResult) -> Table:
    """Make the table of frames that took no part."""
    lists = (
        (f"Only in {result.first_name}", result.unmatched_first),
        (f"Only in {result.second_name}", result.unmatched_second),
        ("Fit several rows", result.ambiguous),
    )
    rows = [
        [Cell(words), Cell(str(len(names))), Cell(some(names, _NAMES_SHOWN))]
        for words, names in lists
        if names
    ]
    return Table(
        "Frames that took no part.",
        [Head("Frames", long=True), Head("Count", number=True), Head("Names", long=True)],
        rows,
        "All names are in agreement.json.",
    )


def tiles(result: AgreementResult) -> list[Tile]:
    """Make the numbers that stand out on top of the page."""
    found = [Tile(f"{result.n_frames:,}", "frames compared")]
    if result.n_subjects:
        found.append(Tile(str(result.n_subjects), "subjects"))
    found.append(Tile(str(len(result.biomarkers)), "biomarkers in both"))
    left = len(result.unmatched_first) + len(result.unmatched_second)
    if left:
        found.append(Tile(f"{left:,}", "frames without a partner", "warn"))
    if result.ambiguous:
        found.append(Tile(str(len(result.ambiguous)), "ambiguous names", "warn"))
    return found


def warnings_of(result: AgreementResult) -> list[str]:
    """List every sentence a reader should see first: warnings of biomarkers once each, then notes."""
    said: dict[str, list[str]] = {}
    for it in result.biomarkers:
        for warning in it.warnings:
            said.setdefault(warning, []).append(it.label)
    shared = [f"{', '.join(labels)}: {warning}" for warning, labels in said.items()]
    return [*shared, *result.notes]


def title(result: AgreementResult) -> str:
    """Name the page."""
    return f"Agreement of {result.first_name} and {result.second_name} in {plural(result.n_frames, 'frame')}"
