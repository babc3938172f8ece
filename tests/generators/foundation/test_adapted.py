"""A module that keeps what is trained of a frozen base, by itself and in a training."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("lightning.pytorch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.foundation.adapted import (  # noqa: E402
    AdaptedModel,
    frozen_parameters,
    frozen_tensors,
)
from ccmeval_generators.foundation.adapters.attach import adapter_parameters, attach  # noqa: E402
from ccmeval_generators.training import books  # noqa: E402
from ccmeval_generators.training.average import WeightAverage  # noqa: E402
from ccmeval_generators.training.saved import WEIGHTS, weights_bytes  # noqa: E402
from tests.generators.foundation.adapted_generator import PixelGenerator, Pixels  # noqa: E402
from tests.generators.foundation.models import (  # noqa: E402
    BASE,
    OTHER_BASE,
    block,
    disturb,
    spec,
    text_output,
    tiny_text_encoder,
    tiny_unet,
    unet_output,
)
from tests.generators.tiny import conditions, toy_job  # noqa: E402

SETTINGS = {"average_decay": 0.9}


def adapted(**more) -> AdaptedModel:
    base = block()
    attach(base, spec())
    return AdaptedModel(base, BASE, **more)


def test_holds_what_is_trained_and_nothing_else() -> None:
    model = adapted()
    state = model.state_dict()
    assert bytes(state.pop("base_sha256").tolist()).hex() == BASE
    assert sorted(state) == sorted(
        f"weights.{layer}.{part}.default.weight"
        for layer in ("to_q", "to_k")
        for part in ("lora_A", "lora_B", "lora_magnitude_vector")
    )
    assert {id(value) for value in model.parameters()} == {
        id(value) for value in adapter_parameters(model.base)
    }
    assert model.n_frozen_parameters == 6 * 6 + 6 + 6 * 4 + 4
    assert not any(value.requires_grad for value in model.frozen_tensors())
    assert sum(value.numel() for value in model.frozen_tensors()) == model.n_frozen_parameters


def test_the_base_is_trained_in_no_way_unless_it_is_asked_for() -> None:
    nothing = AdaptedModel(block(), BASE)
    assert list(nothing.parameters()) == []
    assert list(nothing.state_dict()) == ["base_sha256"]
    base = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    whole = AdaptedModel(base, BASE, whole=("1",))
    whole.train()
    whole(torch.randn(4, 1, 3, 3)).square().sum().backward()
    assert base[0].weight.grad is None
    assert base[1].weight.grad is not None
    mean = whole.state_dict()["weights.1.running_mean"]
    assert mean is not None
    assert torch.equal(mean, base[1].running_mean)
    assert mean.abs().sum() > 0


def test_goes_along_to_types_and_devices_with_its_base() -> None:
    model = adapted(whole=("to_k",))
    parameters = list(model.parameters())
    model.to(torch.float64)
    assert all(value.dtype == torch.float64 for value in model.base.parameters())
    assert [id(value) for value in model.parameters()] == [id(value) for value in parameters]
    assert model(torch.randn(2, 6, dtype=torch.float64)).dtype == torch.float64
    assert model.base_sha256.dtype == torch.uint8
    model.to("meta")
    assert {value.device.type for value in model.base.parameters()} == {"meta"}
    assert {id(value) for value in model.parameters()} <= {id(value) for value in model.base.parameters()}


def test_modes_reach_the_base_by_whatever_way_they_are_set() -> None:
    model = adapted()
    assert model.base.training
    nn.ModuleDict({"model": model}).eval()
    assert not model.base.to_q.training
    model.training = True
    assert model.base.to_q.training


def test_a_base_that_is_another_is_refused() -> None:
    model, other = adapted(), AdaptedModel(block(), OTHER_BASE)
    with pytest.raises(UnavailableError, match=r"SHA-256 abababababababab.* has cdcdcdcdcdcdcdcd"):
        other.load_state_dict(model.state_dict())


def test_copies_and_pickles_keep_their_own_base() -> None:
    model, x = adapted(), torch.randn(2, 6)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(x), model(x))
        disturb(twin.base)
        assert {id(value) for value in twin.parameters()} <= {id(value) for value in twin.base.parameters()}
        assert not torch.equal(twin(x), model(x))


def test_two_adapters_of_one_base_are_counted_once() -> None:
    base = block()
    for name in ("a", "b"):
        attach(base, spec(), name)
    networks = nn.ModuleDict({name: AdaptedModel(base, BASE, adapter=name) for name in ("a", "b")})
    both = [set(map(id, networks[name].parameters())) for name in ("a", "b")]
    assert not both[0] & both[1]
    assert both[1] == set(map(id, adapter_parameters(base, "b")))
    assert frozen_parameters(networks) == 6 * 6 + 6 + 6 * 4 + 4
    assert sum(value.numel() for value in frozen_tensors(networks)) == 6 * 6 + 6 + 6 * 4 + 4


def test_averages_of_weights() -> None:
    model, x = adapted(), torch.randn(2, 6)
    average = WeightAverage({"model": model}, 0.5)
    before = model(x)
    disturb(model.base)
    after = model(x)
    with average.in_place():
        assert torch.equal(model(x), before)
    assert torch.equal(model(x), after)


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_gradient_checkpointing_gives_the_same_gradients(kind: str) -> None:
    def gradients(checkpointed: bool) -> list[torch.Tensor]:
        unet, text = tiny_unet(), tiny_text_encoder()
        attach(unet, spec(kind, targets=("to_q",)))
        attach(text, spec(kind, targets=("q_proj",)))
        models = nn.ModuleDict({"unet": AdaptedModel(unet, BASE), "text": AdaptedModel(text, BASE)})
        for model in models.values():
            disturb(model.base)
            if checkpointed:
                model.checkpoint_gradients()
        models.train()
        words = models["text"](torch.tensor([[0, 5, 9, 1]])).last_hidden_state
        latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
        models["unet"](latents, torch.tensor([7]), words).sample.square().sum().backward()
        return [value.grad for value in models.parameters()]

    plain, again = gradients(False), gradients(True)
    assert all(value is not None and value.abs().sum() > 0 for value in plain)
    for one, other in zip(plain, again, strict=True):
        torch.testing.assert_close(one, other)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("trained")
    generator = PixelGenerator()
    generator.fit(toy_job(folder, {**SETTINGS, "first_steps": 40}))
    generator.save_pretrained(folder / "saved")
    return generator, folder


def test_a_training_learns_and_keeps_only_what_it_learnt(trained) -> None:
    generator, folder = trained
    losses = [loss for _, _, loss in generator.record.history]
    assert losses[-1] < losses[0]
    base, reader = Pixels(), nn.Conv2d(1, 6, 3)
    n_base = sum(value.numel() for module in (base, reader) for value in module.parameters())
    n_adapter = 2 * (6 + 6) + 6 + 2 * (6 + 4) + 4
    assert generator.record.n_parameters == n_base + n_adapter
    assert generator.record.n_trained == n_adapter + 5
    kept = load_file(folder / "saved" / WEIGHTS)
    assert sum(value.numel() for name, value in kept.items() if "sha256" not in name) == n_adapter + 5
    (path,) = list((folder / "checkpoints").glob("*.ckpt"))[-1:]
    held = torch.load(path, weights_only=True)["state_dict"]
    assert set(held) == {f"networks.{name}" for name in kept}


def test_the_folder_gives_the_same_frames_again(trained) -> None:
    generator, folder = trained
    again = PixelGenerator.from_pretrained(folder / "saved", WeightSource())
    assert again.identity == generator.identity
    assert np.array_equal(again.generate(conditions()), generator.generate(conditions()))


def test_a_folder_trained_on_another_base_is_refused(trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PixelGenerator, "base_sha256", OTHER_BASE)
    with pytest.raises(UnavailableError, match="give the one it was trained on"):
        PixelGenerator.from_pretrained(trained[1] / "saved", WeightSource())


def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if done == 4 and stage.startswith("Training"):
            raise StoppedError

    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    settings = {**SETTINGS, "checkpoint_every_s": 1e-6}
    with pytest.raises(StoppedError):
        PixelGenerator().fit(toy_job(tmp_path / "a", settings, progress=stop))
    resumed, unbroken = PixelGenerator(), PixelGenerator()
    resumed.fit(toy_job(tmp_path / "a", settings))
    unbroken.fit(toy_job(tmp_path / "b", settings))
    assert weights_bytes(resumed._networks) == weights_bytes(unbroken._networks)


def test_the_dry_run_counts_the_base(tmp_path: Path) -> None:
    plan = PixelGenerator().plan(toy_job(tmp_path, SETTINGS))
    assert plan.n_parameters > plan.n_trained > 0
    assert not list(tmp_path.iterdir())


def test_frames_follow_the_adapter_through_pipelines() -> None:
    unet, text = tiny_unet(), tiny_text_encoder()
    before = unet_output(unet), text_output(text)
    attach(unet, spec(targets=("to_q",)))
    attach(text, spec(targets=("q_proj",)))
    models = nn.ModuleDict({"unet": AdaptedModel(unet, BASE), "text_encoder": AdaptedModel(text, BASE)})
    with torch.no_grad():
        for value in models.parameters():
            value.mul_(1.5).add_(0.1)
    assert not torch.allclose(unet_output(models["unet"].base), before[0])
    assert not torch.allclose(text_output(models["text_encoder"].base), before[1])
