"""A small drawing surface of one byte a pixel.

A sheet is drawn in palette indices, not in colours: a third of the memory to fill and of the bytes
to compress, which is what makes overlays cheap. Text is smooth all the same, since some indices
form ramps from the sheet's background to an ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.report import style
from ccmeval.report.style import Colour

if TYPE_CHECKING:
    from PIL import Image

Bytes = npt.NDArray[np.uint8]

GREYS = 112
"""Grey levels of a frame: indices 0 to 111; half the 8 bits, which the eye does not tell apart."""

TINTS = 40
WIDTHS = 56
INK_STEPS = 10

GREY_AT = 0
TINT_AT = GREY_AT + GREYS
WIDTH_AT = TINT_AT + TINTS
INK_AT = WIDTH_AT + WIDTHS

BACKGROUND: Colour = (18, 20, 24)
"""Of the sheet around the panels."""

INKS: dict[str, Colour] = {
    "white": (240, 240, 240),
    "grey": (170, 174, 180),
    "amber": style.ORANGE,
}
SOLIDS: dict[str, Colour] = {
    "background": BACKGROUND,
    "black": (0, 0, 0),
    "outside": (38, 42, 56),
    "white": style.WHITE,
    "orange": style.ORANGE,
    "sky blue": style.SKY_BLUE,
    "yellow": style.YELLOW,
    "vermillion": style.VERMILLION,
    "purple": style.REDDISH_PURPLE,
    "unknown": (150, 150, 150),
}
SOLID_AT = INK_AT + INK_STEPS * len(INKS)


def solid(name: str) -> int:
    """Palette index of a plain colour."""
    return SOLID_AT + list(SOLIDS).index(name)


def _ramp(low: Colour, high: Colour, count: int) -> npt.NDArray[np.float64]:
    return np.linspace(low, high, count)


@cache
def palette() -> Bytes:
    """Colours of the 256 indices, uint8 (256, 3)."""
    parts = [
        _ramp((0, 0, 0), (255, 255, 255), GREYS),
        _ramp((0, 70, 52), (150, 255, 222), TINTS),
        np.array(style.width_colours(WIDTHS), dtype=float),
        *[_ramp(BACKGROUND, ink, INK_STEPS) for ink in INKS.values()],
        np.array(list(SOLIDS.values()), dtype=float),
    ]
    colours = np.zeros((256, 3), dtype=np.uint8)
    stacked = np.rint(np.concatenate(parts)).astype(np.uint8)
    colours[: len(stacked)] = stacked
    return colours


@lru_cache(maxsize=512)
def text_tile(text: str, size: int, bold: bool = False) -> Bytes:
    """Draw a line of text, uint8 (height, width) coverage from 0 to 255.

    The height depends on the size alone, so that tiles side by side share a base line.
    """
    from PIL import Image, ImageDraw

    face = style.font(size, bold)
    text = style.drawable_text(text, size)
    picture = Image.new("L", (int(face.getlength(text)) + 3, round(1.4 * size)))
    ImageDraw.Draw(picture).text((1, 0), text, fill=255, font=face)
    return np.asarray(picture)


@dataclass
class Sheet:
    """Palette indices being drawn on.

    Attributes
    ----------
    indices : uint8 array (H, W)
    """

    indices: Bytes

    @classmethod
    def blank(cls, height: int, width: int) -> Sheet:
        """Give a sheet of background."""
        return cls(np.full((height, width), solid("background"), dtype=np.uint8))

    def paste(self, top: int, left: int, tile: npt.NDArray[Any]) -> None:
        """Put a tile of indices, cut off at the sheet's rim."""
        room = self.indices[top : top + tile.shape[0], left : left + tile.shape[1]]
        room[:] = tile[: room.shape[0], : room.shape[1]]

    def fill(self, top: int, left: int, height: int, width: int, index: int) -> None:
        """Fill a rectangle."""
        self.indices[max(0, top) : top + height, max(0, left) : left + width] = index

    def text(
        self, top: int, left: int, text: str, size: int, *, ink: str = "white", bold: bool = False
    ) -> int:
        """Write a line on background and give the column where it ends."""
        tile = text_tile(text, size, bold)
        start = INK_AT + INK_STEPS * list(INKS).index(ink)
        levels = (tile.astype(np.uint16) * (INK_STEPS - 1) + 127) // 255
        self.paste(top, left, (levels + start).astype(np.uint8))
        return left + int(tile.shape[1])

    def picture(self) -> Image.Image:
        """Give the sheet as a Pillow image with a palette."""
        from PIL import Image

        picture = Image.fromarray(self.indices)
        picture.putpalette(palette().tobytes())
        return picture

    def rgb(self) -> Bytes:
        """Give the sheet as colours, uint8 (H, W, 3)."""
        colours: Bytes = np.take(palette(), self.indices, axis=0)
        return colours


def fit_text(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """Shorten a text in its middle until it fits, keeping its end (a file's number stands there).

    Examples
    --------
    >>> fit_text("short", 14, 200)
    'short'
    """
    face = style.font(size, bold)
    text = style.drawable_text(text[:150] + text[-250:] if len(text) > 400 else text, size)
    if face.getlength(text) + 3 <= width:
        return text

    def cut(keep: int) -> str:
        return f"{text[: keep // 3]}…{text[len(text) - keep + keep // 3 :]}"

    fits, too_long = 3, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if face.getlength(cut(middle)) + 3 <= width:
            fits = middle
        else:
            too_long = middle
    return cut(fits)


def stamp(*shape: str, rim: bool = False) -> npt.NDArray[np.int64]:
    """Turn a little picture of ``#`` into offsets (N, 2) from its middle.

    Parameters
    ----------
    *shape : str
        Rows of the picture.
    rim : bool
        Add the pixels beside, above and below every ``#``.

    Examples
    --------
    >>> stamp(".#.", "###", ".#.").tolist()
    [[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]]
    >>> len(stamp("#", rim=True))
    5
    """
    cells = np.pad(np.array([[c == "#" for c in row] for row in shape]), 1)
    middle = np.array(cells.shape) // 2
    if rim:
        inner = cells.copy()
        for by, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
            cells |= np.roll(inner, by, axis=axis)
    offsets: npt.NDArray[np.int64] = np.argwhere(cells) - middle
    return offsets


def stamp_at(
    canvas: Bytes,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    values: npt.NDArray[np.uint8] | int,
    offsets: npt.NDArray[np.int64],
) -> None:
    """Stamp offsets around points of a canvas, in order; points off the canvas are cut."""
    height, width = canvas.shape
    r = offsets[:, 0, None] + rows
    c = offsets[:, 1, None] + columns
    inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
    canvas[r[inside], c[inside]] = (
        values if isinstance(values, int) else np.broadcast_to(values, r.shape)[inside]
    )
