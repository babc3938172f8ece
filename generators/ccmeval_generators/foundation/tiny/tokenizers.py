"""Tokenizers that know single bytes only, so that they need no vocabulary from elsewhere."""

from __future__ import annotations

from typing import Any

QWEN_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
"""Of Qwen2.5-VL, those that its prompt templates use."""


def byte_letters() -> list[str]:
    """Give the letters that stand for the 256 bytes in byte-level tokenizers, in a fixed order."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def tiny_qwen_tokenizer() -> Any:
    """Make a `Qwen2Tokenizer` of 264 tokens: the bytes, then those of :data:`QWEN_SPECIAL`."""
    from transformers import Qwen2Tokenizer

    vocabulary = {letter: number for number, letter in enumerate(byte_letters())}
    return Qwen2Tokenizer(vocab=vocabulary, merges=[], extra_special_tokens=list(QWEN_SPECIAL[1:]))


def tiny_clip_tokenizer() -> Any:
    """Make a `CLIPTokenizer` of 514 tokens: bytes within and at the end of words, start and end of text.

    A text has as many tokens as bytes, so that it is cut at 77 as a long real prompt is.
    """
    from transformers import CLIPTokenizer

    letters = byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)
