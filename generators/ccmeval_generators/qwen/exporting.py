"""The adapter alone, for other programs: in PEFT's layout or in diffusers' format."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Literal

from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.diffusers_file import Adapted, save_diffusers
from ccmeval_generators.foundation.adapters.peft_folder import WEIGHTS, save_adapter
from ccmeval_generators.foundation.adapters.spec import AdapterSpec

Layout = Literal["peft", "diffusers"]


def export_adapter(folder: Path, adapted: AdaptedModel, spec: AdapterSpec, layout: Layout) -> None:
    """Write an adapter into a folder.

    Parameters
    ----------
    folder : pathlib.Path
    adapted : AdaptedModel
    spec : AdapterSpec
    layout : {"peft", "diffusers"}
        ``adapter_model.safetensors`` with ``adapter_config.json``, or ``pytorch_lora_weights.safetensors``.

    Raises
    ------
    UnavailableError
        If diffusers does not know such an adapter.
    OutputError
        If the file system refuses.
    """
    base_sha256 = bytes(adapted.base_sha256.cpu().tolist()).hex()
    if layout == "peft":
        save_adapter(folder, adapted.base, spec, base_sha256)
    else:
        save_diffusers(folder, {"transformer": Adapted(adapted.base, spec, base_sha256)})


def adapter_sha256(adapted: AdaptedModel, spec: AdapterSpec) -> str:
    """Give the SHA-256 of the file ``adapter_model.safetensors`` of an adapter."""
    with tempfile.TemporaryDirectory() as folder:
        export_adapter(Path(folder), adapted, spec, "peft")
        return hashlib.sha256((Path(folder) / WEIGHTS).read_bytes()).hexdigest()
