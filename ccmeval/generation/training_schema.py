"""What is known of a training: `training.json`, and `provenance.json` inside the model's folder."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

PROVENANCE = "provenance.json"
"""File in a model's folder that says what it was trained on."""


class Told(BaseModel):
    """A part of the result."""

    model_config = ConfigDict(extra="forbid")


class TrainedFrame(Told):
    """A frame that was trained on."""

    frame: str
    sha256: str = Field(description="Of its file.")
    mask_sha256: str = Field(default="", description="Of its mask's file; empty where none was used.")
    subject: str | None = None
    diagnosis: str | None = None


class LeftOutFrame(Told):
    """A training frame that could not be used."""

    frame: str
    reason: str
    damaged: bool = Field(default=False, description="Whether its file or mask cannot be used as it is.")


class DataSummary(Told):
    """The frames of a training."""

    path: str = Field(description="As it was given.")
    n_frames: int
    subjects: list[str] | None = Field(
        description="Of the frames that were trained on; null unless all of them are known."
    )
    n_frames_without_subject: int
    diagnoses: dict[str, int] = Field(description="Frames of each.")
    size_px: int = Field(description="Side of the square that the generator sees and makes.")
    pixel_size_um: float
    field_of_view_um: float
    n_validation: int = Field(default=0, description="Frames of the split, never trained on.")
    n_test: int = Field(default=0, description="Frames of the split, never trained on.")
    n_unassigned: int = Field(default=0, description="Frames of no split where others have one.")
    frames: list[TrainedFrame] = Field(default_factory=list)
    left_out: list[LeftOutFrame] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class PlanTold(Told):
    """What the training was estimated to take before it began."""

    n_parameters: int
    n_trained: int
    steps: int
    batch_size: int
    memory_gib: float
    seconds_a_step: float
    device: str
    stages: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class RecordTold(Told):
    """What the training took; its history is in `training.csv`."""

    steps: int
    n_parameters: int
    n_trained: int
    seconds: float
    device: str
    notes: list[str] = Field(default_factory=list)


class SampleTold(Told):
    """A fixed condition that sample frames were made from."""

    sample: int = Field(description="From 1; the number in the files' names.")
    diagnosis: str | None = None
    mask_of: str | None = Field(default=None, description="Frame whose mask it is.")
    subject: str | None = None
    split: str = Field(description="'validation' or 'train': where that frame is from.")
    seed: int


class SampleMeans(Told):
    """Means over the sample frames of a step; None where none has a value."""

    step: int | None = Field(default=None, description="None for the real frames that the masks are of.")
    length_recall: float | None = None
    hallucinated_length: float | None = None
    cl_dice: float | None = None


class GeneratorTold(Told):
    """The generator that was trained."""

    name: str
    version: str
    identity: str = Field(default="", description="Name, version and hash of weights, once trained.")
    distribution: str = Field(default="", description="The package that offers it, with its version.")


class TrainingResult(Told):
    """Everything that is known of a training."""

    schema_version: str = SCHEMA_VERSION
    created: str
    finished: str = Field(default="", description="When; empty while it is not.")
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    generator: GeneratorTold
    settings: dict[str, Any]
    identity: dict[str, Any] = Field(description="What a training that goes on must agree in.")
    seed: int
    data: DataSummary
    classes: list[str] = Field(description="Diagnoses in the order of the generator's labels.")
    samples: list[SampleTold] = Field(default_factory=list)
    sample_every: int = 0
    sample_means: list[SampleMeans] = Field(default_factory=list)
    sample_ceiling: SampleMeans | None = Field(
        default=None, description="The same of the real frames: what the segmenter reaches at best."
    )
    plan: PlanTold | None = None
    record: RecordTold | None = None
    subjects: list[str] | None = Field(description="Subjects that it was trained on, as in `data`.")
    notes: list[str] = Field(default_factory=list)


class Provenance(Told):
    """What a model's folder tells of its training, without paths of the machine that it was trained on."""

    schema_version: str = SCHEMA_VERSION
    generator: GeneratorTold
    subjects: list[str] | None = Field(
        description="All subjects that it was trained on; null where the subject of a frame is unknown."
    )
    n_frames_without_subject: int
    diagnoses: dict[str, int]
    size_px: int
    pixel_size_um: float
    field_of_view_um: float
    seed: int
    finished: str
    frames: list[TrainedFrame] = Field(description="Frames that it was trained on.")
