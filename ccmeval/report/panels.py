"""The six panels of an overlay, each drawn from one prepared frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ccmeval.report import drawing
from ccmeval.report.drawing import Bytes, Sheet, solid, stamp, stamp_at
from ccmeval.report.layout import CAPTION_PX
from ccmeval.report.prepared import Prepared

NARROWEST_UM = 1.0
WIDEST_UM = 7.0
"""The width map's colours span this range in every frame, so that frames can be compared."""

TEXT_SIZE, SMALL_SIZE = 14, 12

THIN = stamp("#")
LINE = stamp("##", "##")
THICK = stamp(".##.", "####", "####", ".##.")


@dataclass(frozen=True)
class Mark:
    """How a kind of node is drawn: its colour, and its shape in ordinary panels and in small ones."""

    colour: str
    shape: tuple[str, ...]
    small: tuple[str, ...]


MARKS = {
    "on trunk": Mark(
        "vermillion",
        ("..###..", ".#####.", "#######", "#######", "#######", ".#####.", "..###.."),
        (".###.", "#####", "#####", "#####", ".###."),
    ),
    "other": Mark(
        "orange",
        ("..###..", ".##.##.", "##...##", "#.....#", "##...##", ".##.##.", "..###.."),
        ("..#..", ".#.#.", "#...#", ".#.#.", "..#.."),
    ),
    "crossing": Mark(
        "sky blue",
        ("##...##", "###.###", ".#####.", "..###..", ".#####.", "###.###", "##...##"),
        ("#...#", ".#.#.", "..#..", ".#.#.", "#...#"),
    ),
    "end": Mark("yellow", ("#####", "#...#", "#...#", "#...#", "#####"), ("###", "#.#", "###")),
}


def draw_panel(number: int, sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    """Draw panel `number` (0 to 5) with its caption at a corner of the sheet."""
    _PANELS[number](sheet, top, left, frame)


def _caption(
    sheet: Sheet, top: int, left: int, caption: str, keys: Sequence[tuple[str, int]] = (), note: str = ""
) -> None:
    """Write a panel's caption and, below, its legend: swatches with words."""
    sheet.text(top, left, caption, TEXT_SIZE, bold=True)
    row, column = top + 21, left
    for words, index in keys:
        sheet.fill(row + 3, column, 10, 14, index)
        column = sheet.text(row, column + 18, words, SMALL_SIZE, ink="grey") + 10
    if note:
        sheet.text(row, column, note, SMALL_SIZE, ink="grey")


def _line_pixels(canvas: Bytes, frame: Prepared, indices: Bytes, offsets: npt.NDArray[np.int64]) -> None:
    stamp_at(canvas, frame.lines.rows, frame.lines.columns, indices[frame.lines.path], offsets)


def _frame(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    note = f"shown {frame.gain:.1f} times brighter" if frame.gain > 1.0 else "as recorded"
    _caption(sheet, top, left, "Frame", note=note)
    sheet.paste(top + CAPTION_PX, left, frame.grey)
    _scale_bar(sheet, top + CAPTION_PX + frame.grey.shape[0], left, frame)


def _scale_bar(sheet: Sheet, bottom: int, left: int, frame: Prepared) -> None:
    room_um = 0.3 * frame.grey.shape[1] * frame.um_per_px
    lengths = [m * 10.0**e for e in range(-1, 5) for m in (1, 2, 5)]
    length_um = max((it for it in lengths if it <= room_um), default=None)
    if length_um is None:
        return
    bar = round(length_um / frame.um_per_px)
    tile = drawing.text_tile(f"{length_um:g} µm", TEXT_SIZE)
    width = max(bar, tile.shape[1]) + 10
    if width > frame.grey.shape[1] or frame.grey.shape[0] < 60:
        return
    sheet.fill(bottom - 38, left + 6, 32, width, solid("background"))
    sheet.text(bottom - 37, left + 6 + (width - tile.shape[1]) // 2, f"{length_um:g} µm", TEXT_SIZE)
    sheet.fill(bottom - 14, left + 6 + (width - bar) // 2, 4, bar, solid("white"))


def _mask(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    tint = drawing.TINT_AT + drawing.TINTS * 2 // 3
    _caption(
        sheet, top, left, "Mask", [("nerve", tint)], note=f"{100 * frame.mask_share:.1f} % of the imaged area"
    )
    factor = np.float32((drawing.TINTS - 1) / (drawing.GREYS - 1))
    tinted = drawing.TINT_AT + np.minimum(
        (frame.grey * factor + np.float32(0.3 * drawing.TINTS)).astype(np.uint8), drawing.TINTS - 1
    )
    sheet.paste(top + CAPTION_PX, left, np.where(frame.mask, tinted, frame.dimmed).astype(np.uint8))


def _skeleton(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    yellow = solid("yellow")
    length_mm = frame.graph.length_um / 1000.0
    _caption(sheet, top, left, "Skeleton", [("centre lines", yellow)], note=f"{length_mm:.2f} mm")
    canvas = frame.dimmed.copy()
    stamp_at(canvas, frame.lines.rows, frame.lines.columns, yellow, THIN if frame.small else LINE)
    sheet.paste(top + CAPTION_PX, left, canvas)


def _trunks(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    trunk, branch = solid("sky blue"), solid("orange")
    keys = [(f"trunk ({frame.trunk_count})", trunk), ("branch", branch)]
    _caption(sheet, top, left, "Trunks and branches", keys)
    canvas = frame.dimmed.copy()
    _line_pixels(
        canvas, frame, np.where(frame.on_trunk, trunk, branch).astype(np.uint8), THIN if frame.small else LINE
    )
    sheet.paste(top + CAPTION_PX, left, canvas)


def _mark_of(index: int, kind: str, frame: Prepared) -> str | None:
    if index in frame.trunk_nodes:
        return "on trunk"
    return {"branch point": "other", "crossing": "crossing", "end": "end"}.get(kind)


def _branch_points(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    canvas = frame.dimmed.copy()
    stamp_at(canvas, frame.lines.rows, frame.lines.columns, solid("unknown"), THIN)
    marks = [_mark_of(index, node.kind, frame) for index, node in enumerate(frame.graph.nodes)]
    places = np.floor(frame.nodes_px).astype(np.int64)
    for name in reversed(MARKS):
        chosen = places[[index for index, mark in enumerate(marks) if mark == name]]
        _mark(canvas, chosen, MARKS[name], small=frame.small)
    sheet.paste(top + CAPTION_PX, left, canvas)
    sheet.text(top, left, "Branch points", TEXT_SIZE, bold=True)
    column = left
    for name, mark in MARKS.items():
        _mark(sheet.indices, np.array([[top + 28, column + 5]]), mark, small=frame.small)
        words = f"{name} ({marks.count(name)})"
        column = sheet.text(top + 21, column + 13, words, SMALL_SIZE, ink="grey") + 5


def _mark(canvas: Bytes, places: npt.NDArray[np.int64], mark: Mark, *, small: bool) -> None:
    """Stamp a mark with a dark rim, by which it shows on bright nerves too."""
    shape = mark.small if small else mark.shape
    stamp_at(canvas, places[:, 0], places[:, 1], solid("black"), _stamp(shape, rim=True))
    stamp_at(canvas, places[:, 0], places[:, 1], solid(mark.colour), _stamp(shape))


@cache
def _stamp(shape: tuple[str, ...], *, rim: bool = False) -> npt.NDArray[np.int64]:
    return stamp(*shape, rim=rim)


def _widths(sheet: Sheet, top: int, left: int, frame: Prepared) -> None:
    canvas = frame.dimmed.copy()
    widths = np.array([edge.width_um for edge in frame.graph.edges], dtype=float)
    place = (np.nan_to_num(widths, nan=0.0) - NARROWEST_UM) / (WIDEST_UM - NARROWEST_UM)
    steps = np.clip(np.rint(place * (drawing.WIDTHS - 1)), 0, drawing.WIDTHS - 1)
    indices = np.where(np.isnan(widths), solid("unknown"), drawing.WIDTH_AT + steps).astype(np.uint8)
    _line_pixels(canvas, frame, indices, LINE if frame.small else THICK)
    sheet.paste(top + CAPTION_PX, left, canvas)
    end = sheet.text(top, left, "Width (µm)", TEXT_SIZE, bold=True)
    _colour_bar(sheet, top + 5, end + 18)
    if np.isnan(widths).any():
        sheet.fill(top + 24, left, 10, 14, solid("unknown"))
        sheet.text(top + 21, left + 18, "unknown", SMALL_SIZE, ink="grey")


def _colour_bar(sheet: Sheet, top: int, left: int) -> None:
    """Draw the widths' colours with a number at every micrometre below them."""
    bar = np.repeat(np.arange(drawing.WIDTHS, dtype=np.uint8) + drawing.WIDTH_AT, 3)
    sheet.paste(top, left, np.tile(bar, (11, 1)))
    for width_um in np.arange(NARROWEST_UM, WIDEST_UM + 0.5):
        place = left + round((bar.size - 1) * (width_um - NARROWEST_UM) / (WIDEST_UM - NARROWEST_UM))
        ends = {NARROWEST_UM: "≤ ", WIDEST_UM: "≥ "}
        number = ends.get(float(width_um), "") + f"{width_um:g}"
        tile = drawing.text_tile(number, SMALL_SIZE)
        sheet.fill(top + 11, place, 3, 1, solid("unknown"))
        sheet.text(top + 15, place - tile.shape[1] // 2, number, SMALL_SIZE, ink="grey")


_PANELS = (_frame, _mask, _skeleton, _trunks, _branch_points, _widths)
