"""Where the three-pillar page finds pictures of frames: a contract, and a folder of overlays."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from ccmeval.report.drawing import BACKGROUND
from ccmeval.report.layout import CAPTION_PX, MARGIN_PX
from ccmeval.report.view import link

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]

THUMBNAIL_PX = 240
"""Longer side of a picture in the galleries."""

EXAMPLE_PX = 320
"""Longer side of a picture of found nerves."""

JPEG_QUALITY = 70
_FRAME_PANEL, _TRUNKS_PANEL = 0, 3
_SMALLEST_PX = 8
_RIM_PX = 5
"""Left columns of a panel in which nothing but the frame is drawn: the scale bar's box starts after them."""


class PictureSource(Protocol):
    """Gives pictures of frames; each may be None, and the page then does without."""

    def thumbnail(self, name: str, key: str) -> bytes | None:
        """Give a small grey picture of a frame of the set `name`, as PNG or JPEG."""
        ...

    def overlay(self, name: str, key: str) -> bytes | None:
        """Give the same frame with the nerves that were found drawn in, as PNG or JPEG."""
        ...

    def address(self, name: str, key: str) -> str | None:
        """Give the address of its full overlay, relative to the page."""
        ...

    def file(self, path: str) -> bytes | None:
        """Give a picture of the run's folder, small, as PNG or JPEG."""
        ...


@dataclass(frozen=True)
class NoPictures:
    """A source without pictures: the page has no galleries.

    Examples
    --------
    >>> NoPictures().thumbnail("real", "a") is None
    True
    """

    def thumbnail(self, name: str, key: str) -> bytes | None:
        """Give nothing."""
        return None

    def overlay(self, name: str, key: str) -> bytes | None:
        """Give nothing."""
        return None

    def address(self, name: str, key: str) -> str | None:
        """Give nothing."""
        return None

    def file(self, path: str) -> bytes | None:
        """Give nothing."""
        return None


class FolderPictures:
    """Cuts pictures out of the six-panel overlays in ``OUT/biomarkers/SET/overlays/KEY.png``.

    Parameters
    ----------
    out : pathlib.Path
        The run's folder, in which the page lies.
    folder : str
        Below it, the folder of the sets' biomarkers.
    homes : mapping of str to pathlib.Path, optional
        By set: the folder in the place of `out`, for sets that were measured elsewhere.

    Examples
    --------
    >>> FolderPictures(Path("nowhere")).thumbnail("real", "a") is None
    True
    """

    def __init__(
        self, out: Path, folder: str = "biomarkers", homes: Mapping[str, Path] | None = None
    ) -> None:
        self.out, self.folder, self.homes = out, folder, dict(homes or {})
        self._last: tuple[Path, Image.Image | None] | None = None

    def thumbnail(self, name: str, key: str) -> bytes | None:
        """Give panel one, the frame."""
        return self._panel(name, key, _FRAME_PANEL)

    def overlay(self, name: str, key: str) -> bytes | None:
        """Give panel four, trunks and branches on the dimmed frame."""
        return self._panel(name, key, _TRUNKS_PANEL)

    def address(self, name: str, key: str) -> str | None:
        """Give the overlay's address relative to the page, or None where it is missing."""
        path = self._path(name, key)
        if not path.is_file():
            return None
        return link(Path(os.path.relpath(path, self.out)).as_posix())

    def file(self, path: str) -> bytes | None:
        """Give a picture below the run's folder, made small; nothing of what lies elsewhere."""
        try:
            whole = (self.out / path).resolve()
            inside = whole.is_relative_to(self.out.resolve())
        except (OSError, ValueError):
            return None
        picture = _opened(whole) if inside else None
        return None if picture is None else small_jpeg(picture, EXAMPLE_PX)

    def _path(self, name: str, key: str) -> Path:
        return self.homes.get(name, self.out) / self.folder / name / "overlays" / f"{key}.png"

    def _sheet(self, path: Path) -> Image.Image | None:
        """Open a sheet; the last one is kept, since its frame and its overlay are asked for in turn."""
        if self._last is None or self._last[0] != path:
            self._last = (path, _opened(path))
        return self._last[1]

    def _panel(self, name: str, key: str, panel: int) -> bytes | None:
        picture = self._sheet(self._path(name, key))
        found = None if picture is None else panel_box(np.asarray(picture), panel)
        return None if picture is None or found is None else small_jpeg(picture.crop(found))


def _opened(path: Path) -> Image.Image | None:
    from PIL import Image

    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError):  # SyntaxError: Pillow's word for a broken PNG
        return None


def panel_box(sheet: Pixels, panel: int) -> tuple[int, int, int, int] | None:
    """Find a panel on a sheet that :func:`ccmeval.report.overlay.draw_overlay` drew.

    The sheet's background is bluish and no pixel of a grey frame is, so the first panel is the first long
    run of rows without background at the left margin; the others follow at equal steps.

    Parameters
    ----------
    sheet : uint8 array (H, W, 3)
    panel : int
        0 to 5, in reading order.

    Returns
    -------
    (int, int, int, int) or None
        Left, top, right, bottom; None where the sheet is not such a one.

    Examples
    --------
    >>> panel_box(np.zeros((5, 5, 3), dtype=np.uint8), 0) is None
    True
    """
    if sheet.shape[1] <= MARGIN_PX + _SMALLEST_PX:
        return None
    paper = _is_paper(sheet[:, MARGIN_PX : MARGIN_PX + _RIM_PX])
    tall = [run for run in _runs(~np.logical_or.reduce(paper, axis=1)) if run[1] - run[0] >= _SMALLEST_PX]
    if not tall:
        return None
    top, bottom = tall[0]
    across = [run for run in _runs(~_is_paper(sheet[top])) if run[1] - run[0] >= _SMALLEST_PX]
    columns, step = len(across), bottom - top + CAPTION_PX + MARGIN_PX
    row, column = divmod(panel, columns) if columns else (0, 0)
    if columns not in (1, 2, 3, 6) or top + row * step + (bottom - top) > sheet.shape[0]:
        return None
    return across[column][0], top + row * step, across[column][1], bottom + row * step


def _is_paper(pixels: Pixels) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = np.all(pixels == np.array(BACKGROUND, dtype=np.uint8), axis=-1)
    return same


def _runs(wanted: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wanted.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def small_jpeg(picture: Image.Image, side_px: int = THUMBNAIL_PX) -> bytes:
    r"""Shrink a picture and write it as JPEG.

    Examples
    --------
    >>> from PIL import Image
    >>> small_jpeg(Image.new("RGB", (500, 400)))[:2]
    b'\xff\xd8'
    """
    from PIL import Image

    scale = side_px / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
