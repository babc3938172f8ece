"""Base models from the hub: only the files of the parts asked for, when they fit on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.weights.files import (
    plain_names,
    read_json,
    weight_names,
    why_no_weights,
)
from ccmeval_generators.foundation.weights.found import pipeline_class
from ccmeval_generators.foundation.weights.hub_errors import OfflineError, told_by_hub
from ccmeval_generators.foundation.weights.kinds import BaseKind

_SPARE_BYTES = 2**30
"""Left free on the disk."""


@dataclass(frozen=True)
class HubName:
    """A repository on the hub.

    Attributes
    ----------
    repository : str
        As in ``"owner/name"``.
    revision : str or None
        Commit, tag or branch; None for the newest.
    """

    repository: str
    revision: str | None = None


def cached_folder(kind: BaseKind, name: HubName, parts: Sequence[str]) -> Path | None:
    """Give the snapshot in the hub's cache on this machine, if it has all parts; asks no network.

    A snapshot that lacks a part counts as absent, since a whole one can be fetched.
    """
    from huggingface_hub import try_to_load_from_cache

    marker = "model_index.json" if kind.pipelines else "config.json"
    found = try_to_load_from_cache(name.repository, marker, revision=name.revision)
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    for part in parts:
        inside = folder / kind.subfolder(part)
        names = [path.name for path in inside.iterdir()] if inside.is_dir() else []
        if not _part_files(kind, part, names):
            return None
    return folder


def fetch(kind: BaseKind, name: HubName, parts: Sequence[str]) -> Path:
    """Fetch the files of parts into the hub's cache; those that are there stay.

    Before the large files, the class of the pipeline and the room on the disk are seen to. Without a
    network, what lies in the cache is taken.

    Returns
    -------
    pathlib.Path
        The snapshot.

    Raises
    ------
    UnavailableError
        If the repository is not found, gated, of another class, has pickles only, or the disk is too full.
    """
    import huggingface_hub

    cached = cached_folder(kind, name, parts)
    try:
        with told_by_hub(kind, name.repository, name.revision):
            info = huggingface_hub.model_info(name.repository, revision=name.revision, files_metadata=True)
    except OfflineError:
        if cached is not None:
            return cached
        raise
    sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or []}
    with told_by_hub(kind, name.repository, name.revision):
        if kind.pipelines:
            _check_class(kind, name, info.sha, sizes)
        files = _files(kind, name, parts, sizes)
        _check_disk(kind, name, info.sha, {file: sizes[file] for file in files})
        return Path(
            huggingface_hub.snapshot_download(name.repository, revision=info.sha, allow_patterns=files)
        )


def _check_class(kind: BaseKind, name: HubName, commit: str, sizes: Mapping[str, int]) -> None:
    import huggingface_hub

    where = f"huggingface.co/{name.repository}"
    if "model_index.json" not in sizes:
        raise UnavailableError(
            f"{where} holds no pipeline (model_index.json is missing); set base to {kind.what}."
        )
    path = huggingface_hub.hf_hub_download(name.repository, "model_index.json", revision=commit)
    pipeline_class(kind, read_json(Path(path)), where)


def _files(kind: BaseKind, name: HubName, parts: Sequence[str], sizes: Mapping[str, int]) -> list[str]:
    chosen = ["model_index.json"] if kind.pipelines else []
    for part in parts:
        prefix = f"{kind.subfolder(part)}/".lstrip("/")
        inside = [
            file[len(prefix) :]
            for file in sizes
            if file.startswith(prefix) and "/" not in file[len(prefix) :]
        ]
        found = _part_files(kind, part, inside)
        if not inside:
            raise UnavailableError(
                f"huggingface.co/{name.repository} lacks its part {part}, so it is no {kind.what}; correct"
                " the setting base."
            )
        if not found:
            raise UnavailableError(why_no_weights(inside, f"huggingface.co/{name.repository}/{prefix}"))
        chosen += [prefix + file for file in found]
    return sorted(set(chosen))


def _part_files(kind: BaseKind, part: str, names: Sequence[str]) -> list[str]:
    """Choose the files of a part among those in its folder; none where its weights are missing."""
    weights = weight_names(names, kind.parts[part]) if kind.parts[part].has_weights else []
    if kind.parts[part].has_weights and not weights:
        return []
    return [*plain_names(names), *weights]


def _check_disk(kind: BaseKind, name: HubName, commit: str, sizes: Mapping[str, int]) -> None:
    from huggingface_hub import constants, try_to_load_from_cache

    missing = sum(
        size
        for file, size in sizes.items()
        if not isinstance(try_to_load_from_cache(name.repository, file, revision=commit), str)
    )
    folder = Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    if missing and free < missing + _SPARE_BYTES:
        raise UnavailableError(
            f"{kind.what} needs {missing / 1e9:.1f} GB on the disk of {folder}, which has {free / 1e9:.1f} GB"
            " left; free space, or set HF_HOME to a folder on a larger disk."
        )
