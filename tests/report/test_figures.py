"""Figures: ticks and densities against independent ones, marks at their values."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.textpath import TextPath
from scipy.stats import gaussian_kde

from ccmeval.report.figures import MOST_POINTS, density, strip_plot, ticks

SVG = "{http://www.w3.org/2000/svg}"


def parse(markup: str) -> ElementTree.Element:
    """Read as XML, which is stricter than HTML."""
    return ElementTree.fromstring(str(markup).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def points(root: ElementTree.Element) -> list[list[float]]:
    """Columns of the points, by row of the figure."""
    paths = [it for it in root.iter(f"{SVG}path") if it.get("class") == "points"]
    return [[float(x) for x in re.findall(r"M([\d.]+) ", str(it.get("d")))] for it in paths]


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5))
def test_ticks_span_the_values_in_few_round_steps(low, spread):
    found = ticks(low, low + spread)
    assert found[0] <= low + 1e-6 * spread
    assert found[-1] >= low + spread - 1e-6 * spread
    assert 2 <= len(found) <= 8
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)


def test_the_density_is_scipys_with_silvermans_width():
    values = np.random.default_rng(5).normal(20, 4, 150)
    grid = np.linspace(0, 40, 50)
    quartiles = np.subtract(*np.percentile(values, [75, 25])) / 1.34
    width = 0.9 * min(values.std(ddof=1), quartiles) * len(values) ** -0.2
    expected = gaussian_kde(values, bw_method=width / values.std(ddof=1))(grid)
    np.testing.assert_allclose(density(values, grid), expected, rtol=1e-6)


def test_points_lie_at_their_values():
    root = parse(strip_plot({"Control": [0.0, 10.0, 20.0], "T1DPN": [5.0]}, label="CNFL", unit="mm/mm²"))
    marks = {it.text: float(str(it.get("x"))) for it in root.iter(f"{SVG}text") if it.get("class") == "tick"}
    control, sick = points(root)
    assert control == pytest.approx([marks["0"], marks["10"], marks["20"]])
    assert sick == pytest.approx([marks["5"]])


def test_many_values_become_an_outline_and_some_points():
    values = np.random.default_rng(2).normal(20, 3, 20_000).tolist()
    markup = strip_plot({"a": values}, label="CNFL", unit="mm/mm²")
    root = parse(markup)
    assert len(points(root)[0]) == MOST_POINTS
    assert len(list(root.iter(f"{SVG}polygon"))) == 1
    assert len(markup) < 12_000


def test_too_few_values_draw_nothing():
    assert strip_plot({"a": [1.0, float("nan")], "b": [2.0]}, label="CNFL", unit="") == ""
    assert strip_plot({}, label="CNFL", unit="") == ""


@pytest.mark.parametrize(
    "values", [[3.0] * 40, [0.0] * 40, [-2.0, -1.0, 0.5], [1e-9, 2e-9, 3e-9], [1e9, 2e9, 3e9]]
)
def test_any_values_stay_inside_the_figure(values):
    root = parse(strip_plot({"a": values, "b": []}, label="x", unit=""))
    right = float(str(root.get("viewBox")).split()[2])
    assert all(0 <= x <= right for row in points(root) for x in row)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=40))
def test_any_name_stays_a_name(name):
    root = parse(strip_plot({name: [1.0, 2.0, 3.0]}, label=name, unit=name))
    assert {it.tag.removeprefix(SVG) for it in root.iter()} == {"svg", "title", "line", "text", "path"}
    assert name in str(root.get("aria-label"))


def test_the_same_values_give_the_same_figure():
    values = {"a": [3.0, 1.0, 2.0]}
    assert strip_plot(values, label="x", unit="") == strip_plot(values, label="x", unit="")


@pytest.mark.parametrize(
    "name",
    [
        "T1NoDPN",
        "<i>Chemo</i>",
        "Long COVID with neuropathic pain and dry eye",
        "W" * 400,
        "角膜神経" * 9,
        "",
    ],
)
def test_labels_stay_inside_the_figure(name):
    root = parse(strip_plot({name: [1.0, 2.0, 3.0], "b": [2.0]}, label="CNFL", unit="mm/mm²"))
    label = next(it for it in root.iter(f"{SVG}text") if it.get("class") == "name")
    text = label.text or ""
    if text != name:
        assert label.findtext(f"{SVG}title") == name
    # Text ends at x. Matplotlib measures it in DejaVu Sans, which is wider than the page's other fonts;
    # that lacks the characters of East Asia, which are as wide as the text is high.
    square = sum(c >= "\u2e80" for c in text)
    plain = "".join(c for c in text if c < "\u2e80")
    width = 12 * square + (TextPath((0, 0), plain, size=12).get_extents().width if plain else 0.0)
    assert width <= float(str(label.get("x"))) < 170


def test_shortened_labels_keep_what_tells_them_apart():
    names = [f"Diabetes mellitus type {i} with polyneuropathy, visit {i}" for i in (1, 2)]
    root = parse(strip_plot({name: [1.0, 2.0] for name in names}, label="CNFL", unit=""))
    shown = [it.text for it in root.iter(f"{SVG}text") if it.get("class") == "name"]
    assert len(set(shown)) == 2
