"""Files of `ccmeval three-pillar`: JSON, tables, figures, methods and one self-contained page."""

from __future__ import annotations

from pathlib import Path

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar_clean import cleaned
from ccmeval.report.three_pillar_csv import TABLES, write_tables
from ccmeval.report.three_pillar_latex import write_latex
from ccmeval.report.three_pillar_methods import methods_markdown, methods_text
from ccmeval.report.three_pillar_page import render_three_pillar
from ccmeval.report.three_pillar_pictures import PictureSource
from ccmeval.report.three_pillar_vector import FIGURES, write_figures

JSON_NAME = "report.json"
PAGE_NAME = "report.html"


def write_three_pillar(result: ThreePillarResult, out: Path, pictures: PictureSource | None = None) -> Path:
    """Write everything that is drawn from a three-pillar result.

    Parameters
    ----------
    result : ThreePillarResult
        What all files are drawn from.
    out : pathlib.Path
        Folder, made where missing; its files of these names are replaced: ``report.json``,
        ``tables/*.csv`` and ``*.tex``, ``figures/*.svg`` and ``*.pdf``, ``methods.md`` and ``.txt``, and
        ``report.html``.
    pictures : PictureSource, optional
        Where frames for the galleries come from, e.g. :class:`three_pillar_pictures.FolderPictures`.

    Returns
    -------
    pathlib.Path
        The page, ``OUT/report.html``: one file without scripts that needs no network.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    result = cleaned(result)
    _write(out / JSON_NAME, result.model_dump_json(indent=1) + "\n")
    written = [out / JSON_NAME, *write_tables(result, out / TABLES), *write_latex(result, out / TABLES)]
    for name, words in (("methods.md", methods_markdown(result)), ("methods.txt", methods_text(result))):
        _write(out / name, words)
        written.append(out / name)
    written += write_figures(result, out / FIGURES)
    page = out / PAGE_NAME
    files = [path.relative_to(out).as_posix() for path in written]
    _write(page, render_three_pillar(result, pictures, files=files))
    return page


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8"))
