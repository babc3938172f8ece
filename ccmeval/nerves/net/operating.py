"""The operating point: how the network's probabilities become centre lines."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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
    flips: bool = Field(default=False, description="Average over mirror images.")
