"""The fine wiggle of nerves: one smooth random displacement of the whole plexus, branch points included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import FloatArray

_WAVELENGTHS_UM = (12.0, 60.0)
_WAVES = 60
_STEEPNESS = 1.0
"""Amplitude grows with the wavelength to this power, as it does along traced nerves of real frames."""


@dataclass(frozen=True)
class Wiggle:
    """A displacement field, the sum of plane waves.

    Attributes
    ----------
    wave_per_um : float array (K, 2)
        Wave vectors, in radians per micrometre.
    phase : float array (K,)
    amplitude_um : float array (K, 2)
        Displacement in row and column.
    """

    wave_per_um: FloatArray
    phase: FloatArray
    amplitude_um: FloatArray

    def displaced(self, points: FloatArray) -> FloatArray:
        """Move points, float array (N, 2) in micrometres; equal points stay equal to the last bit."""
        row, column = points[:, :1], points[:, 1:]
        waves = np.sin(row * self.wave_per_um[:, 0] + column * self.wave_per_um[:, 1] + self.phase)
        # Not a matrix product: its rounding depends on the number of points.
        return np.asarray(points + (waves[:, :, None] * self.amplitude_um).sum(axis=1))

    @property
    def lengthening(self) -> float:
        """Expected length of a displaced nerve over its length before, to second order.

        A wave moves a nerve sideways with half its power on average over the nerve's directions, and its
        slope along the nerve has half of the wave number's square: 1/2 * 1/2 * 1/2 * 1/2 of amplitude
        times wave number, squared.
        """
        steepness = (self.amplitude_um**2).sum(axis=1) * (self.wave_per_um**2).sum(axis=1)
        return 1.0 + float(steepness.sum()) / 16.0


def draw_wiggle(rng: np.random.Generator, deviation_um: float) -> Wiggle:
    """Draw a displacement field.

    Parameters
    ----------
    rng : numpy.random.Generator
    deviation_um : float
        SD of the displacement along each axis.

    Returns
    -------
    Wiggle

    Examples
    --------
    >>> still = draw_wiggle(np.random.default_rng(0), 0.0)
    >>> still.displaced(np.array([[3.0, 4.0]])), still.lengthening
    (array([[3., 4.]]), 1.0)
    """
    wavelength = np.exp(rng.uniform(np.log(_WAVELENGTHS_UM[0]), np.log(_WAVELENGTHS_UM[1]), _WAVES))
    heading, sway = rng.uniform(0, 2 * np.pi, (2, _WAVES))
    size = wavelength**_STEEPNESS
    size *= deviation_um * 2.0 / np.sqrt((size**2).sum())
    return Wiggle(
        (2 * np.pi / wavelength)[:, None] * np.column_stack([np.cos(heading), np.sin(heading)]),
        rng.uniform(0, 2 * np.pi, _WAVES),
        size[:, None] * np.column_stack([np.cos(sway), np.sin(sway)]),
    )
