"""Presets: what the study told, and how settings lie over it."""

import numpy as np
import pytest
from pydantic import ValidationError

from ccmeval.utility.groups import Composition
from ccmeval.utility.plan import unit_steps
from ccmeval.utility.presets import PRESETS, over_preset, preset
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.units import UnitSpec


def test_cytomorphology_is_what_the_study_told() -> None:
    from ccmeval_downstream.clip import ClipLearner
    from ccmeval_downstream.resnet import ResNet50Learner

    settings = UtilitySettings(preset="cytomorphology")
    assert (settings.learners, settings.tasks) == (("resnet50", "clip"), ("diagnosis",))
    assert (settings.epochs, settings.batch_size, settings.folds) == (100, 64, 5)
    assert settings.test_share == 0.2
    for learner in (ResNet50Learner(), ClipLearner()):
        own = learner.settings_model.model_validate(settings.learner[learner.name])
        rates = (own.learning_rate, own.final_learning_rate, own.weight_decay)
        assert rates == (1e-4, 1e-8, 1e-8)
        assert own.warmup_share * settings.epochs == pytest.approx(30)
        assert own.augmentation.flip
        assert own.augmentation.rotate


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_whole_settings_that_survive_json(name: str) -> None:
    settings = UtilitySettings(preset=name)
    assert UtilitySettings(**settings.model_dump(mode="json")) == settings
    assert set(preset(name)) <= set(UtilitySettings.model_fields)


def test_what_is_given_wins() -> None:
    found = UtilitySettings(
        preset="cytomorphology",
        folds=3,
        learners="clip",
        learner={"clip": {"augmentation": {"flip": False}}, "hmsvit": {"size": "nano"}},
    )
    assert (found.folds, found.batch_size, found.learners) == (3, 64, ("clip",))
    assert found.learner["clip"]["augmentation"]["flip"] is False
    assert found.learner["clip"]["augmentation"]["rotate"] is True
    assert found.learner["resnet50"]["learning_rate"] == 1e-4
    assert found.learner["hmsvit"] == {"size": "nano"}
    assert UtilitySettings(preset="cytomorphology", steps=7).steps_with(1000) == 7
    assert over_preset("cytomorphology", {"steps": None})["epochs"] == 100


def test_the_budget_fills_what_the_preset_leaves_open() -> None:
    found = UtilitySettings(preset="cytomorphology", budget="full")
    assert (found.seeds, found.segmentation_frame_px, found.size_px) == (1, 384, 224)


def test_unknown_preset() -> None:
    with pytest.raises(ValidationError, match="there is no preset 'nobody'; known: cytomorphology"):
        UtilitySettings(preset="nobody")


@pytest.mark.parametrize(
    ("group", "fairness", "expected"),
    [("A", "equal-steps", 300), ("B", "equal-steps", 300), ("B", "equal-epochs", 600)],
)
def test_epochs_become_steps(group: str, fairness: str, expected: int) -> None:
    """130 frames are three batches of 64, a hundred times; B with twice the frames takes twice the steps."""
    settings = UtilitySettings(epochs=100, batch_size=64, fairness=fairness)
    composition = Composition(np.arange(260), np.ones(260), 130, 130)
    spec = UnitSpec("diagnosis", "clip", group, fold=0, seed=0)
    assert unit_steps(spec, composition, settings, 130) == expected
