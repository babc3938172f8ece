"""Widths of lines that were drawn with a known width."""

import numpy as np
import pytest
from skimage.morphology import skeletonize

from ccmeval.nerves.widths import measure_widths, narrowed
from tests.nerves.lines_by_formula import line_frame


def measured(frame, across, pixel_size_um):
    width = measure_widths(frame, skeletonize(np.abs(across) < 1.5), pixel_size_um)
    return width[20:-20, 20:-20]


@pytest.mark.parametrize("angle", [0, 20, 45, 120])
@pytest.mark.parametrize("pixel_size_um", [400 / 384, 0.6])
@pytest.mark.parametrize("fwhm_um", [2.5, 3.5, 5.0])
def test_gaussian_lines(angle, pixel_size_um, fwhm_um):
    frame, across = line_frame(angle_deg=angle, fwhm_um=fwhm_um, pixel_size_um=pixel_size_um)
    width = measured(frame, across, pixel_size_um)
    assert abs(np.nanmean(width) - fwhm_um) < 0.08
    assert np.nanstd(width) < 0.08


@pytest.mark.parametrize("fwhm_um", [3.5, 5.0, 6.5])
def test_box_lines(fwhm_um):
    bias = []
    for angle in (10, 20, 30, 60, 120, 155):
        frame, across = line_frame(angle_deg=angle, fwhm_um=fwhm_um, box=True)
        bias.append(np.nanmean(measured(frame, across, 400 / 384)) - fwhm_um)
    assert abs(np.mean(bias)) < 0.05
    assert max(np.abs(bias)) < 0.15


def test_noise_does_not_bias():
    bias = []
    for seed in range(8):
        frame, across = line_frame(angle_deg=17 * seed, fwhm_um=4.0, noise=0.08, seed=seed)
        bias.append(np.nanmean(measured(frame, across, 400 / 384)) - 4.0)
    assert abs(np.mean(bias)) < 0.1


def test_a_centre_line_off_the_crest_gives_the_same_width():
    frame, across = line_frame(angle_deg=30, fwhm_um=4.0)
    width = measure_widths(frame, skeletonize(np.abs(across - 1.3) < 1.2), 400 / 384)[20:-20, 20:-20]
    assert abs(np.nanmean(width) - 4.0) < 0.1


def test_width_is_known_on_the_centre_line_and_only_there():
    frame, across = line_frame()
    line = skeletonize(np.abs(across) < 1.5)
    line[80, 20:140] = True
    line = skeletonize(line)
    assert np.array_equal(np.isfinite(measure_widths(frame, line, 1.0)), line)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 3)])
def test_nothing_to_measure(shape):
    frame = np.full(shape, 0.5, dtype=np.float32)
    assert np.isnan(measure_widths(frame, np.zeros(shape, dtype=bool), 1.0)).all()
    assert np.isnan(measure_widths(frame, np.ones(shape, dtype=bool), 1.0)).all()


def test_a_known_broadening_is_taken_out() -> None:
    sigma_um, broadening_um = 2.0, 1.5
    fwhm_um = 2.0 * np.sqrt(2.0 * np.log(2.0)) * sigma_um
    # The widths of convolved Gaussians add in quadrature.
    seen = np.hypot(fwhm_um, broadening_um)
    assert narrowed(np.array([seen]), broadening_um)[0] == pytest.approx(fwhm_um)
    assert narrowed(np.array([1.0]), broadening_um)[0] == 0.5
    assert np.isnan(narrowed(np.array([np.nan]), broadening_um)[0])
