"""Colours and fonts of every picture and page, in one place.

Categories use the palette of Okabe and Ito (2008, "Color universal design"), which stays apart for
the common kinds of colour blindness; widths use viridis without its darkest part, so that every
width shows on a dark frame.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import ImageFont

Colour: TypeAlias = tuple[int, int, int]

ORANGE: Colour = (230, 159, 0)
SKY_BLUE: Colour = (86, 180, 233)
BLUISH_GREEN: Colour = (0, 158, 115)
YELLOW: Colour = (240, 228, 66)
BLUE: Colour = (0, 114, 178)
VERMILLION: Colour = (213, 94, 0)
REDDISH_PURPLE: Colour = (204, 121, 167)
WHITE: Colour = (255, 255, 255)

SERIES: tuple[Colour, ...] = (
    BLUE,
    ORANGE,
    BLUISH_GREEN,
    VERMILLION,
    SKY_BLUE,
    REDDISH_PURPLE,
    (110, 110, 110),
)
"""Colours of diagnoses in figures, in order; more diagnoses start again."""

_WIDTH_ANCHORS = (
    "433e85 38588c 2d708e 25858e 1e9b8a 2ab07f 50c46a 86d549 c2df23 fde725"  # viridis from 0.19 to 1
)

Font: TypeAlias = "ImageFont.FreeTypeFont | ImageFont.ImageFont"


def hex_colour(colour: Colour) -> str:
    """Write a colour as CSS does.

    Examples
    --------
    >>> hex_colour(ORANGE)
    '#e69f00'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)


@cache
def width_colours(count: int) -> tuple[Colour, ...]:
    """Give `count` colours from narrow to wide.

    Examples
    --------
    >>> width_colours(2)
    ((67, 62, 133), (253, 231, 37))
    """
    anchors = np.array([tuple(bytes.fromhex(code)) for code in _WIDTH_ANCHORS.split()], dtype=float)
    places = np.linspace(0, len(anchors) - 1, count)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, i]) for i in range(3)]
    return tuple((int(r), int(g), int(b)) for r, g, b in np.rint(np.stack(channels, axis=1)))


@cache
def font(size: int, bold: bool = False) -> Font:
    """Give the font of pictures at a size in pixels.

    DejaVu Sans, which matplotlib carries, has the accents, Greek and signs (micro, squared) that
    Pillow's own font lacks; matplotlib itself is not imported. Pillow's own font is the fallback.
    """
    spec = find_spec("matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"
        try:
            return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
        except (OSError, ImportError):
            break
    return ImageFont.load_default(size)


@cache
def _missing_glyph(size: int) -> bytes:
    return bytes(font(size).getmask("\uffff"))


@cache
def _drawable(character: str, size: int) -> bool:
    if not character.isprintable():
        return False
    return character == " " or bytes(font(size).getmask(character)) != _missing_glyph(size)


def drawable_text(text: str, size: int) -> str:
    r"""Replace what the font cannot draw (and control characters) by a question mark.

    Examples
    --------
    >>> drawable_text("frame\t7", 14)
    'frame?7'
    """
    return "".join(c if _drawable(c, size) else "?" for c in text)
