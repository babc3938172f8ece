"""From one frame to its biomarkers, in memory: `ccmeval.measure`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.cohort.record import Frame, Record
from ccmeval.cohort.standardise import standardise
from ccmeval.measurement.frame_source import as_frame
from ccmeval.measurement.nerve_source import (
    Nerves,
    at_common_scale,
    checked_segmenter,
    given_nerves,
    known_path,
    load_segmenter,
    segmented_nerves,
)
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.nerves.segmentation import Segmentation
from ccmeval.settings import RunSettings

if TYPE_CHECKING:
    from ccmeval.morphometry import Trunks
    from ccmeval.plugins import Segmenter


@dataclass(frozen=True)
class Measurement:
    """What was measured in one frame.

    Attributes
    ----------
    frame : Frame
        The frame with its pixel size and imaged area.
    mask : bool array (H, W)
        Nerve pixels: found by the segmenter, or given; a given trace is its own mask.
    mask_source : str
        Where the mask comes from, e.g. ``"ridge 1"`` or ``"given trace"``.
    graph : NerveGraph
        The nerves as a graph.
    trunks : Trunks
        Which of them are main trunks.
    biomarkers : dict of str to float
        By column of :data:`ccmeval.morphometry.definitions.COLUMNS`; NaN where undefined.
    counts : dict of str to int
        ``trunks``, ``trunk_branch_points``, ``branch_points``, ``pieces`` (connected nerve pieces).
    quality_flags : list of str
        Why the frame may be unfit to judge; empty for a good one.
    notes : list of str
        What was done to read the frame and its mask or trace.
    segmentation : Segmentation or None
        What the segmenter gave, where one was used.
    """

    frame: Frame
    mask: BoolArray
    mask_source: str
    graph: NerveGraph
    trunks: Trunks
    biomarkers: dict[str, float]
    counts: dict[str, int]
    quality_flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    segmentation: Segmentation | None = None


def measure(
    frame: Frame | npt.NDArray[Any] | str | Path,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    segmenter: str | Segmenter | None = None,
    mask: npt.NDArray[Any] | str | Path | None = None,
    trace: npt.NDArray[Any] | str | Path | None = None,
    settings: RunSettings | None = None,
) -> Measurement:
    """Measure the biomarkers of one frame.

    Parameters
    ----------
    frame : array (H, W), path, or Frame
        Grey levels as float in [0, 1], uint8 or uint16 (divided by the largest value of their
        type), the path of a picture, or a frame that was read already.
    pixel_size_um, field_of_view_um : float, optional
        Side of a pixel, or width of the whole frame, in micrometres. Needed for an array that is not
        384 x 384 (HRT3-RCM, 400 um) and for a file that does not tell; a `Frame` has its own.
    segmenter : str or Segmenter, optional
        Name of a plug-in, or the segmenter itself; by default the settings' one, which is ``phantom-net``.
        Not used where a mask or trace is given.
    mask, trace : array (H, W) or path, optional
        Known nerve mask, or one-pixel centre-line trace (not both), of the frame's size before it is
        resampled or cropped: True, or any one value above zero, on the nerves. A trace has no width:
        widths, CNFW and CNFA are NaN.
    settings : RunSettings, optional
        Settings of the rooms; what is given beside it wins.

    Returns
    -------
    Measurement

    Raises
    ------
    UnreadableFrameError
        If the file is no usable frame, or the array has no two dimensions.
    UnknownPixelSizeError
        If nobody tells the pixel size.
    UnavailableError
        If there is no such segmenter.
    SegmenterError
        If the segmenter fails, or gives something else than its contract says.
    ValueError
        If mask and trace are both given, or a pixel size for a `Frame`, which has its own.

    Examples
    --------
    >>> import numpy as np
    >>> frame = np.full((384, 384), 0.2, dtype=np.float32)
    >>> mask = np.zeros((384, 384), dtype=bool)
    >>> mask[:, 190:194] = True
    >>> found = measure(frame, mask=mask)
    >>> round(found.biomarkers["cnfl_mm_per_mm2"], 2), found.counts["trunks"]
    (2.5, 1)
    """
    if mask is not None and trace is not None:
        raise ValueError("Give a mask or a trace, not both.")
    settings = settings or RunSettings()
    if isinstance(segmenter, str):
        settings = settings.with_segmenter(segmenter)
    if isinstance(frame, Frame) and (pixel_size_um is not None or field_of_view_um is not None):
        raise ValueError(
            f"This Frame has its pixel size already ({frame.pixel_size_um:g} um); give no other."
        )
    if pixel_size_um is None and field_of_view_um is None:
        pixel_size_um, field_of_view_um = settings.pixel_size_um, settings.field_of_view_um
    read = as_frame(frame, pixel_size_um, field_of_view_um, settings)
    given = mask if mask is not None else trace
    if given is not None:
        nerves = given_nerves(given, read, "mask" if mask is not None else "trace", settings=settings)
        return _measured(*at_common_scale(read, nerves, settings.scale), settings)
    by_name = segmenter is None or isinstance(segmenter, str)
    finder = load_segmenter(settings) if by_name else checked_segmenter(segmenter)
    read = read if settings.scale is None else standardise(read, settings.scale)
    return _measured(read, segmented_nerves(read, finder), settings)


def measure_record(record: Record, settings: RunSettings) -> Measurement:
    """Measure a record of a cohort as the settings say.

    Parameters
    ----------
    record : Record
        Where the frame is and what is known of it.
    settings : RunSettings
        All settings.

    Returns
    -------
    Measurement

    Raises
    ------
    CcmevalError
        If the frame or its mask cannot be used; the sentence becomes the row's reason.
    """
    from ccmeval.cohort import read_frame

    known = known_path(record, settings)
    frame = read_frame(
        record,
        pixel_size_um=settings.pixel_size_um,
        field_of_view_um=settings.field_of_view_um,
        settings=settings.part("reading"),
    )
    if known is None:
        frame = frame if settings.scale is None else standardise(frame, settings.scale)
        return _measured(frame, segmented_nerves(frame, load_segmenter(settings)), settings)
    nerves = given_nerves(known[1], frame, known[0], page=record.page, settings=settings)
    return _measured(*at_common_scale(frame, nerves, settings.scale), settings)


_OF_WIDTH = ("mean_width_um", "cnfw_um_per_mm2", "cnfa_mm2_per_mm2")
"""Biomarkers that a one-pixel trace says nothing about."""


def _measured(frame: Frame, nerves: Nerves, settings: RunSettings) -> Measurement:
    from ccmeval.morphometry import compute_biomarkers, find_trunks, nerve_graph
    from ccmeval.quality import quality_flags

    rules = settings.part("morphometry")
    graph = nerve_graph(
        nerves.mask,
        pixel_size_um=frame.pixel_size_um,
        centre_line=nerves.centre_line,
        imaged=frame.imaged,
        frame=frame.pixels,
        width_um=nerves.width_um,
        settings=rules,
    )
    trunks = find_trunks(graph, rules)
    values = compute_biomarkers(graph, trunks, settings=rules)
    if nerves.is_trace:
        values.update(dict.fromkeys(_OF_WIDTH, float("nan")))
    flags = quality_flags(
        frame.pixels,
        frame.imaged,
        nerve_length_mm_per_mm2=values["cnfl_mm_per_mm2"],
        pixel_size_um=frame.pixel_size_um,
        settings=settings.part("quality"),
    )
    return Measurement(
        frame=frame,
        mask=nerves.mask,
        mask_source=nerves.source,
        graph=graph,
        trunks=trunks,
        biomarkers=values,
        counts=_counts(graph, trunks),
        quality_flags=list(flags),
        notes=[*frame.notes, *nerves.notes],
        segmentation=nerves.segmentation,
    )


def _counts(graph: NerveGraph, trunks: Trunks) -> dict[str, int]:
    """Count what the densities are made of."""
    return {
        "trunks": int(trunks.count),
        "trunk_branch_points": len(trunks.branch_nodes),
        "branch_points": sum(node.kind == "branch point" for node in graph.nodes),
        "pieces": _count_pieces(graph),
    }


def _count_pieces(graph: NerveGraph) -> int:
    """Count connected nerve pieces."""
    if not graph.edges:
        return 0
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    starts = [edge.start for edge in graph.edges]
    ends = [edge.end for edge in graph.edges]
    links = coo_array((np.ones(len(starts)), (starts, ends)), shape=(len(graph.nodes), len(graph.nodes)))
    _, labels = connected_components(links, directed=False)
    return len(np.unique(labels[starts]))
