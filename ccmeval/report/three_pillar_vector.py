"""The figures of a three-pillar run as vector files, SVG and PDF, for a paper."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.preservation.schema import PreservationResult
from ccmeval.report import three_pillar_plots as plots
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar_equivalence import by_biomarker, shown_comparisons
from ccmeval.report.three_pillar_floors import shown_rows
from ccmeval.report.three_pillar_gradient import FEWEST_PAIRS
from ccmeval.report.three_pillar_utility_vector import utility_figures
from ccmeval.report.three_pillar_violins import blocks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = "figures"
KINDS = ("svg", "pdf")
MOST_FIGURES = 24
"""Of a kind, e.g. Bland-Altman plots."""

_SETTINGS: Any = {
    "font.size": 8,
    "font.family": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": plots.GREY,
    "xtick.color": plots.GREY,
    "ytick.color": plots.GREY,
    "svg.hashsalt": "ccmeval",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # TrueType: the print stays text, and journals accept it
    "text.parse_math": False,  # a name with dollar signs is a name
}
Planned = tuple[str, tuple[float, float], Callable[["Figure"], None]]
"""A name, a size in inches, and what draws it."""


def write_figures(result: ThreePillarResult, folder: Path) -> list[Path]:
    """Write each figure that the result has numbers for, as SVG and as PDF.

    Parameters
    ----------
    result : ThreePillarResult
    folder : pathlib.Path
        Made if need be.

    Returns
    -------
    list of pathlib.Path
        The same result gives the same bytes.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    return write_drawn(drawn(result), folder)


def write_drawn(figures: Iterable[tuple[str, dict[str, bytes]]], folder: Path) -> list[Path]:
    """Write drawn figures, a file a kind.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    paths = []
    for name, data in figures:
        for kind, content in data.items():
            paths.append(folder / f"{name}.{kind}")
            with replacing(paths[-1]) as unfinished:
                unfinished.write_bytes(content)
    return paths


def drawn(result: ThreePillarResult) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Draw the figures of a result one by one: name, and bytes by kind."""
    return rendered(_figures(result))


def rendered(
    planned: Iterable[Planned], kinds: Sequence[str] = KINDS
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Draw figures one by one.

    Parameters
    ----------
    planned : iterable of (str, (float, float), callable)
        A name, a size in inches, and what draws on the empty figure.
    kinds : sequence of str
        ``"svg"``, ``"pdf"`` or ``"png"``.

    Yields
    ------
    (str, dict of str to bytes)
        A name that any file system takes and no other figure has, and bytes by kind.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    taken: set[str] = set()
    for wanted, size, draw in planned:
        name = _free_name(wanted, taken)
        with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a letter that the font lacks is drawn as a box
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasAgg(figure)
            draw(figure)
            figure.draw_without_rendering()  # lays it out, once for both kinds
            figure.set_layout_engine("none")
            yield name, {kind: _saved(figure, kind) for kind in kinds}


def _figures(result: ThreePillarResult) -> Iterator[Planned]:
    if result.fidelity:
        yield from _fidelity_figures(result)
    if result.preservation:
        yield from _preservation_figures(result.preservation, result)
    if result.utility:
        yield from utility_figures(result.utility)


def _fidelity_figures(result: ThreePillarResult) -> Iterator[Planned]:
    assert result.fidelity is not None
    computed = [row for row in result.fidelity.metrics if row.status == "computed"]
    for features in list(dict.fromkeys(row.features for row in computed))[:MOST_FIGURES]:
        rows = shown_rows([row for row in computed if row.features == features])
        if rows:
            yield f"floors_{features}", (5.2, 1.1 + 0.26 * len(rows)), partial(plots.floors, rows=rows)
    for it in result.fidelity.embeddings[:MOST_FIGURES]:
        if it.points:
            yield f"tsne_{it.features}", (4.4, 4.4), partial(plots.embedding, it=it)


def _preservation_figures(found: PreservationResult, result: ThreePillarResult) -> Iterator[Planned]:
    primary = shown_comparisons(found.comparisons)
    rows = [row for row in by_biomarker(primary) if row.difference is not None and row.margin]
    if rows:
        yield "equivalence", (5.6, 1.2 + 0.24 * len(rows)), partial(plots.equivalence, rows=rows)
    for name, row in {row.biomarker: row for row in primary}.items():
        shown = blocks(result, name)
        if any(it.real.size or it.synth.size for it in shown):
            size = (4.6, 0.9 + 0.95 * len(shown))
            yield f"violins_{name}", size, partial(plots.violins, shown=shown, row=row)
    gradients = [it for it in found.gradients if it.family == "primary" and len(it.order) > 1][:4]
    if gradients:
        size = (6.8, 2.4 * ((len(gradients) + 1) // 2))
        yield "gradient", size, partial(plots.gradients, rows=gradients)
    if found.correlation and len(found.correlation.biomarkers) > 1:
        yield "correlation", (7.2, 3.8), partial(plots.correlations, it=found.correlation)
    for it in found.pairs[:MOST_FIGURES]:
        if len(it.real) >= FEWEST_PAIRS and len(it.real) == len(it.synth):
            yield f"bland_altman_{it.biomarker}", (4.8, 3.2), partial(plots.pair, it=it)


def _free_name(wanted: str, taken: set[str]) -> str:
    """Make a name that every file system takes, and that no other figure has."""
    clean = re.sub(r"[^A-Za-z0-9_.-]+", "-", wanted)[:80].strip("-.") or "figure"
    name, number = clean, 1
    while name.lower() in taken:
        number += 1
        name = f"{clean}-{number}"
    taken.add(name.lower())
    return name


def _saved(figure: Figure, kind: str) -> bytes:
    buffer = BytesIO()
    metadata: dict[str, Any] = {"Creator": "ccmeval"}
    undated = {"svg": ("Date",), "pdf": ("CreationDate", "Producer"), "png": ("Software",)}
    metadata |= dict.fromkeys(undated[kind])
    figure.savefig(buffer, format=kind, dpi=300, metadata=metadata)
    return buffer.getvalue()
