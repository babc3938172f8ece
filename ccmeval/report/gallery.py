"""Which overlays a page shows, and how they get into it.

Worst frames first (flagged, then farthest from their diagnosis's medians), then typical ones.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ccmeval.morphometry.definitions import PRIMARY
from ccmeval.report.schema import FrameRow

MOST_FLAGGED = 4
MOST_UNUSUAL = 3
MOST_TYPICAL = 5
"""Pictures of each kind; kinds that fall short leave their room to the typical ones."""

MOST_PICTURES = MOST_FLAGGED + MOST_UNUSUAL + MOST_TYPICAL

MOST_BYTES = 6_000_000
"""Of all pictures together, as they stand in the page."""

WIDEST_PX = 1200
"""An HRT3 frame's overlay is embedded at its own size, so that its small print stays readable."""

JPEG_QUALITY = 72
"""Chosen by eye: lines one pixel wide keep their colour; about 150 kB a picture."""

Kind = Literal["flagged", "unusual", "typical"]


@dataclass(frozen=True)
class Exhibit:
    """One picture of the gallery.

    Attributes
    ----------
    row : FrameRow
    kind : str
        Why it is shown.
    picture : str
        Data URI.
    width_px, height_px : int
    """

    row: FrameRow
    kind: Kind
    picture: str
    width_px: int
    height_px: int


def oddness(rows: Sequence[FrameRow]) -> npt.NDArray[np.float64]:
    """Measure how far each frame lies from the medians of the primary biomarkers.

    Parameters
    ----------
    rows : sequence of FrameRow

    Returns
    -------
    float array (N,)
        Root mean square of the distances in units of the median absolute deviation times 1.4826;
        a biomarker that is undefined or does not vary says nothing.

    Examples
    --------
    >>> rows = [FrameRow(frame=n, key=n, biomarkers={"cnfl_mm_per_mm2": v})
    ...         for n, v in zip("abcd", (10.0, 11.0, 12.0, 30.0))]
    >>> int(oddness(rows).argmax())
    3
    """
    table = np.array(
        [[_number(row.biomarkers.get(column)) for column in PRIMARY] for row in rows], dtype=float
    ).reshape(len(rows), len(PRIMARY))
    squares = np.zeros_like(table)
    for index in range(table.shape[1]):
        known = table[np.isfinite(table[:, index]), index]
        if known.size == 0:
            continue
        middle = float(np.median(known))
        scale = 1.4826 * float(np.median(np.abs(known - middle))) or float(np.std(known)) or 1.0
        squares[:, index] = np.nan_to_num(((table[:, index] - middle) / scale) ** 2, nan=0.0)
    distances: npt.NDArray[np.float64] = np.sqrt(squares.mean(axis=1))
    return distances


def choose(rows: Sequence[FrameRow]) -> list[tuple[FrameRow, Kind]]:
    """Choose the frames to show, worst first.

    Parameters
    ----------
    rows : sequence of FrameRow
        Failed frames are left out: they have no overlay.

    Returns
    -------
    list of (FrameRow, str)
        At most :data:`MOST_PICTURES`.
    """
    measured = [row for row in rows if row.status == "measured"]
    if not measured:
        return []
    distance, rank = _within_diagnosis(measured)
    from_odd = [int(i) for i in np.argsort(-distance, kind="stable")]
    flagged = [i for i in from_odd if measured[i].quality_flags]
    flagged.sort(key=lambda i: -len(measured[i].quality_flags))
    unusual: list[int] = []
    if len(measured) > MOST_PICTURES:
        flagged = flagged[:MOST_FLAGGED]
        unusual = [i for i in from_odd if not measured[i].quality_flags][:MOST_UNUSUAL]
    taken = {*flagged, *unusual}
    rest = [i for i in range(len(measured)) if i not in taken]
    # Frames without flags first: they show what the tool does at its best. Diagnoses take turns.
    rest.sort(key=lambda i: (bool(measured[i].quality_flags), rank[i], distance[i]))
    typical = rest[: MOST_PICTURES - len(taken)]
    chosen: list[tuple[FrameRow, Kind]] = [(measured[i], "flagged") for i in flagged]
    chosen += [(measured[i], "unusual") for i in unusual]
    return chosen + [(measured[i], "typical") for i in typical]


def _within_diagnosis(
    rows: Sequence[FrameRow],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Give each frame's distance from its own diagnosis's medians, and its place by that distance."""
    distance, rank = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
    for diagnosis in dict.fromkeys(row.diagnosis for row in rows):
        members = np.array([i for i, row in enumerate(rows) if row.diagnosis == diagnosis])
        distance[members] = oddness([rows[i] for i in members])
        rank[members[np.argsort(distance[members], kind="stable")]] = np.arange(len(members))
    return distance, rank


def exhibits(rows: Sequence[FrameRow], overlays: Path) -> list[Exhibit]:
    """Read and shrink the overlays of the chosen frames.

    Parameters
    ----------
    rows : sequence of FrameRow
    overlays : pathlib.Path
        Folder of ``KEY.png``; a missing or broken picture is left out.

    Returns
    -------
    list of Exhibit
        At most :data:`MOST_BYTES` together.
    """
    found: list[Exhibit] = []
    room = MOST_BYTES
    for row, kind in choose(rows):
        shown = _embed(overlays / f"{row.key}.png")
        if shown is None or len(shown[0]) > room:
            continue
        room -= len(shown[0])
        found.append(Exhibit(row, kind, *shown))
    return found


def _embed(path: Path) -> tuple[str, int, int] | None:
    from PIL import Image

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError):  # SyntaxError: Pillow's word for a broken PNG
        return None
    if picture.width > WIDEST_PX:
        height = round(picture.height * WIDEST_PX / picture.width)
        picture = picture.resize((WIDEST_PX, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    coded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/jpeg;base64,{coded}", picture.width, picture.height


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
