"""True nerve masks of the test frames at their native scale, kept in files for the worker processes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.report.files import replacing


@dataclass(frozen=True)
class NativeTruth:
    """What a predicted frame is counted against.

    Attributes
    ----------
    mask : bool array (H, W)
    pixel_size_um : float
        Side of a pixel of `mask`.
    imaged : bool array (H, W) or None
        Where the frame was imaged; None means everywhere.
    """

    mask: BoolArray
    pixel_size_um: float
    imaged: BoolArray | None = None


def keep_truth(folder: Path, truth: NativeTruth) -> str:
    """Write a truth into a file named after its content.

    Returns
    -------
    str
        The hash of the content, for :class:`Truths` and for the `more` of
        :func:`ccmeval.utility.portions.frame_digests`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    mask = np.asarray(truth.mask, dtype=bool)
    imaged = np.ones(0, dtype=bool) if truth.imaged is None else np.asarray(truth.imaged, dtype=bool)
    if imaged.size and imaged.shape != mask.shape:
        raise ValueError("A mask and its imaged area must be of one shape.")
    bits = {"mask": np.packbits(mask), "imaged": np.packbits(imaged)}
    data = io.BytesIO()
    np.savez_compressed(
        data,
        mask=bits["mask"],
        imaged=bits["imaged"],
        shape=np.asarray(mask.shape),
        pixel_size_um=np.float64(truth.pixel_size_um),
    )
    content = repr((mask.shape, float(truth.pixel_size_um), imaged.size)).encode()
    digest = hashlib.sha256(content + bits["mask"].tobytes() + bits["imaged"].tobytes()).hexdigest()
    path = folder / f"{digest}.npz"
    if not path.is_file():
        with replacing(path) as partial:
            partial.write_bytes(data.getvalue())
    return digest


@dataclass(frozen=True)
class Truths:
    """The truths of a pool's rows, read one at a time.

    Attributes
    ----------
    folder : pathlib.Path
    digests : mapping of int to str
        From :func:`keep_truth`, by the row of the pool.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> digest = keep_truth(folder, NativeTruth(np.eye(3, dtype=bool), 1.5))
    >>> found = Truths(folder, {7: digest})(7)
    >>> int(found.mask.sum()), found.pixel_size_um, found.imaged is None
    (3, 1.5, True)
    """

    folder: Path
    digests: Mapping[int, str]

    def __call__(self, row: int) -> NativeTruth:
        """Read the truth of a row.

        Raises
        ------
        KeyError, OSError, ValueError
            If the row has none, or its file is gone or damaged.
        """
        with np.load(self.folder / f"{self.digests[row]}.npz", allow_pickle=False) as held:
            shape = tuple(int(side) for side in held["shape"])
            mask = _unpacked(held["mask"], shape)
            imaged = _unpacked(held["imaged"], shape) if held["imaged"].size else None
            return NativeTruth(mask, float(held["pixel_size_um"]), imaged)


def _unpacked(bits: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> BoolArray:
    count = int(np.prod(shape))
    found: BoolArray = np.unpackbits(bits, count=count).astype(bool).reshape(shape)
    return found
