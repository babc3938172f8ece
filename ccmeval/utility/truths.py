"""True nerve masks of the test frames at their native scale, kept in files for the worker processes."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval import __version__
from ccmeval.arrays import BoolArray
from ccmeval.report.files import OutputError, replacing

if TYPE_CHECKING:
    from ccmeval.utility.segmentation_counts import MaskedFrame

_PLANES = ("mask", "line", "imaged", "near_line")
_NUMBERS = ("cnfl_mm_per_mm2", "pixel_size_um", "tolerance_um")


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

    def masked(self, row: int, tolerance_um: float) -> MaskedFrame:
        """Give the truth of a row with its centre line and CNFL.

        Finding these costs as much as counting a prediction, so the first that asks keeps them beside the
        mask for all other units.

        Raises
        ------
        KeyError, OSError, ValueError
            As above.
        """
        path = self.folder / f"{self.digests[row]}.{__version__}.{tolerance_um!r}um.npz"
        with suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return _read_masked(path)
        from ccmeval.utility.segmentation_counts import masked_frame

        truth = self(row)
        found = masked_frame(truth.mask, truth.pixel_size_um, tolerance_um, truth.imaged)
        with suppress(OutputError):  # the next one finds them again
            _keep_masked(path, found)
        return found


def _keep_masked(path: Path, frame: MaskedFrame) -> None:
    held: dict[str, Any] = {name: np.packbits(getattr(frame, name)) for name in _PLANES}
    held |= {name: np.float64(getattr(frame, name)) for name in _NUMBERS}
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, shape=np.asarray(frame.mask.shape), **held)


def _read_masked(path: Path) -> MaskedFrame:
    from ccmeval.utility.segmentation_counts import MaskedFrame

    with np.load(path, allow_pickle=False) as held:
        shape = tuple(int(side) for side in held["shape"])
        facts: dict[str, Any] = {name: _unpacked(held[name], shape) for name in _PLANES}
        facts |= {name: float(held[name]) for name in _NUMBERS}
        return MaskedFrame(**facts)


def _unpacked(bits: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> BoolArray:
    count = int(np.prod(shape))
    found: BoolArray = np.unpackbits(bits, count=count).astype(bool).reshape(shape)
    return found
