"""Small figures of pillar 2: the means along the disease, and Bland-Altman plots of declared pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ccmeval.preservation.schema import GradientRow, PairAgreement
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.figures import MOST_POINTS, ticks
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_words import SYMBOLS

_LEFT_PX, _RIGHT_PX, _TOP_PX, _HEIGHT_PX = 46, 16, 42, 140
FEWEST_PAIRS = 3
MOST_STEPS = 8


def gradient_plot(row: GradientRow) -> Markup:
    """Draw the means of both sets from healthy to ill.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing with fewer than two diagnoses or without means.

    Examples
    --------
    >>> gradient_plot(GradientRow(biomarker="b", label="B", unit="", family="primary", order=[],
    ...                           direction="none", verdict="undefined"))
    Markup('')
    """
    order = row.order[:MOST_STEPS]
    sides = {"real": row.means_real[: len(order)], "synth": row.means_synth[: len(order)]}
    known = [value for values in sides.values() for value in values if value is not None]
    if len(order) < 2 or not known:
        return Markup("")
    low, high = min(known), max(known)
    pad = 0.15 * (high - low) or 0.5
    marks = ticks(low - pad if low < pad or low > 0.5 * high else 0.0, high + pad, 4)
    bottom = _TOP_PX + _HEIGHT_PX
    up = svg.Scale(marks[0], marks[-1], bottom, _TOP_PX)
    across = svg.Scale(-0.4, len(order) - 0.6, _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX)
    room = (svg.WIDTH_PX - _LEFT_PX - _RIGHT_PX) / len(order) - 8
    body = [
        svg.rows(
            up,
            marks,
            _LEFT_PX,
            svg.WIDTH_PX - _RIGHT_PX,
            f"{row.label} ({row.unit})" if row.unit else row.label,
        )
    ]
    body += [
        svg.label(across(i), bottom + 18, name, kind="axis", room_px=room) for i, name in enumerate(order)
    ]
    body += [_line(across, up, values, side) for side, values in sides.items()]
    body.append(svg.label(svg.WIDTH_PX - 4, 12, f"{SYMBOLS[row.verdict]} {row.verdict}", kind="corner"))
    body.append(_key())
    return svg.figure(body, height=bottom + 30, alt=_alt(row, order))


def _alt(row: GradientRow, order: Sequence[str]) -> str:
    said = [
        f"{name}: real {number_text(real)}, synthetic {number_text(synth)}"
        for name, real, synth in zip(order, row.means_real, row.means_synth, strict=False)
    ]
    return f"{row.label}, mean by diagnosis. {'; '.join(said)}. Gradient: {row.verdict}."


def _line(across: svg.Scale, up: svg.Scale, values: Sequence[float | None], side: str) -> Markup:
    places = [(across(i), up(value)) for i, value in enumerate(values) if value is not None]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in places) if places else ""
    parts = [Markup('<path class="course {}" d="{}" stroke="{}"/>').format(side, path, svg.COLOURS[side])]
    return Markup("").join([*parts, *[svg.mark(side, x, y) for x, y in places]])


def _key() -> Markup:
    return svg.key(
        2, 30, [(svg.mark("real", 0, 0), "real, mean"), (svg.mark("synth", 0, 0), "synthetic, mean")]
    )


def pair_plot(it: PairAgreement) -> Markup:
    """Draw the difference of each declared pair against its mean, with bias and limits of agreement.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing with fewer than three pairs.

    Examples
    --------
    >>> pair_plot(PairAgreement(biomarker="b", label="B", unit="", n_pairs=0, n_units=0))
    Markup('')
    """
    real, synth = np.array(it.real, dtype=float), np.array(it.synth, dtype=float)
    if real.size < FEWEST_PAIRS or real.size != synth.size:
        return Markup("")
    means, differences = (real + synth) / 2, synth - real
    lines = [
        value
        for value in (it.bias, it.lower_limit, it.upper_limit, it.bias_low, it.bias_high)
        if value is not None
    ]
    x_marks = ticks(float(means.min()), float(means.max()), 5)
    y_marks = ticks(
        min([float(differences.min()), 0.0, *lines]), max([float(differences.max()), 0.0, *lines]), 5
    )
    bottom, right = _TOP_PX + _HEIGHT_PX + 20, svg.WIDTH_PX - 92
    across = svg.Scale(x_marks[0], x_marks[-1], _LEFT_PX, right)
    up = svg.Scale(y_marks[0], y_marks[-1], bottom, _TOP_PX - 14)
    unit = f" ({it.unit})" if it.unit else ""
    body = [
        svg.columns(across, x_marks, _TOP_PX - 14, bottom, f"{it.label}, mean of real and synthetic{unit}"),
        svg.rows(up, y_marks, _LEFT_PX, right, f"synthetic − real{unit}"),
    ]
    if it.bias_low is not None and it.bias_high is not None:
        body.append(svg.box(_LEFT_PX, up(it.bias_low), right, up(it.bias_high), "margin"))
    body.append(_points(across, up, means, differences))
    for value, kind, words in (
        (it.bias, "bias", "bias"),
        (it.lower_limit, "limit", "lower"),
        (it.upper_limit, "limit", "upper"),
    ):
        if value is not None:
            body.append(svg.line(_LEFT_PX, up(value), right, up(value), kind))
            body.append(
                svg.label(
                    right + 4, up(value) + 4, f"{words} {number_text(value)}", kind="line-word", room_px=96
                )
            )
    alt = (
        f"Bland-Altman plot of {it.label} over {it.n_pairs} pairs: bias {number_text(it.bias)}, limits of"
        f" agreement {number_text(it.lower_limit)} to {number_text(it.upper_limit)} {it.unit}."
    )
    return svg.figure(body, height=bottom + 40, alt=alt)


def _points(across: svg.Scale, up: svg.Scale, means: np.ndarray, differences: np.ndarray) -> Markup:
    order = np.argsort(differences, kind="stable")
    if order.size > MOST_POINTS:  # both ends and evenly ranked ones between
        order = order[np.linspace(0, order.size - 1, MOST_POINTS).round().astype(int)]
    path = "".join(f"M{across(float(means[i]))} {up(float(differences[i]))}h0" for i in order)
    return Markup('<path d="{}" class="points" stroke="{}"/>').format(path, svg.COLOURS["real"])
