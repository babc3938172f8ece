"""The identity of a base model: a hash of its content, the same wherever the files came from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weight_files import file_sha256
from ccmeval_generators.foundation.weights.files import file_names, plain_names, read_json
from ccmeval_generators.foundation.weights.found import FoundBase

_READERS = 4
"""Files that are hashed side by side."""

_WITHOUT_MEANING = ("_diffusers_version", "_name_or_path", "transformers_version")
"""Entries of a configuration that tell where it came from, not what the model is."""


def fingerprint(base: FoundBase, parts: Sequence[str] | None = None) -> str:
    """Hash the weights and the configurations of parts.

    Every byte of the weights is read once a process. Paths, the hub's folders and the libraries' version
    numbers do not count.

    Parameters
    ----------
    base : FoundBase
    parts : sequence of str, optional
        All that were asked for by default; their order does not matter.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Raises
    ------
    UnavailableError
        If a file cannot be read, or lies in the hub's cache and is not what its name there says.
    """
    chosen = sorted(base.parts if parts is None else parts)
    weights = {part: base.weight_paths(part) for part in chosen}
    with ThreadPoolExecutor(_READERS) as readers:
        paths = [path for part in chosen for path in weights[part]]
        hashes = dict(zip(paths, readers.map(_weights_sha256, paths), strict=True))
    content = [
        [part, _plain_content(base, part), [[path.name, hashes[path]] for path in weights[part]]]
        for part in chosen
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _weights_sha256(path: Path) -> str:
    digest = file_sha256(path)
    # The hub's cache keeps a large file under its sha256, so that the name tells what it must hold.
    blob = path.resolve().name
    if re.fullmatch(r"[0-9a-f]{64}", blob) and blob != digest:
        raise UnavailableError(
            f"{path} is damaged: its sha256 is not its name in the hub's cache; remove it and fetch it again."
        )
    return digest


def _plain_content(base: FoundBase, part: str) -> list[list[object]]:
    """Give what configurations say; of a part with weights, its ``config.json`` alone."""
    folder, kind = base.part_folder(part), base.kind.parts[part]
    if kind.has_weights:
        return [["config.json", _meaning(folder / "config.json")]]
    names = plain_names(file_names(folder))
    if not base.kind.pipelines:  # at the top, beside the configuration of the model
        names = [name for name in names if "processor" in name]
    return [[name, _meaning(folder / name)] for name in names]


def _meaning(path: Path) -> object:
    if path.suffix != ".json":
        return file_sha256(path)
    return {name: value for name, value in read_json(path).items() if name not in _WITHOUT_MEANING}
