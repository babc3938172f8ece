"""Training on a tiny scale: it learns, repeats itself, survives a kill, and exports what it trained."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.errors import CcmevalError
from ccmeval.nerves.net.batches import make_batch
from ccmeval.nerves.net.scenes import CUT_OFFS, Scene, draw_scenes
from ccmeval.nerves.net.settings import ModelSettings, TrainSettings

torch = pytest.importorskip("torch", reason="training needs torch")

TINY = TrainSettings(
    seed=3,
    shards=1,
    side_px=96,
    crop_px=64,
    steps=4,
    batch=2,
    model=ModelSettings(channels=(8, 8, 16), blocks=(1, 1), dilations=(1, 2)),
)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return draw_scenes(np.random.default_rng(0), 2, side_px=96)


@pytest.fixture(scope="module")
def trained(scenes, tmp_path_factory):
    from ccmeval.nerves.net.train import train

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield train(TINY, scenes, tmp_path_factory.mktemp("trained"))
    torch.set_num_threads(threads)


def weights(trainer) -> dict[str, np.ndarray]:
    return {name: value.numpy().copy() for name, value in trainer.mean.items()}


def test_shipped_network_has_fewer_than_two_million_weights():
    from ccmeval.nerves.net.model import build_network, parameters

    assert parameters(build_network(ModelSettings())) < 2_000_000
    assert parameters(build_network(TINY.model)) < 300_000


def test_same_seed_same_weights(scenes, trained, tmp_path):
    from ccmeval.nerves.net.train import train

    again, first = weights(train(TINY, scenes, tmp_path)), weights(trained)
    assert all(np.array_equal(again[name], first[name]) for name in first)


def test_killed_half_way_it_ends_with_the_same_weights(scenes, trained, tmp_path, monkeypatch):
    from ccmeval.nerves.net import train as module

    monkeypatch.setattr(module, "_KEEP_EVERY", 2)

    def killed(step, steps, loss):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.train(TINY, scenes, tmp_path, progress=killed)
    resumed, first = weights(module.train(TINY, scenes, tmp_path)), weights(trained)
    assert all(np.array_equal(resumed[name], first[name]) for name in first)


def test_another_recipe_does_not_go_on_from_this_checkpoint(scenes, trained, tmp_path):
    from ccmeval.nerves.net.train import CHECKPOINT, train

    trained.save(tmp_path / CHECKPOINT)
    with pytest.raises(CcmevalError, match="another recipe"):
        train(TINY.model_copy(update={"seed": 4}), scenes, tmp_path)


def test_loss_falls_on_one_batch(scenes):
    from ccmeval.nerves.net.train import Trainer

    trainer = Trainer(TINY.model_copy(update={"steps": 100}))
    batch = make_batch(scenes, (), TINY, 0)
    losses = [trainer.learn(batch)[0] for _ in range(12)]
    assert losses[-1] < 0.9 * losses[0]


def test_a_batch_depends_on_seed_and_step_alone(scenes):
    first, again = make_batch(scenes, (), TINY, 7), make_batch(scenes, (), TINY, 7)
    other = make_batch(scenes, (), TINY, 8)
    assert np.array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.nerve.shape == (2, len(CUT_OFFS), 64, 64)
    assert first.nerve.min() >= 0
    assert first.nerve.max() <= 1


def test_smaller_own_frames_are_padded(scenes):
    small = Scene(scenes[0].frame[:40], scenes[0].distance[:, :40], scenes[0].width[:40])
    assert make_batch([], [small], TINY, 0).inputs.shape == (2, 2, 64, 64)


def test_onnx_gives_what_torch_gives(trained, tmp_path):
    pytest.importorskip("onnx", reason="the network is written with onnx")
    from ccmeval.nerves.net.export import export_onnx, weights_of
    from ccmeval.nerves.net.infer import Network
    from ccmeval.nerves.net.model import build_network

    path = tmp_path / "net.onnx"
    export_onnx(trained.averaged(), TINY.model, path, {"recipe": "tiny"})
    inputs = np.random.default_rng(0).standard_normal((2, 48, 56)).astype(np.float32)
    with torch.no_grad():
        wanted = trained.averaged()(torch.from_numpy(inputs[None]))[0]
    network = Network(path)
    maps = network.run(inputs)
    assert np.allclose(maps.logits, wanted[:-1], atol=1e-4)
    assert np.allclose(maps.log_width, wanted[-1], atol=1e-4)
    assert network.facts["recipe"] == "tiny"

    settings, state = weights_of(path)
    back = build_network(settings)
    back.load_state_dict(state)
    with torch.no_grad():
        assert torch.allclose(back.eval()(torch.from_numpy(inputs[None]))[0], wanted, atol=1e-4)
    again = tmp_path / "again.onnx"
    export_onnx(trained.averaged(), TINY.model, again, {"recipe": "tiny"})
    assert again.read_bytes() == path.read_bytes()


def test_fine_tuning_on_own_frames(scenes, trained, tmp_path):
    pytest.importorskip("onnx", reason="the network is written with onnx")
    from PIL import Image

    from ccmeval.nerves.net.export import export_onnx
    from ccmeval.nerves.net.recipe import train_segmenter

    for folder in ("frames", "masks"):
        (tmp_path / folder).mkdir()
    rows = np.indices((96, 96))[0]
    mask = np.abs(rows - 50) <= 2
    frame = np.clip(60 + 100 * mask + np.random.default_rng(0).normal(0, 9, mask.shape), 0, 255)
    Image.fromarray(frame.astype(np.uint8)).save(tmp_path / "frames" / "a.png")
    Image.fromarray((255 * mask).astype(np.uint8)).save(tmp_path / "masks" / "a.png")
    start = tmp_path / "start.onnx"
    export_onnx(trained.averaged(), TINY.model, start, {})
    told: list[str] = []
    path = train_segmenter(
        tmp_path / "out",
        TINY.model_copy(update={"steps": 1, "own_share": 1.0}),
        frames=tmp_path / "frames",
        masks=tmp_path / "masks",
        field_of_view_um=100.0,
        start=start,
        progress=lambda stage, done, total, remark: told.append(stage),
    )
    assert path.stat().st_size > 1000
    assert told == ["Training"]
    with pytest.raises(CcmevalError, match="go together"):
        train_segmenter(tmp_path / "out", TINY, frames=tmp_path)
