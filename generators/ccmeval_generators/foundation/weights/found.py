"""A base model that was found on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.weights.files import (
    file_names,
    plain_names,
    read_json,
    weight_paths,
)
from ccmeval_generators.foundation.weights.headers import tensor_heads
from ccmeval_generators.foundation.weights.kinds import BaseKind


@dataclass(frozen=True)
class FoundBase:
    """A base model whose files lie in a folder.

    Attributes
    ----------
    kind : BaseKind
    told : str
        How the user or the settings named it.
    folder : pathlib.Path
    pipeline : str
        Class that its ``model_index.json`` names; empty for a single model.
    parts : tuple of str
        Those that were asked for; their files are all there.
    """

    kind: BaseKind
    told: str
    folder: Path
    pipeline: str
    parts: tuple[str, ...]

    def part_folder(self, part: str) -> Path:
        """Give the folder of a part."""
        return self.folder / self.kind.subfolder(part)

    def weight_paths(self, part: str) -> list[Path]:
        """Give the safetensors files of a part; none for a tokenizer and its like."""
        kind = self.kind.parts[part]
        return weight_paths(self.part_folder(part), kind) if kind.has_weights else []

    def config(self, part: str) -> Mapping[str, object]:
        """Read the configuration of a part that has weights."""
        return read_json(self.part_folder(part) / "config.json")


def checked(kind: BaseKind, told: str, folder: Path, parts: Sequence[str]) -> FoundBase:
    """See that a folder holds a base model of a kind, with the parts asked for.

    Heads of weights are read, so that a file that was cut short is found; no weights are loaded.

    Parameters
    ----------
    kind : BaseKind
    told : str
        How the user named it, for sentences.
    folder : pathlib.Path
    parts : sequence of str

    Raises
    ------
    UnavailableError
        If it is another model, or files are missing or damaged, with the cure.
    """
    pipeline = _pipeline(kind, folder) if kind.pipelines else ""
    found = FoundBase(kind, told, folder, pipeline, tuple(parts))
    for part in parts:
        _check_part(found, part)
    return found


def pipeline_class(kind: BaseKind, index: Mapping[str, object], where: str) -> str:
    """Read the class of a pipeline from its ``model_index.json``.

    Raises
    ------
    UnavailableError
        If it is another.
    """
    named = str(index.get("_class_name", "nothing"))
    if named not in kind.pipelines:
        raise UnavailableError(
            f"{where} is a {named}, but {kind.what} is a {' or '.join(kind.pipelines)}; give its folder by"
            f" --weights {kind.key}=FOLDER or the setting base."
        )
    return named


def _pipeline(kind: BaseKind, folder: Path) -> str:
    index = folder / "model_index.json"
    if not index.is_file():
        raise UnavailableError(
            f"{folder} holds no pipeline (model_index.json is missing); give the whole folder of {kind.what}"
            f" by --weights {kind.key}=FOLDER or the setting base."
        )
    return pipeline_class(kind, read_json(index), str(folder))


def _check_part(found: FoundBase, part: str) -> None:
    folder, kind = found.part_folder(part), found.kind.parts[part]
    if not plain_names(file_names(folder)):
        raise UnavailableError(
            f"{found.folder} lacks its part {part}; give the whole folder of {found.kind.what}, as"
            " save_pretrained writes it."
        )
    if not kind.has_weights:
        return
    config = read_json(folder / "config.json")
    named = config.get("_class_name") or next(iter(config.get("architectures") or []), None)
    if named is not None and named not in kind.accepted:
        raise UnavailableError(
            f"{folder} holds a {named}, not a {kind.loaded_as}, so it is no {found.kind.what}; give its"
            f" folder by --weights {found.kind.key}=FOLDER or the setting base."
        )
    for path in found.weight_paths(part):
        tensor_heads(path)
