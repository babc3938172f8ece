"""MAISI as a generator: conditions, determinism, saving, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("monai")
pytest.importorskip("einops")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.generation.conditions import Condition  # noqa: E402
from ccmeval.plugins import Generator, WeightSource  # noqa: E402
from ccmeval_generators.maisi import MaisiGenerator  # noqa: E402
from ccmeval_generators.maisi.noise_paths import FlowPath  # noqa: E402
from ccmeval_generators.maisi.sampling import walk_back  # noqa: E402
from ccmeval_generators.maisi.settings import MaisiSettings  # noqa: E402
from tests.generators.tiny_maisi import CLASSES, SIDE, conditions, job, tiny_settings  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> MaisiGenerator:
    generator = MaisiGenerator()
    settings = tiny_settings(autoencoder_epochs=5.0, diffusion_epochs=10.0, controlnet_epochs=15.0)
    generator.fit(job(tmp_path_factory.mktemp("maisi"), settings))
    return generator


def with_settings(generator: MaisiGenerator, **more: object) -> MaisiGenerator:
    """Give the same networks other settings of sampling."""
    other = MaisiGenerator()
    assert generator._networks is not None
    assert generator.format is not None
    assert generator.record is not None
    settings = generator._settings.model_copy(update=more)
    other._take(generator._networks, generator.format, settings, generator.record)
    return other


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def test_it_keeps_to_the_contract(trained: MaisiGenerator) -> None:
    assert isinstance(trained, Generator)
    frames = trained.generate(conditions(2))
    assert [(frame.shape, frame.dtype) for frame in frames] == [((SIDE, SIDE), np.float32)] * 2
    assert all(0.0 <= frame.min() < frame.max() <= 1.0 for frame in frames)


def test_mask_diagnosis_and_seed_each_change_the_frame(trained: MaisiGenerator) -> None:
    one, other = conditions(2)
    (base,) = trained.generate([one])
    changed = {
        "mask": replace(one, mask=other.mask),
        "no mask": replace(one, mask=None),
        "diagnosis": replace(one, diagnosis=CLASSES[1]),
        "no diagnosis": replace(one, diagnosis=None),
        "seed": replace(one, seed=99),
    }
    for what, condition in changed.items():
        assert apart(base, trained.generate([condition])[0]) > 1e-3, what


def test_a_mask_changes_the_frame_where_it_lies_most(trained: MaisiGenerator) -> None:
    empty = np.zeros((SIDE, SIDE), dtype=bool)
    left = empty.copy()
    left[:, 4:8] = True
    made = trained.generate(
        [Condition(seed, CLASSES[0], mask) for seed in range(6) for mask in (empty, left)]
    )
    change = np.mean([np.abs(two - one) for one, two in zip(made[::2], made[1::2], strict=True)], axis=0)
    assert change[:, 2:10].mean() > 1.5 * change[:, 18:].mean()


def test_a_frame_is_the_same_in_whichever_batch(trained: MaisiGenerator) -> None:
    asked = [*conditions(3), Condition(7, CLASSES[0]), Condition(8)]
    together = trained.generate(asked)
    alone = [trained.generate([condition])[0] for condition in asked]
    backwards = trained.generate(asked[::-1])[::-1]
    for one, two, three in zip(together, alone, backwards, strict=True):
        assert np.array_equal(one, two)
        assert np.array_equal(one, three)


def test_frames_of_a_group_are_independent(trained: MaisiGenerator) -> None:
    """As on a GPU, where several frames of a fixed number go through the networks at once."""
    first, second = conditions(2)
    networks, fixed = trained._networks, trained.format
    with torch.no_grad():
        pairs = [[first, second], [first, Condition(9)], [Condition(9), first]]
        made = [trained.sample(networks, pair, fixed, trained._settings) for pair in pairs]
    assert apart(made[0][0], made[1][0]) < 1e-5
    assert apart(made[0][0], made[2][1]) < 1e-5


def test_noise_comes_from_each_stream_alone() -> None:
    def drawn(seeds: list[int]) -> torch.Tensor:
        streams = [torch.Generator().manual_seed(seed) for seed in seeds]
        return walk_back(lambda z, t: z * 0, FlowPath(10), 2, (1, 2, 2), streams, torch.zeros(()))

    assert torch.equal(drawn([1, 2])[1], drawn([2])[0])
    assert not torch.equal(drawn([1, 2])[0], drawn([2])[0])


def test_saved_and_loaded_it_makes_identical_frames(trained: MaisiGenerator, tmp_path: Path) -> None:
    trained.save_pretrained(tmp_path)
    loaded = MaisiGenerator.from_pretrained(tmp_path, WeightSource())
    asked = [*conditions(2), Condition(5)]
    for one, other in zip(trained.generate(asked), loaded.generate(asked), strict=True):
        assert np.array_equal(one, other)
    assert loaded.identity == trained.identity
    assert loaded._networks["scale"].deviation == trained._networks["scale"].deviation != 1.0


@pytest.mark.parametrize(("path", "eta"), [("ddpm", 0.0), ("ddpm", 1.0), ("rflow", 0.0)])
def test_as_many_steps_as_asked_for(
    trained: MaisiGenerator, monkeypatch: pytest.MonkeyPatch, path: str, eta: float
) -> None:
    seen: list[float] = []
    unet = trained._networks["unet"]
    forward = unet.forward

    def noted(latents: torch.Tensor, times: torch.Tensor, **more: object) -> torch.Tensor:
        seen.append(float(times[0]))
        return forward(latents, times, **more)

    monkeypatch.setattr(unet, "forward", noted)
    few = with_settings(trained, path=path, eta=eta, inference_steps=5)
    assert np.isfinite(few.generate(conditions(1))[0]).all()
    wanted = [999.0, 749.0, 500.0, 250.0, 0.0] if path == "ddpm" else [1000.0, 800.0, 600.0, 400.0, 200.0]
    assert seen == wanted


def test_guidance_exaggerates_the_diagnosis(trained: MaisiGenerator) -> None:
    asked = [Condition(seed, CLASSES[0]) for seed in range(4)]
    plain = trained.generate(asked)
    none = trained.generate([replace(condition, diagnosis=None) for condition in asked])
    nothing = with_settings(trained, guidance_scale=0.0).generate(asked)
    more = with_settings(trained, guidance_scale=3.0).generate(asked)
    assert max(apart(one, two) for one, two in zip(none, nothing, strict=True)) < 1e-5
    assert np.mean([apart(*pair) for pair in zip(more, none, strict=True)]) > np.mean(
        [apart(*pair) for pair in zip(plain, none, strict=True)]
    )


def test_without_training_masks_none_can_be_followed(tmp_path: Path) -> None:
    generator = MaisiGenerator()
    generator.fit(job(tmp_path, tiny_settings(autoencoder_epochs=0.5, diffusion_epochs=0.5), masked=False))
    assert generator.generate([Condition(1, CLASSES[0])])[0].shape == (SIDE, SIDE)
    with pytest.raises(UnavailableError, match="without masks and cannot follow"):
        generator.generate(conditions(1))


def test_without_hidden_labels_a_diagnosis_is_needed(trained: MaisiGenerator) -> None:
    with pytest.raises(UnavailableError, match="needs a diagnosis for every frame"):
        with_settings(trained, label_dropout=0.0).generate([Condition(1)])
    with pytest.raises(UnavailableError, match="is not trained"):
        MaisiGenerator().generate([Condition(1)])


def test_the_record_says_what_was_off(trained: MaisiGenerator) -> None:
    assert trained.record is not None
    assert "The perceptual loss was off by the settings." in trained.record.notes
    told = MaisiGenerator().notes(job(Path(), tiny_settings(perceptual_weight=0.3)), tiny_settings())
    assert any("hidden in 10%" in note for note in told)
    asked = MaisiGenerator().notes(job(Path()), tiny_settings(perceptual_weight=0.3, adversarial_weight=0.0))
    assert any(note.startswith("The perceptual loss was off: ") for note in asked)
    assert any("adversarial loss of the autoencoder was off" in note for note in asked)


def test_a_dry_run_counts_what_there_is(tmp_path: Path) -> None:
    plan = MaisiGenerator().plan(job(tmp_path))
    assert plan.steps == 12
    assert 0 < plan.n_trained <= plan.n_parameters < 300_000


def test_the_published_settings_are_the_defaults() -> None:
    settings = MaisiSettings()
    assert (settings.path, settings.training_times, settings.inference_steps) == ("ddpm", 1000, 1000)
    rates = (settings.autoencoder_rate, settings.diffusion_rate, settings.controlnet_rate)
    assert rates == (2.5e-5,) * 3
    epochs = (settings.autoencoder_epochs, settings.diffusion_epochs, settings.controlnet_epochs)
    assert epochs == (200.0,) * 3
    assert settings.reduction == 4


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size_px": 80}, "size_px must be a multiple of 32"),
        ({"unet_head_channels": (0, 0, 32, 0)}, "the last above 0"),
        ({"unet_head_channels": (0, 0, 48, 32)}, "must be a multiple of its unet_head_channels"),
        ({"mask_channels": (8, 32)}, "as many numbers as autoencoder_channels"),
        ({"norm_groups": 48}, "multiples of norm_groups"),
        ({"autoencoder_crop_px": 66}, "autoencoder_crop_px must be a multiple of 4"),
        ({"inference_steps": 1001}, "must not exceed training_times"),
    ],
)
def test_settings_that_cannot_be_built_are_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        MaisiSettings(**wrong)
