"""How many training runs a machine bears side by side."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ccmeval.batch.processes import usable_cores

MEMORY_A_UNIT_BYTES = 2 * 2**30
"""What a training run may take on a CPU: half a gibibyte for the libraries, the rest for a batch."""

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def default_jobs(n_units: int) -> int:
    """Say how many units to run side by side unless the user says it.

    Parameters
    ----------
    n_units : int
        Of the whole run, also those that are finished: the number of jobs decides how many threads each
        has, which moves last digits, and must not change when a run is resumed.

    Returns
    -------
    int
        1 where a GPU is at hand, which one run fills; else one a core, as far as memory goes.

    Examples
    --------
    >>> default_jobs(1)
    1
    """
    if has_cuda():
        return 1
    return max(min(usable_cores(), n_units, memory_bytes() // MEMORY_A_UNIT_BYTES), 1)


def has_cuda() -> bool:
    """Tell whether torch would find a CUDA device, without the seconds that importing it takes."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def memory_bytes() -> int:
    """Give the memory of this machine, or of the container that this process is in."""
    limits = [limit for path in _CGROUP_LIMITS if (limit := _number_in(Path(path))) is not None]
    if hasattr(os, "sysconf"):  # not on Windows
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=2**62)


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such limit, or "max"
        return None
