"""Centre lines, masks and probabilities on the frame's own pixels."""

import numpy as np
import pytest
from scipy import ndimage

from ccmeval.nerves.drawing import draw_mask, draw_probability, to_frame


def slanted(size=200):
    line = np.zeros((size, size), dtype=bool)
    columns = np.arange(size)
    line[np.rint(columns * 0.7 + 20).astype(int), columns] = True
    return line


@pytest.mark.parametrize("scale", [0.4, 0.75, 1.3, 2.6])
def test_a_line_stays_one_line_in_its_place(scale):
    size = round(200 * scale)
    line = to_frame(slanted(), (size, size))
    assert ndimage.label(line, np.ones((3, 3)))[1] == 1
    rows, columns = np.nonzero(line)
    expected = ((columns + 0.5) / scale - 0.5) * 0.7 + 20
    assert np.abs((rows + 0.5) / scale - 0.5 - expected).max() < 1.5 / min(scale, 1)
    assert np.ptp(columns) >= size - 3


@pytest.mark.parametrize("scale", [0.26, 0.33, 0.5, 1.3, 1.33])
def test_diagonal_lines_keep_their_ends(scale):
    steps = np.arange(-70, 71)
    for degrees in (43.5, 44.0, 44.5, 45.0, 45.5, 134.5):
        line = np.zeros((200, 200), dtype=bool)
        line[100 + steps, np.rint(99.6 + steps * np.tan(np.deg2rad(degrees))).astype(int)] = True
        size = round(200 * scale)
        drawn = to_frame(line, (size, size))
        length, whole = (np.hypot(*np.ptp(np.argwhere(each), axis=0)) for each in (drawn, line))
        assert length == pytest.approx(whole * scale, abs=2.5)


def test_mask_is_as_wide_as_measured():
    line = np.zeros((40, 60), dtype=bool)
    line[20] = True
    mask = draw_mask(line, np.where(line, 5.0, np.nan), pixel_size_um=1.0)
    assert mask.sum(axis=0).tolist() == [5] * 60
    thin = draw_mask(line, np.where(line, 0.1, np.nan), pixel_size_um=1.0)
    assert np.array_equal(thin, line)


def test_mask_and_probability_agree():
    rng = np.random.default_rng(0)
    mask = rng.random((30, 30)) > 0.7
    segment = rng.integers(0, 5, (30, 30))
    drawn = draw_probability(mask, segment, np.array([0.0, 0.2, 0.9, 1.0, 0.5]))
    assert np.array_equal(drawn >= 0.5, mask)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
