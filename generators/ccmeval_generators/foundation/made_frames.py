"""The frames that a generator made last, so that its manifest can tell how they lie to their masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccmeval.arrays import FloatArray
from ccmeval.generation.conditions import Condition


class MadeFrames:
    """Remembers the frames of the last batch by their conditions.

    Examples
    --------
    >>> import numpy as np
    >>> made, asked = MadeFrames(), Condition(1, mask=np.zeros((8, 8), dtype=bool))
    >>> made.columns(asked, 1.0)
    {}
    >>> made.keep([asked], [np.zeros((8, 8), dtype=np.float32)])
    >>> made.columns(asked, 1.0)["alignment"]
    'unclear: the mask is empty'
    """

    def __init__(self) -> None:
        self._frames: dict[Any, FloatArray] = {}

    def keep(self, conditions: Sequence[Condition], frames: Sequence[FloatArray]) -> None:
        """Remember a batch, and forget the one before."""
        self._frames = {_key(one): frame.copy() for one, frame in zip(conditions, frames, strict=True)}

    def columns(self, condition: Condition, pixel_size_um: float) -> dict[str, str]:
        """Give manifest cells that tell how a frame lies to its mask; none where either is unknown."""
        from ccmeval_generators.foundation.alignment import mask_alignment

        frame = self._frames.get(_key(condition))
        if frame is None or condition.mask is None:
            return {}
        return mask_alignment(frame, condition.mask, pixel_size_um).columns()


def _key(condition: Condition) -> tuple[Any, ...]:
    """Tell conditions apart by what is in them."""
    mask, reference = condition.mask, condition.reference
    return (
        condition.seed,
        condition.diagnosis,
        condition.prompt,
        None if mask is None else mask.tobytes(),
        None if reference is None else reference.tobytes(),
    )
