"""One phantom: anatomy, raster and optics together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.morphometry.graph import Edge, NerveGraph
from ccmeval.phantom.anatomy import Plan, draw_plexus, lessened
from ccmeval.phantom.assemble import DrawnNerve, build_graph, finish_curves
from ccmeval.phantom.diagnoses import Subject, draw_plan, draw_subject
from ccmeval.phantom.optics import Rendered, render
from ccmeval.phantom.raster import Raster, coverage, draw_trace, rasterise
from ccmeval.phantom.settings import PhantomSettings
from ccmeval.phantom.truth import exact_biomarkers, exact_trunks, unambiguous
from ccmeval.phantom.wiggle import draw_wiggle

_ATTEMPTS = 25
"""Drawings tried before a plan is given one branch point less."""

_AREA_GRID_UM = 1.1
"""Coarsest grid on which the nerve area is integrated: 0.04 % too small on average, 0.1 % at most."""


@dataclass(frozen=True)
class Anatomy:
    """The exact plexus of one frame, before any optics.

    Attributes
    ----------
    nerves : list of DrawnNerve
    graph : NerveGraph
    drawn : Raster
        The nerves on the pixel grid; its `mask` is the exact mask.
    plan : Plan
        As realised.
    """

    nerves: list[DrawnNerve]
    graph: NerveGraph
    drawn: Raster
    plan: Plan


@dataclass(frozen=True)
class Phantom:
    """A frame with its exact ground truth.

    Attributes
    ----------
    frame : float32 array (H, W), in [0, 1]
        In steps of 1/255, as the HRT3 stores it.
    mask, trace : bool array (H, W)
        Exact nerve mask and one-pixel centre line.
    graph : NerveGraph
        Exact curves.
    pixel_size_um : float
    diagnosis : str
    plan : Plan
        What it holds.
    beads : int
        Number of beads drawn.
    """

    frame: FloatArray
    mask: BoolArray
    trace: BoolArray
    graph: NerveGraph
    pixel_size_um: float
    diagnosis: str
    plan: Plan
    beads: int = field(default=0)

    @cached_property
    def biomarkers(self) -> dict[str, float]:
        """Exact biomarkers, computed from the curves and never from pixels."""
        return exact_biomarkers(self.graph, self.beads)


def draw_anatomy(rng: np.random.Generator, plan: Plan, settings: PhantomSettings) -> Anatomy:
    """Draw the exact plexus of a plan.

    A drawing whose trunks by the rule of :func:`ccmeval.morphometry.find_trunks`, in any of its
    :data:`ccmeval.phantom.truth.RULES`, are not the planned ones is thrown away: the truth of a phantom
    must not hang on a threshold. With `keep_disputable` it is kept, and its truth is the rule's word.

    Parameters
    ----------
    rng : numpy.random.Generator
    plan : Plan
    settings : PhantomSettings

    Returns
    -------
    Anatomy
        Its `plan` differs from the given one where the branch points, or in very small frames the
        trunks, found no room.
    """
    anatomy = settings.anatomy
    while True:
        for attempt in range(_ATTEMPTS):
            wiggle = draw_wiggle(rng, settings.value(rng, "wiggle_um"))
            before = replace(plan, length_um=plan.length_um / wiggle.lengthening)
            plexus = draw_plexus(rng, before, settings.shape_um, anatomy)
            if plexus is None:
                continue
            nerves = finish_curves(plexus, rng, plan.mean_width_um, anatomy, wiggle)
            graph = build_graph(nerves, settings.shape_um)
            # A whorl has no planned trunks, and in tiny frames any fibre may run through.
            tiny = plan.trunks == plan.branch_points == 0 and attempt == _ATTEMPTS - 1
            if anatomy.whorl or anatomy.keep_disputable or tiny:
                found = exact_trunks(graph)
                plan = replace(plan, trunks=found.count, branch_points=len(found.branch_nodes))
                return _rasterised(nerves, graph, plan, settings)
            if unambiguous(graph, plan.trunks, plan.branch_points):
                return _rasterised(nerves, graph, plan, settings)
        plan = lessened(plan)


def _rasterised(
    nerves: list[DrawnNerve], graph: NerveGraph, plan: Plan, settings: PhantomSettings
) -> Anatomy:
    curves = [nerve.points_um for nerve in nerves]
    widths = [nerve.width_um for nerve in nerves]
    drawn = rasterise(curves, widths, settings.shape_px, settings.pixel_size_um)
    # The area is the curves', whatever the frame's pixels: coarse ones are divided.
    parts = max(int(np.ceil(settings.pixel_size_um / _AREA_GRID_UM)), 1)
    fine, step = drawn, settings.pixel_size_um / parts
    if parts > 1:
        height, width = settings.shape_px
        fine = rasterise(curves, widths, (height * parts, width * parts), step)
    area = float(coverage(fine, step).sum()) * step**2 * 1e-6
    return Anatomy(nerves, replace(graph, nerve_area_mm2=area), drawn, plan)


def make_phantom(
    rng: np.random.Generator,
    *,
    diagnosis: str = "Control",
    subject: Subject | None = None,
    settings: PhantomSettings | None = None,
) -> Phantom:
    """Make one frame with exact ground truth.

    Parameters
    ----------
    rng : numpy.random.Generator
    diagnosis : {"Control", "T1NoDPN", "T1DPN"}
    subject : Subject, optional
        Whose frame it is; without one, a new subject of the diagnosis is drawn.
    settings : PhantomSettings, optional
        HRT3-RCM by default: 384 x 384 px, 400 um.

    Returns
    -------
    Phantom

    Examples
    --------
    >>> import numpy as np
    >>> phantom = make_phantom(np.random.default_rng(1))
    >>> phantom.frame.shape, phantom.mask.shape
    ((384, 384), (384, 384))
    """
    settings = settings or PhantomSettings()
    subject = subject or draw_subject(rng, diagnosis)
    plan = draw_plan(rng, subject, settings.area_mm2)
    anatomy = draw_anatomy(rng, plan, settings)
    return image_anatomy(rng, anatomy, subject.diagnosis, settings)


def image_anatomy(
    rng: np.random.Generator, anatomy: Anatomy, diagnosis: str, settings: PhantomSettings
) -> Phantom:
    """Image a plexus that is drawn already; with another generator, the same nerves look different.

    Parameters
    ----------
    rng : numpy.random.Generator
    anatomy : Anatomy
    diagnosis : str
        Written into the phantom.
    settings : PhantomSettings

    Returns
    -------
    Phantom
    """
    seen = render(rng, anatomy.nerves, anatomy.drawn, settings)
    graph = replace(anatomy.graph, edges=[_imaged(edge, seen, settings) for edge in anatomy.graph.edges])
    trace = draw_trace(
        [nerve.points_um for nerve in anatomy.nerves], settings.shape_px, settings.pixel_size_um
    )
    beads = sum(nerve.beads for nerve in anatomy.nerves)
    return Phantom(
        seen.frame,
        anatomy.drawn.mask,
        trace,
        graph,
        settings.pixel_size_um,
        diagnosis,
        anatomy.plan,
        beads,
    )


def _imaged(edge: Edge, seen: Rendered, settings: PhantomSettings) -> Edge:
    """Give an edge its noiseless mean grey level and contrast along the centre line."""
    pixels = np.floor(edge.path_um / settings.pixel_size_um).astype(int)
    rows = np.clip(pixels[:, 0], 0, settings.shape_px[0] - 1)
    columns = np.clip(pixels[:, 1], 0, settings.shape_px[1] - 1)
    level = float(np.minimum(seen.clean[rows, columns], 1.0).mean())
    around = float(seen.surround[rows, columns].mean())
    return replace(edge, mean_intensity=level, contrast=level / around - 1.0)
