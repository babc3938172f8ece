"""How many parameters LoRA and DoRA add to the transformer of Qwen-Image, by formula."""

from __future__ import annotations

from dataclasses import dataclass

LAYERS, WIDTH = 60, 3072
"""Blocks of the transformer of Qwen-Image(-Edit), and its width: 24 heads of 128."""

LATENT, TEXT, TIME, FEED_FORWARD, HEAD = 64, 3584, 256, 4, 128
"""Channels of a latent patch, of the text encoder and of the time signal; feed-forward factor; head size."""


@dataclass(frozen=True)
class Targets:
    """Which linear layers of each block an adapter sits on: in and out channels of each."""

    name: str
    layers: tuple[tuple[int, int], ...]


IMAGE = Targets("to_q, to_k, to_v, to_out.0 (image stream)", ((WIDTH, WIDTH),) * 4)
ADDED = Targets("add_q_proj, add_k_proj, add_v_proj, to_add_out (text stream)", ((WIDTH, WIDTH),) * 4)
BOTH = Targets("all eight projections of both streams", IMAGE.layers + ADDED.layers)


def lora_parameters(rank: int, targets: Targets = IMAGE) -> int:
    """Count LoRA's parameters: rank times (in + out) for each adapted layer of each block.

    Parameters
    ----------
    rank : int
    targets : Targets

    Notes
    -----
    Hu et al., LoRA, ICLR 2022: W + B A, with A of shape (rank, in) and B of shape (out, rank).

    Examples
    --------
    >>> [lora_parameters(rank) for rank in (8, 16, 32)]
    [11796480, 23592960, 47185920]
    """
    return LAYERS * sum(rank * (inside + outside) for inside, outside in targets.layers)


def dora_parameters(rank: int, targets: Targets = IMAGE) -> int:
    """Count DoRA's (WDLoRA's) parameters: LoRA's, and one magnitude an output channel of each layer.

    Notes
    -----
    Liu et al., DoRA, ICML 2024. On square layers a magnitude for each input channel gives the same count.

    Examples
    --------
    >>> [dora_parameters(rank) for rank in (8, 16, 32)]
    [12533760, 24330240, 47923200]
    """
    return lora_parameters(rank, targets) + magnitudes(targets)


def magnitudes(targets: Targets = IMAGE) -> int:
    """Count DoRA's magnitudes.

    Examples
    --------
    >>> magnitudes()
    737280
    """
    return LAYERS * sum(outside for _, outside in targets.layers)


def backbone_parameters() -> int:
    """Count the parameters of the transformer of Qwen-Image(-Edit), without text encoder and autoencoder.

    Notes
    -----
    As `diffusers.QwenImageTransformer2DModel` with its default configuration: 60 blocks, each with eight
    projections of attention, four norms of queries and keys, two modulations and two feed-forward parts;
    inputs for latents, text and time; modulated norm and output.

    Examples
    --------
    >>> backbone_parameters()
    20430401088
    """
    hidden = FEED_FORWARD * WIDTH
    attention = 8 * _linear(WIDTH, WIDTH) + 4 * HEAD
    modulation = 2 * _linear(WIDTH, 6 * WIDTH)
    feed_forward = 2 * (_linear(WIDTH, hidden) + _linear(hidden, WIDTH))
    inputs = _linear(LATENT, WIDTH) + TEXT + _linear(TEXT, WIDTH)
    time = _linear(TIME, WIDTH) + _linear(WIDTH, WIDTH)
    outputs = _linear(WIDTH, 2 * WIDTH) + _linear(WIDTH, LATENT)
    return LAYERS * (attention + modulation + feed_forward) + inputs + time + outputs


def _linear(inside: int, outside: int) -> int:
    return inside * outside + outside
