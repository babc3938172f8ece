"""The folder that holds a CLIP model: finding it, and its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weight_files import file_sha256, refuse_programs

if TYPE_CHECKING:
    from ccmeval.plugins import WeightSource

SAFE = "model.safetensors"
LEGACY = "pytorch_model.bin"
"""Read with ``torch.load(weights_only=True)``: OpenAI's own repository holds no safetensors."""

_DECIDING = ("*.json", "*.txt", "*.safetensors")


def find_folder(weights: WeightSource, key: str, official: str) -> tuple[Path, bool]:
    """Find the folder of a model: as told, or fetched where that is allowed.

    Parameters
    ----------
    weights : WeightSource
    key : str
        NAME in ``--weights NAME=FOLDER``.
    official : str
        Repository at Hugging Face.

    Returns
    -------
    folder : pathlib.Path
    is_official : bool
        Whether it was fetched from there.

    Raises
    ------
    UnavailableError
        If there is none, or a file is missing.
    """
    if key in weights.paths:
        folder = Path(weights.paths[key]).expanduser()
        if not folder.is_dir():
            raise UnavailableError(f"--weights {key}={folder} names no folder; give that of a CLIP model.")
        weights_file(folder)
        return folder, False
    if weights.download:
        return _fetched(official, key), True
    raise UnavailableError(
        f"CLIP's weights are not here; give --weights {key}=FOLDER (config.json, {SAFE}, tokenizer files) or"
        f" allow --download (605 MB from huggingface.co/{official})."
    )


def weights_file(folder: Path) -> Path:
    """Give the file of the weights, safetensors rather than a checkpoint of PyTorch.

    Raises
    ------
    UnavailableError
        If the folder holds no configuration or no weights, or the file is a program.
    """
    found = next((folder / name for name in (SAFE, LEGACY) if (folder / name).is_file()), None)
    if found is None or not (folder / "config.json").is_file():
        missing = "config.json" if found else SAFE
        raise UnavailableError(
            f"{folder} holds no {missing}; give the folder that transformers' save_pretrained wrote."
        )
    refuse_programs(found)
    return found


def folder_sha256(folder: Path) -> str:
    """Hash all files that decide what the model says: names and contents, in order of the names.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "config.json").write_text("{}"), (folder / "model.safetensors").write_bytes(b"1")
    >>> before = folder_sha256(folder)
    >>> _ = (folder / "README.md").write_text("new"), (folder / "model.safetensors").write_bytes(b"22")
    >>> len(before), folder_sha256(folder) == before
    (64, False)
    """
    files = {path for pattern in _DECIDING for path in folder.glob(pattern)} | {weights_file(folder)}
    lines = [f"{path.name} {file_sha256(path)}\n" for path in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _fetched(repository: str, key: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = [
        "config.json",
        "tokenizer*.json",
        "special_tokens_map.json",
        "vocab.json",
        "merges.txt",
        LEGACY,
    ]
    try:
        folder = Path(snapshot_download(repository, allow_patterns=patterns))
    except Exception as error:  # no network, a proxy, a full disk: all end here
        raise UnavailableError(
            f"CLIP's weights could not be downloaded ({type(error).__name__}: {error}); check the network, or"
            f" fetch huggingface.co/{repository} elsewhere and give --weights {key}=FOLDER."
        ) from error
    weights_file(folder)
    return folder
