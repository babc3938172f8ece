"""Files of `ccmeval agreement`: JSON, CSV, figures and one self-contained page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccmeval.report.agreement_figures import draw_agreement
from ccmeval.report.agreement_schema import AgreementResult
from ccmeval.report.agreement_words import (
    coefficient_table,
    csv_row,
    main_table,
    tiles,
    title,
    unmatched_table,
    warnings_of,
)
from ccmeval.report.files import OutputError, replacing
from ccmeval.report.numbers import number_text
from ccmeval.report.page import render_template
from ccmeval.report.tables import write_csv
from ccmeval.report.view import Cell, File, Head, Table, time_text

PAGE_NAME = "agreement.html"
FIGURES = "figures"
_PAIR_COLUMNS = ("biomarker", "frame", "other_frame", "subject", "first", "second", "difference", "mean")


@dataclass(frozen=True)
class _Picture:
    label: str
    data: str
    alt: str
    name: str


def write_agreement(result: AgreementResult, out: Path) -> Path:
    """Write `agreement.json`, `agreement.csv`, `agreement_pairs.csv`, the figures and the page.

    Parameters
    ----------
    result : AgreementResult
        What they are drawn from.
    out : pathlib.Path
        Folder, made where missing; its files of these names are replaced.

    Returns
    -------
    pathlib.Path
        The page, ``OUT/agreement.html``: one file without scripts that needs no network.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    try:
        (out / FIGURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {out} cannot be made: {error.strerror or error}.") from error
    _write(out / "agreement.json", (result.model_dump_json(indent=1) + "\n").encode())
    rows = [csv_row(it) for it in result.biomarkers]
    write_csv(out / "agreement.csv", rows, list(rows[0]))
    write_csv(out / "agreement_pairs.csv", _pair_rows(result), _PAIR_COLUMNS)
    figures = {}
    for it in result.biomarkers:
        if it.pairs:
            figures[it.biomarker] = draw_agreement(it, result.first_name, result.second_name)
            for kind, data in figures[it.biomarker].items():
                _write(out / FIGURES / f"{it.biomarker}.{kind}", data)
    page = out / PAGE_NAME
    _write(page, render_agreement(result, {name: found["svg"] for name, found in figures.items()}).encode())
    return page


def render_agreement(result: AgreementResult, figures: dict[str, bytes]) -> str:
    """Give the page as text; `figures` holds an SVG by biomarker column."""
    view: dict[str, Any] = {
        "title": title(result),
        "made": f"Made {time_text(result.created)} · ccmeval {result.versions.get('ccmeval', '')}",
        "tiles": tiles(result),
        "notes": warnings_of(result),
        "main": main_table(result),
        "coefficients": coefficient_table(result),
        "unmatched": unmatched_table(result),
        "pictures": [_picture(result, name, svg) for name, svg in figures.items()],
        "methods": "; ".join(dict.fromkeys(it.limits_method for it in result.biomarkers)),
        "provenance": _provenance(result),
        "command": result.command,
        "files": [
            File("agreement.json", "all numbers, pairs, settings and versions"),
            File("agreement.csv", "one row a biomarker"),
            File("agreement_pairs.csv", "one row a frame and biomarker"),
        ],
    }
    sections = [("agreement", "Agreement"), ("figures", "Figures")]
    if view["unmatched"].rows:
        sections.append(("unmatched", "Left out"))
    sections += [("method", "Method"), ("provenance", "Provenance")]
    return render_template("agreement.html.j2", {"view": view, "sections": sections})


def _picture(result: AgreementResult, name: str, svg: bytes) -> _Picture:
    it = next(it for it in result.biomarkers if it.biomarker == name)
    alt = (
        f"{it.label}: scatter of {result.first_name} against {result.second_name}, and their difference"
        f" against their mean; bias {number_text(it.bias.value)}, limits of agreement"
        f" {number_text(it.lower_limit.value)} to {number_text(it.upper_limit.value)} {it.unit}"
    )
    data = "data:image/svg+xml;base64," + b64encode(svg).decode("ascii")
    return _Picture(it.label, data, alt, f"{FIGURES}/{name}.png")


def _pair_rows(result: AgreementResult) -> list[dict[str, Any]]:
    return [
        {
            "biomarker": it.biomarker,
            **pair.model_dump(),
            "difference": pair.first - pair.second,
            "mean": (pair.first + pair.second) / 2,
        }
        for it in result.biomarkers
        for pair in it.pairs
    ]


def _provenance(result: AgreementResult) -> Table:
    rows = [
        [Cell(result.first_name), Cell(result.first_file), Cell(result.first_sha256[:16])],
        [Cell(result.second_name), Cell(result.second_file), Cell(result.second_sha256[:16])],
    ]
    return Table("The two tables.", [Head("Name"), Head("File"), Head("SHA-256 begins")], rows)


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as partial:
        partial.write_bytes(data)
