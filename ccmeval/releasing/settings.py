"""What a publisher says of a release; everything else is taken from the set and its results."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

TO_FILL = "[to be filled in by the publisher]"
"""Stands in the datasheet where only the publisher knows; never guessed."""

_NAME = re.compile(r"[^\W_][\w .+-]{0,99}")


class ReleaseSettings(BaseModel):
    """What is said of a release, and what of the set goes into it.

    Examples
    --------
    >>> ReleaseSettings(name="CCM phantoms").version
    '1.0'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="Synthetic CCM frames", description="Of the released set.")
    version: str = Field(default="1.0", min_length=1, max_length=40, description="Of the released set.")
    licence: str = Field(default="", description="Name or SPDX identifier of the licence.")
    contact: str = Field(default="", description="Whom users may write to.")
    drop_copies: bool = Field(
        default=False, description="Leave out frames that repeat real ones, and say so everywhere."
    )
    masks: bool = Field(
        default=True,
        description="Publish the masks and traces that the frames were made from. Those of real subjects"
        " show these subjects' nerves.",
    )
    keep_columns: tuple[str, ...] = Field(
        default=(), description="Further columns of the manifest that are published as they are."
    )
    words: dict[str, str] = Field(
        default_factory=dict, description="Answers for the datasheet, by the names of its placeholders."
    )

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        value = value.strip()
        if not _NAME.fullmatch(value):
            raise ValueError(
                "is 1 to 100 letters, digits, spaces and . + - _, beginning with one of the first"
            )
        return value

    @field_validator("words")
    @classmethod
    def _are_known(cls, value: dict[str, str]) -> dict[str, str]:
        from ccmeval.releasing.placeholders import PLACEHOLDERS

        for name in value:
            if name not in PLACEHOLDERS:
                raise ValueError(f"{name} is no placeholder; they are {', '.join(PLACEHOLDERS)}")
        return value
