"""Contracts of the plug-ins and their discovery through entry points.

The core never imports a wing or a third party's package by name. It asks for the entry points of a
group, and each is listed before it is loaded, so that a broken plug-in spoils nothing but itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from ccmeval.errors import UnavailableError
from ccmeval.weight_source import WeightSource as WeightSource

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from ccmeval.arrays import BoolArray, FloatArray
    from ccmeval.generation.conditions import (
        Capabilities,
        Condition,
        FrameFormat,
        GeneratorJob,
        GeneratorRecord,
        TrainingPlan,
    )
    from ccmeval.nerves.segmentation import Segmentation
    from ccmeval.utility.learning import LearningSet, Task, TrainingJob, TrainingRecord

Group = Literal["ccmeval.segmenters", "ccmeval.generators", "ccmeval.features", "ccmeval.learners"]

_KINDS: dict[str, str] = {
    "ccmeval.segmenters": "segmenter",
    "ccmeval.generators": "generator",
    "ccmeval.features": "feature extractor",
    "ccmeval.learners": "learner",
}


@runtime_checkable
class Segmenter(Protocol):
    """Finds nerves in frames; the contract of the group ``ccmeval.segmenters``.

    The entry point names a class (or function) that is called without arguments.

    Attributes
    ----------
    name : str
        The name under which results mention it.
    version : str
        Changes whenever the same frame may give another result.
    """

    name: str
    version: str

    def segment(
        self,
        frames: Sequence[FloatArray],
        pixel_sizes_um: Sequence[float],
        imaged: Sequence[BoolArray | None] | None = None,
    ) -> list[Segmentation]:
        """Segment a batch.

        Parameters
        ----------
        frames : sequence of float32 arrays, each (H, W), in [0, 1]
            Frames; sizes may differ within the batch.
        pixel_sizes_um : sequence of float
            Side of a pixel in micrometres, one a frame.
        imaged : sequence of bool arrays (H, W) or None, optional
            Where the frame was imaged; ``None`` means everywhere.

        Returns
        -------
        list of Segmentation
            One a frame, each of that frame's shape.
        """
        ...


@runtime_checkable
class FeatureExtractor(Protocol):
    """Turns frames into feature vectors; the contract of the group ``ccmeval.features``.

    The entry point names a class (or function) that is called without arguments and must be light: weights
    are looked for and hashed in :meth:`prepare`, and best loaded at the first :meth:`extract`, which does
    not come where all features lie in the cache. One that has an attribute ``names`` names its columns,
    and one that has ``weights_sha256`` tells the hash of its weights once prepared. :meth:`prepare` may
    change the label, resizer and licence.

    Attributes
    ----------
    name : str
        The name by which a user asks for it.
    label : str
        What a Frechet distance on these features is called; only torch-fidelity's Inception-v3 with its
        official weights may say ``"FID"``.
    dimension : int
        Length of a vector; 0 while unknown.
    resizer : str
        How frames of any size are brought to its input, in words; part of every result.
    licence : str
        Of its weights; empty without weights.
    """

    name: str
    label: str
    dimension: int
    resizer: str
    licence: str

    def prepare(self, weights: WeightSource) -> str:
        """Find what the extractor needs.

        Parameters
        ----------
        weights : WeightSource
            Where weights may come from.

        Returns
        -------
        str
            Its identity: whatever changes a vector changes this text (version, hash of the weights, resizer).

        Raises
        ------
        UnavailableError
            If weights or a library are missing, with the cure.
        """
        ...

    def extract(self, frames: Sequence[FloatArray], pixel_sizes_um: Sequence[float]) -> FloatArray:
        """Give the features of a batch.

        Parameters
        ----------
        frames : sequence of float32 arrays, each (H, W), in [0, 1]
            Sizes may differ.
        pixel_sizes_um : sequence of float

        Returns
        -------
        float array (len(frames), dimension)
            float32 is kept as such in the cache, all else as float64.

        Raises
        ------
        UnavailableError
            If weights that were found cannot be used, with the cure.
        """
        ...


@runtime_checkable
class TrainedModel(Protocol):
    """What a learner has learnt.

    Attributes
    ----------
    record : TrainingRecord
    """

    record: TrainingRecord

    def predict(self, frames: LearningSet) -> FloatArray:
        """Predict frames.

        Parameters
        ----------
        frames : LearningSet
            Labels and masks in it are not looked at.

        Returns
        -------
        float32 array
            For diagnosis (N, C), probabilities that sum to 1; for segmentation (N, S, S), the probability
            of nerve at every pixel. The protocol asks for a few frames at a time.
        """
        ...

    def save(self, folder: Path) -> None:
        """Keep the model in a folder, weights as safetensors (or as plain JSON), never as a pickle."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Trains and predicts for pillar 3; the contract of the group ``ccmeval.learners``.

    The entry point names a class (or function) that is called without arguments and must be light: torch
    and its like are imported in :meth:`fit`. One that learns from the biomarker table has an attribute
    ``needs_biomarkers`` that is true; for the others nothing may have been measured.

    Attributes
    ----------
    name : str
        The name by which a user asks for it.
    version : str
        Changes whenever the same job may give another model.
    tasks : tuple of str
        Of ``"diagnosis"`` and ``"segmentation"``, those that it can learn.
    licence : str
        Of pretrained weights that it uses by default; empty without any.
    settings_model : type
        A pydantic model of its own settings, each with a default.
    """

    name: str
    version: str
    tasks: tuple[Task, ...]
    licence: str
    settings_model: type[BaseModel]

    def prepare(self, weights: WeightSource) -> str:
        """Find what the learner needs.

        Returns
        -------
        str
            Its identity: whatever changes a model changes this text (version, hash of initial weights).

        Raises
        ------
        UnavailableError
            If weights or a library are missing, with the cure.
        """
        ...

    def fit(self, job: TrainingJob) -> TrainedModel:
        """Train; the same job gives the same model, and an interrupted one goes on where it stopped.

        Raises
        ------
        UnavailableError
            If the job cannot be done here, with the reason.
        """
        ...


@runtime_checkable
class Generator(Protocol):
    """Makes frames from conditions; the contract of the group ``ccmeval.generators``.

    The entry point names a class that is called without arguments and must be light: torch and its like
    are imported when they are needed. Such a new object has the default settings and is not trained.
    One that needs no training may also be called with an object of its `settings_model`, its only argument.

    Three methods may be there besides. ``seeds_of(diagnosis)`` gives the seeds for which one with a limited
    stock has a frame, in order; it refuses others. ``own_masks(conditions)`` gives, one a condition, the mask
    (H, W) that the frame shows where the condition names none, or None. ``provenance(conditions)`` gives, one
    a condition, a mapping of further manifest columns to texts.

    Attributes
    ----------
    name : str
        The name by which a user asks for it.
    version : str
        Changes whenever the same settings, seed and conditions may give other frames.
    capabilities : Capabilities
    settings_model : type
        A pydantic model of its settings, each with a default: those of the published recipe.
    """

    name: str
    version: str
    capabilities: Capabilities
    settings_model: type[BaseModel]

    @property
    def format(self) -> FrameFormat | None:
        """What its frames are like; None until it is trained or loaded."""
        ...

    @property
    def identity(self) -> str:
        """Name, version and a hash of weights: whatever changes a frame changes this text."""
        ...

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Tell what a training would take, without doing more than a few steps.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, with the cure.
        """
        ...

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Train; afterwards the object gives frames.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, or at all, with the reason.
        """
        ...

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Make one frame a condition, in one batch.

        Returns
        -------
        list of float32 arrays (H, W), in [0, 1]
            Each decided by its condition alone, whatever else is in the batch.

        Raises
        ------
        UnavailableError
            If it is not trained, or a condition that it needs is missing.
        """
        ...

    def save_pretrained(self, folder: Path) -> None:
        """Keep the trained generator, weights as safetensors, settings as JSON; never a pickle.

        The folder then has a ``generator.json`` whose `name` is the generator's: by it the folder is loaded.
        """
        ...

    @classmethod
    def from_pretrained(cls, folder: Path, weights: WeightSource) -> Generator:
        """Load what `save_pretrained` kept; the same conditions then give identical frames.

        Raises
        ------
        UnavailableError
            If files are missing or damaged, with the cure.
        """
        ...


@dataclass(frozen=True)
class Plugin:
    """One entry point of a group, not yet loaded.

    Attributes
    ----------
    group, name : str
        The group and the name by which a user asks for it.
    distribution : str
        The package that offers it.
    """

    group: str
    name: str
    distribution: str
    entry_point: EntryPoint

    def load(self) -> Any:
        """Import the plug-in and call its factory.

        Raises
        ------
        UnavailableError
            If the import or the factory fails; the sentence gives the reason.
        """
        try:
            return self.entry_point.load()()
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            raise UnavailableError(
                f"The plug-in {self.name!r} of {self.distribution} cannot be loaded"
                f" ({type(error).__name__}: {error}); reinstall or update that package."
            ) from error


def available(group: Group) -> dict[str, Plugin]:
    """List the plug-ins of a group by name without importing them.

    Parameters
    ----------
    group : str
        An entry-point group, e.g. ``"ccmeval.segmenters"``.

    Returns
    -------
    dict of str to Plugin
        In alphabetical order.

    Examples
    --------
    >>> "ridge" in available("ccmeval.segmenters")
    True
    """
    found: dict[str, Plugin] = {}
    for entry_point in sorted(entry_points(group=group), key=lambda entry: entry.name):
        distribution = entry_point.dist.name if entry_point.dist else "unknown"
        found.setdefault(entry_point.name, Plugin(group, entry_point.name, distribution, entry_point))
    return found


def load(group: Group, name: str) -> Any:
    """Load one plug-in by name.

    Parameters
    ----------
    group : str
        An entry-point group.
    name : str
        The plug-in's name.

    Returns
    -------
    object
        What the plug-in's factory gives.

    Raises
    ------
    UnavailableError
        If there is none of that name, or it cannot be loaded.

    Examples
    --------
    >>> load("ccmeval.segmenters", "ridge").name
    'ridge'
    """
    plugins = available(group)
    if name not in plugins:
        known = ", ".join(plugins) or "none"
        raise UnavailableError(f"No {_KINDS[group]} is called {name!r}; known: {known}.")
    return plugins[name].load()
