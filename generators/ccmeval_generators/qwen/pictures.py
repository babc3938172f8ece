"""Masks, frames and references as the pictures and tensors that the model reads, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional


def picture(levels: npt.NDArray[Any]) -> Any:
    """Make an RGB picture (PIL) of a mask, or of levels in [0, 1], (H, W)."""
    from PIL import Image

    grey = np.rint(np.clip(np.asarray(levels, dtype=np.float32), 0.0, 1.0) * 255.0).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def resized(image: Any, side: int) -> Any:
    """Resize a picture as the pipelines do their condition images, by Lanczos' filter."""
    from PIL import Image

    return image.resize((side, side), Image.Resampling.LANCZOS)


def seen_pictures(images: Sequence[Any], side: int, vision_side: int, plus: bool) -> list[Any]:
    """Give what the language model sees of the condition images.

    The Plus pipeline shows it every image, each resized from the original; the other shows it one image,
    the mask, resized to the side of the model first.

    Parameters
    ----------
    images : sequence of PIL images
        The mask, and the reference if there is one.
    side, vision_side : int
    plus : bool
    """
    if plus:
        return [resized(image, vision_side) for image in images]
    first = resized(images[0], side)
    return [first if side == vision_side else resized(first, vision_side)]


def control_tensor(image: Any, side: int) -> Tensor:
    """Give a condition image as the autoencoder takes it: float32 (1, 3, 1, side, side), in [-1, 1]."""
    levels = np.asarray(resized(image, side), dtype=np.float32) / 255.0
    planes = torch.from_numpy(levels).permute(2, 0, 1)[None]
    return (2.0 * planes - 1.0)[:, :, None]


def frames_in(frames: Tensor, side: int) -> Tensor:
    """Bring grey frames to the model: resized, repeated over three channels, in [-1, 1].

    Parameters
    ----------
    frames : float tensor (B, 1, S, S), in [0, 1]
    side : int

    Returns
    -------
    float32 tensor (B, 3, 1, side, side)
    """
    grown = _resized(frames.float(), (side, side)).clamp(0.0, 1.0)
    return (2.0 * grown - 1.0).expand(-1, 3, -1, -1)[:, :, None]


def frames_out(decoded: Tensor, shape_px: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Bring what the autoencoder decodes back to grey frames: the mean of the channels, resized.

    The whole field of view stays: a frame is resized, never cropped, by bicubic interpolation that averages
    where it shrinks.

    Parameters
    ----------
    decoded : float tensor (B, 3, 1, side, side), in [-1, 1] or somewhat beyond
    shape_px : (int, int)

    Returns
    -------
    float32 array (B, H, W), in [0, 1]
    """
    grey = (decoded[:, :, 0].float() / 2.0 + 0.5).clamp(0.0, 1.0).mean(dim=1, keepdim=True)
    found: npt.NDArray[np.float32] = _resized(grey, shape_px).clamp(0.0, 1.0)[:, 0].cpu().numpy()
    return found


def _resized(planes: Tensor, shape: tuple[int, int]) -> Tensor:
    if tuple(planes.shape[-2:]) == tuple(shape):
        return planes
    return functional.interpolate(planes, size=shape, mode="bicubic", antialias=True, align_corners=False)
