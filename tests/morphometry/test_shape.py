"""Tortuosity in three definitions, against closed forms and robust against pixel noise."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.morphometry import shape


def arc(radius: float, degrees: float) -> np.ndarray:
    angle = np.radians(np.linspace(0.0, degrees, 2000))
    return radius * np.column_stack([np.sin(angle), 1.0 - np.cos(angle)])


def sine(amplitude: float, wavelength: float, length: float = 400.0) -> np.ndarray:
    t = np.linspace(0.0, length, 8000)
    return np.column_stack([t, amplitude * np.sin(2.0 * np.pi * t / wavelength)])


@pytest.mark.parametrize(("radius", "degrees"), [(100.0, 90.0), (200.0, 60.0)])
def test_arc_has_its_closed_forms(radius: float, degrees: float) -> None:
    path, theta = arc(radius, degrees), np.radians(degrees)
    assert shape.arc_over_chord(path) == pytest.approx(theta / (2.0 * np.sin(theta / 2.0)) - 1.0, rel=1e-4)
    assert shape.integrated_squared_curvature(path, 30.0) == pytest.approx(theta / radius, rel=0.03)


def test_squared_curvature_of_a_sine() -> None:
    amplitude, wavelength = 3.0, 100.0
    number = 2.0 * np.pi / wavelength
    # For a shallow sine the curvature is the second derivative.
    expected = (amplitude * number**2) ** 2 / 2.0 * 400.0
    path = sine(amplitude, wavelength)
    assert shape.integrated_squared_curvature(path, 20.0) == pytest.approx(expected, rel=0.12)


def test_kallinikos_coefficient_of_a_sine() -> None:
    amplitude, wavelength = 3.0, 100.0
    pixel = 400.0 / 384.0  # of the HRT3-RCM
    number = 2.0 * np.pi * pixel / wavelength
    height = amplitude / pixel
    expected = np.sqrt(400.0 / pixel * ((height * number) ** 2 + (height * number**2) ** 2) / 2.0)
    assert shape.kallinikos_coefficient(sine(amplitude, wavelength), 20.0) == pytest.approx(
        expected, rel=0.01
    )


def test_kallinikos_coefficient_has_its_second_derivative() -> None:
    """A shallow, narrow sine at steps of 2 um: central differences shrink a derivative by sin(kh) / kh."""
    amplitude, wavelength, pixel = 0.3, 20.0, 400.0 / 384.0
    number = 2.0 * np.pi / wavelength
    shrink = np.sin(2.0 * number) / (2.0 * number)
    slope = amplitude * number * shrink
    second = slope * number * pixel * shrink
    expected = np.sqrt(400.0 / pixel * (slope**2 + second**2) / 2.0)
    assert second**2 > 0.08 * slope**2
    found = shape.kallinikos_coefficient(sine(amplitude, wavelength), 0.1)
    assert found == pytest.approx(expected, rel=0.01)


def test_kallinikos_coefficient_of_a_steep_roof() -> None:
    """Two sides of 70 degrees: their slope over 200 um, and little from the one corner."""
    side = np.tan(np.radians(70.0))
    t = np.linspace(0.0, 200.0, 4000)
    roof = np.column_stack([t, side * np.minimum(t, 200.0 - t)])
    found = shape.kallinikos_coefficient(roof, 30.0)
    assert found == pytest.approx(side * np.sqrt(200.0 * 384.0 / 400.0), rel=0.03)


@pytest.mark.parametrize("measure", [shape.kallinikos_coefficient, shape.integrated_squared_curvature])
def test_bending_does_not_depend_on_direction_or_turn(measure) -> None:  # type: ignore[no-untyped-def]
    path = sine(4.0, 90.0)
    turn = np.radians(37.0)
    turned = path @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert measure(turned, 25.0) == pytest.approx(measure(path, 25.0), rel=1e-6)
    assert measure(path[::-1], 25.0) == pytest.approx(measure(path, 25.0), rel=1e-6)


def test_jitter_of_a_third_of_a_pixel_hardly_counts() -> None:
    rng = np.random.default_rng(0)
    line = np.column_stack([np.linspace(0, 400, 400), np.full(400, 200.0)])
    jittered = line + rng.normal(0, 0.3, line.shape)
    assert shape.kallinikos_coefficient(jittered, 30.0) < 0.6
    assert shape.integrated_squared_curvature(jittered, 30.0) < 0.004


def test_closed_and_tiny_paths() -> None:
    circle = arc(20.0, 360.0)
    circle[-1] = circle[0]
    assert np.isnan(shape.arc_over_chord(circle))
    assert np.isnan(shape.kallinikos_coefficient(circle, 25.0))
    short = np.array([[0.0, 0.0], [0.0, 1.0]])
    assert shape.kallinikos_coefficient(short, 25.0) == 0.0
    assert shape.integrated_squared_curvature(short, 25.0) == 0.0


def test_orientation_coherence() -> None:
    along, across = np.array([[0.0, 0.0], [50.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 50.0]])
    assert shape.orientation_coherence([along, along + 3.0]) == pytest.approx(1.0)
    assert shape.orientation_coherence([along, across]) == pytest.approx(0.0, abs=1e-12)
    # Half of the length at 45 degrees to the other half: cos 45.
    slanted = np.array([[0.0, 0.0], [50.0, 50.0]]) / np.sqrt(2.0)
    assert shape.orientation_coherence([along, slanted]) == pytest.approx(np.sqrt(0.5))


def test_dense_points_fill_long_steps() -> None:
    points = shape.dense_points([np.array([[0.0, 0.0], [0.0, 90.0]]), np.zeros((2, 2))], 3.0)
    assert len(points) == 31 + 2
