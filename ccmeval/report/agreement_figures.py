"""Scatter and Bland-Altman figures of an agreement result, as SVG and PNG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from ccmeval.report.agreement_words import bias_decimals
from ccmeval.report.numbers import fixed_text
from ccmeval.report.style import BLUE, VERMILLION, hex_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ccmeval.report.agreement_schema import BiomarkerAgreement

_POINT, _LINE, _GREY = hex_colour(BLUE), hex_colour(VERMILLION), "#5a5a5a"
_MANY_POINTS = 1000  # from here on points in SVG are a picture, to keep the file small
_LINES = (("bias", "bias", "-"), ("lower_limit", "−1.96 SD", "--"), ("upper_limit", "+1.96 SD", "--"))
_LABEL_GAP = 0.11  # of the axis' height: two lines of small print
_SETTINGS: Any = {
    "font.size": 9,
    "font.family": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "svg.hashsalt": "ccmeval",
    "svg.fonttype": "path",
    "text.parse_math": False,  # a name with dollar signs is a name
}


def draw_agreement(it: BiomarkerAgreement, first_name: str, second_name: str) -> dict[str, bytes]:
    """Draw one biomarker: one against the other, and their difference against their mean.

    Parameters
    ----------
    it : BiomarkerAgreement
        With at least one pair.
    first_name, second_name : str
        What the two tables are called.

    Returns
    -------
    dict of str to bytes
        ``"svg"`` and ``"png"`` (200 dpi). The same result gives the same bytes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first = np.array([pair.first for pair in it.pairs])
    second = np.array([pair.second for pair in it.pairs])
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(8.6, 3.7), layout="constrained")
        FigureCanvasAgg(figure)
        scatter, difference = figure.subplots(1, 2, width_ratios=[1, 1.45])
        unit = f" ({it.unit})" if it.unit else ""
        many = first.size > _MANY_POINTS
        _draw_scatter(scatter, it, (first, second), many)
        scatter.set(xlabel=f"{_short(second_name)}{unit}", ylabel=f"{_short(first_name)}{unit}")
        _draw_difference(difference, it, (first, second), many)
        difference.set(
            xlabel=f"mean of both{unit}", ylabel=f"{_short(first_name)} − {_short(second_name)}{unit}"
        )
        figure.suptitle(f"{it.label}, {first.size} frames", x=0.01, ha="left", weight="bold", size=10)
        return {"svg": _saved(figure, "svg"), "png": _saved(figure, "png")}


def _draw_scatter(axes: Axes, it: BiomarkerAgreement, pairs: tuple[Any, Any], many: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    first, second = pairs
    everything = np.concatenate(pairs)
    low, high = float(everything.min()), float(everything.max())
    pad = 0.06 * (high - low) or 0.5
    ends = (low - pad, high + pad)
    axes.plot(ends, ends, color=_GREY, lw=1, ls=(0, (4, 3)), zorder=1)
    _scatter(axes, second, first, many)
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):  # the same marks on both
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_title(
        f"ICC(2,1) {fixed_text(it.icc.value, 3)}, r {fixed_text(it.pearson.value, 3)}", size=9, loc="left"
    )


def _draw_difference(axes: Axes, it: BiomarkerAgreement, pairs: tuple[Any, Any], many: bool) -> None:
    first, second = pairs
    decimals = bias_decimals(it)
    _scatter(axes, (first + second) / 2, first - second, many)
    labels: list[tuple[str, float]] = []
    for name, words, style in _LINES:
        interval = getattr(it, name)
        if interval.value is None:
            continue
        if interval.low is not None and interval.high is not None:
            axes.axhspan(interval.low, interval.high, color=_LINE, alpha=0.13, lw=0, zorder=0)
        axes.axhline(interval.value, color=_LINE, lw=1.4, ls=style, zorder=2)
        labels.append((f"{words}\n{fixed_text(interval.value, decimals)}", interval.value))
    axes.margins(x=0.05, y=0.08)
    low, high = axes.get_ylim()
    if low < 0 < high:  # else a large bias would squeeze the points against a far-off zero
        axes.axhline(0, color="#b0b0b0", lw=0.8, zorder=0)
    _name_lines(axes, labels)
    if labels:
        axes.set_title("shaded: 95 % CI; a larger point: several frames", size=8, loc="left", color=_GREY)


def _name_lines(axes: Axes, labels: list[tuple[str, float]]) -> None:
    """Write beside each line what it is; words of lines that lie close are moved apart."""
    low, high = axes.get_ylim()
    places = [(value - low) / (high - low) for _, value in labels]
    if len(labels) == len(_LINES) and min(places[0] - places[1], places[2] - places[0]) < _LABEL_GAP:
        # Keep bias in its place as far as the words of all three stay inside.
        middle = float(np.clip(places[0], _LABEL_GAP, 1 - _LABEL_GAP))
        places = [middle, min(places[1], middle - _LABEL_GAP), max(places[2], middle + _LABEL_GAP)]
    for (words, _), place in zip(labels, places, strict=True):
        axes.annotate(words, (1.01, place), xycoords="axes fraction", va="center", size=8, color=_LINE)


def _scatter(axes: Axes, x: Any, y: Any, many: bool) -> None:
    """Draw points; frames that coincide, as counts do, make one point of that many times the area."""
    places, counts = np.unique(np.column_stack([x, y]).round(9), axis=0, return_counts=True)
    counts = np.minimum(counts, 12)
    area = float(np.clip(2400 / max(x.size, 1), 5, 26))
    for count in np.unique(counts):  # markers of one size are one shape in SVG: a tenth of the bytes
        axes.plot(
            *places[counts == count].T,
            "o",
            markersize=float(np.sqrt(area * count)),
            color=_POINT,
            alpha=0.75 if x.size < 150 else 0.4,
            markeredgewidth=0,
            zorder=3,
            rasterized=many,
        )


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def _saved(figure: Any, kind: str) -> bytes:
    buffer = BytesIO()
    metadata: dict[str, Any] = (
        {"Date": None, "Creator": "ccmeval"} if kind == "svg" else {"Software": "ccmeval"}
    )
    figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
    return buffer.getvalue()
