"""What each of MAISI's stages computes and trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("monai")
pytest.importorskip("einops")

from torch.distributions import Normal, kl_divergence  # noqa: E402

from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.maisi import MaisiGenerator  # noqa: E402
from ccmeval_generators.maisi.autoencoder_stage import AutoencoderStage, divergence  # noqa: E402
from ccmeval_generators.maisi.latent_stages import (  # noqa: E402
    ControlNetStage,
    DiffusionStage,
    deviation_of,
    hidden,
)
from ccmeval_generators.maisi.networks import build_networks, encoded  # noqa: E402
from ccmeval_generators.maisi.settings import MaisiSettings  # noqa: E402
from ccmeval_generators.maisi.stages import training_notes, training_stages  # noqa: E402
from ccmeval_generators.training.stage import Batch  # noqa: E402
from tests.generators.tiny_maisi import SIDE, job, pool, tiny_settings  # noqa: E402


def networks(settings: MaisiSettings) -> torch.nn.ModuleDict:
    torch.manual_seed(0)
    return build_networks(2, settings).eval()


def batch(step: int = 0) -> Batch:
    frames = torch.from_numpy(pool().frames.astype(np.float32))[:4, None]
    masks = (torch.from_numpy(pool().masks)[:4, None] > 0).float()
    return Batch(frames, masks, torch.tensor([0, 1, 0, -1]), torch.arange(4), step)


def stream(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_the_divergence_is_that_of_torch() -> None:
    mean = torch.randn(3, 2, 4, 4, generator=stream())
    deviation = torch.rand(3, 2, 4, 4, generator=stream()) + 0.1
    wanted = kl_divergence(Normal(mean, deviation), Normal(0.0, 1.0)).sum() / 3
    torch.testing.assert_close(divergence(mean, deviation), wanted)


def test_the_autoencoders_loss_is_the_sum_of_its_parts() -> None:
    settings = tiny_settings(kl_weight=0.01, adversarial_weight=0.5)
    parts = networks(settings)
    stage, seen = AutoencoderStage(parts, settings, 10), batch()
    loss = stage.loss("autoencoder", seen, stream())
    made, wanted = seen.shared["rebuilt"], seen.frames
    fooled = (parts["discriminator"](2 * made - 1)[-1] - 1).square().mean()
    mean, deviation = encoded(parts["autoencoder"], wanted)
    by_hand = (made - wanted).abs().mean() + 0.01 * divergence(mean, deviation) + 0.5 * fooled
    torch.testing.assert_close(loss, by_hand)
    real = parts["discriminator"](2 * wanted - 1)[-1]
    unreal = parts["discriminator"](2 * made - 1)[-1]
    judged = ((real - 1).square().mean() + unreal.square().mean()) / 2
    torch.testing.assert_close(stage.loss("discriminator", seen, stream()), judged)
    assert not seen.shared["rebuilt"].requires_grad


def test_the_adversarial_loss_may_come_later() -> None:
    settings = tiny_settings(adversarial_from=0.5)
    stage = AutoencoderStage(networks(settings), settings, 10)
    early, late = batch(4), batch(5)
    stage.loss("autoencoder", early, stream())
    stage.loss("autoencoder", late, stream())
    assert "adversarial" not in early.parts
    assert "adversarial" in late.parts


def test_crops_are_cut_alike_from_frames_and_reconstructions() -> None:
    settings = tiny_settings(autoencoder_crop_px=16)
    stage, seen = AutoencoderStage(networks(settings), settings, 10), batch()
    stage.loss("autoencoder", seen, stream())
    crops = seen.shared["frames"]
    assert crops.shape == seen.shared["rebuilt"].shape == (4, 1, 16, 16)
    places = [
        (row, column)
        for row in range(17)
        for column in range(17)
        if torch.equal(seen.frames[..., row : row + 16, column : column + 16], crops)
    ]
    assert len(places) == 1


def test_the_perceptual_loss_sees_frames_about_zero() -> None:
    class Distance(torch.nn.Module):
        def forward(self, made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
            self.real = real
            return (made - real).square().mean()

    settings = tiny_settings(perceptual_weight=0.3)
    parts, loss = networks(settings), Distance()
    stage, seen = AutoencoderStage(parts, settings, 10, loss), batch()
    assert stage.helpers() == {"perceptual": loss}
    stage.loss("autoencoder", seen, stream())
    torch.testing.assert_close(loss.real, 2 * seen.frames - 1)
    torch.testing.assert_close(
        seen.parts["perceptual"], 4 * (seen.shared["rebuilt"] - seen.frames).square().mean()
    )


def test_given_weights_turn_the_perceptual_loss_on(tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision")
    path = tmp_path / "squeezenet.pth"
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), path)
    settings = tiny_settings(perceptual_weight=0.3)
    task = replace(job(tmp_path, settings), weights=WeightSource({"perceptual": str(path)}))
    first = training_stages(networks(settings), task, settings)[0]
    seen = batch()
    first.loss("autoencoder", seen, stream())
    assert list(first.helpers()) == ["perceptual"]
    assert seen.parts["perceptual"] > 0.0
    assert any("used squeezenet" in note for note in training_notes(task, settings))


def test_the_deviation_of_latents_by_hand() -> None:
    values = torch.randn(10, 3, generator=stream()) * 5.0 + 100.0
    assert deviation_of([values[:4], values[4:]]) == pytest.approx(float(values.std(unbiased=False)))
    with pytest.raises(ValueError, match="All latents are the same"):
        deviation_of([torch.ones(3)])


@pytest.mark.parametrize(("path", "power"), [("ddpm", 1), ("rflow", 1), ("rflow", 2)])
def test_the_loss_on_latents_by_hand(path: str, power: int) -> None:
    settings = tiny_settings(path=path, label_dropout=0.0, noise_loss=f"l{power}")
    parts = networks(settings)
    parts["scale"].deviation.fill_(2.0)
    stage, seen = DiffusionStage(parts, settings, 10, 0.01, 2), batch()
    with torch.no_grad():
        seen.cached = stage.cached(seen)
        loss = stage.loss("diffusion", seen, stream())
    latents, same = seen.cached["latents"] / 2.0, stream()
    noise = torch.randn(latents.shape, generator=same)
    # The U-Net's last convolution is zero at first, so that it predicts nothing.
    wanted = noise if path == "ddpm" else latents - noise
    torch.testing.assert_close(loss, (wanted.abs() ** power).mean())


def test_what_the_networks_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny_settings(label_dropout=0.0, nerve_weight=3.0)
    parts, shown = networks(settings), []

    def noted(_: object, latents: torch.Tensor, times: object, labels: object, masks: object) -> torch.Tensor:
        shown.append((latents, times, labels, masks))
        return torch.zeros_like(latents)

    monkeypatch.setattr("ccmeval_generators.maisi.latent_stages.predicted", noted)
    seen = batch()
    seen.cached = {"latents": torch.ones(4, 4, SIDE // 2, SIDE // 2)}
    DiffusionStage(parts, settings, 10, 0.01, 2).loss("diffusion", seen, stream())
    loss = ControlNetStage(parts, settings, 10, 0.01, 2).loss("controlnet", seen, stream())
    assert shown[0][3] is None
    assert torch.equal(shown[1][3], seen.masks)
    assert shown[0][2].tolist() == shown[1][2].tolist() == [0, 1, 0, 2]
    same = stream()
    noise = torch.randn(4, 4, SIDE // 2, SIDE // 2, generator=same)
    share = (torch.rand(4, generator=same))[:, None, None, None]
    torch.testing.assert_close(shown[0][0], (1 - share) * 1.0 + share * noise)
    nerve = seen.masks.reshape(4, 1, SIDE // 2, 2, SIDE // 2, 2).amax(dim=(3, 5))
    weight = (1 + 2 * nerve).expand(-1, 4, -1, -1)
    torch.testing.assert_close(loss, (weight * (1 - noise).abs()).sum() / weight.sum())


def test_hidden_diagnoses() -> None:
    labels = torch.tensor([0, 1] * 500)
    rows = hidden(labels, 2, 0.25, stream())
    assert rows is not None
    assert 0.2 < float((rows == 2).float().mean()) < 0.3
    assert torch.equal(rows[rows < 2], labels[rows < 2])
    assert hidden(labels, 0, 0.25, stream()) is None


def test_rates_fall_to_nothing() -> None:
    settings = tiny_settings(rate_power=2.0)
    (part,) = DiffusionStage(networks(settings), settings, 10, 0.5, 2).optimisers()
    assert [part.rate(step) for step in (0, 5, 10)] == pytest.approx([0.5, 0.125, 0.0])
    assert isinstance(part.make(list(part.parameters)), torch.optim.Adam)


def test_gradients_reach_only_the_network_of_the_stage() -> None:
    settings = tiny_settings()
    parts, seen = networks(settings), batch()
    seen.cached = {"latents": torch.randn(4, 4, SIDE // 2, SIDE // 2, generator=stream())}
    torch.nn.init.normal_(parts["unet"].out[2].conv.weight)
    stage = ControlNetStage(parts, settings, 10, 0.01, 2)
    assert list(stage.trained()) == ["controlnet"]
    for name, module in parts.items():
        module.requires_grad_(name == "controlnet")
    stage.loss("controlnet", seen, stream()).backward()
    learning = [value for value in parts["controlnet"].parameters() if value.grad is not None]
    assert any(value.grad.any() for value in learning)
    assert all(value.grad is None for name in ("autoencoder", "unet") for value in parts[name].parameters())


def test_later_stages_leave_earlier_networks_alone(tmp_path: Path) -> None:
    """Without masks there is no third stage; what the first two learnt is then the same, bit for bit."""
    full, short = MaisiGenerator(), MaisiGenerator()
    record = full.fit(job(tmp_path / "full"))
    shorter = short.fit(job(tmp_path / "short", masked=False))
    assert list(dict.fromkeys(name for name, _, _ in record.history)) == [
        "autoencoder",
        "diffusion",
        "controlnet",
    ]
    assert list(dict.fromkeys(name for name, _, _ in shorter.history)) == ["autoencoder", "diffusion"]
    for name in ("autoencoder", "unet"):
        one, other = full._networks[name].state_dict(), short._networks[name].state_dict()
        assert all(torch.equal(value, other[key]) for key, value in one.items()), name
    copied = full._networks["controlnet"].state_dict()
    assert not torch.equal(copied["conv_in.conv.weight"], one["conv_in.conv.weight"])
    assert any("ControlNet was not trained" in note for note in shorter.notes)
    assert bool(full._networks["scale"].follows_masks)
    assert not bool(short._networks["scale"].follows_masks)


def test_both_stages_on_latents_read_one_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmeval_generators.maisi import latent_stages

    calls: list[int] = []
    encode = latent_stages.encoded

    def counted(autoencoder, frames):
        calls.append(len(frames))
        return encode(autoencoder, frames)

    monkeypatch.setattr(latent_stages, "encoded", counted)
    task = job(tmp_path / "run", tiny_settings(flip=False, rotate=False))
    MaisiGenerator().fit(task)
    assert [path.name for path in (tmp_path / "run" / "caches").iterdir()] == ["latents"]
    assert sum(calls) == len(set(task.train.rows))


def test_the_scale_is_the_deviation_of_the_training_latents(tmp_path: Path) -> None:
    settings = tiny_settings(flip=False, rotate=False)
    generator = MaisiGenerator()
    generator.fit(job(tmp_path, settings))
    frames = torch.from_numpy(pool().frames.astype(np.float32))[:, None]
    with torch.no_grad():
        mean, _ = encoded(generator._networks["autoencoder"], frames)
    scale = generator._networks["scale"].deviation
    torch.testing.assert_close(scale, mean.std(unbiased=False), rtol=1e-4, atol=0.0)


def test_the_networks_learn(tmp_path: Path) -> None:
    """On one frame the losses of all three stages fall below what saying nothing gives."""
    settings = tiny_settings(
        autoencoder_epochs=30.0, diffusion_epochs=40.0, controlnet_epochs=10.0, adversarial_weight=0.0
    )
    task = job(tmp_path, settings)
    task = replace(task, train=replace(task.train, rows=np.zeros(8, dtype=np.intp)))
    history = MaisiGenerator().fit(task).history
    last = {name: loss for name, _, loss in history}
    assert last["autoencoder"] < 0.15
    assert last["diffusion"] < 0.9  # the mean size of a velocity is about 1.1
    assert last["controlnet"] < last["diffusion"] + 0.1
