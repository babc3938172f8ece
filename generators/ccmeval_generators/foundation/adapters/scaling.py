"""Features rescaled by a learnt change, with as few passes over them as torch's operations allow."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Rescaled(torch.autograd.Function):  # type: ignore[misc]
    """``features + added + change * (features - shift)``, in the type of the features.

    The change is the scale less 1, so that it has all its digits in bfloat16, where a scale near 1 has steps
    of 0.4 percent; no change and nothing added change no bit. The result has the digits of its type: as
    everywhere in bfloat16, changes of less than half a step of a feature may not show in it. The gradient
    of the change does not suffer from that.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, added: Tensor | None, change: Tensor, shift: Tensor | None
    ) -> Tensor:
        """Rescale; `added` is of the features' shape or None, `change` (F,), `shift` (F,) or None."""
        change = change.to(features.dtype)
        moved = features if shift is None else features - shift.to(features.dtype)
        ctx.save_for_backward(moved, change)
        if added is None:
            return torch.addcmul(features, moved, change)
        return torch.addcmul(added, moved, change).add_(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        """Give the gradients, that of the change in float32; the shift is frozen."""
        moved, change = ctx.saved_tensors
        of_features = of_change = None
        if ctx.needs_input_grad[0]:
            of_features = torch.addcmul(gradient, gradient, change)
        if ctx.needs_input_grad[2]:
            of_change = (gradient * moved).reshape(-1, len(change)).sum(0, dtype=torch.float32)
        return of_features, gradient if ctx.needs_input_grad[1] else None, of_change, None


def rescaled(
    features: Tensor, change: Tensor, added: Tensor | None = None, shift: Tensor | None = None
) -> Tensor:
    """Rescale features about a shift and add to them; see :class:`Rescaled`.

    Parameters
    ----------
    features : tensor (..., F)
    change : float32 tensor (F,)
        The scale less 1.
    added : tensor (..., F), optional
    shift : tensor (F,), optional
        Frozen.

    Examples
    --------
    >>> rescaled(torch.tensor([[3.0, 5.0]]), torch.tensor([1.0, 0.0]), shift=torch.tensor([1.0, 1.0]))
    tensor([[5., 5.]])
    """
    result: Tensor = Rescaled.apply(features, added, change, shift)
    return result
