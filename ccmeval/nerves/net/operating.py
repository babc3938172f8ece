"""The operating point: how the network's probabilities become centre lines."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core.core_schema import ValidationInfo


class NetSettings(BaseModel):
    """Settings of what follows the network; all but the cut-off were chosen on phantoms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(
        default=2.0,
        ge=0,
        le=4,
        description="Visibility cut-off as an index into `CUT_OFFS`; between two, logits are mixed.",
    )
    least: float = Field(default=0.4, gt=0, lt=1, description="Least probability of a centre line.")
    sure: float = Field(
        default=0.5, gt=0, lt=1, description="Probability that a piece must reach somewhere to be kept."
    )
    spur_um: float = Field(default=8.0, ge=0, description="Shorter twigs are pruned.")
    least_length_um: float = Field(default=30.0, ge=0, description="Shorter loose pieces are dropped.")
    bridge_um: float = Field(default=24.0, ge=2, description="Longest bridge between two ends.")
    bridge_to_side_um: float = Field(default=10.0, ge=2, description="Longest bridge to a nerve's side.")
    bridge_least: float = Field(default=0.2, ge=0, le=1, description="Mean probability along a bridge.")
    steady_um: float = Field(default=12.0, gt=0, description="Widths are averaged this far to either side.")
    weights: Path | None = Field(
        default=None, description="Network of `ccmeval train-segmenter` to use; the shipped one by default."
    )
    weights_sha256: str = Field(
        default="", validate_default=True, description="Of `weights`; found by itself."
    )
    flips: bool = Field(default=False, description="Average over mirror images.")

    @field_validator("weights")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        """Workers may run in another folder."""
        return path.resolve() if path is not None else None

    @field_validator("weights_sha256")
    @classmethod
    def _of_the_file(cls, told: str, info: ValidationInfo) -> str:
        """Numbers of two networks must not meet in one run because their files have one name."""
        path = info.data.get("weights")
        if path is None:
            return ""
        if not path.is_file():
            if told:  # a result that is read on another machine
                return told
            raise ValueError(f"the network {path} does not exist")
        found = sha256(path.read_bytes()).hexdigest()
        if told not in ("", found):
            raise ValueError(f"{path} is another network than the one this was begun with")
        return found
