"""Pictures of the grid: frames and masks made small, embedded in the page and set on one sheet."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ccmeval.cohort.decode import decode
from ccmeval.cohort.reading import read_bytes
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.comparison.schema import CompareResult
from ccmeval.errors import CcmevalError
from ccmeval.report.comparison_grid import GridColumn, GridSource
from ccmeval.report.comparison_names import labels, set_names
from ccmeval.report.comparison_words import MOST_SETS, scored
from ccmeval.report.style import drawable_text, font
from ccmeval.report.three_pillar_pictures import small_jpeg

MOST_BYTES = 6_000_000
"""Of all pictures together, as they stand in the page."""

REAL = "Real"
MASKS = "Mask"
_CELL_PX, _GAP_PX, _NAME_PX, _HEAD_PX = 180, 6, 190, 44
_INK, _SOFT, _PAPER, _BLANK = (27, 31, 36), (87, 96, 106), (255, 255, 255), (238, 240, 243)


@dataclass(frozen=True)
class Tile:
    """A cell of the grid: a small JPEG, or nothing and why; and what stands below it."""

    picture: bytes
    name: str
    words: str = ""

    @property
    def address(self) -> str:
        """The picture as an address that the page holds itself."""
        return (
            f"data:image/jpeg;base64,{base64.b64encode(self.picture).decode('ascii')}" if self.picture else ""
        )


@dataclass(frozen=True)
class Grid:
    """The grid as it is shown: heads, and rows of a name and its tiles."""

    columns: Sequence[GridColumn]
    rows: Sequence[tuple[str, Sequence[Tile]]]
    reasons: Sequence[str] = ()

    @property
    def spans(self) -> list[tuple[str, int]]:
        """Diagnoses, with the columns of each."""
        names = [it.diagnosis for it in self.columns]
        return [(name, names.count(name)) for name in dict.fromkeys(names)]


def grid_view(result: CompareResult, source: GridSource) -> Grid | None:
    """Read the pictures of the grid; None where there is no frame to show."""
    columns = list(source.columns())
    places = range(len(columns))
    rows: list[tuple[str, Sequence[Tile]]] = []
    if any(source.mask(place) is not None for place in places):
        rows.append((MASKS, [_mask_tile(source.mask(place), columns[place]) for place in places]))
    rows.append((REAL, [_tile(source, None, place) for place in places]))
    shown = labels(set_names(result))
    names = [one.name for one in scored(result)[:MOST_SETS]]
    rows += [(shown[name], [_tile(source, name, place) for place in places]) for name in names]
    if not any(tile.picture for name, tiles in rows if name != MASKS for tile in tiles):
        return None
    reasons = [f"{shown.get(name, name)}: {why}" for name, why in source.reasons().items()]
    return Grid(columns, list(_within(rows)), reasons)


def _within(rows: Sequence[tuple[str, Sequence[Tile]]]) -> Iterator[tuple[str, Sequence[Tile]]]:
    """Keep whole rows of pictures as long as there is room for them in the page."""
    room = MOST_BYTES * 3 // 4  # base64 writes three bytes as four letters
    for name, tiles in rows:
        room -= sum(len(tile.picture) for tile in tiles)
        if room < 0:
            tiles = [Tile(b"", tile.name, "left out, the page is full") for tile in tiles]
        yield name, tiles


def _tile(source: GridSource, name: str | None, place: int) -> Tile:
    found = source.frame(name, place)
    if found is None:
        return Tile(b"", "", "no frame")
    data = small_picture(found.record.path, found.record.page)
    shared = source.columns()[place].shared
    words = "" if found.same_mask or not shared else "another mask"
    return Tile(data, found.record.frame, words if data else "not readable")


def _mask_tile(path: Path | None, column: GridColumn) -> Tile:
    if path is None:
        return Tile(b"", column.mask, "no mask")
    data = small_picture(path)
    return Tile(data, column.mask, "" if data else "not readable")


@lru_cache(maxsize=512)
def small_picture(path: Path, page: int = 0) -> bytes:
    """Read a frame or mask and make it a small grey JPEG; empty where it cannot be read.

    Examples
    --------
    >>> small_picture(Path("nowhere.png"))
    b''
    """
    from PIL import Image

    settings = ReadingSettings()
    try:
        data, _ = read_bytes(path, path.name, settings)
        raster = decode(data, path.name, page, settings)
    except (CcmevalError, OSError, ValueError):
        return b""
    white = float(raster.samples.max()) if raster.unscaled else raster.white
    if not white > 0:
        white = 1.0
    if 0 < float(raster.samples.max()) <= white / 100:  # a mask of 0 and 1
        white = float(raster.samples.max())
    grey = np.clip(np.asarray(raster.samples, dtype=np.float64) / white, 0.0, 1.0)
    return small_jpeg(Image.fromarray(np.rint(255 * grey).astype(np.uint8)))


def grid_sheet(grid: Grid) -> bytes:
    """Set the grid on one sheet, as PNG.

    Returns
    -------
    bytes
        The same grid gives the same bytes.
    """
    from PIL import Image, ImageDraw

    step = _CELL_PX + _GAP_PX
    width = _NAME_PX + step * len(grid.columns) + _GAP_PX
    sheet = Image.new("RGB", (width, _HEAD_PX + (step + 14) * len(grid.rows) + _GAP_PX), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, column in enumerate(grid.columns):
        left = _NAME_PX + step * place
        draw.text((left, 6), _fitting(column.diagnosis, 15, _CELL_PX), _INK, font(15, bold=True))
        draw.text((left, 26), _fitting(column.mask, 11, _CELL_PX), _SOFT, font(11))
    for number, (name, tiles) in enumerate(grid.rows):
        top = _HEAD_PX + (step + 14) * number
        for line, part in enumerate(_wrapped(name, 13, _NAME_PX - 14)):
            draw.text((6, top + 4 + 17 * line), part, _INK, font(13, bold=True))
        for place, tile in enumerate(tiles):
            left = _NAME_PX + step * place
            _paste(sheet, tile, left, top)
            draw.text((left, top + _CELL_PX + 1), _fitting(tile.words, 10, _CELL_PX), _SOFT, font(10))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _paste(sheet: object, tile: Tile, left: int, top: int) -> None:
    from PIL import Image, ImageOps

    assert isinstance(sheet, Image.Image)
    if not tile.picture:
        sheet.paste(_BLANK, (left, top, left + _CELL_PX, top + _CELL_PX))
        return
    with Image.open(io.BytesIO(tile.picture)) as opened:
        picture = opened.convert("RGB")
    # Small frames are enlarged too, so that words stand below the picture that they are of.
    sheet.paste(ImageOps.contain(picture, (_CELL_PX, _CELL_PX), Image.Resampling.LANCZOS), (left, top))


def _fitting(text: str, size: int, room_px: int) -> str:
    """Cut a text's middle out until it fits."""
    text, keep = drawable_text(text[:160], size), min(len(text), 160)
    shown = text
    while keep > 1 and font(size).getlength(shown) > room_px:
        keep -= 1
        shown = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
    return shown


def _wrapped(text: str, size: int, room_px: int, most: int = 6) -> list[str]:
    """Break a name into lines that fit, at hyphens, underscores and spaces where it has them."""
    lines, line = [], ""
    for letter in drawable_text(text, size):
        if font(size, bold=True).getlength(line + letter) > room_px:
            cut = max(line.rfind(it) for it in " -_") + 1
            cut = cut if cut > len(line) // 3 else len(line)
            lines.append(line[:cut])
            line = line[cut:]
        line += letter
    lines.append(line)
    return lines if len(lines) <= most else [*lines[: most - 1], "…"]
