from __future__ import annotations

import numpy as np
import pytest

from ccmeval.fidelity.embedding import embed
from ccmeval.fidelity.vectors import FeatureSet


def feature_set(values, diagnoses=None):
    n = len(values)
    names = [f"f{i}" for i in range(n)]
    return FeatureSet(np.asarray(values, dtype=float), names, names, diagnoses or [None] * n)


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    return feature_set(rng.normal(size=(25, 80))), feature_set(rng.normal(size=(20, 80)) + 3)


def test_same_seed_same_picture_and_apart_what_is_apart(sets):
    found = embed(*sets, "radiomic", seed=3)
    assert found == embed(*sets, "radiomic", seed=3)
    assert (len(found.points), found.seed) == (45, 3)
    assert found.perplexity == pytest.approx(44 / 3)
    places = {
        name: np.array([(p.x, p.y) for p in found.points if p.set == name]) for name in ("real", "synth")
    }
    gap = np.linalg.norm(places["real"].mean(axis=0) - places["synth"].mean(axis=0))
    assert gap > places["real"].std(axis=0).max()


def test_points_are_chosen_evenly_by_diagnosis():
    real = feature_set(np.random.default_rng(1).normal(size=(60, 3)), ["Control"] * 50 + ["T1DPN"] * 10)
    found = embed(real, real, "radiomic", most=32)
    chosen = [point.diagnosis for point in found.points if point.set == "real"]
    assert (chosen.count("Control"), chosen.count("T1DPN")) == (8, 8)


def test_bad_inputs():
    few = feature_set(np.eye(3))
    assert embed(few, few.take([]), "f") is None
    broken = np.eye(8)
    broken[0, 0] = np.nan
    assert len(embed(feature_set(broken), feature_set(np.eye(8)), "f").points) == 15
    alike = embed(feature_set(np.ones((6, 4))), feature_set(np.ones((6, 4))), "f")
    assert np.isfinite([(p.x, p.y) for p in alike.points]).all()
    single = embed(feature_set(np.arange(6.0)[:, None]), feature_set(np.arange(6.0)[:, None]), "f")
    assert np.isfinite([(p.x, p.y) for p in single.points]).all()
