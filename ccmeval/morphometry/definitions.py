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
    Definition("cnfl_mm_per_mm2", "CNFL", "mm/mm²", "primary", 0.0,
               "Length of all nerve fibres over the imaged area."),
    Definition("cnfd_per_mm2", "CNFD", "/mm²", "primary", 0.0,
               "Number of main trunks over the imaged area."),
    Definition("cnbd_per_mm2", "CNBD", "/mm²", "primary", 0.0,
               "Number of branch points on main trunks over the imaged area."),
    Definition("cnfw_um_per_mm2", "CNFW", "µm/mm²", "primary", _NAN,
               "Mean nerve width over the imaged area, as the field reports it."),
    Definition("ctbd_per_mm2", "CTBD", "/mm²", "secondary", 0.0,
               "Number of all branch points over the imaged area."),
    Definition("cnfa_mm2_per_mm2", "CNFA", "mm²/mm²", "secondary", 0.0,
               "Area covered by nerves over the imaged area."),
    Definition("mean_width_um", "Mean width", "µm", "secondary", _NAN,
               "Length-weighted mean width across the nerves."),
    Definition("cnfrd", "CNFrD", "", "secondary", _NAN,
               "Box-counting fractal dimension of the centre lines."),
    Definition("acnfrd", "ACNFrD", "mm²/mm", "secondary", _NAN,
               "CNFrD over CNFL."),
    Definition("tortuosity", "Tortuosity", "", "secondary", _NAN,
               "Arc over chord minus one, length-weighted over trunks."),
    Definition("tortuosity_coefficient", "Tortuosity coefficient", "", "secondary", _NAN,
               "The coefficient of Kallinikos et al. 2004, length-weighted over trunks."),
    Definition("curvature_squared_per_um", "Integrated squared curvature", "/µm", "secondary", _NAN,
               "Integral of squared curvature along a trunk, length-weighted over trunks."),
    Definition("trunk_length_mm_per_mm2", "Trunk length", "mm/mm²", "secondary", 0.0,
               "Length of main trunks over the imaged area."),
    Definition("branch_length_mm_per_mm2", "Branch length", "mm/mm²", "secondary", 0.0,
               "Length of all other nerves over the imaged area."),
    Definition("nerve_contrast", "Nerve contrast", "", "secondary", _NAN,
               "Grey level on the nerves over that of their surround, minus one."),
    Definition("bead_density_per_mm", "Bead density", "/mm", "secondary", _NAN,
               "Local maxima of intensity along the nerves per length."),
    Definition("fragmentation_per_mm", "Fragmentation", "/mm", "secondary", _NAN,
               "Connected nerve pieces per length of nerve."),
    Definition("orientation_coherence", "Orientation coherence", "", "secondary", _NAN,
               "Length of the mean doubled-angle vector: 1 parallel, 0 without direction."),
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
