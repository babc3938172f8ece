from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ccmeval.phantom import OpticsSettings, PhantomSettings, make_phantom
from ccmeval.phantom.fields import dendritic_cells, epithelium, gaussian_field, illumination, k_structures


def test_gaussian_field_has_the_asked_spread_and_grain() -> None:
    rng = np.random.default_rng(0)
    fields = np.array([gaussian_field(rng, (256, 200), [(0.3, 2.0), (0.4, 1.0)]) for _ in range(20)])
    assert fields.std() == pytest.approx(0.5, rel=0.03)
    one = np.array([gaussian_field(rng, (256, 256), [(1.0, 3.0)]) for _ in range(10)])
    lag = (one[:, :, 3:] * one[:, :, :-3]).mean() / one.var()
    # White noise under a Gaussian of radius s is correlated by exp(-lag^2 / (4 s^2)).
    assert lag == pytest.approx(np.exp(-0.25), abs=0.03)


def test_stretched_grain_is_longer_down_the_frame() -> None:
    field = gaussian_field(np.random.default_rng(0), (384, 384), [(1.0, 1.0)], 1.5)
    down, across = (field[1:] * field[:-1]).mean(), (field[:, 1:] * field[:, :-1]).mean()
    assert down > across + 0.1


def test_corners_are_as_dark_as_asked_when_centred() -> None:
    light = np.mean([illumination(np.random.default_rng(s), (96, 96), 0.4) for s in range(200)], axis=0)
    assert light.max() <= 1.0
    assert light[:3, :3].mean() == pytest.approx(0.4, abs=0.08)
    assert light[45:51, 45:51].mean() > 0.93


def test_things_that_are_no_nerves_stay_in_range() -> None:
    rng = np.random.default_rng(1)
    bands, fibrils = k_structures(rng, (128, 130), 1.0)
    assert fibrils.shape == (128, 130)
    assert 0.3 < fibrils[bands > 0.5].std() < 3.0
    for image in (bands, dendritic_cells(rng, (128, 130), 1.0, 3)):
        assert image.shape == (128, 130)
        assert image.min() >= 0.0
        assert 0.5 < image.max() <= 1.0
    cells = epithelium(rng, (128, 130), 1.0, 10.0)
    assert -1.1 <= cells.min() < cells.max() <= 2.0


def test_frame_is_eight_bit_and_nerves_are_bright() -> None:
    phantom = make_phantom(np.random.default_rng(4))
    levels = phantom.frame * 255
    assert phantom.frame.dtype == np.float32
    assert np.allclose(levels, np.round(levels), atol=1e-3)
    assert phantom.frame[phantom.trace].mean() > 1.3 * phantom.frame[~phantom.mask].mean()
    off_trace = ndimage.distance_transform_edt(~phantom.mask)[phantom.trace]
    assert off_trace.max() <= 1.5  # the centre line lies in the mask


def test_contrast_follows_the_settings() -> None:
    def drawn(low: float) -> float:
        optics = OpticsSettings(
            trunk_contrast=(low, low), branch_contrast=(low, low), fibre_contrast=(low, low),
            fading=(0.0, 0.0), dendritic_cells=(0.0, 0.0), knee=(1.0, 1.0),
        )  # fmt: skip
        phantom = make_phantom(np.random.default_rng(4), settings=PhantomSettings(optics=optics))
        return phantom.biomarkers["nerve_contrast"]

    # Doubled contrast settings double the drawn contrast, but for clipping at white.
    assert drawn(0.4) == pytest.approx(2 * drawn(0.2), rel=0.05)


def test_the_optics_do_not_touch_the_truth() -> None:
    plain = make_phantom(np.random.default_rng(7))
    other = OpticsSettings(speckle=(0.5, 0.5), k_structure_chance=1.0)
    noisy = make_phantom(np.random.default_rng(7), settings=PhantomSettings(optics=other))
    assert (plain.mask == noisy.mask).all()
    assert plain.biomarkers["cnfl_mm_per_mm2"] == noisy.biomarkers["cnfl_mm_per_mm2"]
    assert (plain.frame != noisy.frame).any()


@pytest.mark.parametrize("seed", range(4))
def test_randomised_settings_make_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    settings = PhantomSettings.randomised(rng, shape_px=(256, 192))
    phantom = make_phantom(rng, diagnosis="T1NoDPN", settings=settings)
    assert phantom.frame.shape == (256, 192)
    assert np.isfinite(phantom.frame).all()
    assert phantom.frame.std() > 0.005


def test_a_range_must_rise() -> None:
    with pytest.raises(ValueError, match=r"\(low, high\)"):
        OpticsSettings(speckle=(0.3, 0.2))
