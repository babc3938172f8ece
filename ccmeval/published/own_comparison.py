"""The sets of a `ccmeval compare` run as rows of a published table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.comparison.schema import ComparedSet, CompareResult, ScoreValue
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import FidelityResult, MetricRow
from ccmeval.preservation.schema import PreservationResult
from ccmeval.published.own_rows import OwnReport, OwnRows, own_rows
from ccmeval.published.schema import Entry, Paper, PublishedTable, Row
from ccmeval.utility.schema import ScoreRow, UtilityResult

_LEVELS = {"mean": "mean over frames", "pooled": "pooled over frames"}
_RANK = "rank"


@dataclass(frozen=True)
class OwnComparison:
    """A comparison, what to call it, and the folder that its sets' own reports lie below."""

    name: str
    result: CompareResult
    folder: Path

    def sets(self) -> list[ComparedSet]:
        """List the sets that were scored."""
        return [it for it in self.result.sets if it.status == "scored"]

    def report(self, one: ComparedSet) -> OwnReport:
        """Give what is known of a set as a report of its own: fidelity and utility from the comparison."""
        values = [it for it in one.values if it.status == "computed" and it.value is not None]
        result = ThreePillarResult(
            created=self.result.created, scale=self.result.scale,
            fidelity=FidelityResult(metrics=list(self._metrics(one, values))),
            preservation=self._preservation(one), utility=UtilityResult(scores=list(_scores(values))),
        )  # fmt: skip
        return OwnReport(one.name, result)

    def _metrics(self, one: ComparedSet, values: Sequence[ScoreValue]) -> Iterator[MetricRow]:
        labels = {it.key: it.label for it in self.result.scores}
        real = self.result.real
        for it in values:
            metric, _, features = it.score.partition(":")
            if metric not in ("frechet", "psnr_db", "ssim"):
                continue
            counts = (real.diagnoses, one.diagnoses) if it.diagnosis else ({}, {})
            yield MetricRow(
                metric=metric, label=labels.get(it.score, it.score), features=features, scope=it.scope,
                diagnosis=it.diagnosis, value=it.value,
                n_real=counts[0].get(it.diagnosis or "", real.n_frames),
                n_synth=counts[1].get(it.diagnosis or "", one.n_frames - one.n_failed),
            )  # fmt: skip

    def _preservation(self, one: ComparedSet) -> PreservationResult | None:
        """Read the biomarkers from the set's own report: a comparison holds distances of them, not means."""
        path = self.folder / one.folder / "report.json"
        if not one.folder:
            return None
        try:
            return ThreePillarResult.model_validate_json(path.read_bytes()).preservation
        except (OSError, ValueError):
            return None


def _scores(values: Sequence[ScoreValue]) -> Iterator[ScoreRow]:
    for it in values:
        parts = it.score.split(":")
        if parts[0] == "utility" and len(parts) >= 6:
            group, metric, level = parts[-3:]
            told = {"task": parts[1], "learner": ":".join(parts[2:-3]), "group": group, "metric": metric}
            level = _LEVELS.get(level, level)
            yield ScoreRow.model_validate(
                {**told, "label": metric, "level": level, "diagnosis": it.diagnosis, "value": it.value}
            )


def own_sets(paper: Paper, table: PublishedTable, own: OwnComparison) -> OwnRows:
    """Give the rows that the sets of a comparison have for a table.

    Parameters
    ----------
    paper : Paper
    table : PublishedTable
    own : OwnComparison

    Returns
    -------
    OwnRows
        Those of each set, in the order of the comparison; rows of the real side once. Without rows where no
        set has anything for this table; the remarks say why.
    """
    found, said = OwnRows(), dict[str, list[str]]()
    for one in own.sets():
        report = own.report(one)
        rows = _of_set(paper, table, one, report)
        for text in rows.remarks:
            said.setdefault(text.removeprefix(f"{one.name}: "), []).append(one.name)
        found.rows += _new(table, own, one, rows.rows, found.rows)
    for it in own.result.sets:
        if it.status == "failed":
            said.setdefault(f"has no rows, as it failed: {it.reason}", []).append(it.name)
    every = [it.name for it in own.sets()]
    found.remarks = [
        f"{own.name}, {'all sets' if names == every and len(every) > 1 else ', '.join(names)}: {text}"
        for text, names in said.items()
    ]
    if table.key == "biomarkers" and not found.rows:
        found.remarks = [
            f"{own.name}: means of biomarkers are in the sets’ own reports, which do not lie beside the"
            " comparison, or hold no biomarkers by diagnosis."
        ]
    elif not found.rows:
        found.remarks = [f"{own.name}: the comparison has nothing that this table shows."]
    return found


def _of_set(paper: Paper, table: PublishedTable, one: ComparedSet, report: OwnReport) -> OwnRows:
    if table.key == "parameters":
        return OwnRows(list(_parameters(one)))
    if table.key == "rank_sensitivity":
        return _rank_sensitivity(paper, table, one, report)
    found = own_rows(paper, table, report)
    if table.key == "generators":
        _add_seconds(one, found)
    for row in found.rows:
        if _RANK in row.labels:
            row.labels[_RANK] = _rank(one)
    return found


def _parameters(one: ComparedSet) -> Iterator[Row]:
    facts = one.generator
    if facts is None or facts.n_trained is None:
        return
    cells = {"trainable_m": _entry(facts.n_trained / 1e6, 2)}
    if facts.n_parameters:
        cells["share_percent"] = _entry(100 * facts.n_trained / facts.n_parameters, 2)
    yield Row(labels={"model": one.name, "rank": _rank(one)}, cells=cells)


def _rank(one: ComparedSet) -> str:
    settings = one.generator.settings if one.generator is not None else {}
    return str(one.axes.get(_RANK, settings.get(_RANK, "–")))


def _rank_sensitivity(paper: Paper, table: PublishedTable, one: ComparedSet, report: OwnReport) -> OwnRows:
    """Give the scores of group B: models that learn from real and synthetic frames."""
    if _rank(one) == "–":
        return OwnRows()
    found = own_rows(paper, paper.table("groups"), report)
    kept = {it.key for it in table.columns}
    rows = []
    for row in found.rows:
        group, _, learner = row.labels["group"].partition(f" ({one.name}, ")
        cells = {key: entry for key, entry in row.cells.items() if key in kept}
        if group == "B" and cells:
            name = f"{one.name} (B, {learner.removesuffix(')')})"
            rows.append(Row(labels={"model": name, "rank": _rank(one)}, cells=cells))
    return OwnRows(rows, found.remarks if rows else [])


def _add_seconds(one: ComparedSet, found: OwnRows) -> None:
    seconds = one.cost.seconds_per_frame
    if seconds is None:
        return
    entry = Entry(printed=f"{seconds:.3g}" if seconds < 100 else f"{seconds:.0f}", known_from="run")
    if not found.rows:
        found.rows, found.remarks = [Row(labels={"model": one.name})], []
    found.rows[0].cells["seconds_per_frame"] = entry
    found.remarks.append(f"{one.name}: seconds a frame were measured on {one.cost.device or 'this machine'}.")


def _entry(value: float, decimals: int) -> Entry:
    return Entry(printed=f"{value:.{decimals}f}", known_from="run")


def _new(
    table: PublishedTable, own: OwnComparison, one: ComparedSet, rows: Sequence[Row], held: Sequence[Row]
) -> list[Row]:
    """Name the rows of the real side after the comparison, and leave out those that stand there already."""
    found = []
    for row in rows:
        labels = dict(row.labels)
        if table.key == "biomarkers" and labels["source"] == f"{one.name}, its real frames":
            labels["source"] = f"{own.name}, real frames"
        elif table.key == "groups" and labels["group"].startswith(f"A ({one.name}, "):
            labels["group"] = labels["group"].replace(one.name, own.name, 1)
        named = Row(labels=labels, cells=row.cells)
        if named not in held:
            found.append(named)
    return found
