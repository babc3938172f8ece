"""``phantom``: needs nothing, learns nothing, and knows the truth of each frame that it draws itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval.phantom.diagnoses import TARGETS
from ccmeval.phantom.settings import PhantomSettings
from ccmeval.plugins import WeightSource
from ccmeval_generators.document import read_document, settings_in, write_document


class PhantomGenerator:
    """Draws frames by the rules of :mod:`ccmeval.phantom`.

    With a mask, its nerves are traced and imaged by the phantom's microscope; the diagnosis then changes
    nothing, since all that it decides (length, branches, width, bends) is in the mask. Without one, a subject
    of the diagnosis is drawn, and a frame of theirs; the same seed draws the same levels under every
    diagnosis. Without either, the diagnosis is drawn too.

    Parameters
    ----------
    settings : PhantomSettings, optional
        Shape and pixel size, anatomy and optics; the HRT3-RCM by default.

    Examples
    --------
    >>> generator = PhantomGenerator(PhantomSettings(shape_px=(64, 64)))
    >>> asked = Condition(seed=3, diagnosis="Control")
    >>> frame, = generator.generate([asked])
    >>> mask, = generator.own_masks([asked])
    >>> frame.shape, frame.dtype.name, bool(frame[mask].mean() > frame[~mask].mean())
    ((64, 64), 'float32', True)
    """

    name = "phantom"
    version = "1"
    capabilities: ClassVar[Capabilities] = Capabilities(
        summary="Frames by rule, from a mask or of an anatomy drawn for the diagnosis; needs nothing.",
        takes=("mask", "diagnosis"),
        trainable=False,
        needs_training=False,
        source="ccmeval.phantom; biomarkers of each diagnosis after arXiv 2602.13693, Table V",
    )
    settings_model: ClassVar[type[PhantomSettings]] = PhantomSettings

    def __init__(self, settings: PhantomSettings | None = None) -> None:
        self.settings = settings or PhantomSettings()

    @property
    def format(self) -> FrameFormat:
        """Shape and pixel size of the settings, and the diagnoses whose anatomy it can draw."""
        return FrameFormat(self.settings.shape_px, self.settings.pixel_size_um, tuple(TARGETS))

    @property
    def identity(self) -> str:
        """Name, version and a hash of the settings."""
        text = json.dumps(self.settings.model_dump(mode="json"), sort_keys=True)
        return f"{self.name} {self.version} {hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Refuse: there is nothing to train."""
        self._refuse_training()

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Refuse: there is nothing to train."""
        self._refuse_training()

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Draw one frame a condition.

        Parameters
        ----------
        conditions : sequence of Condition

        Returns
        -------
        list of float32 arrays (H, W), in [0, 1]
            In steps of 1/255.

        Raises
        ------
        UnavailableError
            If a diagnosis is unknown, or a mask has another shape than the settings'.
        """
        from ccmeval_generators.phantom.drawing import draw

        self._check(conditions)
        return [draw(condition, self.settings).frame.copy() for condition in conditions]

    def own_masks(self, conditions: Sequence[Condition]) -> list[BoolArray | None]:
        """Give the exact mask that each frame shows where its condition names none.

        Parameters
        ----------
        conditions : sequence of Condition

        Returns
        -------
        list of bool arrays (H, W) or None
            None for a condition with a mask.
        """
        from ccmeval_generators.phantom.drawing import draw

        self._check(conditions)
        return [
            draw(condition, self.settings).mask.copy() if condition.mask is None else None
            for condition in conditions
        ]

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        """Tell of each frame which diagnosis its anatomy was drawn for; nothing where it follows a mask."""
        from ccmeval_generators.phantom.drawing import diagnosis_of

        self._check(conditions)
        return [
            {} if condition.mask is not None else {"drawn_diagnosis": diagnosis_of(condition)}
            for condition in conditions
        ]

    def save_pretrained(self, folder: Path) -> None:
        """Keep the settings as JSON; there is nothing else."""
        write_document(Path(folder), self.name, self.version, self.settings)

    @classmethod
    def from_pretrained(cls, folder: Path, weights: WeightSource) -> PhantomGenerator:
        """Make one with the settings that were kept.

        Raises
        ------
        UnavailableError
            If they are missing, damaged, or of another generator or version.
        """
        content = read_document(Path(folder), cls.name, cls.version)
        return cls(settings_in(content, cls.settings_model, Path(folder)))

    def _refuse_training(self) -> NoReturn:
        raise UnavailableError("The phantom draws by rule and cannot be trained; generate from it as it is.")

    def _check(self, conditions: Sequence[Condition]) -> None:
        for condition in conditions:
            if condition.diagnosis is not None and condition.diagnosis not in TARGETS:
                raise UnavailableError(
                    f"The phantom knows no diagnosis {condition.diagnosis!r}; choose among"
                    f" {', '.join(TARGETS)}."
                )
            if condition.mask is not None and condition.mask.shape != self.settings.shape_px:
                height, width = condition.mask.shape
                raise UnavailableError(
                    f"A mask of {height} x {width} px does not fit the phantom's frames of"
                    f" {self.settings.shape_px[0]} x {self.settings.shape_px[1]} px; set shape_px (and"
                    " pixel_size_um) to the masks'."
                )
