"""The drawing surface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.report import drawing, style
from ccmeval.report.drawing import Sheet, fit_text, solid, stamp, stamp_at


def test_the_palette_holds_every_index_that_is_used():
    used = drawing.SOLID_AT + len(drawing.SOLIDS)
    assert used <= 256
    colours = drawing.palette()
    assert tuple(colours[drawing.GREY_AT + drawing.GREYS - 1]) == (255, 255, 255)
    assert tuple(colours[solid("vermillion")]) == style.VERMILLION


def test_text_lies_between_background_and_ink():
    sheet = Sheet.blank(40, 200)
    end = sheet.text(5, 10, "CNFL 19.4 mm/mm²", 14, ink="amber")
    inks = sheet.indices[5:25, 10:end]
    start = drawing.INK_AT + drawing.INK_STEPS * list(drawing.INKS).index("amber")
    assert ((inks >= start) & (inks < start + drawing.INK_STEPS)).all()
    assert (inks == start + drawing.INK_STEPS - 1).any()
    assert (sheet.indices[:, end + 1 :] == solid("background")).all()


def test_text_is_cut_at_the_rim():
    sheet = Sheet.blank(10, 20)
    sheet.text(2, 5, "far too long for this sheet", 14)
    assert sheet.indices.shape == (10, 20)


def test_the_signs_of_the_field_have_glyphs():
    assert style.drawable_text("µm/mm² ± ≥ – … é", 14) == "µm/mm² ± ≥ – … é"


@given(st.text(max_size=300), st.integers(100, 600), st.booleans())
def test_fitted_text_fits(text, width, bold):
    assert style.font(14, bold).getlength(fit_text(text, 14, width, bold=bold)) <= width


def test_fitted_text_keeps_the_end_of_a_name():
    assert fit_text("a" * 300 + "_0017.png", 14, 200).endswith("_0017.png")


@given(st.lists(st.tuples(st.integers(-9, 20), st.integers(-9, 20)), max_size=20))
def test_stamps_off_the_canvas_are_cut(places):
    canvas = np.zeros((8, 8), dtype=np.uint8)
    points = np.array(places, dtype=np.int64).reshape(-1, 2)
    stamp_at(canvas, points[:, 0], points[:, 1], 1, stamp("###", "###", "###"))
    expected = np.zeros((8, 8), dtype=np.uint8)
    for row in range(8):
        for column in range(8):
            near = np.abs(points - (row, column)).max(axis=1, initial=0) <= 1
            expected[row, column] = bool(near.any())
    np.testing.assert_array_equal(canvas, expected)


def _seen_by_deuteranope(colour: tuple[int, int, int]) -> np.ndarray:
    """Simulate deuteranopia (Machado, Oliveira and Fernandes 2009, severity 1), in linear RGB."""
    value = np.array(colour) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    machado = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    return np.clip(machado @ linear, 0, 1) ** (1 / 2.4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (style.SKY_BLUE, style.ORANGE),  # trunk and branch
        (style.VERMILLION, style.YELLOW),  # branch point on trunk and end
        (style.VERMILLION, style.SKY_BLUE),  # branch point on trunk and crossing
        (style.BLUE, style.ORANGE),  # first and second diagnosis
    ],
)
def test_neighbouring_colours_differ_for_the_colour_blind(one, other):
    difference = _seen_by_deuteranope(one) - _seen_by_deuteranope(other)
    assert np.linalg.norm(difference) > 0.3
