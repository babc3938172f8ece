"""The network of hmsvit: shapes, sizes, masking."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval_downstream.hmsvit.decoder import HmsvitNetwork  # noqa: E402
from ccmeval_downstream.hmsvit.encoder import (  # noqa: E402
    HmsvitEncoder,
    joined_units,
    standardised,
)
from ccmeval_downstream.hmsvit.masked import (  # noqa: E402
    MaskedAutoencoder,
    draw_units,
    hidden_patches,
    masked_error,
    patches_of,
    targets_of,
)
from ccmeval_downstream.hmsvit.sizes import SIZES, HmsvitSettings, NetworkSize  # noqa: E402

TINY = NetworkSize(8, 1, (1, 1, 1, 1), 16)


@pytest.fixture
def frames() -> torch.Tensor:
    return torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def encoder() -> HmsvitEncoder:
    torch.manual_seed(0)
    return HmsvitEncoder(TINY, 96).eval()


def test_features_agree_when_nothing_is_masked(encoder: HmsvitEncoder, frames: torch.Tensor) -> None:
    with torch.inference_mode():
        whole = encoder(frames)
        units = encoder(frames, torch.ones(2, 9, dtype=torch.bool))
    assert [tuple(stage.shape) for stage in whole] == [
        (2, 24, 24, 8), (2, 12, 12, 16), (2, 6, 6, 32), (2, 3, 3, 64)
    ]  # fmt: skip
    for stage, masked in zip(whole, units, strict=True):
        torch.testing.assert_close(joined_units(masked), stage, rtol=0, atol=1e-6)


def test_nothing_of_a_hidden_unit_reaches_the_encoder(encoder: HmsvitEncoder, frames: torch.Tensor) -> None:
    keep = torch.zeros(2, 9, dtype=torch.bool)
    keep[:, [0, 4, 5]] = True
    other = frames.clone()
    other[:, :, :32, 32:] = 0.9  # units 1 and 2
    other[:, :, 64:] *= 0.3  # units 6, 7 and 8
    with torch.inference_mode():
        for one, two in zip(encoder(frames, keep), encoder(other, keep), strict=True):
            assert torch.equal(one, two)


@pytest.mark.parametrize("side_px", [96, 224])
def test_shapes(side_px: int) -> None:
    frames = torch.zeros(2, 1, side_px, side_px)
    with torch.inference_mode():
        segmented = HmsvitNetwork(HmsvitEncoder(TINY, side_px), 16).eval()(frames)
        diagnosed = HmsvitNetwork(HmsvitEncoder(TINY, side_px), 16, classes=3).eval()(frames)
    assert segmented.shape == (2, 1, side_px, side_px)
    assert diagnosed.shape == (2, 3)
    assert torch.isfinite(segmented).all()
    assert torch.isfinite(diagnosed).all()


def test_every_weight_is_trained(frames: torch.Tensor) -> None:
    for classes in (0, 3):
        network = HmsvitNetwork(HmsvitEncoder(TINY, 96), 16, classes)
        network(frames).square().sum().backward()
        assert [name for name, weight in network.named_parameters() if weight.grad is None] == []
    masked = MaskedAutoencoder(HmsvitEncoder(TINY, 96), 16, 1)
    keep = torch.from_numpy(draw_units(np.random.default_rng(0), 2, 9, 0.6))
    masked(frames, keep).square().sum().backward()
    assert [name for name, weight in masked.named_parameters() if weight.grad is None] == []


def test_a_frame_by_itself_can_be_learnt_from_and_is_judged_by_itself(frames: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = HmsvitNetwork(HmsvitEncoder(TINY, 96), 16, classes=3)
    assert torch.isfinite(network(frames[:1])).all()
    network(frames)
    network.eval()
    with torch.inference_mode():
        torch.testing.assert_close(network(frames)[:1], network(frames[:1]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("side_px", [0, 16, 95, 100])
def test_sides_that_units_do_not_fill_are_refused(side_px: int) -> None:
    with pytest.raises(UnavailableError, match="whole units of 32 px"):
        HmsvitEncoder(TINY, side_px)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("nano", 1.6, 2.2), ("tiny", 26, 29), ("small", 33, 36), ("base", 50, 53)]
)
def test_parameter_counts(name: str, least: float, most: float) -> None:
    with torch.device("meta"):
        settings = HmsvitSettings(size=name)
        width = settings.network().decoder_width
        for classes in (0, 3):
            network = HmsvitNetwork(HmsvitEncoder(settings.network(), 224), width, classes)
            millions = sum(weight.numel() for weight in network.parameters()) / 1e6
            assert least < millions < most
    assert set(SIZES) == {"nano", "tiny", "small", "base"}


def test_frames_are_standardised_by_what_is_seen() -> None:
    frame = torch.zeros(1, 1, 64, 64)
    frame[..., :32, :32] = torch.tensor([0.2, 0.6]).repeat(16)  # unit 0: mean 0.4, SD 0.2
    frame[..., 32:, 32:] = 77.0
    keep = torch.tensor([[True, False, False, False]])
    found = standardised(frame, keep)[..., :32, :32]
    assert found.unique().tolist() == pytest.approx([-1.0, 1.0], abs=1e-5)
    assert standardised(torch.full((1, 1, 32, 32), 0.3)).abs().max() < 1e-4
    gain = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(standardised(0.5 * gain + 0.2), standardised(gain), rtol=1e-4, atol=1e-5)


def test_patches_lie_where_hidden_units_do() -> None:
    frame = torch.arange(64.0)[:, None] * 1000 + torch.arange(64.0)
    patches = patches_of(frame[None, None])
    assert patches.shape == (1, 16, 256)
    assert patches[0, 1, 0] == 16
    assert patches[0, 4, 0] == 16_000
    hidden = hidden_patches(torch.tensor([[True, False, True, True]]))
    assert hidden[0].nonzero().ravel().tolist() == [2, 3, 6, 7]


def test_targets_by_hand() -> None:
    frame = torch.zeros(1, 1, 32, 32)
    frame[..., :16, :8] = 0.5  # patch 0: half 0.5, half 0; mean 0.25, SD 0.25
    targets = targets_of(frame)
    expected = 0.25 / (0.25**2 + 0.01**2) ** 0.5
    assert targets[0, 0].unique().tolist() == pytest.approx([-expected, expected])
    assert torch.equal(targets[0, 1:], torch.zeros(3, 256))


def test_error_counts_hidden_units_only() -> None:
    keep = torch.tensor([[True, True, False, True], [False, False, True, True]])
    targets = torch.zeros(2, 16, 256)
    predicted = torch.zeros(2, 16, 256)
    hidden = hidden_patches(keep)
    predicted[hidden] = 2.0
    predicted[0, 8, :128] = 0.0  # of the first frame's hidden unit, patches 8, 9, 12 and 13
    predicted[~hidden] = 1e6
    assert hidden[0].nonzero().ravel().tolist() == [8, 9, 12, 13]
    assert masked_error(predicted, targets, keep).tolist() == [(3 * 4 + 2) / 4, 4.0]
    targets[~hidden] = -55.0
    assert masked_error(predicted, targets, keep).tolist() == [3.5, 4.0]


def test_hidden_units_are_predicted_at_their_places(frames: torch.Tensor) -> None:
    """Tokens of seen units come from the encoder; those of hidden ones are all alike before the blocks."""
    network = MaskedAutoencoder(HmsvitEncoder(TINY, 96), 16, 1).eval()
    keep = torch.from_numpy(draw_units(np.random.default_rng(1), 2, 9, 0.6))
    caught: list[torch.Tensor] = []
    network.blocks[0].register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    with torch.inference_mode():
        assert network(frames, keep).shape == (2, 36, 256)
        fused = network.fused(network.encoder(frames, keep))
    tokens = caught[0] - network.positions
    hidden = hidden_patches(keep)
    assert torch.allclose(tokens[hidden], network.mask_token[0].expand(int(hidden.sum()), -1), atol=1e-6)
    unit = int(keep[0].nonzero()[0])
    first = 2 * (unit // 3) * 6 + 2 * (unit % 3)
    torch.testing.assert_close(tokens[0, first], fused[0, 0, 0, 0], rtol=0, atol=1e-5)
    torch.testing.assert_close(tokens[0, first + 7], fused[0, 0, 1, 1], rtol=0, atol=1e-5)


def test_seen_units_are_drawn_evenly() -> None:
    keep = draw_units(np.random.default_rng(0), 4000, 9, 0.6)
    assert set(keep.sum(axis=1)) == {4}
    assert keep.mean(axis=0) == pytest.approx(np.full(9, 4 / 9), abs=0.03)
    assert draw_units(np.random.default_rng(0), 1, 2, 0.01).sum() == 1
    with pytest.raises(ValueError, match="two units"):
        draw_units(np.random.default_rng(0), 1, 1, 0.6)
