"""All that a training needs but its folder: generator, its settings, frames and samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccmeval.batch.processes import usable_cores
from ccmeval.generation.conditions import GeneratorJob
from ccmeval.generation.trainable import load_trainable
from ccmeval.generation.training_data import TrainingData, training_data
from ccmeval.generation.training_samples import Sample, choose_samples
from ccmeval.generation.training_settings import TrainSettings, generator_settings
from ccmeval.plugins import Generator
from ccmeval.utility.learning import LearningSet, StepProgress


@dataclass(frozen=True)
class Prepared:
    """All that a training needs but its folder.

    Attributes
    ----------
    name : str
        By which the generator was asked for.
    generator : Generator
    own : dict
        Its complete settings.
    settings : TrainSettings
    data : TrainingData
    samples : list of Sample
    notes : list of str
    """

    name: str
    generator: Generator
    own: dict[str, Any]
    settings: TrainSettings
    data: TrainingData
    samples: list[Sample]
    notes: list[str]

    def identity(self) -> dict[str, Any]:
        """List what a training that goes on must agree in; the rest leaves the model as it is."""
        weights = {name: str(Path(path).resolve()) for name, path in self.settings.weights.items()}
        return {
            "generator": self.name,
            "version": self.generator.version,
            "settings": self.own,
            "seed": self.settings.seed,
            "frames": self.data.key,
            "weights": weights,
            "samples": [sample.told.model_dump(mode="json") for sample in self.samples],
            "prompt": self.settings.prompt,
        }

    def job(self, train: LearningSet, folder: Path, progress: StepProgress) -> GeneratorJob:
        """Make the job, whose samples are not yet kept."""
        return GeneratorJob(
            train=train,
            classes=tuple(self.data.classes),
            settings=self.own,
            seed=self.settings.seed,
            folder=folder,
            samples=[sample.condition for sample in self.samples],
            keep_checkpoints=self.settings.keep_checkpoints,
            threads=self.settings.threads or usable_cores(),
            weights=self.settings.source(),
            progress=progress,
        )


def prepare_training(name: str, data: Path, settings: TrainSettings, progress: StepProgress) -> Prepared:
    """Load the generator, look at every frame, and choose the samples.

    Raises
    ------
    CcmevalError
        If it cannot be trained on these frames, with the reason.
    """
    generator = load_trainable(name)
    own = generator_settings(generator.settings_model, settings.generator)
    found = training_data(data, generator.capabilities, settings, own.get("size_px"), progress)
    samples, notes = choose_samples(found, generator.capabilities, settings)
    return Prepared(name, generator, own, settings, found, samples, [*found.summary.notes, *notes])
