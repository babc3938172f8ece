"""Confusion matrices and reliability diagrams as small inline figures that stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.numbers import fixed_text, number_text
from ccmeval.report.style import BLUE, hex_colour
from ccmeval.report.three_pillar_utility_marks import SMALL_PX
from ccmeval.report.three_pillar_utility_words import GROUP_COLOURS
from ccmeval.utility.schema import Calibration, CalibrationBin, Confusion

MOST_CLASSES = 8
_LEFT_PX, _TOP_PX = 64, 34
_STRONGEST = 0.75
_BOX_PX = 150


def count_text(value: float) -> str:
    """Write a mean count.

    Examples
    --------
    >>> count_text(12.0), count_text(12.34), count_text(1234.5)
    ('12', '12.3', '1234')
    """
    return f"{value:.0f}" if value == round(value) or value >= 100 else f"{value:.1f}"


def row_shares(it: Confusion) -> list[list[float | None]]:
    """Give each count as a share of its row, of the frames that truly are of that class.

    Examples
    --------
    >>> row_shares(Confusion(learner="l", group="A", level="frame", classes=["a", "b"],
    ...                      counts=[[3.0, 1.0], [0.0, 0.0]]))
    [[0.75, 0.25], [None, None]]
    """
    totals = [sum(row) for row in it.counts]
    return [
        [value / total if total > 0 else None for value in row]
        for row, total in zip(it.counts, totals, strict=True)
    ]


def is_square(it: Confusion) -> bool:
    """Tell whether a matrix has a row and a column a class, and few enough of them to be drawn.

    Examples
    --------
    >>> is_square(Confusion(learner="l", group="A", level="frame", classes=["a"], counts=[]))
    False
    """
    size = len(it.classes)
    return 0 < size <= MOST_CLASSES and [len(row) for row in it.counts] == [size] * size


def confusion_plot(it: Confusion) -> Markup:
    """Draw a confusion matrix: counts with the share of their row, which shades the cell.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing where the matrix cannot be drawn.

    Examples
    --------
    >>> confusion_plot(Confusion(learner="l", group="A", level="frame", classes=[], counts=[]))
    Markup('')
    """
    if not is_square(it):
        return Markup("")
    size = len(it.classes)
    side = round((SMALL_PX - _LEFT_PX - 4) / size, 1)
    shares = row_shares(it)
    body = [svg.label(_LEFT_PX, 12, "said by the model →", kind="start small", room_px=150)]
    body.append(svg.label(2, 26, "truth ↓", kind="start small", room_px=52))
    for i, name in enumerate(it.classes):
        middle = _TOP_PX + side * (i + 0.5)
        body.append(svg.label(_LEFT_PX - 4, middle + 4, name, kind="name head", room_px=1.2 * _LEFT_PX - 6))
        body.append(
            svg.label(_LEFT_PX + side * (i + 0.5), 29, name, kind="inside head", room_px=1.2 * side - 2)
        )
        body += [
            _cell(_LEFT_PX + side * j, _TOP_PX + side * i, side, it.counts[i][j], shares[i][j], i == j)
            for j in range(size)
        ]
    return svg.figure(body, height=_TOP_PX + side * size + 4, alt=_confusion_alt(it), width=SMALL_PX)


def _cell(x: float, y: float, side: float, count: float, share: float | None, right: bool) -> Markup:
    strength = _STRONGEST * (share or 0.0)
    pad = 1.5 if right else 0.5
    rect = Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"'
        ' fill-opacity="{:.2f}"/>'
    ).format("cell right" if right else "cell", x + pad, y + pad, side - 2 * pad, side - 2 * pad,
             hex_colour(BLUE), strength)  # fmt: skip
    middle, centre = round(x + side / 2, 1), y + side / 2
    room = side - 3
    if side < 26:  # no room for two lines: the share alone
        words = "" if share is None else f"{100 * share:.0f}"
        return rect + svg.label(middle, round(centre + 4, 1), words, kind="inside", room_px=room)
    below = "–" if share is None else f"{100 * share:.0f} %"
    return (
        rect
        + svg.label(middle, round(centre, 1), count_text(count), kind="inside", room_px=room)
        + svg.label(middle, round(centre + 13, 1), below, kind="inside", room_px=room)
    )


def _confusion_alt(it: Confusion) -> str:
    said = [
        f"true {name}: " + ", ".join(
            f"{count_text(value)} said {other}" for other, value in zip(it.classes, row, strict=True)
        )
        for name, row in zip(it.classes, it.counts, strict=True)
    ]  # fmt: skip
    return f"Confusion matrix, {it.learner}, group {it.group}, per {it.level}. {'; '.join(said)}."


def known_bins(it: Calibration) -> list[tuple[CalibrationBin, float, float]]:
    """Give the bins that have predictions, with their confidence and accuracy.

    Examples
    --------
    >>> known_bins(Calibration(learner="l", group="A", error=None))
    []
    """
    return [
        (bin_, bin_.confidence, bin_.accuracy)
        for bin_ in it.bins
        if bin_.n and bin_.confidence is not None and bin_.accuracy is not None
    ]


def reliability_plot(it: Calibration) -> Markup:
    """Draw how often predictions were right against how sure they were; dots grow with predictions.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing without predictions.

    Examples
    --------
    >>> reliability_plot(Calibration(learner="l", group="A", error=None))
    Markup('')
    """
    bins = known_bins(it)
    if not bins:
        return Markup("")
    left, top = 40.0, 22.0
    across = svg.Scale(0.0, 1.0, left, left + _BOX_PX)
    up = svg.Scale(0.0, 1.0, top + _BOX_PX, top)
    marks = [0.0, 0.5, 1.0]
    most = max(bin_.n for bin_, _, _ in bins)
    colour = GROUP_COLOURS[it.group]
    body = [
        svg.columns(across, marks, top, top + _BOX_PX, "how sure (probability)"),
        svg.rows(up, marks, left, left + _BOX_PX, "how often right"),
        svg.line(across(0), up(0), across(1), up(1), "limit"),
    ]
    for bin_, sure, right in bins:
        body.append(svg.line(across(sure), up(sure), across(sure), up(right), "thin", colour))
        radius = 2.0 + 5.0 * (bin_.n / most) ** 0.5
        body.append(_dot(across(sure), up(right), radius, colour, f"{bin_.n:,} predictions"))
    return svg.figure(body, height=top + _BOX_PX + 40, alt=_reliability_alt(it, bins), width=SMALL_PX)


def _dot(x: float, y: float, radius: float, colour: str, words: str) -> Markup:
    return Markup(
        '<circle class="mark" cx="{}" cy="{}" r="{:.1f}" fill="{}"><title>{}</title></circle>'
    ).format(x, y, radius, colour, words)


def _reliability_alt(it: Calibration, bins: Sequence[tuple[CalibrationBin, float, float]]) -> str:
    said = [
        f"said {fixed_text(sure, 2)}, right {fixed_text(right, 2)} (n = {bin_.n:,})"
        for bin_, sure, right in bins
    ]
    return (
        f"Reliability, {it.learner}, group {it.group}: expected calibration error {number_text(it.error)}."
        f" {'; '.join(said)}."
    )
