"""Settings of the generator ``folder``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FolderSettings(BaseModel):
    """Which set is adopted.

    Examples
    --------
    >>> FolderSettings(path="synthetic/manifest.csv").pixel_size_um is None
    True
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        default="", description="Folder or manifest of the set; there is none until it is named."
    )
    masks: str = Field(
        default="", description="Folder of its masks, if they lie elsewhere than beside the frames."
    )
    pixel_size_um: float | None = Field(
        default=None, gt=0, description="Side of a pixel where neither manifest nor file tells it."
    )
