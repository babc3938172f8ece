"""Starts a child process, passes its progress on, and gives what it came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import IO, Any

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress

_LAST_LINES = 3


def do_in_child(job: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Do a job of :mod:`ccmeval.comparison.child`.

    Parameters
    ----------
    job : mapping
        JSON values.
    progress : callable

    Returns
    -------
    dict
        What it told at its end.

    Raises
    ------
    CcmevalError
        If it failed, or its process died.
    """
    with tempfile.TemporaryDirectory(prefix="ccmeval-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(dict(job)), encoding="utf-8")
        command = [sys.executable, "-m", "ccmeval.comparison.child", str(path)]
        with subprocess.Popen(  # noqa: S603 - this very interpreter and module
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
        ) as child:
            try:
                return _followed(child, progress)
            finally:
                child.terminate()


def _followed(child: subprocess.Popen[str], progress: Progress) -> dict[str, Any]:
    assert child.stdout is not None
    assert child.stderr is not None
    last: deque[str] = deque(maxlen=_LAST_LINES)
    reader = Thread(target=_drain, args=(child.stderr, last), daemon=True)
    reader.start()
    for line in child.stdout:
        told = json.loads(line)
        if "progress" in told:
            progress(*told["progress"])
        elif "error" in told:
            raise CcmevalError(told["error"])
        else:
            done: dict[str, Any] = told["done"]
            return done
    code = child.wait()
    reader.join(timeout=5)
    said = f" ({last[-1]})" if last else ""
    raise CcmevalError(
        f"The process that made the set ended with code {code}{said}; it may need too much memory."
    )


def _drain(stream: IO[str], last: deque[str]) -> None:
    for line in stream:
        if line.strip():
            last.append(line.strip())


def _environment() -> dict[str, str]:
    """Let the child find what this process finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(it for it in sys.path if it)}
