"""How much memory a device is asked for at most while something is done."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Watches memory from its making on: of a GPU what torch allocates, of a CPU what the process adds.

    Where the system does not tell (no ``/proc``), the peak is 0 and what is known of tensors must do.
    """

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._device = device
        if self._on_gpu:
            torch.cuda.reset_peak_memory_stats(device)
        self._before = 0 if self._on_gpu else _resident("VmRSS")
        self._lowered = self._on_gpu or _lower_high_water()

    def peak_bytes(self) -> int:
        """Give the highest so far."""
        if self._on_gpu:
            return int(torch.cuda.max_memory_allocated(self._device))
        highest = _resident("VmHWM" if self._lowered else "VmRSS")
        return max(0, highest - self._before)


def tensor_bytes(tensors: Iterable[Tensor]) -> int:
    """Add up the sizes of tensors.

    Examples
    --------
    >>> tensor_bytes([torch.zeros(3), torch.zeros(2, dtype=torch.float64)])
    28
    """
    return sum(value.numel() * value.element_size() for value in tensors)


def _resident(name: str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _lower_high_water() -> bool:
    """Bring the process's highest memory use down to what it uses now, as Linux allows."""
    try:
        _CLEAR.write_text("5", encoding="utf-8")
    except OSError:
        return False
    return True
