"""The generator `spade` as a whole, trained for a few steps on toy frames."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("monai")

import torch

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Condition, GeneratorJob
from ccmeval.plugins import Generator, WeightSource
from ccmeval.utility.learning import FramePool, learning_set
from ccmeval_generators.spade import SpadeGenerator
from ccmeval_generators.spade.settings import SpadeSettings

SIDE, CLASSES = 32, ("Control", "T1DPN")
TINY = {
    "size_px": SIDE,
    "channels": (4, 8),
    "style_dims": 2,
    "spade_channels": 8,
    "discriminator_layers": 2,
    "discriminator_channels": 2,
    "generator_rate": 3e-3,
    "discriminator_rate": 1e-3,
    "detail_channels": 4,
    "noise_channels": 1,
}


def toy_frames(n=24):
    """Bright bars on a ground whose level is the diagnosis's."""
    rng = np.random.default_rng(0)
    masks = np.zeros((n, SIDE, SIDE), np.uint8)
    labels = np.arange(n) % 2
    for mask in masks:
        start = rng.integers(2, SIDE - 6)
        mask[:, start : start + 4] = 255
    ground = np.where(labels == 0, 0.15, 0.45)[:, None, None]
    frames = ground + 0.4 * (masks > 0) + rng.normal(0, 0.02, masks.shape)
    pool = FramePool(np.clip(frames, 0, 1).astype(np.float16), 2.0, masks)
    return learning_set(pool, np.arange(n), labels)


def job(folder, steps, **more):
    settings = SpadeSettings(**{**TINY, "epochs": steps * 4 / 24, **more})
    return GeneratorJob(toy_frames(), CLASSES, settings.model_dump(), 7, folder)


def mask(start=10):
    found = np.zeros((SIDE, SIDE), bool)
    found[:, start : start + 4] = True
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    generator = SpadeGenerator()
    generator.fit(job(tmp_path_factory.mktemp("spade"), 60))
    return generator


def one(generator, **condition):
    return generator.generate(
        [Condition(**{"seed": 1, "diagnosis": "Control", "mask": mask(), **condition})]
    )[0]


def test_it_is_a_generator_and_small(trained):
    assert isinstance(trained, Generator)
    assert trained.record.n_parameters < 300_000
    assert trained.format.shape_px == (SIDE, SIDE)
    assert list(trained.format.diagnoses) == list(CLASSES)
    assert trained.record.steps == 60
    assert all(np.isfinite(loss) for _, _, loss in trained.record.history)


def test_record_says_that_the_perceptual_loss_was_off(trained):
    assert any("perceptual loss was off" in note for note in trained.record.notes)


def test_frames_have_the_right_form_and_vary_with_every_condition(trained):
    usual = one(trained)
    assert usual.shape == (SIDE, SIDE)
    assert usual.dtype == np.float32
    assert 0 <= usual.min() <= usual.max() <= 1
    reference = np.full((SIDE, SIDE), 0.9, np.float32)
    for change in ({"seed": 2}, {"diagnosis": "T1DPN"}, {"mask": mask(20)}, {"reference": reference}):
        assert np.abs(one(trained, **change) - usual).mean() > 1e-4, change


def test_a_condition_gives_its_frame_whatever_stands_beside_it(trained):
    conditions = [
        Condition(seed, diagnosis, mask(4 + 5 * seed)) for seed in range(3) for diagnosis in (*CLASSES, None)
    ]
    together = trained.generate(conditions)
    backwards = trained.generate(conditions[::-1])[::-1]
    for condition, first, second in zip(conditions, together, backwards, strict=True):
        assert np.array_equal(first, second)
        assert np.array_equal(first, trained.generate([condition])[0])


def test_conditions_that_do_not_fit_are_refused(trained):
    with pytest.raises(UnavailableError, match="mask"):
        trained.generate([Condition(1, "Control")])
    with pytest.raises(UnavailableError):
        trained.generate([Condition(1, "Gout", mask())])


def test_saved_and_loaded_it_makes_the_same_frames(trained, tmp_path):
    trained.save_pretrained(tmp_path)
    again = SpadeGenerator.from_pretrained(tmp_path, WeightSource())
    assert again.identity == trained.identity
    assert np.array_equal(one(again), one(trained))
    assert json.loads((tmp_path / "generator.json").read_text())


def test_training_lessens_reconstruction_and_shows_mask_and_diagnosis(tmp_path):
    more = {"reconstruction_weight": 10.0, "adversarial_weight": 0.1}
    first, last = SpadeGenerator(), SpadeGenerator()
    first.fit(job(tmp_path / "first", 1, **more))
    last.fit(job(tmp_path / "last", 200, **more))

    def error(generator):
        frames = toy_frames(8)
        conditions = [
            Condition(3, CLASSES[frames.labels[row]], frames.pool.masks[row] > 0, reference=frames.frame(row))
            for row in range(8)
        ]
        made = generator.generate(conditions)
        return np.mean([np.abs(one - frames.frame(row)).mean() for row, one in enumerate(made)])

    assert error(last) < 0.5 * error(first)
    assert one(last)[mask()].mean() > one(last)[~mask()].mean() + 0.1
    assert one(last, diagnosis="T1DPN").mean() > one(last).mean() + 0.05


def test_same_job_same_weights_and_another_seed_others(tmp_path):
    from dataclasses import replace

    jobs = [job(tmp_path / "a", 3), job(tmp_path / "b", 3), replace(job(tmp_path / "c", 3), seed=8)]
    identities = []
    for each in jobs:
        generator = SpadeGenerator()
        generator.fit(each)
        identities.append(generator.identity)
    assert identities[0] == identities[1] != identities[2]


def test_perceptual_loss_of_local_weights_is_part_of_a_training(tmp_path):
    from dataclasses import replace

    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pth")
    settings = {"perceptual_network": "squeezenet", "size_px": SIDE}
    source = WeightSource({"perceptual": str(tmp_path / "weights.pth")})
    generator = SpadeGenerator()
    generator.fit(replace(job(tmp_path / "run", 2, **settings), weights=source))
    assert any("perceptual loss used squeezenet" in note for note in generator.record.notes)
    assert generator.record.n_parameters < 300_000  # it is no part of the generator


def test_other_weights_of_the_perceptual_loss_make_another_training(tmp_path, monkeypatch):
    from ccmeval_generators.training import fit

    known = []
    monkeypatch.setattr(fit, "training_hash", lambda plain, *rest: known.append(plain) or "0" * 32)
    for value in (None, 0.0, 1.0):
        helper = {} if value is None else {"perceptual": constant(value)}
        stage = type("Stage", (), {"helpers": lambda self, helper=helper: helper})()
        settings = SpadeGenerator.settings_model()
        fit.job_id_of(SpadeGenerator(), job(tmp_path, 2), settings, torch.nn.ModuleDict(), [stage])
    without, one, other = known
    assert "helpers" not in without
    assert one["helpers"] != other["helpers"]


def constant(value):
    """Make a layer whose weights are all of one value."""
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(layer.weight, value)
    torch.nn.init.zeros_(layer.bias)
    return layer
