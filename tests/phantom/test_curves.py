from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.phantom.curves import arc_length, border_point, inside, resample, smooth_noise


@pytest.mark.parametrize("radius", [10.0, 25.0, 200.0])
def test_arc_length_of_half_a_circle(radius: float) -> None:
    angle = np.linspace(0, np.pi, round(np.pi * radius) + 1)  # points about 1 um apart
    circle = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    assert arc_length(circle)[-1] == pytest.approx(np.pi * radius, rel=5e-4)


def test_resampling_keeps_ends_and_spaces_evenly() -> None:
    points = np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 40.0]])
    even = resample(points)
    assert even[0].tolist() == [0.0, 0.0]
    assert even[-1].tolist() == [30.0, 40.0]
    assert np.allclose(np.diff(arc_length(even)), 1.0, atol=0.03)


def test_smooth_noise_has_unit_variance_and_no_short_waves() -> None:
    at = np.arange(0.0, 4000.0)
    noise = smooth_noise(np.random.default_rng(0), at, (50.0, 200.0), 200)
    assert noise.shape == (200, 4000)
    assert noise.var() == pytest.approx(1.0, abs=0.05)
    power = np.abs(np.fft.rfft(noise * np.hanning(4000), axis=1)) ** 2
    wavelength = 4000.0 / np.maximum(np.arange(power.shape[1]), 1)
    assert power[:, wavelength < 45].sum() < 1e-4 * power.sum()


@given(
    inner=st.tuples(st.floats(1.0, 99.0), st.floats(1.0, 59.0)),
    angle=st.floats(0.0, 2 * np.pi),
)
def test_border_point_is_on_the_border_and_on_the_line(inner: tuple[float, float], angle: float) -> None:
    shape = (100.0, 60.0)
    start = np.array(inner)
    way = np.array([np.cos(angle), np.sin(angle)])
    found = np.array(border_point(start, start + 300.0 * way, shape))
    assert inside(found, shape)
    assert found[0] in (0.0, 100.0) or found[1] in (0.0, 60.0)
    across = (found - start) @ np.array([-way[1], way[0]])
    assert abs(across) < 1e-9
    assert (found - start) @ way > 0
