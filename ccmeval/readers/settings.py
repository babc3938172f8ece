"""Settings of a reader study."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Question = Literal["real", "diagnosis", "both"]

CHANCE = 0.5
"""Share of right answers of somebody who cannot tell, where half of the frames are synthetic."""


class StudySettings(BaseModel):
    """How frames are drawn and shown.

    Examples
    --------
    >>> StudySettings(n=40).n_repeats
    4
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int = Field(ge=4, le=2000, description="Different frames, half of them real.")
    question: Question = Field(default="real", description="Real or synthetic, the diagnosis, or both.")
    seed: int = Field(default=0, ge=0, description="Of the choice and order of frames.")
    per_subject: int = Field(default=2, ge=1, description="Most frames of one subject, in each set.")
    repeats: float = Field(
        default=0.1, ge=0.0, le=0.5, description="Share of frames that are shown a second time."
    )
    margin: float = Field(
        default=0.1,
        gt=0.0,
        lt=CHANCE,
        description="Accuracies within so much of chance count as not telling: state it beforehand.",
    )
    title: str = Field(default="Reader study", min_length=1, max_length=120, description="Of the form.")

    @field_validator("n")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("is even, since half of the frames are real")
        return value

    @property
    def n_repeats(self) -> int:
        """Frames that are shown twice, as many real as synthetic."""
        return 2 * round(self.repeats * self.n / 2)

    @property
    def asks_real(self) -> bool:
        """Whether readers are asked which frames are synthetic."""
        return self.question in ("real", "both")

    @property
    def asks_diagnosis(self) -> bool:
        """Whether readers are asked for the diagnosis."""
        return self.question in ("diagnosis", "both")
