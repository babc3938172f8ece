"""``folder``: gives the frames of a set that exists already, each once, as they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval.plugins import WeightSource
from ccmeval_generators.document import read_document, settings_in, write_document
from ccmeval_generators.folder.settings import FolderSettings

if TYPE_CHECKING:
    from ccmeval.cohort import Record
    from ccmeval_generators.folder.stock import Stock

_DECLARED = ("generator_subjects", "fold")
"""Columns of the set's manifest that pillar 3 reads of a synthetic set."""


class FolderGenerator:
    """Adopts a set of frames, whoever made it and with whatever tool.

    The seed of a condition is the number of a frame, from 0, among those of its diagnosis in natural order
    (of the whole set without a diagnosis), and other seeds are refused. So two conditions of a diagnosis
    never give the same frame, whatever the batches, and the seeds of :meth:`seeds_of`, each asked for once,
    adopt the whole set. Files of the same content count once. A mask cannot be asked for, since the frames
    are there already; the masks that the set has are told by :meth:`own_masks`.

    Parameters
    ----------
    settings : FolderSettings, optional
        Without a `path` it has no frames.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from ccmeval.phantom import PhantomSettings, write_cohort
    >>> manifest = write_cohort(mkdtemp(), frames=3, settings=PhantomSettings(shape_px=(64, 64)))
    >>> generator = FolderGenerator(FolderSettings(path=str(manifest)))
    >>> generator.format.diagnoses, generator.seeds_of("Control"), generator.seeds_of(None)
    (('Control', 'T1DPN', 'T1NoDPN'), range(0, 1), range(0, 3))
    >>> generator.generate([Condition(seed=0, diagnosis="T1DPN")])[0].shape
    (64, 64)
    """

    name = "folder"
    version = "1"
    capabilities: ClassVar[Capabilities] = Capabilities(
        summary="An existing set of frames, adopted as is; the seed numbers the frames of a diagnosis.",
        takes=("diagnosis",),
        trainable=False,
        needs_training=False,
        source="whoever made the set",
    )
    settings_model: ClassVar[type[FolderSettings]] = FolderSettings

    def __init__(self, settings: FolderSettings | None = None) -> None:
        self.settings = settings or FolderSettings()

    @cached_property
    def stock(self) -> Stock:
        """The set's frames; read through at the first use.

        Raises
        ------
        UnavailableError
            If no set is named, it has no usable frame, or frames of several shapes or pixel sizes.
        """
        from ccmeval_generators.folder.stock import take_stock

        return take_stock(self.settings)

    @property
    def format(self) -> FrameFormat | None:
        """What the set's frames are like; None while no set is named."""
        if not self.settings.path:
            return None
        return FrameFormat(self.stock.shape_px, self.stock.pixel_size_um, self.stock.diagnoses)

    @property
    def identity(self) -> str:
        """Name, version and a hash of all frames."""
        if not self.settings.path:
            return f"{self.name} {self.version} (no set)"
        return f"{self.name} {self.version} {self.stock.digest[:16]}"

    def seeds_of(self, diagnosis: str | None) -> range:
        """Give the seeds for which there is a frame: the numbers of the diagnosis's frames.

        Raises
        ------
        UnavailableError
            If the set has no frame of that diagnosis.
        """
        return range(len(self._of(diagnosis)))

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Refuse: there is nothing to train."""
        self._refuse_training()

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Refuse: there is nothing to train."""
        self._refuse_training()

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Give the frame that each condition's diagnosis and seed name.

        Returns
        -------
        list of float32 arrays (H, W), in [0, 1]
            Grey levels as stored, over the largest one.

        Raises
        ------
        UnavailableError
            If no set is named, or it has no such frame.
        """
        chosen = [self._chosen(condition) for condition in conditions]
        try:
            return [self.stock.pixels(record) for record in chosen]
        except CcmevalError as error:
            raise UnavailableError(f"The set has changed since it was adopted: {error}") from error

    def own_masks(self, conditions: Sequence[Condition]) -> list[BoolArray | None]:
        """Give the masks that the set has of these frames, None where it has none."""
        return [self.stock.mask(self._chosen(condition)) for condition in conditions]

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        """Tell of each frame which it was in the set, and what the set's manifest declares of its origin.

        Returns
        -------
        list of dict of str to str
            `adopted_frame`, `adopted_source`, `source_subject`, `generator_subjects` and `fold`; empty where
            the set does not tell.
        """
        return [_origin(self._chosen(condition)) for condition in conditions]

    def save_pretrained(self, folder: Path) -> None:
        """Keep as JSON where the set lies and the hash of its frames; the frames stay there."""
        settings = self.settings
        path, masks = (str(Path(part).resolve()) if part else "" for part in (settings.path, settings.masks))
        settings = settings.model_copy(update={"path": path, "masks": masks})
        write_document(Path(folder), self.name, self.version, settings, {"identity": self.identity})

    @classmethod
    def from_pretrained(cls, folder: Path, weights: WeightSource) -> FolderGenerator:
        """Adopt again the set that was kept.

        Raises
        ------
        UnavailableError
            If the document is missing or damaged, or the set is gone or was changed.
        """
        content = read_document(Path(folder), cls.name, cls.version)
        made = cls(settings_in(content, cls.settings_model, Path(folder)))
        if made.identity != content.get("identity"):
            raise UnavailableError(
                f"{made.settings.path} has changed since it was adopted (other frames or diagnoses); adopt it"
                " again."
            )
        return made

    def _refuse_training(self) -> NoReturn:
        raise UnavailableError("An existing set cannot be trained; generate from it as it is.")

    def _of(self, diagnosis: str | None) -> list[Record]:
        from ccmeval.cohort import fold_diagnosis

        records = self.stock.of(fold_diagnosis(diagnosis))
        if not records:
            known = ", ".join(self.stock.diagnoses) or "none"
            raise UnavailableError(
                f"{self.settings.path} holds no frame of the diagnosis {diagnosis!r}; it has: {known}."
            )
        return records

    def _chosen(self, condition: Condition) -> Record:
        records = self._of(condition.diagnosis)
        if not 0 <= condition.seed < len(records):
            what = f"of {condition.diagnosis}" if condition.diagnosis else "in all"
            raise UnavailableError(
                f"{self.settings.path} holds {len(records)} frames {what}, numbered by seeds 0 to"
                f" {len(records) - 1}; there is none for seed {condition.seed}."
            )
        return records[condition.seed]


def _origin(record: Record) -> dict[str, str]:
    extra = record.extra
    subject = extra.get("source_subject") or extra.get("mask_subject") or record.subject
    told = {
        "adopted_frame": record.frame,
        "adopted_source": record.source,
        "source_subject": subject,
        **{column: extra.get(column) for column in _DECLARED},
    }
    return {column: value or "" for column, value in told.items()}
