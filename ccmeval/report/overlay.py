"""The overlay: six panels by which an expert judges what was measured in a frame.

Frame, mask, skeleton, trunks and branches, branch points, and width map. Drawn with numpy stamps in
palette indices and without matplotlib, since a run draws one for every frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ccmeval.morphometry.definitions import DEFINITIONS
from ccmeval.report.drawing import Bytes, Sheet, fit_text, text_tile
from ccmeval.report.layout import MARGIN_PX, PANELS, choose_layout
from ccmeval.report.numbers import biomarker_text
from ccmeval.report.panels import draw_panel
from ccmeval.report.prepared import TrunksLike, prepare

if TYPE_CHECKING:
    from PIL import Image

    from ccmeval.arrays import BoolArray, FloatArray
    from ccmeval.morphometry.graph import NerveGraph

TITLE_SIZE, TEXT_SIZE = 17, 14
LINE_PX = 22
"""Height of a line of the header."""

HEADER_BIOMARKERS = 7
"""The first so many of the definitions stand in the header: those whose parts the panels show."""


def render_overlay(
    pixels: FloatArray,
    mask: BoolArray,
    graph: NerveGraph,
    trunks: TrunksLike | None,
    *,
    title: str,
    pixel_size_um: float,
    flags: Sequence[str] = (),
    biomarkers: Mapping[str, float | None] | None = None,
    imaged: BoolArray | None = None,
) -> Bytes:
    """Draw the six panels as colours.

    Parameters
    ----------
    pixels : float array (H, W), in [0, 1]
        The frame.
    mask : bool array (H, W)
        Its nerve mask.
    graph : NerveGraph
        Its nerves, in micrometres.
    trunks : Trunks or None
        Which edges are trunks; ``None`` draws every nerve as a branch.
    title : str
        Name of the frame, any characters; shortened where it does not fit.
    pixel_size_um : float
        Side of a pixel in micrometres.
    flags : sequence of str
        Quality flags, shown in the header.
    biomarkers : mapping of str to float, optional
        By column of the definitions; shown in the header.
    imaged : bool array (H, W), optional
        The imaged area; its outside is marked.

    Returns
    -------
    uint8 array (H', W', 3)
        At most about 4 million pixels, whatever the frame's size.

    Raises
    ------
    ValueError
        If frame and mask differ in shape.

    Examples
    --------
    >>> from ccmeval.morphometry.graph import NerveGraph
    >>> graph = NerveGraph([], [], (400.0, 400.0), 0.16, 0.0)
    >>> import numpy as np
    >>> frame, mask = np.zeros((384, 384), np.float32), np.zeros((384, 384), bool)
    >>> render_overlay(frame, mask, graph, None, title="empty", pixel_size_um=400 / 384).shape[2]
    3
    """
    sheet = _draw(pixels, mask, graph, trunks, title, pixel_size_um, flags, biomarkers, imaged)
    return sheet.rgb()


def draw_overlay(
    pixels: FloatArray,
    mask: BoolArray,
    graph: NerveGraph,
    trunks: TrunksLike | None,
    *,
    title: str,
    pixel_size_um: float,
    flags: Sequence[str] = (),
    biomarkers: Mapping[str, float | None] | None = None,
    imaged: BoolArray | None = None,
) -> Image.Image:
    """Draw the six panels as a Pillow image with a palette, which saves in a third of the time.

    Parameters and errors as of :func:`render_overlay`, whose colours it has.
    """
    sheet = _draw(pixels, mask, graph, trunks, title, pixel_size_um, flags, biomarkers, imaged)
    return sheet.picture()


def _draw(
    pixels: FloatArray,
    mask: BoolArray,
    graph: NerveGraph,
    trunks: TrunksLike | None,
    title: str,
    pixel_size_um: float,
    flags: Sequence[str],
    biomarkers: Mapping[str, float | None] | None,
    imaged: BoolArray | None,
) -> Sheet:
    if pixels.shape != mask.shape:
        raise ValueError(f"Frame and mask must share one shape, not {pixels.shape} and {mask.shape}.")
    layout = choose_layout((pixels.shape[0], pixels.shape[1]))
    frame = prepare(pixels, mask, graph, trunks, layout=layout, pixel_size_um=pixel_size_um, imaged=imaged)
    width = layout.sheet_width_px - 2 * MARGIN_PX
    lines = _wrap([("Quality: " + ", ".join(flags), "amber")] if flags else [], width)
    lines += _wrap([(words, "white") for words in _biomarker_words(biomarkers or {})], width)
    top = 40 + LINE_PX * len(lines)
    sheet = Sheet.blank(top + layout.panels_height_px, layout.sheet_width_px)
    sheet.text(8, MARGIN_PX, fit_text(title, TITLE_SIZE, width, bold=True), TITLE_SIZE, bold=True)
    for number, line in enumerate(lines):
        column = MARGIN_PX
        for words, ink in line:
            column = sheet.text(34 + LINE_PX * number, column, words, TEXT_SIZE, ink=ink) + 18
    for number in range(PANELS):
        draw_panel(number, sheet, *layout.corner(number, top), frame)
    return sheet


def _biomarker_words(biomarkers: Mapping[str, float | None]) -> list[str]:
    return [
        f"{it.label} {biomarker_text(biomarkers[it.column], it.unit)} {it.unit}".strip()
        for it in DEFINITIONS[:HEADER_BIOMARKERS]
        if it.column in biomarkers
    ]


def _wrap(items: Sequence[tuple[str, str]], width: int) -> list[list[tuple[str, str]]]:
    """Break items of words and ink into lines that fit."""
    lines: list[list[tuple[str, str]]] = []
    used = width + 1
    for words, ink in items:
        words = fit_text(words, TEXT_SIZE, width)
        needed = text_tile(words, TEXT_SIZE).shape[1] + 18
        if used + needed > width + 18:
            lines.append([])
            used = 0
        lines[-1].append((words, ink))
        used += needed
    return lines
