"""Standardising by the real set."""

import numpy as np
import pytest

from ccmeval.fidelity.scaling import standardise_by


def test_real_set_gets_mean_zero_and_sd_one() -> None:
    real = np.random.default_rng(0).normal(1e6, 1e-3, (40, 3))
    found = standardise_by(real)(real)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0, ddof=1), 1)


def test_constant_columns_are_dropped_with_a_note_unless_bounded() -> None:
    real = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    dropped = standardise_by(real, ["a", "b"])
    assert dropped([[7.0, 2.0]]).tolist() == [[0.0]]
    assert dropped.notes == ["a dropped: constant in the real set."]
    kept = standardise_by(real, ["a", "b"], [0.5, 0.0])
    np.testing.assert_allclose(kept([[1.1, 2.0]]), [[2.0, 0.0]])


@pytest.mark.parametrize(
    ("real", "sentence"),
    [([[1.0, 2.0]], "at least two"), ([[1.0], [np.nan]], "not finite"), ([[1.0], [1.0]], "constant")],
)
def test_what_cannot_be_standardised(real, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        standardise_by(real)


def test_other_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        standardise_by([[0.0, 1.0], [1.0, 3.0]])([[1.0]])
