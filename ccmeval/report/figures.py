"""Figures of the pages as inline SVG, written by hand.

They need no plotting library (whose import would double the time of a small run), follow the page's
light and dark colours, and stay small: thousands of values become an outline and some points.
Every text goes through :class:`markupsafe.Markup`, so that a name like ``<script>`` stays a name.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ccmeval.report import style
from ccmeval.report.numbers import number_text

Values = npt.NDArray[np.float64]

FEWEST_FOR_FIGURE = 3
"""Fewer values are better read in the table."""

FEWEST_FOR_QUARTILES = 5
"""Fewer values have no quartiles to speak of."""

FEWEST_FOR_OUTLINE = 20
"""From here on the density's outline is drawn behind the points."""

MOST_POINTS = 200
"""More values are shown by this many evenly ranked ones and the outline."""

_ROW_PX = 40
_WIDTH_PX = 400
_LABEL_SIZE = 12
_SHORTEST_LABEL_PX = 64
_LONGEST_LABEL_PX = 150
_RIGHT_PX = 14
_TOP_PX = 8
_AXIS_PX = 38


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Choose round tick values that span an interval.

    Examples
    --------
    >>> ticks(0.0, 31.0)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    rough = max(high - low, 1e-12) / max(count - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def density(values: Values, grid: Values) -> Values:
    """Estimate a density on a grid with a Gaussian kernel of Silverman's width.

    Parameters
    ----------
    values : float array (N,), N >= 2
    grid : float array (M,)

    Returns
    -------
    float array (M,)

    References
    ----------
    Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.31.

    Examples
    --------
    >>> grid = np.linspace(-8, 8, 401)
    >>> found = density(np.array([-1.0, 0.0, 1.0]), grid)
    >>> round(float(found.sum() * 0.04), 3)
    1.0
    """
    spread = float(np.std(values, ddof=1))
    quartiles = np.subtract(*np.percentile(values, [75, 25])) / 1.34
    width = 0.9 * (min(spread, quartiles) if quartiles > 0 else spread) * len(values) ** -0.2
    if width <= 0:
        width = 0.02 * max(float(grid[-1] - grid[0]), 1e-9)
    # Ranked quantiles stand for thousands of values: the outline is the same to the eye.
    chosen = np.quantile(values, (np.arange(400) + 0.5) / 400) if len(values) > 400 else values
    kernel = np.exp(-0.5 * ((grid[:, None] - chosen[None, :]) / width) ** 2)
    found: Values = kernel.sum(axis=1) / (len(chosen) * width * math.sqrt(2 * math.pi))
    return found


def strip_plot(
    values: Mapping[str, Sequence[float]], *, label: str, unit: str, what: str = "frames"
) -> Markup:
    """Draw values by diagnosis: points, an outline of the density, and median with quartiles.

    Parameters
    ----------
    values : mapping of str to sequence of float
        By diagnosis; NaN are left out.
    label, unit : str
        Of the axis.
    what : str
        What one point is, in the plural.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or an empty string where there are too few values.

    Examples
    --------
    >>> "&lt;script&gt;" in strip_plot({"<script>": [1.0, 2.0, 3.0]}, label="CNFL", unit="mm/mm²")
    True
    """
    kept = {name: _finite(found) for name, found in values.items()}
    everything = np.concatenate(list(kept.values())) if kept else np.zeros(0)
    if everything.size < FEWEST_FOR_FIGURE:
        return Markup("")
    marks = ticks(
        min(0.0, float(everything.min())) if everything.min() < 0 else _low(everything),
        float(everything.max()),
    )
    height = _TOP_PX + _ROW_PX * len(kept) + _AXIS_PX
    shown = {name: shortened(name) for name in kept}
    widest = max(text_px(text) for text in shown.values())
    axis = _Axis(marks[0], marks[-1], max(_SHORTEST_LABEL_PX, math.ceil(widest) + 10))
    parts = [_grid(axis, marks, height, f"{label} ({unit})" if unit else label)]
    for row, (name, found) in enumerate(kept.items()):
        colour = style.hex_colour(style.SERIES[row % len(style.SERIES)])
        top = _TOP_PX + _ROW_PX * row
        parts += [_label(axis, top, name, shown[name], found.size), _row(axis, top, found, colour)]
    medians = "; ".join(
        f"{name}: median {number_text(float(np.median(v)))}, n = {v.size}"
        for name, v in kept.items()
        if v.size
    )
    return Markup(
        '<svg class="figure" viewBox="0 0 {w} {h}" role="img" aria-label="{alt}">'
        "<title>{alt}</title>{body}</svg>"
    ).format(
        w=_WIDTH_PX, h=height, alt=f"{label} of {what} by diagnosis. {medians}.", body=Markup("").join(parts)
    )


class _Axis:
    """Turns values into columns."""

    def __init__(self, low: float, high: float, left: int) -> None:
        self.low, self.high = low, high if high > low else low + 1.0  # all values may be equal
        self.left = left

    def __call__(self, value: float) -> float:
        room = _WIDTH_PX - self.left - _RIGHT_PX
        return round(self.left + room * (value - self.low) / (self.high - self.low), 1)


def text_px(text: str) -> float:
    """Estimate a text's width in the widest of the page's fonts; those of East Asia are square.

    Examples
    --------
    >>> text_px("中中")
    24.0
    """
    face = style.font(_LABEL_SIZE)
    square = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    narrow = "".join(c for c in text if unicodedata.east_asian_width(c) not in "WF")
    return face.getlength(narrow) + _LABEL_SIZE * square


def shortened(name: str, room_px: float = _LONGEST_LABEL_PX) -> str:
    """Cut a label's middle out until it fits, keeping both ends, by which labels differ.

    Examples
    --------
    >>> shortened("Control")
    'Control'
    """
    name = f"{name[:60]}…{name[-60:]}" if len(name) > 120 else name
    text, keep = name, len(name)
    while text_px(text) > room_px and keep > 1:
        keep -= 1
        text = f"{name[: (keep + 1) // 2]}…{name[len(name) - keep // 2 :]}"
    return text


def _finite(values: Sequence[float]) -> Values:
    found = np.asarray(values, dtype=np.float64)
    return np.sort(found[np.isfinite(found)])


def _low(values: Values) -> float:
    """Start the axis at zero unless all values lie far from it."""
    low, high = float(values.min()), float(values.max())
    return 0.0 if low < 0.6 * high else low


def _grid(axis: _Axis, marks: Sequence[float], height: int, title: str) -> Markup:
    bottom = height - _AXIS_PX
    lines = [
        Markup(
            '<line class="grid" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/>'
            '<text x="{x}" y="{t}" class="tick">{v}</text>'
        ).format(x=axis(mark), a=_TOP_PX, b=bottom, t=bottom + 15, v=f"{mark:g}")
        for mark in marks
    ]
    centre = (axis.left + _WIDTH_PX - _RIGHT_PX) / 2
    lines.append(Markup('<text x="{}" y="{}" class="axis">{}</text>').format(centre, height - 6, title))
    return Markup("").join(lines)


def _label(axis: _Axis, top: float, name: str, shown: str, count: int) -> Markup:
    middle = top + _ROW_PX / 2
    whole = Markup("<title>{}</title>").format(name) if shown != name else Markup("")
    return Markup(
        '<text x="{x}" y="{y}" class="name">{t}{whole}</text>'
        '<text x="{x}" y="{z}" class="count">n = {n}</text>'
    ).format(x=axis.left - 8, y=middle - 1, z=middle + 13, t=shown, whole=whole, n=count)


def _row(axis: _Axis, top: float, values: Values, colour: str) -> Markup:
    middle = top + _ROW_PX / 2
    parts: list[Markup] = []
    if values.size >= FEWEST_FOR_OUTLINE:
        parts.append(_outline(axis, middle, values, colour))
    parts.append(_points(axis, middle, values, colour))
    if values.size >= FEWEST_FOR_QUARTILES:
        parts.append(_quartiles(axis, middle, values))
    return Markup("").join(parts)


def _outline(axis: _Axis, middle: float, values: Values, colour: str) -> Markup:
    grid = np.linspace(values[0], values[-1], 64)
    found = density(values, grid)
    half = found / found.max() * (_ROW_PX / 2 - 3)
    upper = [f"{axis(x)},{middle - y:.1f}" for x, y in zip(grid.tolist(), half.tolist(), strict=True)]
    lower = [f"{axis(x)},{middle + y:.1f}" for x, y in zip(grid.tolist(), half.tolist(), strict=True)]
    return Markup('<polygon points="{}" fill="{}" fill-opacity="0.22"/>').format(
        " ".join(upper + lower[::-1]), colour
    )


def _points(axis: _Axis, middle: float, values: Values, colour: str) -> Markup:
    if values.size > MOST_POINTS:
        values = values[np.linspace(0, values.size - 1, MOST_POINTS).round().astype(int)]
    # The golden ratio spreads neighbours apart without chance: the same values give the same page.
    spread = (np.arange(values.size) * 0.618034 + 0.5) % 1.0 - 0.5
    path = "".join(
        f"M{axis(x)} {middle + y:.1f}h0" for x, y in zip(values.tolist(), (spread * 18).tolist(), strict=True)
    )
    return Markup('<path d="{}" class="points" stroke="{}"/>').format(path, colour)


def _quartiles(axis: _Axis, middle: float, values: Values) -> Markup:
    low, median, high = (axis(float(q)) for q in np.percentile(values, [25, 50, 75]))
    return Markup(
        '<line class="quartiles" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>'
        '<line class="median" x1="{m}" x2="{m}" y1="{t}" y2="{u}"/>'
    ).format(a=low, b=high, y=middle, m=median, t=middle - 9, u=middle + 9)
