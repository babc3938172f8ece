"""Networks of SPADE: shapes, ranges, and that condition, style and noise are obeyed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from ccmeval_generators.spade.networks import (  # noqa: E402
    SpadeNetwork,
    deepest_patch_side,
    patch_discriminator,
)
from ccmeval_generators.spade.planes import condition_planes  # noqa: E402

SIDE = 32
TINY = {"channels": (4, 8), "style_dims": 4, "spade_channels": 8}
KINDS = {"published": {}, "detailed": {"detail_channels": 4, "noise_channels": 1}}


def network(**more):
    torch.manual_seed(3)
    return SpadeNetwork(SIDE, 5, **{**TINY, **more}).eval()


def planes(label=0, mask=None):
    if mask is None:
        mask = torch.zeros(1, 1, SIDE, SIDE)
        mask[..., 14:18] = 1
    return condition_planes(mask, torch.tensor([label]), 3)


def made(net, label=0, mask=None, seed=0):
    draws = torch.Generator().manual_seed(seed)
    style = torch.randn(1, 4, generator=draws)
    noise = torch.randn(1, 1, SIDE, SIDE, generator=draws) if net.noise_channels else None
    with torch.no_grad():
        return net.decode(planes(label, mask), style, noise)


@pytest.mark.parametrize("kind", KINDS)
def test_shape_and_range(kind):
    net = network(**KINDS[kind])
    assert sum(weight.numel() for weight in net.parameters()) < 300_000
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(20)  # the range must hold whatever the weights
    frame = made(net)
    assert frame.shape == (1, 1, SIDE, SIDE)
    assert frame.abs().max() <= 1
    assert frame.min() < 0  # MONAI's own last activation gives hardly any


@pytest.mark.parametrize("kind", KINDS)
def test_diagnosis_mask_and_style_change_the_frame(kind):
    net = network(**KINDS[kind])
    usual = made(net)
    other_mask = torch.zeros(1, 1, SIDE, SIDE)
    other_mask[..., 4:8, :] = 1
    assert torch.equal(usual, made(net))
    assert (usual - made(net, label=1)).abs().mean() > 1e-3
    assert (usual - made(net, mask=other_mask)).abs().mean() > 1e-3
    assert (usual - made(net, seed=1)).abs().mean() > 1e-3


@pytest.mark.parametrize("modulation_norm", [False, True])
def test_modulation_of_a_pixel_is_its_own_unless_it_is_normalised(modulation_norm):
    block = network(modulation_norm=modulation_norm).net.decoder.blocks[-1].norm_0
    more = torch.zeros(1, 1, SIDE, SIDE)
    more[..., 14:18] = 1
    more[..., 26:30] = 1
    far = (..., slice(0, 12))  # where both masks are empty
    with torch.no_grad():
        usual, other = (block.mlp_gamma(block.mlp_shared(planes(0, mask))) for mask in (None, more))
    assert (torch.equal(usual[far], other[far])) is not modulation_norm
    assert (usual.mean((2, 3)).abs().max() < 1e-5).item() is modulation_norm


def test_list_of_channels_is_left_alone():
    channels = [4, 8]
    SpadeNetwork(SIDE, 5, channels=channels, style_dims=4, spade_channels=8)
    assert channels == [4, 8]


def test_every_weight_of_the_generator_learns():
    net = network(**KINDS["detailed"]).train()
    frames = torch.rand(2, 1, SIDE, SIDE) * 2 - 1
    mean, log_variance = net.encode(frames)
    both = planes().expand(2, -1, -1, -1)
    style = mean + log_variance.exp() * torch.randn(2, 4)
    net.decode(both, style, torch.randn(2, 1, SIDE, SIDE)).square().mean().backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize(("side", "layers", "sides"), [(32, 2, [8, 2]), (96, 3, [12, 2]), (64, 2, [16, 4])])
def test_discriminators_judge_patches_at_their_scales(side, layers, sides):
    found = patch_discriminator(side, 5, scales=2, layers=layers, channels=2)
    scores, features = found(torch.rand(2, 6, side, side))
    assert [tuple(score.shape) for score in scores] == [(2, 1, px, px) for px in sides]
    assert [len(part) for part in features] == [layers + 1, 2 * layers + 1]
    assert deepest_patch_side(side, 2, layers) == sides[-1]


def test_discriminator_sees_the_condition():
    torch.manual_seed(0)
    found = patch_discriminator(SIDE, 5, scales=1, layers=2, channels=4)
    frame, mask = torch.rand(1, 1, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    mask[..., 8:12] = 1
    with torch.no_grad():
        one, other = (found(torch.cat([frame, planes(0, it)], 1))[0][0] for it in (mask, mask.mT))
    assert (one - other).abs().max() > 1e-4
