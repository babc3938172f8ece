"""A tiny CLIP image encoder with random weights."""

from __future__ import annotations

from pathlib import Path

from ccmeval.training.surroundings import own_randomness
from ccmeval_generators.foundation.tiny.stable_diffusion import WIDTH
from ccmeval_generators.foundation.weights.quiet import quiet_libraries

_SIDE_PX = 32


def write_tiny_clip_image_encoder(
    folder: Path, *, projection_dim: int = WIDTH, seed: int = 0, side_px: int = _SIDE_PX
) -> Path:
    """Write a `CLIPVisionModelWithProjection` and its `CLIPImageProcessor` into one folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made if need be; both lie at its top, as in CLIP's own repositories.
    projection_dim : int
        Length of an embedding; by default the width of the tiny U-Nets' cross-attention.
    seed : int
    side_px : int
        Of the frames that the encoder sees.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        projection_dim=projection_dim,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=side_px,
        patch_size=8,
    )
    size = {"size": {"shortest_edge": side_px}, "crop_size": {"height": side_px, "width": side_px}}
    with own_randomness(seed), quiet_libraries():
        CLIPVisionModelWithProjection(config).save_pretrained(folder)
        CLIPImageProcessor(**size).save_pretrained(folder)
    return folder
