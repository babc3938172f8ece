"""What an adapter is like; light, for settings and file headers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

AdapterKind = Literal["lora", "wdlora"]
NormAxis = Literal["output", "input"]


@dataclass(frozen=True)
class AdapterSpec:
    """A low-rank adapter, with magnitudes of its own where it is weight-decomposed.

    With the frozen weight V (out, in), B (out, r), A (r, in) and s = alpha / r, a layer's weight is
    ``V + s B A`` for ``lora`` and ``(m + dm) (V + s B A) / norm(V + s B A)`` for ``wdlora``, where m is the
    norm of V.

    Attributes
    ----------
    kind : {"lora", "wdlora"}
    rank : int
    alpha : float
    targets : tuple of str
        Ends of the names of the layers that are adapted.
    norm_axis : {"output", "input"}
        What has a magnitude each: a row of the weight, as PEFT's DoRA has it, or a column, as the files
        called `dora_scale` mostly have it.

    References
    ----------
    Liu et al., DoRA: Weight-Decomposed Low-Rank Adaptation, ICML 2024, equation 5.

    Examples
    --------
    >>> AdapterSpec("wdlora", rank=8, alpha=4.0, targets=("to_q",)).scale
    0.5
    """

    kind: AdapterKind
    rank: int
    alpha: float
    targets: tuple[str, ...]
    norm_axis: NormAxis = "output"

    @property
    def scale(self) -> float:
        """Give alpha / rank."""
        return self.alpha / self.rank

    def document(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {**asdict(self), "targets": list(self.targets)}

    @classmethod
    def of_document(cls, content: Any) -> AdapterSpec:
        """Read what :meth:`document` gave.

        Raises
        ------
        ValueError
            If it is something else.

        Examples
        --------
        >>> spec = AdapterSpec("lora", 8, 16.0, ("to_q", "to_k"))
        >>> AdapterSpec.of_document(spec.document()) == spec
        True
        """
        try:
            kind, axis = content["kind"], content["norm_axis"]
            targets = tuple(str(target) for target in content["targets"])
            spec = cls(kind, int(content["rank"]), float(content["alpha"]), targets, axis)
        except (KeyError, TypeError) as error:
            raise ValueError("The description of the adapter is incomplete.") from error
        known = kind in ("lora", "wdlora") and axis in ("output", "input")
        if not known or spec.rank < 1 or not math.isfinite(spec.alpha) or not targets:
            raise ValueError("The description of the adapter is not one of this package.")
        return spec
