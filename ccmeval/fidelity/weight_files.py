"""Weight files: their hash, and reading them without running anything that they hold."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ccmeval.errors import UnavailableError

_CHUNK_BYTES = 1 << 20
_NESTED = ("state_dict", "model", "model_ema", "teacher")
"""Keys under which training scripts put the weights beside other things."""


def file_sha256(path: Path) -> str:
    """Compute a file's sha256; once a process for a file that stays as it is.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    UnavailableError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "abc.pth"
    >>> _ = path.write_bytes(b"abc")
    >>> file_sha256(path)[:8]
    'ba7816bf'
    """
    try:
        state = path.stat()
        return _sha256_of(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise UnavailableError(
            f"The weights {path} cannot be read ({error.strerror or error}); correct the path or its rights."
        ) from error


@lru_cache(maxsize=64)
def _sha256_of(path: Path, _size: int, _changed_ns: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def refuse_programs(path: Path) -> None:
    """Refuse a file that holds a program beside its weights.

    Raises
    ------
    UnavailableError
        If it is a TorchScript archive, which is code that loading would run.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any("/code/" in f"/{name}" or name.endswith("constants.pkl") for name in names):
        raise UnavailableError(
            f"{path} is a TorchScript archive, which holds a program and not only weights; save the model's"
            " state_dict with torch.save or safetensors and give that."
        )


def load_state(path: Path) -> dict[str, Any]:
    """Read a state dict from safetensors or a PyTorch checkpoint; no code of the file is run.

    Parameters
    ----------
    path : pathlib.Path
        ``*.safetensors``, or what ``torch.save`` wrote; a checkpoint's weights may lie under
        ``state_dict``, ``model``, ``model_ema`` or ``teacher``.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU, a leading ``module.`` taken off the names.

    Raises
    ------
    UnavailableError
        If the file is no such file, is damaged, or is TorchScript.
    """
    import torch

    refuse_programs(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            held: Any = load_file(path)
        else:
            held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise a dozen kinds, and all mean this
        raise UnavailableError(
            f"{path} is no readable weight file ({type(error).__name__}); give a state dict as safetensors"
            " or as written by torch.save."
        ) from error
    state = _tensors_of(held)
    if not state:
        raise UnavailableError(f"{path} holds no weights; give a state dict, as model.state_dict() has it.")
    return state


def _tensors_of(held: Any) -> dict[str, Any]:
    import torch

    if not isinstance(held, Mapping):
        return {}
    for key in _NESTED:
        if isinstance(held.get(key), Mapping):
            return _tensors_of(held[key])
    return {
        str(name).removeprefix("module."): value
        for name, value in held.items()
        if isinstance(value, torch.Tensor)
    }
