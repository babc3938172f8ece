"""The order in which Lightning asks for steps."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import Sampler


class StepsFrom(Sampler):  # type: ignore[misc]
    """Steps from the first that is still to do; has no length, so that Lightning keeps no count of epochs."""

    def __init__(self, first: int, steps: int) -> None:
        self._steps = range(first, steps)

    def __iter__(self) -> Iterator[int]:
        return iter(self._steps)
