"""The biomarkers: their columns, units and definitions, in the order of the tables.

This is the one list that tables, reports and statistics draw from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Definition:
    """What a column of the biomarker table means.

    Attributes
    ----------
    column : str
        Name in every table, unit included.
    label, unit : str
        Short name and unit as a reader sees them.
    family : {"primary", "secondary"}
        The field's four primary biomarkers, or the rest.
    empty : float
        Value for a frame without any nerve: 0 where nothing was found, NaN where undefined.
    text : str
        The definition in one sentence.
    """

    column: str
    label: str
    unit: str
    family: Literal["primary", "secondary"]
    empty: float
    text: str


_NAN = float(np.nan)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "cnfl_mm_per_mm2", "CNFL", "mm/mm²", "primary", 0.0,
        "Corneal nerve fibre length: length of all nerve centre lines inside the imaged area over that"
        " area. Centre lines are smoothed sub-pixel paths, so that the length does not depend on"
        " direction.",
    ),
    Definition(
        "cnfd_per_mm2", "CNFD", "/mm²", "primary", 0.0,
        "Corneal nerve fibre density: number of main trunks over the imaged area. A trunk runs through"
        " the frame from border to border, or fades inside it after most of the way, without a sharp turn;"
        " of nerves that share a stretch one is the trunk. The rule and the border counting are in the"
        " settings.",
    ),
    Definition(
        "cnbd_per_mm2", "CNBD", "/mm²", "primary", 0.0,
        "Corneal nerve branch density: number of branch points on main trunks over the imaged area."
        " Nerves that merely cross have none, and a junction that thinning splits in two counts once.",
    ),
    Definition(
        "ctbd_per_mm2", "CTBD", "/mm²", "secondary", 0.0,
        "Corneal total branch density: number of all branch points, on trunks or not, over the imaged"
        " area.",
    ),
    Definition(
        "cnfa_mm2_per_mm2", "CNFA", "mm²/mm²", "secondary", 0.0,
        "Corneal nerve fibre area: area of the nerve mask over the imaged area.",
    ),
    Definition(
        "cnfw_um_per_mm2", "CNFW", "µm/mm²", "primary", _NAN,
        "Corneal nerve fibre width as the field reports it: mean width in µm divided by the imaged area"
        " in mm² (5.05 µm over 0.16 mm² is 31.6 µm/mm², also written 0.0316 mm/mm²); it depends on the"
        " size of the frame, unlike the mean width.",
    ),
    Definition(
        "mean_width_um", "Mean width", "µm", "secondary", _NAN,
        "Mean physical width across the nerves, weighted by length. It is the segmenter's own width where"
        " that gives one, else the integral of the mask across the centre line, away from junctions and"
        " ends; undefined where only one-pixel traces are known.",
    ),
    Definition(
        "cnfrd", "CNFrD", "", "secondary", _NAN,
        "Corneal nerve fractal dimension: minus the slope of log count over log side of the boxes that"
        " centre lines pass through, each count the mean over several places of the grid, boxes on the"
        " frame's border by their share inside; the box sides are in the settings (after Chen et al.,"
        " Invest. Ophthalmol. Vis. Sci. 59, 2018, 1113, which counts on the"
        " nerve image).",
    ),
    Definition(
        "acnfrd", "ACNFrD", "mm²/mm", "secondary", _NAN,
        "CNFrD adjusted for nerve length: here CNFrD divided by CNFL (the adjustment is named in"
        " Petropoulos et al., Transl. Vis. Sci. Technol., 2020; other tools may adjust differently).",
    ),
    Definition(
        "tortuosity", "Tortuosity", "", "secondary", _NAN,
        "Arc length over chord, minus one, of each main trunk, averaged with its length as weight;"
        " undefined without trunks.",
    ),
    Definition(
        "tortuosity_coefficient", "Tortuosity coefficient", "", "secondary", _NAN,
        "Coefficient of Kallinikos et al. (Invest. Ophthalmol. Vis. Sci. 45, 2004, 418): with a trunk's"
        " ends on the x axis and x and y in pixels of 400/384 µm, the square root of the sum of f'(x)² +"
        " f''(x)² over its pixels; a number without unit that grows with the root of the length, averaged"
        " over trunks with their length as weight.",
    ),
    Definition(
        "curvature_squared_per_um", "Integrated squared curvature", "/µm", "secondary", _NAN,
        "Integral of the squared curvature along a main trunk (length over radius squared for an arc),"
        " averaged over trunks with their length as weight. Bends below a wavelength in the settings do"
        " not count.",
    ),
    Definition(
        "trunk_length_mm_per_mm2", "Trunk length", "mm/mm²", "secondary", 0.0,
        "Length of the main trunks over the imaged area.",
    ),
    Definition(
        "branch_length_mm_per_mm2", "Branch length", "mm/mm²", "secondary", 0.0,
        "Length of all nerves that are not main trunks over the imaged area; with the trunk length it"
        " makes CNFL.",
    ),
    Definition(
        "nerve_contrast", "Nerve contrast", "", "secondary", _NAN,
        "Mean grey level on a centre line over that 3 to 7 µm beside the nerve, minus one, averaged over"
        " nerves with their length as weight.",
    ),
    Definition(
        "bead_density_per_mm", "Bead density", "/mm", "secondary", _NAN,
        "Number of beads over nerve length: maxima of the grey level along a centre line that rise and"
        " fall by at least a share of the mean level, which is in the settings.",
    ),
    Definition(
        "fragmentation_per_mm", "Fragmentation", "/mm", "secondary", _NAN,
        "Number of connected pieces of nerve over nerve length: whole nerves make few long pieces.",
    ),
    Definition(
        "orientation_coherence", "Orientation coherence", "", "secondary", _NAN,
        "Length of the mean vector of doubled directions, weighted by length: 1 where all nerves are"
        " parallel, 0 where no direction prevails.",
    ),
)  # fmt: skip

COLUMNS: tuple[str, ...] = tuple(definition.column for definition in DEFINITIONS)
"""Columns of the biomarker table, in order."""

PRIMARY: tuple[str, ...] = tuple(d.column for d in DEFINITIONS if d.family == "primary")
"""The four primary biomarkers of the field."""


def definition(column: str) -> Definition:
    """Look a definition up by its column.

    Raises
    ------
    KeyError
        If no biomarker has that column.

    Examples
    --------
    >>> definition("cnfl_mm_per_mm2").label
    'CNFL'
    """
    return {d.column: d for d in DEFINITIONS}[column]
