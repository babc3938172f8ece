"""Small models with the layer names of real ones, and adapters for them that do something."""

from __future__ import annotations

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from ccmeval_generators.foundation.adapters.attach import adapter_parameters
from ccmeval_generators.foundation.adapters.spec import AdapterSpec

BASE = "ab" * 32
OTHER_BASE = "cd" * 32


class Block(nn.Module):
    """Two linear layers, one of them square."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.to_q = nn.Linear(6, 6, bias=bias)
        self.to_k = nn.Linear(6, 4, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.to_k(torch.tanh(self.to_q(x)))


def block(seed: int = 0, bias: bool = True) -> Block:
    torch.manual_seed(seed)
    return Block(bias)


def spec(kind: str = "wdlora", axis: str = "output", **more) -> AdapterSpec:
    """Give an adapter with alpha != rank for a block."""
    return AdapterSpec(
        kind, **{"rank": 2, "alpha": 3.0, "targets": ("to_q", "to_k"), "norm_axis": axis, **more}
    )


def disturb(model: nn.Module, name: str = "default", seed: int = 1) -> None:
    """Give an adapter values as if it had been trained."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in adapter_parameters(model, name):
            value.add_(0.2 * torch.randn(value.shape, generator=generator))


def tiny_unet(seed: int = 0) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=12,
        attention_head_dim=4,
        norm_num_groups=4,
    ).eval()


def tiny_text_encoder(seed: int = 0) -> CLIPTextModel:
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=50,
        hidden_size=12,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=10,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config).eval()


def unet_output(model: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    latents = torch.randn(1, 4, 8, 8, generator=generator)
    words = torch.randn(1, 3, 12, generator=generator)
    with torch.no_grad():
        return model(latents, torch.tensor([7]), words).sample


def text_output(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return model(torch.tensor([[0, 5, 9, 1]])).last_hidden_state
