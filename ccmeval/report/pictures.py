"""The pictures of a frame: masks, skeletons, overlays, as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.report.files import replacing

if TYPE_CHECKING:
    from PIL import Image


def write_png(path: Path, picture: npt.NDArray[Any] | Image.Image) -> None:
    """Write a picture; a kill at any moment leaves the old file, the new one or none.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.
    picture : bool or uint8 array (H, W), uint8 array (H, W, 3), or Pillow image
        Bools are written with one bit a pixel, black and white.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    from PIL import Image

    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)  # bools give one bit a pixel: a third of the time of bytes
    with replacing(path) as partial:
        # Level 1: a third of the time of the default for files a few percent larger.
        picture.save(partial, format="png", compress_level=1)


def draw_centre_lines(graph: NerveGraph, shape: tuple[int, int], pixel_size_um: float) -> BoolArray:
    """Draw the paths of a nerve graph as lines one pixel wide.

    This is the skeleton that was measured, after spurs and split junctions were mended.

    Parameters
    ----------
    graph : NerveGraph
        Paths in micrometres.
    shape : (int, int)
        Height and width in pixels.
    pixel_size_um : float
        Side of a pixel.

    Returns
    -------
    bool array (H, W)

    Examples
    --------
    >>> from ccmeval.morphometry.graph import Edge, Node
    >>> path = np.array([[0.5, 0.5], [0.5, 2.5]])
    >>> nodes = [Node((0.5, 0.5), "end"), Node((0.5, 2.5), "end")]
    >>> draw_centre_lines(NerveGraph(nodes, [Edge(0, 1, path, 2.0)], (2.0, 3.0), 6e-6, 0.0), (2, 3), 1.0)
    array([[ True,  True,  True],
           [False, False, False]])
    """
    from PIL import Image, ImageDraw

    height, width = shape
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    for edge in graph.edges:
        pixels = np.floor(edge.path_um / pixel_size_um).astype(int)
        pixels = np.clip(pixels, 0, (height - 1, width - 1))
        draw.line(pixels[:, ::-1].ravel().tolist(), fill=255, width=1)
    drawn: BoolArray = np.asarray(picture) > 0
    return drawn
