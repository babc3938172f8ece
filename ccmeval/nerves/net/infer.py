"""Running the network with onnxruntime: whole frames, and mosaics in overlapping tiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.nerves.net.inputs import STRIDE

WEIGHTS = Path(__file__).with_name("weights") / "phantom_net.onnx"
"""The weights that ccmeval ships."""

TILE_PX, MARGIN_PX = 768, 128
"""Largest side that is run in one piece, and how far tiles see beyond their own part."""


@dataclass(frozen=True)
class Maps:
    """What the network says of a frame.

    Attributes
    ----------
    logits : float32 array (C, H, W)
        Of the probability that a nerve's centre line is here, by visibility cut-off.
    log_width : float32 array (H, W)
        Logarithm of the width in pixels that a nerve here would have.
    """

    logits: FloatArray
    log_width: FloatArray


class Network:
    """A network read from an ONNX file.

    Parameters
    ----------
    path : Path
    threads : int
        Threads of one frame; frames are better shared out among processes.

    Raises
    ------
    UnavailableError
        If onnxruntime is not installed, or the file is missing or damaged.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self.session = runtime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own errors share no base class
            raise UnavailableError(
                f"The network {path} cannot be read ({error}); install ccmeval again or give another file."
            ) from error
        self.facts = dict(self.session.get_modelmeta().custom_metadata_map)
        self._input = self.session.get_inputs()[0].name

    def run(self, inputs: FloatArray, *, flips: bool = False) -> Maps:
        """Run the network over a frame of any size.

        Parameters
        ----------
        inputs : float32 array (2, H, W)
            See :func:`ccmeval.nerves.net.inputs.network_input`.
        flips : bool
            Average over the frame and its mirror images: four times the time.

        Returns
        -------
        Maps
        """
        turns = [(), (1,), (2,), (1, 2)] if flips else [()]
        total = sum(np.flip(self._tiled(np.flip(inputs, axes)), axes) for axes in turns)
        made = np.asarray(total / np.float32(len(turns)), dtype=np.float32)
        return Maps(made[:-1], made[-1])

    def _tiled(self, inputs: FloatArray) -> FloatArray:
        height, width = inputs.shape[1:]
        if max(height, width) <= TILE_PX:
            return self._piece(inputs)
        whole: FloatArray | None = None
        for top, bottom in _parts(height):
            for left, right in _parts(width):
                above, aside = max(top - MARGIN_PX, 0), max(left - MARGIN_PX, 0)
                seen = inputs[:, above : bottom + MARGIN_PX, aside : right + MARGIN_PX]
                made = self._piece(seen)[:, top - above : bottom - above, left - aside : right - aside]
                if whole is None:
                    whole = np.empty((len(made), height, width), dtype=np.float32)
                whole[:, top:bottom, left:right] = made
        assert whole is not None
        return whole

    def _piece(self, inputs: FloatArray) -> FloatArray:
        height, width = inputs.shape[1:]
        more = [(0, -size % STRIDE) for size in (height, width)]
        padded = np.pad(inputs, ((0, 0), *more), mode="edge")
        made = self.session.run(None, {self._input: np.ascontiguousarray(padded[None])})[0][0]
        return np.asarray(made[:, :height, :width])


def _parts(length: int) -> list[tuple[int, int]]:
    """Cut a side into parts of equal length whose tiles, margins included, are not too large."""
    count = -(-length // (TILE_PX - 2 * MARGIN_PX)) if length > TILE_PX else 1
    # At multiples of the stride, so that every tile lies on the same grid as the whole.
    cuts = [round(k * length / count / STRIDE) * STRIDE for k in range(count)] + [length]
    return list(pairwise(cuts))


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise UnavailableError(
            "The segmenter phantom-net needs onnxruntime; install ccmeval again."
        ) from error
    return onnxruntime


@lru_cache(maxsize=2)
def load_network(path: Path = WEIGHTS) -> Network:
    """Read a network once for all frames of a process."""
    return Network(path)
