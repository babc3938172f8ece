"""Names and units under which other tools and raters report the biomarkers.

A header is a name with an optional unit: ``CNFL``, ``CNFL (mm/mm2)``, ``CNFD_n_mm2``. Units are only
told apart here; no value is ever converted for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ccmeval.morphometry.definitions import COLUMNS

# ACCMetrics, CCMetrics, SuperCCM 1.1.1, and the long names of papers, without case and punctuation.
_NAMES: dict[str, tuple[str, ...]] = {
    "cnfl_mm_per_mm2": ("cnfl", "nfl", "cornealnervefiberlength", "cornealnervefibrelength",
                        "cornealnervefiberlengthdensity", "nervefiberlength", "nervefibrelength"),
    "cnfd_per_mm2": ("cnfd", "nfd", "cornealnervefiberdensity", "cornealnervefibredensity",
                     "nervefiberdensity", "nervefibredensity"),
    "cnbd_per_mm2": ("cnbd", "nbd", "cornealnervebranchdensity", "nervebranchdensity"),
    "ctbd_per_mm2": ("ctbd", "tbd", "cornealtotalbranchdensity", "cornealnervefibertotalbranchdensity",
                     "cornealnervefibretotalbranchdensity", "totalbranchdensity"),
    "cnfa_mm2_per_mm2": ("cnfa", "nfa", "cornealnervefiberarea", "cornealnervefibrearea"),
    "cnfw_um_per_mm2": ("cnfw", "nfw", "cornealnervefiberwidth", "cornealnervefibrewidth"),
    "cnfrd": ("cnfrd", "cnfracdim", "cfracdim", "fracdim", "fractaldimension", "cornealnervefractaldimension",
              "cornealnervefiberfractaldimension"),
    "acnfrd": ("acnfrd",),
    "mean_width_um": ("meanwidth", "meanwidthum", "meannervewidth", "nervewidth"),
    "tortuosity_coefficient": ("tc", "cnft", "tortuositycoefficient", "nervetortuositycoefficient"),
    "tortuosity": ("tortuosity",),
}  # fmt: skip

_BY_NAME = {name: column for column, names in _NAMES.items() for name in names}

# Factor that would bring a stated unit to ours, where the unit can be understood.
_DENSITY = {"/mm2": 1.0, "n/mm2": 1.0, "no/mm2": 1.0, "no./mm2": 1.0, "number/mm2": 1.0, "count/mm2": 1.0,
            "1/mm2": 1.0, "mm-2": 1.0, "per mm2": 1.0, "nmm2": 1.0, "permm2": 1.0, "fibres/mm2": 1.0,
            "fibers/mm2": 1.0, "branches/mm2": 1.0, "#/mm2": 1.0}  # fmt: skip
_UNITS: dict[str, dict[str, float]] = {
    "cnfl_mm_per_mm2": {"mm/mm2": 1.0, "mmmm2": 1.0, "mmpermm2": 1.0, "um/mm2": 1e-3, "ummm2": 1e-3,
                        "m/mm2": 1e3},
    "cnfd_per_mm2": _DENSITY,
    "cnbd_per_mm2": _DENSITY,
    "ctbd_per_mm2": _DENSITY,
    "cnfa_mm2_per_mm2": {"mm2/mm2": 1.0, "mm2mm2": 1.0, "mm2permm2": 1.0, "%": 0.01, "um2/mm2": 1e-6},
    "cnfw_um_per_mm2": {"um/mm2": 1.0, "ummm2": 1.0, "umpermm2": 1.0, "mm/mm2": 1e3, "mmmm2": 1e3,
                        "mmpermm2": 1e3},
    "mean_width_um": {"um": 1.0, "mm": 1e3},
}  # fmt: skip

_COUNT_UNITS = ("n", "no", "no.", "count", "number", "/frame", "per frame", "perframe", "/image", "perimage")

_HEADER = re.compile(r"^\s*(?P<name>[^(\[]+?)\s*(?:[(\[]\s*(?P<unit>.*?)\s*[)\]])?\s*$")


@dataclass(frozen=True)
class Heading:
    """A header that names a biomarker.

    Attributes
    ----------
    column : str
        The biomarker, by its column in our tables.
    unit : str
        The unit as stated; empty where none is.
    factor : float or None
        What the stated unit would have to be multiplied by to be ours; None where none is stated or
        it is not understood.
    counts : bool
        Whether the unit says that these are counts, not densities.
    """

    column: str
    unit: str = ""
    factor: float | None = None
    counts: bool = False


def read_heading(header: str) -> Heading | None:
    """Recognise a biomarker by a column's header.

    Parameters
    ----------
    header : str
        As in the file.

    Returns
    -------
    Heading or None
        None where the header names no biomarker that we have.

    Examples
    --------
    >>> read_heading("CNFW (mm/mm2)")
    Heading(column='cnfw_um_per_mm2', unit='mm/mm2', factor=1000.0, counts=False)
    >>> read_heading("Age") is None
    True
    """
    header = header.strip().strip("\ufeff")
    if header in COLUMNS:
        return Heading(header, factor=1.0)
    match = _HEADER.match(header)
    if match is None:
        return None
    name, unit = match["name"], match["unit"] or ""
    column = _BY_NAME.get(_plain(name))
    if column is None:  # a unit without brackets: CNFL_mm_mm2, "CNFD n/mm2"
        first, *rest = re.split(r"[\s_]+", name, maxsplit=1)
        column, unit = _BY_NAME.get(_plain(first)), rest[0] if rest else unit
        if column is None or (unit and _factor(column, unit) is None and not _is_count(unit)):
            return None
    return Heading(column, unit, _factor(column, unit), _is_count(unit))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _factor(column: str, unit: str) -> float | None:
    known, simple = _UNITS.get(column, {}), _simple(unit)
    return known.get(simple, known.get(re.sub(r"[\s/_]", "", simple)))


def _simple(unit: str) -> str:
    text = unit.casefold().replace("µ", "u").replace("μ", "u").replace("²", "2").replace("^", "")
    return re.sub(r"\s*/\s*", "/", text).strip()


def _is_count(unit: str) -> bool:
    return _simple(unit) in _COUNT_UNITS
