"""Rows of scores and differences: by hand where that is possible, invariants elsewhere, and speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ccmeval.utility.differences import difference_row
from ccmeval.utility.group_scores import score_group
from ccmeval.utility.group_statistics import group_statistics
from ccmeval.utility.resampling import subject_draws
from ccmeval.utility.settings import UtilitySettings
from tests.utility.simulated_models import (
    ACCURACY,
    COUNT,
    ERROR,
    cohort,
    counted,
    diagnosed,
    models,
)

FEW = UtilitySettings(resamples=200)
RNG = np.random.default_rng


def both_rows(a, b, specs=(ACCURACY,), options=FEW, seed=0, **more):
    task = "diagnosis" if specs[0].task == "diagnosis" else "segmentation"
    return group_statistics(task, "made", {"A": a, "B": b}, specs, RNG(seed), options, **more)


def test_a_score_and_a_difference_by_hand():
    """Three models, six subjects of one frame: A right on 3, 4, 5 of them, B on 5, 5, 6."""
    labels, subjects = cohort(6, 1)
    a = [diagnosed(np.arange(6) < k, labels, subjects) for k in (3, 4, 5)]
    b = [diagnosed(np.arange(6) < k, labels, subjects) for k in (5, 5, 6)]
    scores, differences = both_rows(a, b)
    assert [row.group for row in scores] == ["A", "B"]
    assert (scores[0].value, scores[0].sd) == pytest.approx((4 / 6, 1 / 6))
    (row,) = differences
    assert (row.group, row.against, row.n_units, row.n_clusters) == ("B", "A", 3, 6)
    changes = np.array([2, 1, 1]) / 6
    assert (row.value, row.sd) == pytest.approx((changes.mean(), changes.std(ddof=1)))
    t = changes.mean() / np.sqrt(changes.var(ddof=1) * (1 / 3 + 1 / 2))
    assert (row.corrected_t, row.corrected_df) == pytest.approx((t, 2))
    # Over models A's mean says subjects 0 to 3 rightly and 4 not (1 of 3), B's all but subject 5 (1 of 3).
    assert (row.mcnemar_better, row.mcnemar_worse, row.mcnemar_p) == (1, 0, 1.0)


def test_without_model_variance_the_interval_is_students_over_subjects():
    """One count a subject and equal models: mean and t interval of n values."""
    rng = RNG(1)
    values = rng.normal(10, 3, 30)
    same = [counted(values, [f"{i:02d}" for i in range(30)])] * 3
    scores, _ = both_rows(same, same, (COUNT,), UtilitySettings(resamples=20_000))
    expected = stats.t.interval(0.95, 29, values.mean(), values.std(ddof=1) / np.sqrt(30))
    assert (scores[0].low, scores[0].high) == pytest.approx(expected, rel=0.01)
    assert scores[0].sd == 0.0


def test_without_subject_variance_the_interval_is_students_over_models():
    levels = [1.0, 1.4, 1.1, 1.7]
    some = [counted(np.full(20, one), [f"{i:02d}" for i in range(20)]) for one in levels]
    scores, _ = both_rows(some, some, (COUNT,))
    expected = stats.t.interval(0.95, 3, np.mean(levels), np.std(levels, ddof=1) / 2)
    assert (scores[0].low, scores[0].high) == pytest.approx(expected)


@given(st.integers(0, 10_000), st.integers(2, 6))
@settings(max_examples=15, deadline=None)
def test_a_difference_turned_round_changes_its_sign_only(seed, n_models):
    rng = RNG(seed)
    a, b = models(rng, n_models), models(rng, n_models, 0.8)
    draws = subject_draws(a[0], n_models, 150, rng)
    first, second = (score_group(name, some, [ACCURACY], draws) for name, some in (("A", a), ("B", b)))
    one = difference_row("diagnosis", "made", second, first, ACCURACY, FEW)
    other = difference_row("diagnosis", "made", first, second, ACCURACY, FEW)
    assert one.value == pytest.approx(-other.value)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.standard_error == pytest.approx(other.standard_error)
    assert (one.mcnemar_better, one.mcnemar_worse) == (other.mcnemar_worse, other.mcnemar_better)
    if one.corrected_t is not None:
        assert one.corrected_t == pytest.approx(-other.corrected_t)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_frames_does_not_matter(seed):
    rng = RNG(seed)
    labels, subjects = cohort()
    right = rng.random((2, 3, labels.size)) < 0.7
    order = rng.permutation(labels.size)

    def groups(rows):
        names = [subjects[i] for i in rows]
        return [[diagnosed(one[rows], labels[rows], names) for one in group] for group in right]

    first = both_rows(*groups(np.arange(labels.size)))
    second = both_rows(*groups(order))
    for one, other in zip(first[0] + first[1], second[0] + second[1], strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_an_error_turns_the_effect_but_not_the_number():
    rng = RNG(5)
    a, b = models(rng, 5, 0.4, 60), models(rng, 5, 0.9, 60)
    _, (better, lower) = both_rows(a, b, (ACCURACY, ERROR))
    assert better.value == pytest.approx(-lower.value)
    assert (better.effect, lower.effect) == ("helps", "helps")
    _, (worse, higher) = both_rows(b, a, (ACCURACY, ERROR))
    assert (worse.effect, higher.effect) == ("harms", "harms")


def test_the_same_seed_gives_the_same_rows():
    a, b = models(RNG(0)), models(RNG(1))
    assert both_rows(a, b) == both_rows(a, b)


def test_equal_groups_are_not_called_equal_beyond_what_their_subjects_show():
    some = models(RNG(0), 3, 0.7, 12)
    (row,) = both_rows(some, some)[1]
    assert (row.value, row.standard_error, row.smallest_detectable) == (0.0, 0.0, None)
    assert (row.low, row.high) == pytest.approx((-0.2646, 0.2646), abs=1e-4)  # 1 - 0.025 ** (1 / 12)
    assert row.effect == "inconclusive"
    many = models(RNG(0), 3, 0.7, 80)
    (row,) = both_rows(many, many)[1]
    assert (row.effect, row.interval_method[:13]) == ("no detectable effect", "rule of three")


def test_a_failed_model_leaves_its_pair_out():
    a, b = models(RNG(0), 4), models(RNG(1), 4)
    scores, (row,) = both_rows(a, [b[0], None, b[2], b[3]])
    assert [one.n_units for one in scores] == [4, 3]
    assert row.n_units == 3
    expected = [ACCURACY.compute(b[i], None) - ACCURACY.compute(a[i], None) for i in (0, 2, 3)]
    assert row.value == pytest.approx(np.mean(expected))
    assert row.low is not None


def test_what_cannot_be_known_is_left_open():
    labels, subjects = cohort(1, 4)
    lone = [diagnosed(np.arange(4) < k, labels, subjects) for k in (1, 2, 3)]
    scores, (row,) = both_rows(lone, lone[::-1])
    assert (scores[0].value, scores[0].low) == (0.5, None)
    assert "subject" in scores[0].reason
    assert (row.effect, row.low) == ("unavailable", None)
    a, b = models(RNG(0), 1, 0.2, 30), models(RNG(1), 1, 0.9, 30)
    scores, (row,) = both_rows(a, b)
    assert "One model" in scores[0].reason
    assert (row.effect, row.corrected_p, row.sd) == ("inconclusive", None, None)
    assert row.low > 0
    nothing = replace(ACCURACY, compute=lambda outcome, weights: float("nan"))
    scores, (row,) = both_rows(a, b, (nothing,))
    assert (scores[0].value, row.value, row.effect) == (None, None, "unavailable")
    assert both_rows([None], [None]) == ([], [])


def test_mistakes_of_the_caller():
    a = models(RNG(0), 3)
    with pytest.raises(ValueError, match="equally many"):
        both_rows(a, a[:2])
    with pytest.raises(ValueError, match="same test frames"):
        both_rows(a, models(RNG(0), 3, n_subjects=9))
    draws = [subject_draws(a[0], 3, 100, RNG(0)) for _ in range(2)]
    first, second = (score_group("A", a, [ACCURACY], one) for one in draws)
    with pytest.raises(ValueError, match="same draws"):
        difference_row("diagnosis", "made", first, second, ACCURACY, FEW)


def test_cross_fit_tests_folds_and_seeds():
    """Two seeds, three folds of four subjects: six differences, with 1 / (3 - 1) exchanged."""
    labels, subjects = cohort(12, 1)
    folds = np.repeat([0, 1, 2], 4)
    right = [RNG(k).random(12) < 0.5 for k in range(4)]
    some = [diagnosed(one, labels, subjects) for one in right]
    options = UtilitySettings(cross_fit=True, folds=3, seeds=2, resamples=200)
    _, (row,) = both_rows(some[:2], some[2:], options=options, frame_folds=folds)
    six = np.array(
        [right[s + 2][folds == k].mean() - right[s][folds == k].mean() for s in (0, 1) for k in range(3)]
    )
    assert row.corrected_df == 5
    assert row.corrected_t == pytest.approx(six.mean() / np.sqrt(six.var(ddof=1) * (1 / 6 + 1 / 2)))
    _, (row,) = both_rows(some[:1], some[2:3], options=options, frame_folds=folds)
    assert "models" in row.interval_method
    assert (row.n_units, row.corrected_df) == (1, 2)


def test_fewer_folds_than_asked_for():
    a, b = models(RNG(0), 4), models(RNG(1), 4)
    _, (row,) = both_rows(a, b, options=UtilitySettings(folds=5, resamples=100), n_folds=2)
    changes = np.array(
        [ACCURACY.compute(y, None) - ACCURACY.compute(x, None) for x, y in zip(a, b, strict=True)]
    )
    expected = changes.mean() / np.sqrt(changes.var(ddof=1) * (1 / 4 + 1))
    assert row.corrected_t == pytest.approx(expected)


def test_one_name_at_two_levels_is_two_metrics():
    other = replace(ACCURACY, level="subject", compute=lambda outcome, weights: 0.5, primary=False)
    scores, _ = both_rows(models(RNG(0)), models(RNG(1)), (ACCURACY, other))
    assert [row.value for row in scores if row.level == "subject"] == [0.5, 0.5]
    assert all(row.value != 0.5 for row in scores if row.level == "frame")


def test_a_sentence_names_its_numbers():
    a, b = models(RNG(0), 5, 0.4, 60), models(RNG(1), 5, 0.9, 60)
    (row,) = both_rows(a, b)[1]
    for part in ("B (real and synthetic frames)", f"{row.value:+.3f}", f"{row.low:.3f} to {row.high:.3f}"):
        assert part in row.sentence
    for part in ("60 test subjects", "5 models a group", "Helps", f"{row.smallest_detectable:.3f}"):
        assert part in row.sentence


def test_worthless_frames_rarely_help_and_shuffled_labels_harm():
    """Three models and 18 subjects, as few as a quick run has: equal groups, and one at chance level."""
    rng, effects = RNG(7), []
    for _ in range(60):
        a, b, chance = (models(rng, 3, share, 18) for share in (0.85, 0.85, 1 / 3))
        effects.append((both_rows(a, b)[1][0].effect, both_rows(a, chance)[1][0].effect))
    first, second = zip(*effects, strict=True)
    assert first.count("helps") <= 3
    assert second.count("harms") >= 57
    assert second.count("helps") == 0
