"""Texture features: answers by hand, peers, physical scale, and frames that have nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage, stats

from ccmeval.fidelity.extractors import scales, texture
from ccmeval.fidelity.extractors.radiomic import RadiomicExtractor
from ccmeval.plugins import WeightSource


def described(frame: np.ndarray, pixel_size_um: float = 1.0) -> dict[str, float]:
    extractor = RadiomicExtractor()
    extractor.prepare(WeightSource())
    values = extractor.extract([frame], [pixel_size_um])[0]
    return dict(zip(extractor.names, values, strict=True))


@settings(max_examples=20, deadline=None)
@given(
    frame=arrays(
        np.float32, st.tuples(st.integers(8, 40), st.integers(8, 40)), elements=st.floats(0, 1, width=32)
    ),
    pixel_size_um=st.floats(0.2, 8.0),
)
def test_every_feature_of_every_frame_is_a_number(frame, pixel_size_um) -> None:
    found = described(frame, pixel_size_um)
    assert len(found) == 94
    assert np.isfinite(list(found.values())).all()


def test_constant_frame_has_its_documented_values() -> None:
    found = described(np.full((64, 64), 0.3, np.float32))
    spreads = [
        name for name in found if name.endswith(("_sd", "skewness", "kurtosis", "slope", "anisotropy"))
    ]
    assert max(abs(found[name]) for name in spreads) < 1e-6
    assert found["pairs_4um_correlation"] == 1.0
    assert found["grey_entropy"] == 0.0


def test_first_order_equals_scipy() -> None:
    frame = np.random.default_rng(0).beta(2, 5, (50, 60)).astype(np.float32)
    found = texture.first_order(frame)
    wide = frame.astype(np.float64).ravel()
    assert found["grey_sd"] == pytest.approx(wide.std(), rel=1e-5)
    assert found["grey_skewness"] == pytest.approx(stats.skew(wide), rel=1e-4)
    assert found["grey_kurtosis"] == pytest.approx(stats.kurtosis(wide), rel=1e-3, abs=1e-5)


def test_co_occurrence_equals_scikit_image() -> None:
    from skimage.feature import graycomatrix, graycoprops

    frame = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    found = texture.co_occurrence(frame, 1.0)
    levels = (frame * 32).astype(np.uint8)
    counts = graycomatrix(levels, [4], np.arange(4) * np.pi / 4, levels=32, symmetric=True).sum(axis=3)
    share = counts[..., None] / counts.sum()
    for name in ("contrast", "dissimilarity", "homogeneity", "energy", "correlation"):
        assert found[f"pairs_4um_{name}"] == pytest.approx(graycoprops(share, name)[0, 0])


def test_patterns_by_hand() -> None:
    line = np.zeros((9, 9), np.uint16)
    line[:, 4] = 7
    codes = texture.pattern_codes(line, 1.0)
    assert codes[3, 3] == 9  # on the line only the two along it are as bright: not side by side
    assert codes[3, 0] == 8  # on flat ground all are as bright
    assert codes[3, 2] == 8  # beside the line too: all at least as bright


def test_blur_equals_scipy() -> None:
    frame = np.random.default_rng(2).random((60, 45)).astype(np.float32)
    for sigma in (2.0, 8.0):
        expected = ndimage.gaussian_filter(frame.astype(np.float64), sigma, truncate=6, mode="reflect")
        np.testing.assert_allclose(scales.Blurs(frame, 1.0).at(sigma), expected, atol=1e-5)
        np.testing.assert_allclose(scales.Blurs(frame, 0.5).at(sigma / 2), expected, atol=1e-5)


def grating(wavelength_um: float, angle: float, pixel_size_um: float, side_um: float = 256) -> np.ndarray:
    places = np.arange(int(side_um / pixel_size_um)) * pixel_size_um
    across = np.cos(angle) * places[None, :] + np.sin(angle) * places[:, None]
    return (0.5 + 0.3 * np.cos(2 * np.pi * across / wavelength_um)).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2])
@pytest.mark.parametrize("pixel_size_um", [0.5, 1.0])
def test_spectrum_finds_scale_and_direction(angle, pixel_size_um) -> None:
    found = described(grating(11.3, angle, pixel_size_um), pixel_size_um)
    assert found["spectrum_8to16um_log_share"] > -0.05
    assert found["spectrum_8to16um_anisotropy"] > 0.95
    assert found["spectrum_32to64um_log_share"] < -2


def test_noise_has_no_direction_and_a_flat_spectrum() -> None:
    frame = np.random.default_rng(5).random((256, 256)).astype(np.float32)
    found = described(frame)
    assert found["spectrum_4to8um_anisotropy"] < 0.05
    assert abs(found["spectrum_slope"]) < 0.3


def test_lines_are_ridges_and_blobs_are_not() -> None:
    lines = described(grating(24.0, 0.3, 1.0))
    rng = np.random.default_rng(6)
    noise = ndimage.gaussian_filter(rng.random((256, 256)), 4)
    noise = (0.5 + 0.1 * (noise - noise.mean()) / noise.std()).clip(0, 1).astype(np.float32)
    assert lines["ridge_3um_lineness"] > 0.9
    assert described(noise)["ridge_3um_lineness"] < 0.6


def test_pixel_size_changes_little_of_what_is_physical() -> None:
    fine = grating(32.0, 0.4, 0.5) * grating(50.0, 1.9, 0.5)
    coarse = fine.reshape(256, 2, 256, 2).mean(axis=(1, 3))
    one, other = described(fine, 0.5), described(coarse, 1.0)
    for name in ("grey_mean", "pairs_8um_contrast", "band_4um_sd", "ridge_6um_mean", "contrast_20um_mean"):
        assert one[name] == pytest.approx(other[name], rel=0.08), name


def test_two_batches_are_one() -> None:
    frames = list(np.random.default_rng(0).random((3, 48, 40)).astype(np.float32))
    extractor = RadiomicExtractor()
    whole = extractor.extract(frames, [1.0, 0.5, 2.0])
    np.testing.assert_array_equal(whole[1:], extractor.extract(frames[1:], [0.5, 2.0]))
    assert extractor.extract([], []).shape == (0, 94)
