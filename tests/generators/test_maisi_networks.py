"""Shapes and starting points of MAISI's networks."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
pytest.importorskip("einops")

from ccmeval_generators.maisi.networks import (  # noqa: E402
    build_networks,
    copy_unet,
    decoded,
    encoded,
    predicted,
)
from tests.generators.tiny_maisi import SIDE, tiny_settings  # noqa: E402


@pytest.fixture
def networks() -> torch.nn.ModuleDict:
    torch.manual_seed(0)
    return build_networks(2, tiny_settings()).eval()


def given(n: int = 3) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(n, 4, SIDE // 2, SIDE // 2, generator=generator)
    masks = (torch.rand(n, 1, SIDE, SIDE, generator=generator) > 0.8).float()
    return latents, torch.full((n,), 300.0), torch.arange(n) % 3, masks


def unzeroed(network: torch.nn.Module) -> None:
    """Give zero convolutions weights, as training does."""
    for value in network.parameters():
        if not value.any():
            torch.nn.init.normal_(value, std=0.1)


def test_shapes_at_all_stages(networks: torch.nn.ModuleDict) -> None:
    frames = torch.rand(2, 1, SIDE, SIDE)
    mean, deviation = encoded(networks["autoencoder"], frames)
    assert mean.shape == deviation.shape == (2, 4, SIDE // 2, SIDE // 2)
    assert (deviation > 0.0).all()
    assert decoded(networks["autoencoder"], mean).shape == frames.shape
    assert networks["discriminator"](frames)[-1].shape[:2] == (2, 1)
    latents, times, labels, masks = given()
    assert predicted(networks, latents, times, labels, masks).shape == latents.shape
    assert sum(value.numel() for value in networks.parameters()) < 300_000


def test_frames_are_seen_about_zero(networks: torch.nn.ModuleDict) -> None:
    grey = torch.full((1, 1, SIDE, SIDE), 0.5)
    mean, _ = encoded(networks["autoencoder"], grey)
    wanted, _ = networks["autoencoder"].encode(torch.zeros_like(grey))
    assert torch.equal(mean, wanted)


def test_the_discriminator_goes_with_its_loss() -> None:
    assert "discriminator" not in build_networks(2, tiny_settings(adversarial_weight=0.0))


def test_the_controlnet_starts_as_the_unet_and_without_effect(networks: torch.nn.ModuleDict) -> None:
    unet, controlnet = networks["unet"], networks["controlnet"]
    unzeroed(unet)
    copy_unet(unet, controlnet)
    known = unet.state_dict()
    shared = {name: value for name, value in controlnet.state_dict().items() if name in known}
    assert {"conv_in.conv.weight", "class_embedding.weight"} <= shared.keys()
    assert any(name.startswith("down_blocks.1") for name in shared)
    assert all(torch.equal(value, known[name]) for name, value in shared.items())
    latents, times, labels, masks = given()
    with torch.no_grad():
        alone = predicted(networks, latents, times, labels, None)
        assert alone.abs().max() > 0.0
        torch.testing.assert_close(predicted(networks, latents, times, labels, masks), alone)


def test_masks_count_only_where_they_are_followed(networks: torch.nn.ModuleDict) -> None:
    unzeroed(networks)
    latents, times, labels, masks = given()
    with torch.no_grad():
        alone = predicted(networks, latents, times, labels, None)
        led = predicted(networks, latents, times, labels, masks)
        mixed = predicted(networks, latents, times, labels, masks, torch.tensor([True, False, True]))
    assert not torch.allclose(alone, led, atol=1e-3)
    torch.testing.assert_close(mixed[[0, 2]], led[[0, 2]])
    torch.testing.assert_close(mixed[1], alone[1])


def test_the_diagnosis_counts(networks: torch.nn.ModuleDict) -> None:
    unzeroed(networks)
    latents, times, _, _ = given()
    with torch.no_grad():
        made = [predicted(networks, latents, times, torch.full((3,), row), None) for row in range(3)]
    assert not torch.allclose(made[0], made[1], atol=1e-3)
    assert not torch.allclose(made[0], made[2], atol=1e-3)


def test_without_diagnoses_there_is_no_embedding() -> None:
    networks = build_networks(0, tiny_settings()).eval()
    latents, times, _, masks = given()
    assert not any("class_embedding" in name for name in networks.state_dict())
    assert predicted(networks, latents, times, None, masks).shape == latents.shape
