"""The key of a reader study: what each shown frame is. Readers never see it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccmeval.errors import CcmevalError
from ccmeval.readers.settings import Question
from ccmeval.report.files import replacing

SCHEMA_VERSION = "1.0"
KEY = "key.json"
FORM = "reader-form.html"

Truth = Literal["real", "synthetic"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeyItem(_Strict):
    """A frame as it is shown."""

    item: str = Field(description="By which the form calls it.")
    truth: Truth
    frame: str
    sha256: str = Field(description="Of its file.")
    diagnosis: str | None = None
    subject: str | None = None
    cluster: str = Field(description="What counts as independent: the subject, or the frame itself.")
    repeat_of: str | None = Field(default=None, description="The item that showed the same frame before.")


class StudyKey(_Strict):
    """All that is known of a study."""

    kind: Literal["reader-study"] = "reader-study"
    schema_version: str = SCHEMA_VERSION
    study: str = Field(description="By which answers find their study.")
    created: str
    versions: dict[str, str] = Field(default_factory=dict)
    identity: dict[str, Any] = Field(description="What decides which frames are shown, and in which order.")
    question: Question
    title: str
    margin: float
    diagnoses: list[str] = Field(description="Choices of the question about the diagnosis.")
    by_subject: bool = Field(description="Whether the subject of every shown frame is known.")
    shape_px: tuple[int, int] = Field(description="Height and width of what is shown.")
    pixel_size_um: float
    items: list[KeyItem]
    power: list[str] = Field(default_factory=list, description="What so many frames can show, in sentences.")
    notes: list[str] = Field(default_factory=list)

    def first(self) -> list[KeyItem]:
        """List the items that show a frame for the first time."""
        return [it for it in self.items if it.repeat_of is None]


def write_key(key: StudyKey, out: Path) -> Path:
    """Write the key, readable for its owner alone."""
    with replacing(out / KEY) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key.model_dump_json(indent=1) + "\n")
    return out / KEY


def read_key(out: Path) -> StudyKey:
    """Read the key of a study.

    Raises
    ------
    CcmevalError
        If the folder holds no study.
    """
    path = out / KEY
    try:
        return StudyKey.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CcmevalError(
            f"{path} cannot be read ({error.strerror}); give the folder that ccmeval reader-study wrote."
        ) from error
    except ValidationError as error:
        raise CcmevalError(f"{path} is no key of a reader study; give the folder of one.") from error
