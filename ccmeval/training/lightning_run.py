"""What every run of Lightning's trainer has in common here: precision, and how it ends."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import torch

from ccmeval.training.surroundings import quiet

STOPPED = 143
"""Exit status of a process that SIGTERM ended."""


def run_trainer(trainer: Any, task: Any, checkpoint: Path | None) -> None:
    """Let Lightning do the steps that are left.

    Parameters
    ----------
    trainer : lightning.pytorch.Trainer
    task : lightning.pytorch.LightningModule
    checkpoint : pathlib.Path or None
        From which it goes on; read without running code in it.

    Raises
    ------
    KeyboardInterrupt
        If the user stopped it, as without Lightning.
    """
    with quiet():
        try:
            trainer.fit(task, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            if trainer.received_sigterm:
                signal.raise_signal(signal.SIGTERM)
            if trainer.interrupted:  # Lightning turns Ctrl+C into an exit
                raise KeyboardInterrupt from None
            raise


def precision_name(precision: str) -> str:
    """Translate a precision of the settings into Lightning's word.

    Examples
    --------
    >>> precision_name("32"), precision_name("16-mixed")
    ('32-true', '16-mixed')
    """
    if precision != "auto":
        return {"32": "32-true"}.get(precision, precision)
    able = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if able else "32-true"
