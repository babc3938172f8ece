"""Who a process is, so that another one can tell whether it still runs."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Name the place whose process numbers this process sees.

    A host's name is not enough: containers may share it and number their processes each for itself, and
    after a restart the same numbers mean other processes.

    Examples
    --------
    >>> machine() == machine()
    True
    """
    return " ".join([platform.node(), _boot(), _namespace()])


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def started_at(pid: int) -> str:
    """Tell when a process of this machine started, in ticks since its boot; empty where unknown."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def is_gone(pid: int, started: str) -> bool:
    """Tell whether a process of this machine has surely ended.

    Parameters
    ----------
    pid : int
    started : str
        What :func:`started_at` said of it; a process of that number started later is another one.

    Examples
    --------
    >>> is_gone(os.getpid(), started_at(os.getpid())), is_gone(os.getpid(), "1")
    (False, True)
    """
    fields = _stat(pid)
    if fields:
        return fields[0] in "ZX" or bool(started and len(fields) > 19 and fields[19] != started)
    if sys.platform == "win32":  # where asking would end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _stat(pid: int) -> list[str]:
    """Give the fields of ``/proc/PID/stat`` from the third on, as a program's name may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
