"""Whether parts of a base model fit into memory, by their files' heads, before any is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from ccmeval.errors import UnavailableError
from ccmeval.utility.resources import memory_bytes
from ccmeval_generators.foundation.weights.found import FoundBase
from ccmeval_generators.foundation.weights.headers import TensorHead, tensor_heads

Storage = Literal["float32", "bfloat16", "float16", "nf4"]
"""How weights lie in memory; with NF4 the rest is bfloat16."""

_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}

NF4_BYTES = 0.5 + 4 / 64
"""A value: four bits, and a float32 for every block of 64."""

_NOT_QUANTISED = ("embed", "lm_head")
"""In names of matrices that are no linear layers, or that the libraries leave alone."""


def weights_memory_bytes(base: FoundBase, part: str, storage: Storage) -> int:
    """Estimate what the weights of a part take in memory.

    Parameters
    ----------
    base : FoundBase
    part : str
    storage : {"float32", "bfloat16", "float16", "nf4"}

    Returns
    -------
    int
        Bytes; 0 for a part without weights.
    """
    heads = (head for path in base.weight_paths(part) for head in tensor_heads(path))
    return sum(_tensor_bytes(head, storage) for head in heads)


def n_parameters(base: FoundBase, part: str) -> int:
    """Count the values in the files of a part."""
    return sum(head.n_values for path in base.weight_paths(part) for head in tensor_heads(path))


def free_memory_bytes(device: str = "cpu") -> int:
    """Give the memory that is free: of a GPU, or of this machine or container.

    Parameters
    ----------
    device : str
        As torch names it: ``"cpu"`` or ``"cuda"``.
    """
    if device.startswith("cuda"):
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return min([memory_bytes(), *_told_by_system(), *_left_in_container()])


def require_memory(
    needed_bytes: int, what: str, cure: str, *, device: str = "cpu", free_bytes: int | None = None
) -> None:
    """Refuse what does not fit into memory, before it is loaded.

    Parameters
    ----------
    needed_bytes : int
    what : str
        As a sentence may begin.
    cure : str
        What the user can do.
    device : str
    free_bytes : int, optional
        As :func:`free_memory_bytes` tells by default.

    Raises
    ------
    UnavailableError

    Examples
    --------
    >>> require_memory(2**30, "The transformer", "train on a larger machine", free_bytes=2**31)
    >>> require_memory(3 * 2**30, "The transformer", "train on a larger machine", free_bytes=2**31)
    Traceback (most recent call last):
    ccmeval.errors.UnavailableError: The transformer needs about 3.0 GiB of memory, but 2.0 GiB are free;
    train on a larger machine.
    """
    free = free_memory_bytes(device) if free_bytes is None else free_bytes
    if needed_bytes > free:
        kind = "memory of the GPU" if device.startswith("cuda") else "memory"
        raise UnavailableError(
            f"{what} needs about {needed_bytes / 2**30:.1f} GiB of {kind}, but {free / 2**30:.1f} GiB are"
            f" free; {cure}."
        )


def storage_of(dtype: Any, nf4: bool) -> Storage:
    """Name how weights of a torch type lie in memory."""
    names: dict[str, Storage] = {
        "torch.float32": "float32",
        "torch.bfloat16": "bfloat16",
        "torch.float16": "float16",
    }
    return "nf4" if nf4 else names[str(dtype)]


def _tensor_bytes(head: TensorHead, storage: Storage) -> int:
    if not head.is_floating:
        return head.n_bytes
    if storage == "nf4":
        linear = len(head.shape) == 2 and not any(word in head.name for word in _NOT_QUANTISED)
        return int(head.n_values * (NF4_BYTES if linear else _BYTES["bfloat16"]))
    return int(head.n_values * _BYTES[storage])


def _told_by_system() -> Iterable[int]:
    """Give Linux's own estimate of what a new program can have."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return
    for line in text.splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_in_container() -> Iterable[int]:
    """Give what a container's limit leaves; memory of cached files counts as free."""
    root = Path("/sys/fs/cgroup")
    try:
        limit = int((root / "memory.max").read_text(encoding="ascii"))
        used = int((root / "memory.current").read_text(encoding="ascii"))
        facts = dict(line.split() for line in (root / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):  # no such limit, or "max"
        return
    yield max(0, limit - used + int(facts.get("file", 0)))
