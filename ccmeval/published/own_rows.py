"""A user's own results as rows of a published table, with what is not comparable said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.schema import SetSummary, ThreePillarResult
from ccmeval.fidelity.schema import MetricRow
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.published.check_averages import AVERAGE
from ccmeval.published.schema import Entry, Paper, PublishedTable, Row
from ccmeval.published.summary_tests import REAL
from ccmeval.utility.schema import ScoreRow

if TYPE_CHECKING:
    from ccmeval.published.own_comparison import OwnComparison

_DECIMALS = {"fid": 2, "psnr_db": 2, "ssim": 3}


@dataclass
class OwnRows:
    """Rows for a table, and remarks on how far they compare."""

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OwnReport:
    """A three-pillar report and what to call its synthetic set."""

    name: str
    result: ThreePillarResult

    def summary(self, name: str) -> SetSummary | None:
        """Find one of its sets."""
        return next((it for it in self.result.sets if it.name == name), None)


def read_own(given: str) -> OwnReport | OwnComparison:
    """Read ``report.json`` or ``compare.json``, or its folder, perhaps after ``NAME=``.

    Parameters
    ----------
    given : str
        Without a name it is that of the folder. A folder with both files counts as a three-pillar run.

    Raises
    ------
    CcmevalError
        If it is no result of `ccmeval three-pillar` or `ccmeval compare`.
    """
    name, equals, text = given.partition("=")
    path = Path(text if equals and name and not Path(given).exists() else given)
    if path.is_dir():
        held = [path / name for name in ("report.json", "compare.json")]
        path = next((it for it in held if it.exists()), held[0])
    chosen = name if equals and str(path).startswith(text) else path.resolve().parent.name
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and data.get("kind") == "compare":
            return _comparison(chosen or "own", data, path.resolve().parent)
        result = ThreePillarResult.model_validate(data)
    except OSError as error:
        raise CcmevalError(f"--with {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, ValidationError, RecursionError) as error:
        raise CcmevalError(
            f"--with {path} is no report.json of `ccmeval three-pillar`, nor compare.json of `ccmeval"
            " compare`."
        ) from error
    return OwnReport(chosen or "own", result)


def _comparison(name: str, data: dict[str, Any], folder: Path) -> OwnComparison:
    from ccmeval.comparison.schema import CompareResult
    from ccmeval.published.own_comparison import OwnComparison

    return OwnComparison(name, CompareResult.model_validate(data), folder)


def own_rows(paper: Paper, table: PublishedTable, report: OwnReport) -> OwnRows:
    """Give the rows that a report has for a table.

    Parameters
    ----------
    paper : Paper
    table : PublishedTable
    report : OwnReport

    Returns
    -------
    OwnRows
        Without rows where the report has nothing for this table; the remarks say why.
    """
    found = OwnRows(remarks=_of_scale(paper, report))
    maker = {"biomarkers": _biomarkers, "fidelity": _fidelity, "generators": _generators, "groups": _groups}
    if table.key in maker:
        found.rows = list(maker[table.key](table, report, found.remarks))
    if not found.rows:
        found.remarks = [f"{report.name}: the report has nothing that this table shows."]
    return found


def _of_scale(paper: Paper, report: OwnReport) -> list[str]:
    said = [
        f"{report.name}: its frames are not those of {paper.source}; numbers of different real frames compare"
        " only roughly."
    ]
    field_um, printed = report.result.scale.field_of_view_um, paper.statement("frame_side_um").number
    if printed is not None and field_um is not None:
        if any(abs(side - float(printed.value)) > 0.05 * float(printed.value) for side in field_um):
            said.append(
                f"{report.name}: its frames show {field_um[0]:.0f} x {field_um[1]:.0f} µm, the published ones"
                f" {printed.value} x {printed.value} µm; densities of trunks and branches and CNFW depend"
                " on it."
            )
    elif printed is not None:
        said.append(f"{report.name}: the field of view of its frames is not in the report.")
    return said


def _biomarkers(table: PublishedTable, report: OwnReport, remarks: list[str]) -> Iterator[Row]:
    preservation = report.result.preservation
    if preservation is None:
        return
    rows = [it for it in preservation.comparisons if it.diagnosis]
    for side, source in (("real", f"{report.name}, its real frames"), ("synth", report.name)):
        for diagnosis in dict.fromkeys(it.diagnosis for it in rows):
            own = [it for it in rows if it.diagnosis == diagnosis]
            cells = _moments(table, own, side)
            if cells:
                yield Row(labels={"source": source, "diagnosis": str(diagnosis)}, cells=cells)
    remarks.append(
        f"{report.name}: nerves come from {preservation.segmenter_synth or 'its own segmenter'}, not from the"
        f" paper's tracing; compare it with its own real frames first, then with the row {REAL}."
    )
    remarks.append(
        f"{report.name}: means are over subjects' means where subjects are known; SDs are over frames."
    )


def _moments(table: PublishedTable, rows: Sequence[BiomarkerComparison], side: str) -> dict[str, Entry]:
    """Mean and SD of one side by column, and the number of its frames."""
    cells = {}
    for it in rows:
        mean, sd = getattr(it, f"mean_{side}"), getattr(it, f"sd_{side}_frames")
        copied = side == "real" and it.reference == "published table"
        if mean is not None and not copied and any(column.key == it.biomarker for column in table.columns):
            text = f"{mean:.2f}" if sd is None else f"{mean:.2f} ± {sd:.2f}"
            cells[it.biomarker] = Entry(printed=text, known_from="run")
    frames = max((getattr(it, f"n_{side}_frames") for it in rows), default=0)
    return {**cells, "n_frames": Entry(printed=str(frames), known_from="run")} if cells else {}


_METRICS = {"fid": "frechet", "psnr_db": "psnr_db", "ssim": "ssim"}


def _fidelity(table: PublishedTable, report: OwnReport, remarks: list[str]) -> Iterator[Row]:
    metrics = _comparable(report, remarks)
    diagnoses = dict.fromkeys(it.diagnosis for it in metrics if it.scope == "diagnosis" and it.diagnosis)
    for diagnosis in [*diagnoses, None]:
        scope = "diagnosis" if diagnosis else "mean over diagnoses"
        cells = _cells(table, [it for it in metrics if it.scope == scope and it.diagnosis == diagnosis])
        if cells:
            labels = {"model": report.name, "rank": "–", "diagnosis": diagnosis or AVERAGE}
            yield Row(labels=labels, cells=cells)


def _generators(table: PublishedTable, report: OwnReport, remarks: list[str]) -> Iterator[Row]:
    metrics = _comparable(report, remarks)
    averages = [it for it in metrics if it.metric == "frechet" and it.scope == "mean over diagnoses"]
    cells = _cells(
        table, [*averages, *(it for it in metrics if it.metric != "frechet" and it.scope == "pooled")]
    )
    if cells:
        remarks.append(
            f"{report.name}: its FID is the mean over diagnoses, PSNR and SSIM are over all pairs; the"
            " printed FID"
            " of WDLoRA is not that of its own class average (see the audit)."
        )
        yield Row(labels={"model": report.name}, cells=cells)


def _comparable(report: OwnReport, remarks: list[str]) -> list[MetricRow]:
    """Keep FID on the canonical features and the paired scores; say what else there is."""
    fidelity = report.result.fidelity
    rows = (
        [it for it in fidelity.metrics if it.status == "computed" and it.value is not None]
        if fidelity
        else []
    )
    others = dict.fromkeys(it.label for it in rows if it.metric == "frechet" and it.label != "FID")
    if others:
        remarks.append(
            f"{report.name}: {', '.join(others)} {'is' if len(others) == 1 else 'are'} on other features than"
            " FID, so that no number of it stands here."
        )
    kept = [
        it
        for it in rows
        if it.metric in ("psnr_db", "ssim") or (it.metric == "frechet" and it.label == "FID")
    ]
    if any(it.metric == "frechet" for it in kept):
        counts = ", ".join(
            dict.fromkeys(f"{it.n_real} and {it.n_synth}" for it in kept if it.metric == "frechet")
        )
        remarks.append(
            f"{report.name}: FID falls with the number of frames; these are of {counts} real and synthetic"
            " ones,"
            " the printed ones of a number not at hand. Its floor is in the report."
        )
    return kept


def _cells(table: PublishedTable, metrics: list[MetricRow]) -> dict[str, Entry]:
    cells = {}
    for column in table.columns:
        row = next((it for it in metrics if it.metric == _METRICS.get(column.key)), None)
        if row is not None and row.value is not None:
            cells[column.key] = Entry(printed=f"{row.value:.{_DECIMALS[column.key]}f}", known_from="run")
    return cells


_SCORES = {
    "accuracy_percent": ("diagnosis", "accuracy", "frame"),
    "macro_f1_percent": ("diagnosis", "macro_f1", "frame"),
    "nerve_iou_percent": ("segmentation", "nerve_iou", "mean over frames"),
    "miou_percent": ("segmentation", "two_class_miou", "mean over frames"),
}


def _groups(table: PublishedTable, report: OwnReport, remarks: list[str]) -> Iterator[Row]:
    utility = report.result.utility
    scores = [it for it in utility.scores if it.value is not None and it.diagnosis is None] if utility else []
    learners = list(dict.fromkeys(it.learner for it in scores))
    for learner in learners:
        for group in ("A", "B", "C"):
            own = [it for it in scores if (it.learner, it.group) == (learner, group)]
            cells = {key: _percent(own, *_SCORES[key]) for key in _SCORES if _percent(own, *_SCORES[key])}
            if cells:
                entries = {key: Entry(printed=text, known_from="run") for key, text in cells.items()}
                yield Row(labels={"group": f"{group} ({report.name}, {learner})"}, cells=entries)
    if learners:
        remarks.append(
            f"{report.name}: other test frames, and learners of this program ({', '.join(learners)})."
            " Scores of"
            " diagnosis are over frames, those of segmentation means over frames; mIoU is that of nerve and"
            " background. Which of these the paper prints is not at hand."
        )


def _percent(scores: Sequence[ScoreRow], task: str, metric: str, level: str) -> str:
    wanted = (task, metric, level)
    row = next((it for it in scores if (it.task, it.metric, it.level) == wanted), None)
    return f"{100 * row.value:.1f}" if row is not None and row.value is not None else ""
