"""Biomarkers and mask adherence of the frames of a generated set, side by side over processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.wanted import WantedFrame
from ccmeval.options import DEFAULT_SEGMENTER
from ccmeval.utility.learning import StepProgress, no_progress

ADHERENCE = ("length_recall", "hallucinated_length", "cl_dice", "branch_point_recall")
"""Of :class:`ccmeval.preservation.schema.AdherenceFrame`."""


@dataclass(frozen=True)
class FrameValues:
    """What was measured in one frame.

    Attributes
    ----------
    name : str
    diagnosis : str
    index : int
        Frames of one index have the same mask and seed.
    unit : str
        What counts as independent: the mask's subject, the mask, or the index where there is no mask.
    values : dict of str to float
        Biomarkers by column and adherence by measure; NaN where undefined.
    reason : str
        Why nothing could be measured; empty otherwise.
    """

    name: str
    diagnosis: str
    index: int
    unit: str
    values: dict[str, float] = field(default_factory=dict)
    reason: str = ""


def measure_frames(
    root: Path,
    wanted: Sequence[WantedFrame],
    frame_format: FrameFormat,
    *,
    segmenter: str = DEFAULT_SEGMENTER,
    jobs: int | None = None,
    progress: StepProgress = no_progress,
) -> list[FrameValues]:
    """Measure frames as they lie in the folder.

    Parameters
    ----------
    root : pathlib.Path
        Of the generated set.
    wanted : sequence of WantedFrame
        With a diagnosis each.
    frame_format : FrameFormat
    segmenter : str
        Plug-in that finds the nerves.
    jobs : int, optional
        Processes; one a core by default. Their number changes no value.
    progress : callable

    Returns
    -------
    list of FrameValues
        In the order of `wanted`.

    Raises
    ------
    UnavailableError
        If there is no such segmenter.
    """
    from joblib import Parallel, delayed

    from ccmeval.batch.processes import usable_cores
    from ccmeval.measurement.nerve_source import load_segmenter
    from ccmeval.settings import RunSettings

    load_segmenter(RunSettings(segmenter=segmenter))  # a missing one is found out at once
    task = partial(_measured, root, pixel_size_um=frame_format.pixel_size_um, segmenter=segmenter)
    parallel = Parallel(n_jobs=min(jobs or usable_cores(), max(len(wanted), 1)), return_as="generator")
    found: list[FrameValues] = []
    for one in parallel(delayed(task)(frame) for frame in wanted):
        found.append(one)
        progress("Measuring", len(found), len(wanted))
    return found


def _measured(root: Path, wanted: WantedFrame, *, pixel_size_um: float, segmenter: str) -> FrameValues:
    unit = wanted.mask.unit if wanted.mask is not None else f"seed {wanted.index}"
    told = FrameValues(wanted.name, wanted.diagnosis or "", wanted.index, unit)
    try:
        values = _values(root / wanted.frame_path, root / wanted.mask_path, pixel_size_um, segmenter)
    except CcmevalError as error:
        return FrameValues(told.name, told.diagnosis, told.index, unit, reason=str(error))
    return FrameValues(told.name, told.diagnosis, told.index, unit, values)


def _values(frame: Path, mask: Path, pixel_size_um: float, segmenter: str) -> dict[str, float]:
    from ccmeval.measurement.measure import measure
    from ccmeval.preservation.adherence import adherence
    from ccmeval.report.pictures import draw_centre_lines

    found = measure(frame, pixel_size_um=pixel_size_um, segmenter=segmenter)
    values = dict(found.biomarkers)
    if not mask.is_file():
        return values
    shape = (found.mask.shape[0], found.mask.shape[1])
    line = draw_centre_lines(found.graph, shape, pixel_size_um)  # as the pillars do
    held = adherence(found.mask, line, _read_mask(mask), pixel_size_um, found.frame.imaged)
    told = {name: getattr(held, name) for name in ADHERENCE}
    return {**values, **{name: float("nan") if it is None else float(it) for name, it in told.items()}}


def _read_mask(path: Path) -> BoolArray:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L")) > 0
