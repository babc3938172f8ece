"""Prompts as the U-Net is told them: what the text encoder makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ccmeval.errors import UnavailableError


def token_rows(tokenizer: Any, prompts: Sequence[str]) -> Tensor:
    """Give the tokens of prompts, int64 (N, T), each filled up to the longest that the encoder reads.

    Raises
    ------
    UnavailableError
        If a prompt is longer than that: its end, perhaps the diagnosis, would be left out without a word.
    """
    longest = int(tokenizer.model_max_length)
    for prompt in prompts:
        number = len(tokenizer(prompt).input_ids)
        if number > longest:
            raise UnavailableError(
                f"The prompt {prompt!r} has {number} tokens, but the text encoder reads no more than"
                f" {longest}; give a shorter one (--prompt, or the setting prompts)."
            )
    rows: Tensor = tokenizer(
        list(prompts), padding="max_length", max_length=longest, truncation=True, return_tensors="pt"
    ).input_ids
    return rows


def embedded(text_encoder: Any, tokens: Tensor) -> Tensor:
    """Give the embeddings (N, T, D) of rows of tokens; the padding counts, as in the pipeline.

    Raises
    ------
    UnavailableError
        If the encoder wants to be told which tokens are padding, as Stable Diffusion's do not.
    """
    if getattr(text_encoder.config, "use_attention_mask", False):
        raise UnavailableError(
            "The base's text encoder masks its padding, which those of Stable Diffusion 1 and 2 do not; use"
            " one of these as base."
        )
    found: Tensor = text_encoder(tokens.to(text_encoder.device))[0]
    return found


class Texts:
    """Embeddings of a frozen text encoder, each prompt's computed once and by itself.

    Parameters
    ----------
    text_encoder, tokenizer
        Of the base.
    """

    def __init__(self, text_encoder: Any, tokenizer: Any) -> None:
        self._encoder, self._tokenizer = text_encoder, tokenizer
        self._known: dict[tuple[str, str], Tensor] = {}

    def embeddings(self, prompts: Sequence[str]) -> Tensor:
        """Give the embeddings (N, T, D) of prompts, on the encoder's device."""
        device = self._encoder.device
        keys = [(device.type, prompt) for prompt in prompts]  # devices round otherwise
        for key in dict.fromkeys(keys):
            if key not in self._known:
                with torch.no_grad():
                    self._known[key] = embedded(self._encoder, token_rows(self._tokenizer, [key[1]]))[0].cpu()
        return torch.stack([self._known[key] for key in keys]).to(device)
