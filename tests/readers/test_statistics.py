"""Shares, tests, kappas and d' against statsmodels, scikit-learn, scipy and answers by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ccmeval.readers.detection import d_prime
from ccmeval.readers.kappa import cohen, fleiss
from ccmeval.readers.power import (
    detectable_accuracy,
    equivalence_power,
    least_rejecting,
    needed_for_equivalence,
)
from ccmeval.readers.proportions import (
    against_chance,
    equivalent_to_chance,
    exact_interval,
    newcombe,
    wilson,
)
from ccmeval.readers.resampling import bootstrapped, wider
from ccmeval.readers.telling import conclude, is_balanced
from ccmeval.statistics.estimate import Estimate


@settings(deadline=None)
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_those_of_statsmodels(counts: tuple[int, int]) -> None:
    from statsmodels.stats.proportion import proportion_confint

    right, n = counts
    found = wilson(right, n)
    assert (found.low, found.high) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)
    assert exact_interval(right, n) == pytest.approx(proportion_confint(right, n, method="beta"), abs=1e-9)


@pytest.mark.parametrize(("first", "second"), [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((10, 10), (0, 20))])
def test_the_difference_of_shares_is_newcombes(first: tuple[int, int], second: tuple[int, int]) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = newcombe(first, second)
    expected = confint_proportions_2indep(*first, *second, method="newcomb")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_the_test_against_chance_is_by_hand() -> None:
    # 9 or 10, or 0 or 1, of 10 right: 2 * (10 + 1) / 1024.
    assert against_chance(9, 10) == pytest.approx(22 / 1024)
    assert math.isnan(against_chance(0, 0))


def test_equivalence_is_by_hand() -> None:
    # 5 of 10 right, margin 0.2: at most 5 right of 10 at 0.7, the sum of the binomial terms.
    terms = [math.comb(10, k) * 0.7**k * 0.3 ** (10 - k) for k in range(6)]
    found = equivalent_to_chance(5, 10, 0.2)
    assert found.p_high == pytest.approx(sum(terms))
    assert found.p_low == pytest.approx(sum(terms))  # by symmetry
    assert equivalent_to_chance(500, 1000, 0.1).p < 1e-6
    assert equivalent_to_chance(590, 1000, 0.1).p > 0.05


@pytest.mark.parametrize("n", [20, 61, 100])
def test_power_is_that_of_simulated_studies(n: int) -> None:
    least = least_rejecting(n)
    assert least is not None
    assert stats.binomtest(least, n).pvalue <= 0.05 < stats.binomtest(least - 1, n).pvalue
    accuracy = detectable_accuracy(n)
    assert accuracy is not None
    rng = np.random.default_rng(0)
    drawn = rng.binomial(n, accuracy, 20_000)
    assert np.mean(drawn >= least) == pytest.approx(0.8, abs=0.015)
    equivalent = [equivalent_to_chance(int(k), n, 0.2).p <= 0.05 for k in range(n + 1)]
    share = np.mean(np.array(equivalent)[rng.binomial(n, 0.5, 20_000)])
    assert share == pytest.approx(equivalence_power(n, 0.2), abs=0.015)


def test_more_frames_are_asked_for_a_smaller_margin() -> None:
    first, second = needed_for_equivalence(0.2), needed_for_equivalence(0.1)
    assert first is not None
    assert second is not None
    assert first < second
    assert equivalence_power(first, 0.2) >= 0.8 > equivalence_power(first - 2, 0.2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=60))
def test_cohens_kappa_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = (np.array([it[side] for it in pairs], dtype=np.intp) for side in (0, 1))
    found = cohen(first, second, 3)
    if len(set(first.tolist()) | set(second.tolist())) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


def test_fleiss_kappa_is_statsmodels_and_fleiss_own() -> None:
    from statsmodels.stats.inter_rater import fleiss_kappa

    rng = np.random.default_rng(3)
    counts = rng.multinomial(5, [0.5, 0.3, 0.2], size=40)
    assert fleiss(counts) == pytest.approx(fleiss_kappa(counts))
    assert math.isnan(fleiss([[4, 0], [4, 0]]))
    with pytest.raises(ValueError, match="as many"):
        fleiss([[2, 1], [1, 1]])


def test_d_prime_by_hand_and_by_its_symmetries() -> None:
    quantile = stats.norm.ppf
    value, criterion = d_prime(30, 40, 10, 40)
    assert value == pytest.approx(quantile(30.5 / 41) - quantile(10.5 / 41))
    assert criterion == pytest.approx(0.0, abs=1e-12)
    assert d_prime(40, 40, 0, 40)[0] < 10  # finite
    assert d_prime(10, 40, 30, 40)[0] == pytest.approx(-value)
    assert d_prime(20, 40, 20, 40) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_frames_of_a_subject_are_drawn_together() -> None:
    # Ten subjects of ten equal answers each: the interval is that of 10 independent answers, not of 100.
    right = np.repeat([1.0] * 5 + [0.0] * 5, 10)
    clusters = [f"s{i // 10}" for i in range(100)]

    def mean(rows: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(right[rows].mean())

    together = bootstrapped(mean, clusters, np.random.default_rng(0))
    apart = bootstrapped(mean, [str(i) for i in range(100)], np.random.default_rng(0))
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(math.sqrt(10), rel=0.15)
    assert math.isnan(bootstrapped(mean, ["a", "b"] * 50, np.random.default_rng(0)).low)


def test_the_wider_interval_holds_both() -> None:
    one, two, none = Estimate(0.5, 0.4, 0.7, 9), Estimate(0.5, 0.3, 0.6, 9), Estimate(0.5, *[math.nan] * 2, 9)
    assert (wider(one, two).low, wider(one, two).high) == (0.3, 0.7)
    assert wider(one, none) is one
    assert wider(none, two) is two


@pytest.mark.parametrize(
    ("ends", "p", "p_equivalence", "narrow", "expected"),
    [
        ((0.6, 0.8), 0.001, 0.9, (0.62, 0.78), "told apart"),
        ((0.2, 0.4), 0.001, 0.9, (0.22, 0.38), "told apart"),
        ((0.45, 0.55), 0.9, 0.01, (0.46, 0.54), "equivalent to chance"),
        ((0.51, 0.57), 0.01, 0.01, (0.52, 0.56), "both"),
        ((0.4, 0.6), 0.9, 0.2, (0.41, 0.59), "inconclusive"),
        # The exact tests take frames as independent; subjects alone may still be too few.
        ((0.35, 0.85), 0.01, 0.9, (0.4, 0.8), "inconclusive"),
        ((0.45, 0.55), 0.9, 0.01, (0.39, 0.61), "inconclusive"),
    ],
)
def test_conclusions(
    ends: tuple[float, float], p: float, p_equivalence: float, narrow: tuple[float, float], expected: str
) -> None:
    value = sum(ends) / 2
    found = conclude(Estimate(value, *ends, 50), p, p_equivalence, Estimate(value, *narrow, 50), 0.1)
    assert found == expected


def test_readers_who_cannot_tell_are_told_apart_in_at_most_5_percent() -> None:
    rng = np.random.default_rng(7)
    false = [against_chance(int(k), 80) <= 0.05 for k in rng.binomial(80, 0.5, 2000)]
    assert np.mean(false) <= 0.06
    # And at the very margin, equivalence is claimed in at most 5 %.
    wrong = [equivalent_to_chance(int(k), 300, 0.1).p <= 0.05 for k in rng.binomial(300, 0.6, 2000)]
    assert np.mean(wrong) <= 0.06


def test_who_always_gives_one_answer_is_never_told_apart() -> None:
    assert is_balanced(np.array([True] * 30 + [False] * 30))
    assert not is_balanced(np.array([True] * 16 + [False] * 23))
    assert not is_balanced(np.array([], dtype=bool))
    assert all(against_chance(n // 2, n) == pytest.approx(1.0) for n in itertools.islice(range(4, 99, 2), 9))
