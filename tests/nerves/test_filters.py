"""The filter banks on lines and noise of known properties."""

import numpy as np
import pytest

from ccmeval.nerves.filters import ORIENTATIONS, gather_evidence
from ccmeval.nerves.normalise import normalise
from ccmeval.nerves.settings import RidgeSettings
from tests.nerves.lines_by_formula import line_frame, speckle

SETTINGS = RidgeSettings()


def evidence(frame):
    imaged = np.ones(frame.shape, dtype=bool)
    return gather_evidence(normalise(frame, imaged, background_um=16.0, contrast_um=24.0), SETTINGS)


@pytest.mark.parametrize("angle", [0, 22.5, 50, 90, 130])
def test_orientation_and_crest_of_a_line(angle):
    frame, across = line_frame(angle_deg=angle, noise=0.03)
    found = evidence(frame)
    on = (np.abs(across) < 0.5) & (np.hypot(*(np.indices(frame.shape) - 80)) < 50)
    assert found.coherence[on].min() > SETTINGS.firm_coherence
    # The bank's normal of orientation k is (cos, sin) as (row, column); the line's is (-sin, cos).
    normal = np.deg2rad(angle) + np.pi / 2
    difference = found.orientation[on] * np.pi / ORIENTATIONS - normal
    assert np.rad2deg(np.abs(np.angle(np.exp(2j * difference)) / 2)).max() < 12


def test_noise_lines_up_nowhere():
    shares = [
        np.mean(evidence(speckle((200, 200), seed)).coherence > SETTINGS.firm_coherence) for seed in range(3)
    ]
    assert max(shares) < 0.02


def test_broad_bands_answer_the_broad_filter():
    nerve, across = line_frame(fwhm_um=4.0, noise=0.05)
    band, _ = line_frame(fwhm_um=14.0, noise=0.05)
    on = (np.abs(across) < 1) & (np.hypot(*(np.indices(nerve.shape) - 80)) < 50)
    seen = [evidence(frame) for frame in (nerve, band)]
    narrow, broad = (each.breadth[on].mean() / each.coherence[on].mean() for each in seen)
    assert broad > 1.1 * narrow


def test_tiles_leave_no_seam():
    frame = speckle((500, 430), seed=3)
    whole = evidence(frame).coherence
    # Shifted by an even number of pixels, the tiles cut the same texture elsewhere.
    shifted = evidence(frame[100:, 40:]).coherence
    inner = (slice(160, -100), slice(160, -100))
    assert np.abs(whole[100:, 40:][inner] - shifted[inner]).mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (2, 700), (33, 5)])
def test_any_size(shape):
    found = gather_evidence(np.zeros(shape, dtype=np.float32), SETTINGS)
    assert found.coherence.shape == found.orientation.shape == found.breadth.shape == shape
    assert not found.coherence.any()
