"""Kernel distances against naive sums, torch-fidelity and torchmetrics."""

import numpy as np
import pytest

from ccmeval.fidelity import kernel
from ccmeval.fidelity.kernel import cmmd, kid, kid_influence, kid_subsets, prepare_cmmd, prepare_kid

RNG = np.random.default_rng(0)
REAL, SYNTH = RNG.normal(size=(60, 12)), RNG.normal(0.3, 1.2, size=(45, 12))


def naive_kid(real: np.ndarray, synth: np.ndarray) -> float:
    def value(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / x.size + 1) ** 3)

    own = [
        np.mean([value(x, y) for i, x in enumerate(it) for j, y in enumerate(it) if i != j])
        for it in (real, synth)
    ]
    return float(sum(own) - 2 * np.mean([value(x, y) for x in real for y in synth]))


def naive_cmmd(real: np.ndarray, synth: np.ndarray, unbiased: bool) -> float:
    first, second = ([x / np.linalg.norm(x) for x in it] for it in (real, synth))

    def mean(one: list[np.ndarray], other: list[np.ndarray], skip: bool = False) -> float:
        pairs = [(x, y) for i, x in enumerate(one) for j, y in enumerate(other) if not (skip and i == j)]
        return float(np.mean([np.exp(-(np.linalg.norm(x - y) ** 2) / 200) for x, y in pairs]))

    own = mean(first, first, unbiased) + mean(second, second, unbiased)
    return 1000 * (own - 2 * mean(first, second))


def test_kid_equals_the_naive_sum_also_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = naive_kid(REAL, SYNTH)
    assert kid(REAL, SYNTH) == pytest.approx(expected, rel=1e-10)
    monkeypatch.setattr(kernel, "_BLOCK", 100)
    assert kid(REAL, SYNTH) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("options", [{}, {"degree": 2, "gamma": 0.5, "coef0": 2.0}])
def test_kid_equals_peers_on_equal_numbers(options: dict[str, float]) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torchmetrics.image.kid")
    real, synth = REAL[:45], SYNTH
    renamed = {"coef" if name == "coef0" else name: value for name, value in options.items()}
    expected = float(peer.poly_mmd(torch.from_numpy(real), torch.from_numpy(synth), **renamed))
    assert kid(real, synth, **options) == pytest.approx(expected, rel=1e-9)  # type: ignore[arg-type]


def test_subsets_equal_torch_fidelity_on_the_same_subsets() -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torch_fidelity.metric_kid")
    found = peer.kid_features_to_metric(
        torch.from_numpy(REAL), torch.from_numpy(SYNTH), kid_subsets=7, kid_subset_size=30, rng_seed=2020,
        kid_kernel="poly", verbose=False,
    )  # fmt: skip
    # Their generator is numpy's old one, which `choice` of ours also takes.
    rng = np.random.RandomState(2020)
    mean, sd = kid_subsets(REAL, SYNTH, rng=rng, subsets=7, subset_size=30)  # type: ignore[arg-type]
    assert mean == pytest.approx(found[peer.KEY_METRIC_KID_MEAN], rel=1e-9)
    assert sd == pytest.approx(found[peer.KEY_METRIC_KID_STD], rel=1e-9)


def test_kid_is_unbiased_and_may_be_negative() -> None:
    rng = np.random.default_rng(1)
    found = [kid(rng.normal(size=(10, 3)), rng.normal(size=(15, 3))) for _ in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 20
    assert min(found) < 0


@pytest.mark.parametrize("unbiased", [False, True])
def test_cmmd_equals_the_naive_sum(unbiased: bool) -> None:
    expected = naive_cmmd(REAL, SYNTH, unbiased)
    assert cmmd(REAL, SYNTH, unbiased=unbiased) == pytest.approx(expected, rel=1e-9)


def test_cmmd_knows_only_directions() -> None:
    assert cmmd(REAL, 7 * REAL) == pytest.approx(0, abs=1e-9)
    assert cmmd(np.zeros((3, 2)), np.zeros((3, 2))) == 0


def test_bad_input() -> None:
    broken = SYNTH.copy()
    broken[0, 0] = np.nan
    assert np.isnan(kid(REAL, broken))
    assert np.isnan(cmmd(REAL, broken))
    assert np.isnan(kid(REAL, SYNTH[:1]))
    assert np.isfinite(cmmd(REAL, SYNTH[:1]))
    assert np.isnan(cmmd(REAL, SYNTH[:1], unbiased=True))
    assert np.isnan(cmmd(REAL, SYNTH[:0]))
    assert np.isnan(kid_subsets(REAL, SYNTH, rng=np.random.default_rng(0), subset_size=46)[0])
    assert kid(np.ones((5, 2)), np.ones((5, 2))) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="equally many"):
        kid(REAL, SYNTH[:, :3])


@pytest.mark.parametrize(("prepare", "plain"), [(prepare_kid, kid), (prepare_cmmd, cmmd)])
@pytest.mark.parametrize("limit", [0, 1000])
def test_prepared_equals_plain(prepare, plain, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(kernel, "_PREPARED", limit)
    pooled = np.vstack([REAL, SYNTH])
    rows, others = np.arange(3, 40), np.arange(50, 100)
    expected = plain(pooled[rows], pooled[others])
    assert prepare(pooled)(rows, others) == pytest.approx(expected, rel=1e-9)
    assert np.isnan(prepare(pooled)(rows[:0], others))


def test_influence_is_what_leaving_a_frame_out_does() -> None:
    rng = np.random.default_rng(4)
    real, synth = rng.normal(size=(400, 3)), rng.normal(1, 1, size=(300, 3))
    value, found = kid(real, synth), kid_influence(real, synth)
    for i in (0, 7):
        assert (value - kid(np.delete(real, i, axis=0), synth)) * 399 == pytest.approx(found[0][i], rel=0.02)
        assert (value - kid(real, np.delete(synth, i, axis=0))) * 299 == pytest.approx(found[1][i], rel=0.02)
