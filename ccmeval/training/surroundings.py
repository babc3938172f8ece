"""What a training run changes of its process, and puts back: threads, random state, messages."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_LOGGERS = ("lightning", "lightning.pytorch", "lightning.fabric")


@contextmanager
def with_threads(number: int) -> Iterator[None]:
    """Let torch use so many threads on the CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, number))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed torch's global generators inside, and leave them as they were."""
    with torch.random.fork_rng(devices=list(range(torch.cuda.device_count()))):
        torch.manual_seed(seed)
        yield


def seed_device(device: torch.device, seed: int) -> None:
    """Seed what dropout and its like draw from; cheap enough for every step.

    `torch.manual_seed` is not: it notes a traceback for each kind of device that has not been started.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


@contextmanager
def repeatable() -> Iterator[None]:
    """Choose algorithms that repeat themselves on a GPU, where there are such; CPUs' do anyway."""
    if not torch.cuda.is_available():
        yield
        return
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    os.environ.setdefault(_CUBLAS, ":4096:8")  # read when cuBLAS starts; asked for by torch
    torch.use_deterministic_algorithms(True, warn_only=True)
    filling = deterministic.fill_uninitialized_memory
    deterministic.fill_uninitialized_memory = False  # a search for faults that costs time
    try:
        yield
    finally:
        deterministic.fill_uninitialized_memory = filling
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's banners, tips and advice off the user's console; errors still show."""
    import lightning.pytorch  # noqa: F401 - sets levels of its own when first imported

    levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in _LOGGERS]
    for logger, _ in levels:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(pytorch_)?lightning(\.|_|$)")
            warnings.filterwarnings("ignore", message=r".*does not have a deterministic implementation")
            yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)


def fastest_device() -> torch.device:
    """Give the device on which networks predict: a GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """Name a device as results do: ``"cpu"``, or what the GPU calls itself."""
    return str(torch.cuda.get_device_name(device) if device.type == "cuda" else device.type)
