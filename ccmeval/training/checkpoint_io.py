"""How Lightning writes and reads checkpoints here: whole or not at all, without running code in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from ccmeval.report.files import replacing
from ccmeval.training.checkpoints import PREVIOUS


class SafeCheckpointIO(CheckpointIO):  # type: ignore[misc]
    """Writes checkpoints whole or not at all; loads tensors and plain values only.

    Parameters
    ----------
    previous : str or None
        Name under which a file that is replaced stays beside the new one; None lets it go.
    """

    def __init__(self, previous: str | None = PREVIOUS) -> None:
        self._previous = previous

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint; a kill at any moment leaves at least one that is whole."""
        with replacing(Path(path)) as partial:
            with partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            if self._previous and Path(path).exists():
                Path(path).replace(Path(path).with_name(self._previous))

    def load_checkpoint(
        self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint with ``weights_only=True``, whatever is asked."""
        loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return loaded

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint."""
        Path(path).unlink(missing_ok=True)
