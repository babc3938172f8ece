"""Settings of `ccmeval generate`: what is asked for, as it is written beside the frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ccmeval.options import DEFAULT_SEGMENTER


class GenerateSettings(BaseModel):
    """What to make, and how.

    Examples
    --------
    >>> GenerateSettings(diagnoses=("Control",), frames=10).seed
    0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    masks: Path | None = Field(
        default=None, description="Folder or manifest of masks, or a cohort whose frames have masks."
    )
    diagnoses: tuple[str, ...] = Field(
        default=(), description="Diagnoses to make; as-mask, the default, gives each frame that of its mask."
    )
    frames: int | None = Field(
        default=None, ge=1, le=999_999, description="Frames of each diagnosis; by default one a mask."
    )
    seed: int = Field(default=0, ge=0, description="The same seed gives the same frames.")
    counterfactual: bool = Field(
        default=False,
        description="Make the same masks and seeds under every diagnosis and report how biomarkers shift.",
    )
    any_mask: bool = Field(
        default=False, description="Use masks of every diagnosis for each diagnosis, not its own only."
    )
    prompt: str = Field(default="", description="Words for generators that follow them.")
    reference: Path | None = Field(
        default=None, description="A frame whose look is to be followed, for generators that do so."
    )
    batch_size: int = Field(default=8, ge=1, description="Frames made at once; changes no frame.")
    pixel_size_um: float | None = Field(default=None, gt=0, le=100, description="Side of a mask's pixel.")
    field_of_view_um: float | None = Field(default=None, gt=0, description="Width of a mask, instead.")
    subject_pattern: str | None = Field(
        default=None, description="Regular expression whose group 'subject' names the subject."
    )
    segmenter: str = Field(
        default=DEFAULT_SEGMENTER, description="Finds the nerves where biomarkers are compared."
    )
    jobs: int | None = Field(default=None, ge=1, description="Processes that measure; one a core by default.")
    generator: dict[str, Any] = Field(
        default_factory=dict, description="Settings of a generator that needs no training."
    )
