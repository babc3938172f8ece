"""One pass of the transformer: noisy latents and what conditions them in, velocity out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Told:
    """What the transformer is told of a batch of frames.

    Attributes
    ----------
    control : tensor (B, n_images * n_tokens, D)
        Packed latents of the mask, then of the reference if there is one.
    words : tensor (B, n_words, E)
        Embedded prompts; shorter ones are filled up with zeros.
    are_words : bool tensor (B, n_words) or None
        Which of them are none of these zeros; None where all are words.
    """

    control: Tensor
    words: Tensor
    are_words: Tensor | None = None


def velocity(model: Any, noisy: Tensor, times: Tensor, told: Told, cells: tuple[int, int]) -> Tensor:
    """Predict the velocity from frame to noise.

    The control latents follow the frame's along the sequence; `img_shapes` tells where each image begins.

    Parameters
    ----------
    model : callable
        The transformer, adapted.
    noisy : float tensor (B, n_tokens, D)
    times : float tensor (B,)
        Share of noise.
    told : Told
    cells : (int, int)
        Rows and columns of tokens in a frame.

    Returns
    -------
    float32 tensor (B, n_tokens, D)
    """
    n_tokens, kind = noisy.shape[1], told.words.dtype
    n_images = 1 + told.control.shape[1] // n_tokens
    found = model(
        hidden_states=torch.cat([noisy, told.control], dim=1).to(kind),
        timestep=times.to(kind),
        encoder_hidden_states=told.words,
        encoder_hidden_states_mask=told.are_words,
        img_shapes=[[(1, *cells)] * n_images] * len(noisy),
        return_dict=False,
    )[0]
    predicted: Tensor = found[:, :n_tokens].float()
    return predicted


def guided(told: Tensor, without: Tensor, scale: float) -> Tensor:
    """Lead a prediction away from that of the negative prompt, keeping each token's length.

    Parameters
    ----------
    told, without : float tensors (B, n_tokens, D)
        With the prompt, and with the negative one.
    scale : float
        The pipelines' `true_cfg_scale`.

    Examples
    --------
    >>> guided(torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[3.0, 0.0]]]), 1.0).tolist()
    [[[3.0, 4.0]]]
    """
    led = without + scale * (told - without)
    length, led_length = (torch.norm(it, dim=-1, keepdim=True) for it in (told, led))
    return led * (length / led_length)
