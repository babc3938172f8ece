"""The datasheet as a page: one self-contained file without scripts."""

from __future__ import annotations

from pathlib import Path

from ccmeval.releasing.sheet import Sheet
from ccmeval.report.files import replacing
from ccmeval.report.page import render_template
from ccmeval.report.view import File

PAGE = "datasheet.html"

FILES = (
    File("manifest.csv", "one row a frame"),
    File("report/report.html", "the three-pillar report"),
    File("report/report.json", "all numbers behind it"),
    File("DATASHEET.md", "this page as Markdown"),
    File("croissant.json", "the set described for programs (Croissant 1.0)"),
    File("SHA256SUMS", "a checksum of every file: sha256sum -c SHA256SUMS"),
)


def write_page(sheet: Sheet, root: Path) -> Path:
    """Write ``datasheet.html``.

    Returns
    -------
    pathlib.Path
    """
    sections = [(part.anchor, part.title) for part in sheet.parts]
    html = render_template("datasheet.html.j2", {"sheet": sheet, "sections": sections, "files": FILES})
    with replacing(root / PAGE) as partial:
        partial.write_bytes(html.encode("utf-8", "replace"))
    return root / PAGE
