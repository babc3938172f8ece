"""Features of segments whose answers follow from how they were drawn."""

import numpy as np
import pytest

from ccmeval.nerves.candidates import cut
from ccmeval.nerves.features import FEATURES, segment_features, segment_probability
from ccmeval.nerves.filters import ORIENTATIONS, Evidence
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.settings import RidgeSettings, SegmentWeights

SETTINGS = RidgeSettings()
STRONG, WEAK = SETTINGS.firm_coherence + 0.2, SETTINGS.candidate_coherence + 0.1


def h_shape():
    """Two strong uprights of 101 pixels, and a weak bar of 39 between them."""
    skeleton = np.zeros((101, 101), dtype=bool)
    skeleton[:, 30] = skeleton[:, 70] = skeleton[50, 30:70] = True
    coherence = np.where(skeleton, STRONG, 0.0)
    coherence[50, 31:70] = WEAK
    orientation = np.full(skeleton.shape, ORIENTATIONS // 2)
    orientation[50, 31:70] = 0
    return skeleton, Evidence(coherence.astype(np.float32), orientation, np.ones(skeleton.shape, np.float32))


@pytest.fixture(scope="module")
def table():
    skeleton, evidence = h_shape()
    found = cut(skeleton)
    bar = found.segment[50, 50]
    upright = found.segment[10, 30]
    features = segment_features(found, evidence, SETTINGS)
    return {name: (features[bar, k], features[upright, k]) for k, name in enumerate(FEATURES)}


def test_length_and_networks(table):
    bar, upright = table["log_length"]
    # Pixels beside a junction belong to it, so segments are a pixel or two short.
    assert np.exp(bar) / GRID_UM == pytest.approx(38, abs=2)
    assert np.exp(upright) / GRID_UM == pytest.approx(50, abs=2)
    assert np.exp(table["log_network_length"][0]) / GRID_UM == pytest.approx(241, abs=1)
    assert np.exp(table["log_firm_length"][1]) / GRID_UM == pytest.approx(101, abs=2)
    assert table["log_firm_length"][0] == pytest.approx(0.0, abs=1e-6)


def test_strength_and_shape(table):
    assert table["faint_coherence"] == pytest.approx((WEAK, STRONG), rel=1e-5)
    assert table["straightness"] == pytest.approx((1.0, 1.0), abs=0.05)


def test_support(table):
    bar, upright = table["weaker_end"]
    assert bar == pytest.approx(STRONG, rel=0.05)  # a strong nerve at both ends
    assert upright == 0.0  # one end leaves the frame


def test_alignment_follows_the_strong_nerves(table):
    assert table["alignment"][1] > 0.8
    assert table["alignment"][0] == pytest.approx(-table["alignment"][1], abs=1e-6)


def test_probability_is_the_logistic_of_the_weighted_sum():
    weights = SegmentWeights(**dict.fromkeys(SegmentWeights.model_fields, 0.0))
    weights = weights.model_copy(update={"intercept": -2.0, "log_length": 0.5})
    features = np.zeros((2, len(FEATURES)))
    features[1, FEATURES.index("log_length")] = 4.0
    assert segment_probability(features, weights) == pytest.approx([1 / (1 + np.exp(2)), 0.5])


def test_nothing_to_describe():
    empty = np.zeros((4, 5))
    found = cut(empty > 0)
    features = segment_features(found, Evidence(empty, empty.astype(int), empty), SETTINGS)
    assert features.shape == (1, len(FEATURES))
    assert np.isfinite(features).all()
