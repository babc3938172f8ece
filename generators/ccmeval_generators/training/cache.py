"""What a stage caches of frozen networks: a memory-mapped file by frame and orientation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ccmeval.training.identity import tensors_hash
from ccmeval.utility.array_folders import ArrayFile, facts_at, opened, writing_folder
from ccmeval_generators.training.batches import FrameSource, batch_on
from ccmeval_generators.training.stage import Stage

Caches = dict[str, npt.NDArray[Any]]
Advance = Callable[[int, int], None]


def cache_key(job_id: str, networks: nn.Module, stage: Stage) -> str:
    """Hash what a cache's content depends on: the job, with its frames, and the weights that it reads."""
    named = stage.cache_name or stage.name
    read = stage.cache_reads()
    if read is not None:
        return f"{job_id} {named} {tensors_hash(nn.ModuleDict(dict(read)).state_dict().items())}"
    learning = {
        value.data_ptr() for module in stage.trained().values() for value in module.state_dict().values()
    }
    frozen = [
        (name, value) for name, value in networks.state_dict().items() if value.data_ptr() not in learning
    ]
    return f"{job_id} {named} {tensors_hash(frozen)}"


def build_cache(
    folder: Path, key: str, stage: Stage, source: FrameSource, device: torch.device, advance: Advance
) -> Caches:
    """Compute a stage's cache, or open it where that was done before.

    Parameters
    ----------
    folder : pathlib.Path
        Of the cache; whole or absent.
    key : str
        As of :func:`cache_key`.
    stage : Stage
        Its networks are on `device` and in evaluation mode, and no gradients are kept.
    source : FrameSource
    device : torch.device
    advance : callable
        Told frames done and their number.

    Returns
    -------
    dict of str to array (orientations, different rows, ...)
        Mapped into memory.
    """
    found = _opened(folder, key)
    if found is None:
        facts: dict[str, Any] = {"key": key}
        with writing_folder(folder, facts, lambda: _opened(folder, key) is not None) as partial:
            facts["arrays"] = _write(partial, stage, source, device, advance)
        found = _opened(folder, key)
        assert found is not None
    return found


def _write(
    folder: Path, stage: Stage, source: FrameSource, device: torch.device, advance: Advance
) -> dict[str, Any]:
    """Write one array a name; give their shapes and types."""
    places, rows = len(source.in_use), source.rows()
    files: dict[str, ArrayFile] = {}
    written: dict[str, Any] = {}
    try:
        for done, values in _computed(stage, source, device):
            for name, value in values.items():
                array = value.detach().float().cpu().numpy()
                if name not in files:
                    shape = (places * len(rows), *array.shape[1:])
                    files[name] = ArrayFile(folder / f"{name}.npy", shape, np.float32)
                    written[name] = [places, len(rows), *array.shape[1:]]
                for part in array:
                    files[name].add(part)
            advance(done, places * len(rows))
    finally:
        for file in files.values():
            file.close()
    return written


def _computed(
    stage: Stage, source: FrameSource, device: torch.device
) -> Iterator[tuple[int, Mapping[str, Tensor]]]:
    rows, size = source.rows(), stage.batch_size
    for place in range(len(source.in_use)):
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            values = source.tensors(part, np.full(len(part), place))
            labels = torch.full((len(part),), -1)
            batch = batch_on({**values, "labels": labels, "step": 0}, device)
            yield place * len(rows) + first + len(part), stage.cached(batch)


def _opened(folder: Path, key: str) -> Caches | None:
    facts = facts_at(folder, key)
    if facts is None:
        return None
    found: Caches = {}
    for name, shape in facts["arrays"].items():
        flat = opened(folder / f"{name}.npy", (shape[0] * shape[1], *shape[2:]), np.float32)
        if flat is None:
            return None
        found[name] = flat.reshape(shape)
    return found
