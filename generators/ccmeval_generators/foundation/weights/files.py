"""Which files of a folder are the weights of a part, and that they are all there."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.weights.kinds import PartKind

_STEMS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".msgpack", ".h5")
_PLAIN = (".json", ".txt", ".jinja", ".model")
"""Endings of what tokenizers, processors and schedulers are made of."""


def plain_names(names: Collection[str]) -> list[str]:
    """Pick configurations and vocabularies of a folder, in order; no index of weights.

    Examples
    --------
    >>> plain_names(["vocab.json", "model.safetensors.index.json", "model.safetensors", "merges.txt"])
    ['merges.txt', 'vocab.json']
    """
    return sorted(
        name
        for name in names
        if name.endswith(_PLAIN) and ".index." not in name and not name.lower().startswith("readme")
    )


def weight_names(names: Collection[str], part: PartKind) -> list[str]:
    """Pick the weights of a part among the names of its folder, as its library would.

    Variants such as ``fp16`` are not taken.

    Parameters
    ----------
    names : collection of str
        Of the files in the part's folder.
    part : PartKind

    Returns
    -------
    list of str
        Safetensors files in order, the index first where there are several; empty without any.

    Examples
    --------
    >>> unet = PartKind("diffusers", "UNet2DConditionModel")
    >>> weight_names({"diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"}, unet)
    ['diffusion_pytorch_model.safetensors']
    """
    stem = _STEMS[part.library]
    single, index = f"{stem}.safetensors", f"{stem}.safetensors.index.json"
    shard = re.compile(rf"{stem}-\d+-of-\d+\.safetensors")
    shards = sorted(name for name in names if shard.fullmatch(name))
    several = [index, *shards] if index in names else []
    one = [single] if single in names else []
    # Where both are there, diffusers reads the several and transformers the one.
    return several or one if part.library == "diffusers" else one or several


def why_no_weights(names: Collection[str], where: str) -> str:
    """Say why a folder's weights cannot be used."""
    others = sorted(name for name in names if name.endswith(".safetensors"))
    if others:
        return (
            f"{where} has no weights under their usual name, only {others[0]}; give a folder saved by"
            " save_pretrained without a variant."
        )
    if any(name.endswith(_PICKLES) for name in names):
        return (
            f"{where} holds its weights as pickles only, which can run code; convert them with"
            " save_pretrained(safe_serialization=True), or give a copy with safetensors."
        )
    return f"{where} holds no weights; give the whole folder as save_pretrained writes it."


def weight_paths(folder: Path, part: PartKind) -> list[Path]:
    """Give the weights in a part's folder, all of which are there.

    Raises
    ------
    UnavailableError
        If there are none, pickles only, or one of several is missing.
    """
    names = file_names(folder)
    found = weight_names(names, part)
    if not found:
        raise UnavailableError(why_no_weights(names, str(folder)))
    if not found[0].endswith(".json"):
        return [folder / found[0]]
    wanted = _indexed(folder / found[0])
    missing = sorted(set(wanted) - set(names))
    if missing:
        raise UnavailableError(
            f"{folder} lacks {len(missing)} of {len(wanted)} files of weights, such as {missing[0]}; copy or"
            " fetch it again."
        )
    return [folder / name for name in wanted]


def file_names(folder: Path) -> list[str]:
    """Name the files of a folder, without those in subfolders."""
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def read_json(path: Path) -> dict[str, Any]:
    """Read a configuration.

    Raises
    ------
    UnavailableError
        If it is missing or no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be read ({error.strerror or error}); give the whole folder as save_pretrained"
            " writes it."
        ) from error
    except ValueError as error:
        raise UnavailableError(f"{path} is damaged, as it is no JSON; copy or fetch it again.") from error
    return found


def _indexed(index: Path) -> list[str]:
    entries = read_json(index).get("weight_map")
    if not isinstance(entries, dict) or not entries:
        raise UnavailableError(f"{index} is damaged, as it lists no files; copy or fetch it again.")
    found = sorted({str(name) for name in entries.values()})
    if any("/" in name or "\\" in name or not name.endswith(".safetensors") for name in found):
        raise UnavailableError(f"{index} names files that are no safetensors beside it; fetch it again.")
    return found
