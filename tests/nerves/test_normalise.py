"""Normalisation and resampling against what they promise."""

import numpy as np
import pytest

from ccmeval.nerves.normalise import GRID_UM, normalise, to_grid

SIGMAS = {"background_um": 16.0, "contrast_um": 24.0}


def noise(shape=(200, 220), seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def everywhere(frame):
    return np.ones(frame.shape, dtype=bool)


def test_illumination_and_gain_are_removed():
    plain = 0.4 + 0.05 * noise()
    ramp = np.linspace(0.5, 1.5, plain.shape[1], dtype=np.float32)  # vignetting scales level and contrast
    one, other = (normalise(f, everywhere(f), **SIGMAS) for f in (plain, plain * ramp))
    inner = (slice(30, -30), slice(30, -30))
    assert np.corrcoef(one[inner].ravel(), other[inner].ravel())[0, 1] > 0.99
    assert other[inner].mean() == pytest.approx(0, abs=0.05)
    left, right = other[:, 30:90].std(), other[:, -90:-30].std()
    assert left == pytest.approx(right, rel=0.06)


def test_level_and_gain_do_not_matter():
    frame = 0.4 + 0.05 * noise()
    bright = 0.1 + 0.25 * frame
    a, b = (normalise(f.astype(np.float32), everywhere(f), **SIGMAS) for f in (frame, bright))
    assert np.allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (50, 2), (5, 5)])
@pytest.mark.parametrize("level", [0.0, 0.37, 1.0])
def test_constant_frames_give_zero(shape, level):
    frame = np.full(shape, level, dtype=np.float32)
    assert not normalise(frame, everywhere(frame), **SIGMAS).any()


def test_border_of_the_imaged_area_makes_no_step():
    frame = (0.5 + 0.05 * noise()).astype(np.float32)
    imaged = everywhere(frame)
    imaged[:, :100] = False
    frame[~imaged] = 0.0
    result = normalise(frame, imaged, **SIGMAS)
    assert not result[~imaged].any()
    assert abs(result[:, 100:110].mean()) < 0.15


def test_own_grid_is_not_resampled():
    frame = noise()
    resampled, _ = to_grid(frame, everywhere(frame), GRID_UM)
    assert resampled is frame


@pytest.mark.parametrize("pixel_size_um", [0.4, 0.78, 2.0])
def test_resampling_keeps_places(pixel_size_um):
    size = round(300 / pixel_size_um)
    place = (np.indices((size, size)) + 0.5) * pixel_size_um
    frame = np.exp(-((place[0] - 100) ** 2 + (place[1] - 180) ** 2) / (2 * 12**2)).astype(np.float32)
    found, area = to_grid(frame, everywhere(frame), pixel_size_um)
    assert area.all()
    assert area.shape == found.shape
    expected = (np.indices(found.shape) + 0.5) * (300 / found.shape[0])
    truth = np.exp(-((expected[0] - 100) ** 2 + (expected[1] - 180) ** 2) / (2 * 12**2))
    assert np.abs(found - truth).max() < 0.02
