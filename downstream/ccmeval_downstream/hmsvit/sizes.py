"""Named sizes of the network, and the settings that choose among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from ccmeval_downstream.settings import NetworkSettings

SizeName = Literal["nano", "tiny", "small", "base"]

UNIT_PX: Final = 32
"""Side of a mask unit: 8 x 8 tokens of 4 px, which the hierarchy pools to one token."""


@dataclass(frozen=True)
class NetworkSize:
    """How wide and deep a network is.

    Attributes
    ----------
    embed_dim : int
        Channels of the first stage; each further one has twice as many.
    num_heads : int
        Attention heads of the first stage; each further one has twice as many.
    stages : tuple of four int
        Blocks of each stage.
    decoder_width : int
        Channels of the fused features.
    """

    embed_dim: int
    num_heads: int
    stages: tuple[int, int, int, int]
    decoder_width: int


SIZES: Final[dict[str, NetworkSize]] = {
    "nano": NetworkSize(32, 1, (1, 1, 4, 1), 64),
    "tiny": NetworkSize(96, 1, (1, 2, 7, 2), 128),
    "small": NetworkSize(96, 1, (1, 2, 11, 2), 128),
    "base": NetworkSize(96, 1, (2, 3, 16, 3), 192),
}
"""About 1.6, 27, 34 and 51 million parameters. All but nano have the width and stages of
Hiera's size of that name (Ryali et al., ICML 2023); nano is ours, for a laptop and for hundreds of frames."""


NANO_LEARNING_RATE: Final = 2e-3
"""Highest rate of size nano, unless one is given; the other sizes keep the default of all networks."""


class HmsvitSettings(NetworkSettings):
    """Settings of the learner `hmsvit`.

    Examples
    --------
    >>> HmsvitSettings().network().embed_dim, HmsvitSettings(size="base").network().stages
    (32, (2, 3, 16, 3))
    >>> HmsvitSettings().learning_rate, HmsvitSettings(size="base").learning_rate
    (0.002, 0.001)
    >>> HmsvitSettings(embed_dim=16).network()
    NetworkSize(embed_dim=16, num_heads=1, stages=(1, 1, 4, 1), decoder_width=64)
    """

    size: SizeName = Field(
        default="nano", description="nano (1.6 M parameters), tiny (27 M), small (34 M) or base (51 M)."
    )
    embed_dim: int | None = Field(
        default=None, ge=8, le=512, multiple_of=8, description="Channels of the first stage, not the size's."
    )
    num_heads: int | None = Field(default=None, ge=1, le=16, description="Its attention heads.")
    stages: tuple[int, int, int, int] | None = Field(default=None, description="Blocks of the four stages.")
    decoder_width: int | None = Field(
        default=None, ge=8, le=1024, multiple_of=8, description="Channels of the fused features."
    )
    drop_path: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Chance that the last block is passed by; less before it."
    )
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0, description="Before the diagnosis is decided.")
    pretrain_steps: int = Field(
        default=0, ge=0, description="Steps of masked pretraining on the training frames; 0: none."
    )
    pretrain_batch_size: int = Field(default=32, ge=1, le=4096, description="Frames a pretraining step.")
    pretrain_learning_rate: float = Field(default=1e-3, gt=0.0, le=1.0, description="At its highest.")
    pretrain_warmup_share: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Share of the pretraining in which the rate rises."
    )
    mask_ratio: float = Field(default=0.6, gt=0.0, lt=1.0, description="Share of the units that are hidden.")
    mask_decoder_width: int = Field(
        default=128, ge=8, le=1024, multiple_of=8, description="Channels of the decoder that is thrown away."
    )
    mask_decoder_depth: int = Field(default=2, ge=1, le=16, description="Its blocks.")

    @model_validator(mode="before")
    @classmethod
    def _rate_of_size(cls, data: Any) -> Any:
        """Let the smallest network learn faster: its few hundred steps end too early at the others' rate."""
        if isinstance(data, Mapping) and data.get("size", "nano") == "nano":
            return {"learning_rate": NANO_LEARNING_RATE, **data}
        return data

    @model_validator(mode="after")
    def _fits(self) -> HmsvitSettings:
        network = self.network()
        if min(network.stages) < 1:
            raise ValueError("stages: each of the four needs at least one block")
        if network.embed_dim % network.num_heads:
            raise ValueError("num_heads: must divide embed_dim")
        return self

    def network(self) -> NetworkSize:
        """Give the size's numbers with those that are set by themselves."""
        given = {
            name: value
            for name in ("embed_dim", "num_heads", "stages", "decoder_width")
            if (value := getattr(self, name)) is not None
        }
        return replace(SIZES[self.size], **given)
