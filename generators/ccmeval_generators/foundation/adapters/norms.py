"""Norms of an adapted weight's rows or columns, without ever forming the low-rank product."""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-30
"""Smallest square of a norm: a row that is all zero stays so, where 0 / 0 would be no number."""


def squares(weight: Tensor, axis: int) -> Tensor:
    """Give the squared norms of rows (axis 0) or columns (axis 1) in float32.

    Examples
    --------
    >>> squares(torch.tensor([[3.0, 4.0]]), 0)
    tensor([25.])
    """
    return weight.detach().float().square().sum(1 - axis)


def adapted_norms(weight: Tensor, weight_squares: Tensor, pair: tuple[Tensor, Tensor], axis: int) -> Tensor:
    """Give the norms of ``V + P Q`` by rows (axis 0) or columns (axis 1) in float32.

    With V (out, in), P (out, r) and Q (r, in), by rows,
    ``|V + P Q|^2 = |V|^2 + 2 <P, V Q'> + <P, P Q Q'>``: three thin products, where the plain way forms two
    matrices as large as V. By columns the same holds of the transposed matrices.

    Parameters
    ----------
    weight : tensor (out, in)
    weight_squares : tensor (out,) or (in,)
        Of :func:`squares`, which do not change while V is frozen.
    pair : (tensor (out, r), tensor (r, in))
        The scale is in one of them.
    axis : {0, 1}

    Examples
    --------
    >>> v, p, q = torch.tensor([[3.0, 0.0]]), torch.tensor([[2.0]]), torch.tensor([[0.0, 2.0]])
    >>> adapted_norms(v, squares(v, 0), (p, q), 0)
    tensor([5.])
    """
    left, right = pair if axis == 0 else (pair[1].T, pair[0].T)
    mixed = (weight if axis == 0 else weight.T) @ right.T.to(weight.dtype)
    inner = right.float() @ right.float().T
    thin = left.float()
    added = torch.addmm(mixed.float(), thin, inner, beta=2.0)
    return (weight_squares + (thin * added).sum(1)).clamp_min(TINY).sqrt()
