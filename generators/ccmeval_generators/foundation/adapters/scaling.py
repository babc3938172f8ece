"""Features times a scale each, in one go and in full precision, and how to learn the scale."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class ScaledFeatures(torch.autograd.Function):  # type: ignore[misc]
    """``scale * (features - shift) + shift`` along the last axis, in the type of the features.

    The scale stays in float32 while the features may have fewer digits: a learnt change of less than
    0.4 percent would be lost if it were rounded to bfloat16 first. A scale of 1 changes no bit.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, scale: Tensor, shift: Tensor | None) -> Tensor:
        """Scale; `scale` is float32 (F,), `shift` (F,) or None."""
        ctx.save_for_backward(features, scale, shift)
        scaled = torch.empty_like(features)
        if shift is None:
            return torch.mul(features, scale, out=scaled)
        return torch.addcmul((1.0 - scale) * shift, features, scale, out=scaled)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Give the gradients of features and scale; the shift is frozen."""
        features, scale, shift = ctx.saved_tensors
        of_features = of_scale = None
        if ctx.needs_input_grad[0]:
            of_features = torch.mul(gradient, scale, out=torch.empty_like(gradient))
        if ctx.needs_input_grad[1]:
            axes = tuple(range(gradient.dim() - 1))
            of_scale = (gradient * features).sum(axes, dtype=torch.float32)
            if shift is not None:
                of_scale = of_scale - shift * gradient.sum(axes, dtype=torch.float32)
        return of_features, of_scale, None


def scaled_features(features: Tensor, scale: Tensor, shift: Tensor | None = None) -> Tensor:
    """Scale features about a shift; see :class:`ScaledFeatures`.

    Parameters
    ----------
    features : tensor (..., F)
    scale : float32 tensor (F,)
    shift : tensor (F,), optional
        Frozen.

    Examples
    --------
    >>> scaled_features(torch.tensor([[3.0, 5.0]]), torch.tensor([2.0, 1.0]), torch.tensor([1.0, 1.0]))
    tensor([[5., 5.]])
    """
    result: Tensor = ScaledFeatures.apply(features, scale, shift)
    return result
