"""Jonckheere's test against a textbook example, brute force and permutation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ccmeval.preservation.trend import jonckheere


def brute(groups: list[list[float]]) -> float:
    total = 0.0
    for i, first in enumerate(groups):
        for later in groups[i + 1 :]:
            total += sum((y > x) + 0.5 * (y == x) for x in first for y in later)
    return total


def test_motivational_effect_of_knowledge_of_performance():
    """Hollander & Wolfe, example 6.2 (Hundal 1969): J = 79 of mean 54; variance 153 less what ties take."""
    control = [40, 35, 38, 43, 44, 41]
    rough = [38, 40, 47, 44, 40, 42]
    accurate = [48, 40, 45, 43, 46, 44]
    found = jonckheere([control, rough, accurate])
    assert found.statistic == 79
    untied = (79 - 54) / np.sqrt(153)
    assert untied < found.z < 1.02 * untied
    drawn = np.random.default_rng(0).permuted(np.tile([*control, *rough, *accurate], (500, 1)), axis=1)
    spread = np.std([brute([list(it[:6]), list(it[6:12]), list(it[12:])]) for it in drawn])
    assert found.z == pytest.approx((79 - 54) / spread, rel=0.1)


def test_exact_p_is_that_of_all_arrangements():
    values = np.array([3.1, 0.2, 5.5, 4.0, 9.1, 7.7, 8.2])
    sizes = [2, 3, 2]
    groups = np.split(values, np.cumsum(sizes)[:-1])
    observed = brute([list(g) for g in groups])
    drawn = np.array([brute([list(p[:2]), list(p[2:5]), list(p[5:])]) for p in permutations(values)])
    expected = min(1, 2 * min((drawn >= observed).mean(), (drawn <= observed).mean()))
    found = jonckheere(list(groups))
    assert found.method == "exact"
    assert (found.statistic, found.p) == pytest.approx((observed, expected))
    assert found.z == pytest.approx((observed - drawn.mean()) / drawn.std())


def test_variance_with_ties_is_that_of_all_arrangements():
    values = [1.0, 1, 2, 3, 3, 3, 4]
    drawn = np.array([brute([list(p[:2]), list(p[2:5]), list(p[5:])]) for p in permutations(values)])
    found = jonckheere([values[:2], values[2:5], values[5:]])
    assert found.z == pytest.approx((found.statistic - drawn.mean()) / drawn.std())
    permuted = jonckheere([values[:2], values[2:5], values[5:]], np.random.default_rng(0))
    away = abs(found.statistic - drawn.mean())
    assert permuted.p == pytest.approx((abs(drawn - drawn.mean()) >= away - 1e-9).mean(), abs=0.01)


def test_exact_and_normal_agree_for_many_values():
    rng = np.random.default_rng(1)
    groups = [rng.normal(shift, 1, 20) for shift in (0.0, 0.2, 0.4)]
    exact = jonckheere(groups)
    normal = jonckheere([np.append(groups[0], groups[0][0]), *groups[1:]])  # a tie makes it normal
    assert exact.method == "exact"
    assert normal.method.startswith("normal")
    assert exact.p == pytest.approx(normal.p, abs=0.03)


def test_directions_mirror():
    groups = [[5.0, 6, 7], [3.0, 4], [1.0, 2]]
    falling, rising = jonckheere(groups), jonckheere(groups[::-1])
    assert falling.z == pytest.approx(-rising.z)
    assert falling.z < 0
    assert falling.p == pytest.approx(rising.p)


@pytest.mark.parametrize(
    "groups", [[], [[1.0, 2, 3]], [[], [1.0, 2, 3]], [[2.0, 2], [2.0, 2]], [[1.0], [2.0]]]
)
def test_undefined(groups):
    assert np.isnan(jonckheere(groups).p)
