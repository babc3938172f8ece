"""Where the nerves of a frame are: found by a segmenter, or given as a mask or a trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.record import Frame, Record
from ccmeval.cohort.standardise import ScaleLike, standardise, standardise_mask, standardise_trace
from ccmeval.errors import CcmevalError, UnavailableError, UnreadableFrameError
from ccmeval.nerves.segmentation import Segmentation
from ccmeval.settings import OF_SEGMENTER, RunSettings
from ccmeval.thinning import thin_mask

if TYPE_CHECKING:
    from ccmeval.plugins import Segmenter

Kind = Literal["mask", "trace"]


class MissingMaskError(CcmevalError):
    """A frame without the mask or trace that was to be used."""


class SegmenterError(CcmevalError):
    """A segmenter that fails, or gives something else than its contract says."""


@dataclass(frozen=True)
class Nerves:
    """The nerves of a frame, however they are known.

    Attributes
    ----------
    mask : bool array (H, W)
        Nerve pixels within the imaged area.
    source : str
        Where they come from, e.g. ``"ridge 1"`` or ``"given trace"``.
    centre_line : bool array (H, W), optional
        One-pixel centre line; without it the mask is skeletonised.
    width_um : float array (H, W), optional
        Width at the pixels of the centre line.
    segmentation : Segmentation, optional
        What the segmenter gave.
    is_trace : bool
        The mask is only a line, which says nothing of widths and areas.
    notes : sequence of str
        What was done to read it.
    """

    mask: BoolArray
    source: str
    centre_line: BoolArray | None = None
    width_um: FloatArray | None = None
    segmentation: Segmentation | None = None
    is_trace: bool = False
    notes: Sequence[str] = ()


def given_nerves(
    given: npt.NDArray[Any] | str | Path,
    frame: Frame,
    kind: Kind,
    *,
    page: int = 0,
    settings: RunSettings | None = None,
) -> Nerves:
    """Take the nerves from a given mask or trace.

    Parameters
    ----------
    given : array (H, W) or path
        Of an array, nerve pixels are those above zero, which must have one value and be the minority.
    frame : Frame
        Its frame.
    kind : {"mask", "trace"}
        What it is said to be. A mask of lines one pixel wide is a trace all the same.
    page : int
        Page of a file with several.
    settings : RunSettings, optional
        Limits of reading.

    Returns
    -------
    Nerves

    Raises
    ------
    UnreadableFrameError
        If it cannot be read, is no mask, or has another size than the frame.
    """
    from ccmeval.cohort import is_trace, read_mask

    notes: list[str] = []
    if isinstance(given, (str, Path)):
        reading = settings.part("reading") if settings is not None else None
        height, width = frame.pixels.shape
        name = f"The {kind} {Path(given).name}"
        mask, notes = read_mask(Path(given), (height, width), page=page, name=name, settings=reading)
    else:
        mask = _mask_of_array(np.asarray(given), frame.pixels.shape, kind)
    if kind == "mask" and is_trace(mask):
        kind = "trace"
        notes = [*notes, "The given mask has lines one pixel wide and is taken as a trace, without widths."]
    mask = mask & frame.imaged
    # Corners and joins of a hand-drawn trace may be two pixels wide.
    line = thin_mask(mask) if kind == "trace" else None
    return Nerves(mask, f"given {kind}", centre_line=line, is_trace=kind == "trace", notes=notes)


def at_common_scale(frame: Frame, nerves: Nerves, scale: ScaleLike | None) -> tuple[Frame, Nerves]:
    """Bring a frame and its given nerves to a common scale, where there is one.

    Returns
    -------
    tuple of Frame and Nerves
        Those given, where nothing is to do.
    """
    if scale is None:
        return frame, nerves
    standard = standardise(frame, scale)
    bring = standardise_trace if nerves.is_trace else standardise_mask
    mask = bring(nerves.mask, frame.pixel_size_um, scale) & standard.imaged
    line = thin_mask(mask) if nerves.is_trace else None
    return standard, replace(nerves, mask=mask, centre_line=line)


def _mask_of_array(array: npt.NDArray[Any], shape: tuple[int, ...], kind: Kind) -> BoolArray:
    if array.shape != shape:
        raise UnreadableFrameError(f"The {kind} has shape {array.shape}, its frame {shape}; they must agree.")
    mask: BoolArray = array > 0
    nerve = array[mask]
    if (array[~mask] != 0).any() or (nerve.size and (nerve != nerve[0]).any()):
        raise UnreadableFrameError(f"The {kind} must be 0 off the nerves and of one other value on them.")
    if mask.mean() > 0.5:
        raise UnreadableFrameError(f"More than half of the {kind} is nerve; if it is inverted, give ~{kind}.")
    return mask


def segmented_nerves(frame: Frame, segmenter: Segmenter) -> Nerves:
    """Find the nerves with a segmenter, which may be a stranger's.

    Raises
    ------
    SegmenterError
        If it fails, or what it gives does not fit the frame.
    """
    # Copies, as a stranger's code may work in place.
    imaged = None if frame.imaged.all() else frame.imaged.copy()
    try:
        given = segmenter.segment([frame.pixels.copy()], [frame.pixel_size_um], [imaged])
        found = _checked(given, frame.pixels.shape)
        mask = found.mask & frame.imaged
    except (CcmevalError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise SegmenterError(
            f"The segmenter {segmenter.name!r} fails ({type(error).__name__}: {error}); ask its makers,"
            " or use another one."
        ) from error
    return Nerves(
        mask=mask,
        source=f"{segmenter.name} {segmenter.version}",
        centre_line=found.centre_line,
        width_um=found.width_um,
        segmentation=found,
    )


def _checked(given: Any, shape: tuple[int, ...]) -> Segmentation:
    """Hold what a segmenter gave for one frame against its contract."""
    if not isinstance(given, (list, tuple)) or len(given) != 1 or not isinstance(given[0], Segmentation):
        raise TypeError("it must give a list of one Segmentation a frame")
    found: Segmentation = given[0]
    if found.probability.shape != shape:
        raise ValueError(f"it gave shape {found.probability.shape} for a frame of shape {shape}")
    if found.width_um is not None and bool(((found.width_um < 0) | np.isinf(found.width_um)).any()):
        raise ValueError("it gave widths below zero or infinite ones; unknown ones must be NaN")
    return found


def load_segmenter(settings: RunSettings) -> Segmenter:
    """Load the segmenter that the settings name; a process loads it once for all its frames.

    Raises
    ------
    UnavailableError
        If there is none of that name, or it cannot be loaded.
    """
    own = next((part for part, name in OF_SEGMENTER.items() if name == settings.segmenter), None)
    return _load(settings.segmenter, json.dumps(getattr(settings, own), sort_keys=True) if own else "")


def checked_segmenter(segmenter: Any) -> Segmenter:
    """Give back what is a segmenter.

    Raises
    ------
    UnavailableError
        If it is none.
    """
    from ccmeval.plugins import Segmenter as Contract

    if isinstance(segmenter, type) or not isinstance(segmenter, Contract):
        shown = segmenter.__name__ if isinstance(segmenter, type) else type(segmenter).__name__
        raise UnavailableError(
            f"{shown} is no segmenter, which is an object with a name, a version and segment(); give another."
        )
    return segmenter


@lru_cache(maxsize=4)
def _load(name: str, settings: str) -> Segmenter:
    if name == "ridge":
        from ccmeval.nerves.ridge import RidgeSegmenter, RidgeSettings

        return RidgeSegmenter(RidgeSettings.model_validate_json(settings))
    if name == "phantom-net":
        from ccmeval.nerves.phantom_net import NetSettings, PhantomNetSegmenter

        return PhantomNetSegmenter(NetSettings.model_validate_json(settings))
    from ccmeval.plugins import load

    return checked_segmenter(load("ccmeval.segmenters", name))


def known_path(record: Record, settings: RunSettings) -> tuple[Kind, Path] | None:
    """Give the mask or trace file to use for a record; None where the nerves are to be segmented.

    Raises
    ------
    MissingMaskError
        If masks or traces are to be used and this frame has none: it is not segmented instead.
    """
    if settings.nerves_from == "segmenter":
        return None
    kind: Kind = "mask" if settings.nerves_from == "masks" else "trace"
    path = record.mask if kind == "mask" else record.trace
    if path is None:
        folder = settings.masks or settings.traces
        where = f"in {folder}" if folder else "in the manifest or beside it"
        raise MissingMaskError(f"{record.frame} has no {kind} {where}; add one of the same stem.")
    return kind, path
