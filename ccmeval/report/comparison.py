"""Files of `ccmeval compare`: JSON, tables, figures, methods and one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ccmeval.comparison.schema import CompareResult
from ccmeval.report.comparison_csv import write_comparison_csv
from ccmeval.report.comparison_grid import GridSource, grid_of
from ccmeval.report.comparison_latex import write_comparison_latex
from ccmeval.report.comparison_methods import methods_markdown
from ccmeval.report.comparison_names import labelled
from ccmeval.report.comparison_page import render_comparison
from ccmeval.report.comparison_pictures import grid_view
from ccmeval.report.comparison_vector import write_comparison_figures
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar_clean import plain

JSON_NAME = "compare.json"
PAGE_NAME = "compare.html"
TABLES = "tables"
FIGURES = "figures"


def write_comparison(result: CompareResult, out: Path, grid: GridSource | None = None) -> list[Path]:
    """Write everything that is drawn from the result of a comparison.

    Parameters
    ----------
    result : CompareResult
        What all files are drawn from.
    out : pathlib.Path
        Folder, made where missing; its files of these names are replaced: ``compare.html``,
        ``compare.json``, ``tables/*.csv`` and ``*.tex``, ``figures/*.svg`` and ``*.png``, ``methods.md``.
        The page links to the sets' own reports, ``FOLDER/report.html`` below `out`.
    grid : GridSource, optional
        Which frames stand in the picture grid; by default they are looked for where the result says that
        the sets are, and a set whose frames are not there any more has none.

    Returns
    -------
    list of pathlib.Path
        All files, the page first: one file without scripts that needs no network.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    result = cleaned_comparison(result)
    view = grid_view(result, grid if grid is not None else grid_of(result, out))
    _write(out / JSON_NAME, result.model_dump_json(indent=1) + "\n")
    written = [out / JSON_NAME, *write_comparison_csv(result, out / TABLES)]
    shown = labelled(result)
    written += write_comparison_latex(shown, out / TABLES)
    _write(out / "methods.md", methods_markdown(result))
    written.append(out / "methods.md")
    written += write_comparison_figures(shown, out / FIGURES, view)
    page = out / PAGE_NAME
    files = [path.relative_to(out).as_posix() for path in written]
    _write(page, render_comparison(result, view, files=files))
    return [page, *written]


def cleaned_comparison(result: CompareResult) -> CompareResult:
    """Give the result as it can be written: numbers finite or missing, texts such as UTF-8 has.

    What cannot stand without its number is left out: pairs without a difference, places in the overall order
    without a value, points of curves without a place.
    """
    found = plain(result.model_dump())
    for ranking in found["rankings"]:
        ranking["pairs"] = [it for it in ranking["pairs"] if it["difference"] is not None]
        lost = [it["set"] for it in ranking["ranks"] if it["probability_best"] is None]
        ranking["ranks"] = [it for it in ranking["ranks"] if it["set"] not in lost]
        ranking["left_out"] |= dict.fromkeys(lost, "Its place could not be computed.")
    for one in found["sets"]:
        for it in one["values"]:
            if it["reference"] and it["reference"]["value"] is None:
                it["reference"] = None
        one["curves"] = [it for it in one["curves"] if it["x"] is not None]
    _keep_defaults(found)
    if found["overall"]:
        ranks = found["overall"]["ranks"]
        found["overall"]["ranks"] = [it for it in ranks if None not in (it["value"], it["low"], it["high"])]
    return CompareResult.model_validate(found)


def _keep_defaults(found: dict[str, Any]) -> None:
    """Let what has a default and lost its number fall back to it."""
    rows = [(it, "confidence") for one in found["sets"] for it in one["values"]]
    rows += [(it, "confidence") for it in found["rankings"]]
    values = [it["reference"] for one in found["sets"] for it in one["values"]]
    rows += [(it, "confidence") for it in values if it]
    rows += [(it, name) for one in found["sets"] for it in one["curves"] for name in ("n_real", "n_synth")]
    for it, name in rows:
        if it[name] is None:
            del it[name]


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8"))
