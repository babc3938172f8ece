"""Losses of SPADE against answers by hand, torch's distributions and MONAI."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.distributions import Normal, kl_divergence  # noqa: E402

from ccmeval_generators.spade.losses import (  # noqa: E402
    discriminator_hinge,
    feature_distance,
    generator_hinge,
    style_divergence,
)
from ccmeval_generators.spade.planes import condition_planes  # noqa: E402


def scores(seed, shapes=((2, 1, 5, 5), (2, 1, 2, 2))):
    draws = torch.Generator().manual_seed(seed)
    return [2 * torch.randn(shape, generator=draws) for shape in shapes]


def test_divergence_by_hand():
    mean = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    log_variance = torch.log(torch.tensor([[4.0, 1.0], [1.0, 0.25]]))
    first = 0.5 * (1 + 4 - 1 - np.log(4.0))
    second = 0.5 * (9 + 0.25 - 1 - np.log(0.25))
    assert style_divergence(mean, log_variance).item() == pytest.approx((first + second) / 2, rel=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 9))
def test_divergence_is_that_of_torch(seed, frames, dims):
    draws = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, frames, dims, generator=draws)
    theirs = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    found = style_divergence(mean, log_variance)
    assert torch.isclose(found, theirs, rtol=1e-4, atol=1e-6)
    assert found >= 0


def test_hinge_by_hand():
    real = [torch.tensor([2.0, 0.0]), torch.tensor([-1.0])]  # 0 and 1; 2
    synthetic = [torch.tensor([-2.0, 1.0]), torch.tensor([0.0])]  # 0 and 2; 1
    assert discriminator_hinge(real, synthetic).item() == pytest.approx((0.5 + 1.0 + 2.0 + 1.0) / 2)
    assert generator_hinge(synthetic).item() == pytest.approx((0.5 + 0.0) / 2)


def test_hinge_is_monais_of_bounded_scores():
    from monai.losses import PatchAdversarialLoss

    theirs = PatchAdversarialLoss(reduction="mean", criterion="hinge")
    real, synthetic = scores(1), scores(2)
    wanted = theirs(real, target_is_real=True, for_discriminator=True) + theirs(
        synthetic, target_is_real=False, for_discriminator=True
    )
    bounded = [[torch.tanh(one) for one in them] for them in (real, synthetic)]
    assert torch.isclose(discriminator_hinge(*bounded), wanted)


def test_hinge_rests_where_the_margin_is_kept():
    real = [torch.full((3,), 1.5, requires_grad=True)]
    discriminator_hinge(real, [torch.full((3,), -1.5)]).backward()
    assert real[0].grad.abs().max() == 0


def test_features_by_hand_and_gradients_into_the_made_ones_only():
    made = [[torch.zeros(4, requires_grad=True), torch.zeros(2)], [torch.zeros(3)]]
    real = [[torch.full((4,), 2.0, requires_grad=True), torch.ones(2)], [torch.full((3,), 5.0)]]
    found = feature_distance(made, real)
    assert found.item() == pytest.approx(((2 + 1) + 5) / 2)
    found.backward()
    assert real[0][0].grad is None
    assert made[0][0].grad.abs().sum() > 0


def test_planes_are_one_of_two_and_one_of_many():
    masks = torch.rand((3, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    planes = condition_planes(masks, torch.tensor([0, 2, -1]), 3)
    assert planes.shape == (3, 5, 8, 8)
    assert set(planes.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(planes[:, :2].sum(1), torch.ones(3, 8, 8))
    assert torch.equal(planes[:, 1:2] == 1, masks >= 0.5)
    assert planes[:, 2:].mean((2, 3)).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_no_diagnoses_no_planes_of_them():
    assert condition_planes(torch.zeros(2, 1, 4, 4), torch.tensor([-1, -1]), 0).shape == (2, 2, 4, 4)
