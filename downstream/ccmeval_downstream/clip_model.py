"""CLIP as a classifier of frames. Imports torch: import it inside functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import interpolate, normalize

from ccmeval.errors import UnavailableError
from ccmeval_downstream.clip_files import SAFE, weights_file

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class PromptClassifier(nn.Module):  # type: ignore[misc]
    """Logits of frames: the scaled cosine between a frame's embedding and those of the prompts.

    Parameters
    ----------
    model : transformers.CLIPModel
    tokens : dict of str to torch.Tensor
        ``input_ids`` and ``attention_mask`` of the prompts, (C, L).
    freeze_text : bool
        Embed the prompts once, and leave the text encoder out.
    """

    def __init__(self, model: Any, tokens: dict[str, torch.Tensor], freeze_text: bool) -> None:
        super().__init__()
        self.side_px = int(model.config.vision_config.image_size)
        self.vision_model = model.vision_model
        self.visual_projection = model.visual_projection
        self.register_buffer("scale", model.logit_scale.detach().exp().clone())
        self.register_buffer("mean", torch.tensor(CLIP_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(CLIP_STD).view(1, 3, 1, 1), persistent=False)
        self.text: _Prompts | None = None
        text = _Prompts(model, tokens)
        if freeze_text:
            with torch.no_grad():
                self.register_buffer("prompts", text.eval()().clone())
        else:
            self.text = text

    def embed(self, frames: torch.Tensor) -> torch.Tensor:
        """Embed frames (B, 1, H, W) in [0, 1] as vectors (B, D) of length 1."""
        side = (self.side_px, self.side_px)
        if frames.shape[-2:] != side:
            frames = interpolate(
                frames.float(), side, mode="bicubic", antialias=True, align_corners=False
            ).clamp(0, 1)
        pooled = self.vision_model(pixel_values=(frames - self.mean) / self.std).pooler_output
        return normalize(self.visual_projection(pooled), dim=-1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Give logits (B, C) of frames (B, 1, H, W)."""
        prompts = self.prompts if self.text is None else self.text()
        found: torch.Tensor = self.scale * self.embed(frames) @ prompts.T
        return found


class _Prompts(nn.Module):  # type: ignore[misc]
    """The embeddings (C, D) of the prompts, of length 1, by a text encoder that may learn."""

    def __init__(self, model: Any, tokens: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.text_model = model.text_model
        self.text_projection = model.text_projection
        self.register_buffer("input_ids", tokens["input_ids"])
        self.register_buffer("attention_mask", tokens["attention_mask"])

    def forward(self) -> torch.Tensor:
        found = self.text_model(input_ids=self.input_ids, attention_mask=self.attention_mask)
        return normalize(self.text_projection(found.pooler_output), dim=-1)


def load_clip(folder: Path) -> Any:
    """Read a CLIPModel of transformers from a folder, in float32; no code of it is run.

    Raises
    ------
    UnavailableError
        If the folder holds another model or a part of the weights only.
    """
    from transformers import CLIPConfig, CLIPModel

    safe = weights_file(folder).name == SAFE
    try:
        config = CLIPConfig.from_pretrained(folder, local_files_only=True)
        with _quiet():
            model, report = CLIPModel.from_pretrained(
                folder,
                config=config,
                local_files_only=True,
                use_safetensors=safe,
                weights_only=True,
                output_loading_info=True,
            )
    except Exception as error:  # transformers raises a dozen kinds, and all mean this
        raise UnavailableError(
            f"{folder} holds no CLIP model that transformers can read ({type(error).__name__}: {error})."
        ) from error
    absent = [*report["missing_keys"], *report["mismatched_keys"]]
    if absent:
        raise UnavailableError(
            f"The weights in {folder} lack a part of CLIP ({len(absent)} names, e.g. {absent[0]}); give a"
            " whole CLIPModel."
        )
    return model.float()


def tokenized(prompts: Sequence[str], folder: Path, longest: int) -> dict[str, torch.Tensor]:
    """Turn prompts into tokens, padded to the longest of them.

    Raises
    ------
    UnavailableError
        If the tokenizer cannot be read, or a prompt is longer than the model reads.
    """
    from transformers import CLIPTokenizer

    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # files missing or damaged
        raise UnavailableError(
            f"{folder} holds no tokenizer of CLIP ({type(error).__name__}: {error}); add vocab.json"
            " and merges.txt."
        ) from error
    found = tokenizer(list(prompts), padding=True, return_tensors="pt")
    if found["input_ids"].shape[1] > longest:
        lengths = found["attention_mask"].sum(dim=1).tolist()
        worst = max(zip(lengths, prompts, strict=True))
        raise UnavailableError(
            f"CLIP reads {longest} tokens, but the prompt {worst[1]!r} has {worst[0]}; shorten it."
        )
    return {"input_ids": found["input_ids"], "attention_mask": found["attention_mask"]}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' own progress bar from the terminal."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
