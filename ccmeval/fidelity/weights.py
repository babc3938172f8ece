"""Finding weights on this machine; nothing is ever fetched unless the user allowed it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weight_files import file_sha256, refuse_programs
from ccmeval.plugins import WeightSource


@dataclass(frozen=True)
class OfficialWeights:
    """The weights that an extractor is meant to have.

    Attributes
    ----------
    key : str
        NAME in ``--weights NAME=PATH``; usually the extractor's name.
    what : str
        Whose weights, as a sentence may begin.
    file_name : str
        Under which the official file is kept in torch's hub folder.
    url : str
        Where it comes from; empty where it comes from `hub` or from nowhere.
    sha256 : str
        Its hash, or the first digits that its publisher tells; empty where none is published.
    megabytes : int
        Size of the download; 0 where unknown.
    licence : str
        Of the weights.
    hub : str
        Repository at Hugging Face that holds them as ``model.safetensors``; empty without one.
    """

    key: str
    what: str
    file_name: str
    url: str = ""
    sha256: str = ""
    megabytes: int = 0
    licence: str = ""
    hub: str = ""


@dataclass(frozen=True)
class FoundWeights:
    """A weight file on this machine.

    Attributes
    ----------
    path : pathlib.Path
    sha256 : str
        Of the whole file.
    is_official : bool
        Whether the hash is the published one, or the file lies in Hugging Face's cache under the
        publisher's name; False where neither is known.
    """

    path: Path
    sha256: str
    is_official: bool


def find_weights(wanted: OfficialWeights, source: WeightSource) -> FoundWeights:
    """Find a weight file: as told, by environment variable, in the caches, and last by download.

    The order is `source.paths`, the variable ``CCMEVAL_WEIGHTS_<KEY>``, torch's hub folder
    (``$TORCH_HOME/hub/checkpoints`` and ``~/.cache/torch/hub/checkpoints``), Hugging Face's cache, and
    a download only where `source` allows it. A file that the user names may be any; one found under its
    official name must have its official hash.

    Parameters
    ----------
    wanted : OfficialWeights
    source : WeightSource

    Returns
    -------
    FoundWeights

    Raises
    ------
    UnavailableError
        If there is none, a named file is absent, or one is damaged or a program; with the cure.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "mine.pth"
    >>> _ = path.write_bytes(b"abc")
    >>> wanted = OfficialWeights("alexnet", "AlexNet's weights", "alexnet.pth", sha256="7be5be79")
    >>> found = find_weights(wanted, WeightSource({"alexnet": str(path)}))
    >>> found.sha256[:8], found.is_official
    ('ba7816bf', False)
    """
    named = _named_file(wanted, source)
    if named is not None:
        return _described(named, wanted)
    path = next(_cached_files(wanted), None)
    if path is None and source.download:
        path = _downloaded(wanted)
    if path is None:
        raise UnavailableError(_absence(wanted))
    found = _described(path, wanted)
    if wanted.sha256 and not found.is_official:
        raise UnavailableError(
            f"{path} has the name of {wanted.what} but not their sha256 ({found.sha256[:8]}... instead of"
            f" {wanted.sha256[:8]}...), so it is damaged or another file; remove it and fetch it again."
        )
    return found


def variable_name(key: str) -> str:
    """Name the environment variable that may hold a path.

    Examples
    --------
    >>> variable_name("timm:test_vit.r160_in1k")
    'CCMEVAL_WEIGHTS_TIMM_TEST_VIT_R160_IN1K'
    """
    return "CCMEVAL_WEIGHTS_" + re.sub(r"[^0-9A-Z]", "_", key.upper())


def hub_folders() -> list[Path]:
    """List the folders where torch keeps what it downloads, the one that it writes to first."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torch"
    roots = [Path(os.environ.get("TORCH_HOME") or usual).expanduser(), Path.home() / ".cache" / "torch"]
    return [root / "hub" / "checkpoints" for root in dict.fromkeys(roots)]


def _named_file(wanted: OfficialWeights, source: WeightSource) -> Path | None:
    told = [
        (f"--weights {wanted.key}=", source.paths.get(wanted.key)),
        (f"{variable_name(wanted.key)}=", os.environ.get(variable_name(wanted.key))),
    ]
    for option, text in told:
        if text:
            path = Path(text).expanduser()
            if not path.is_file():
                raise UnavailableError(f"{option}{text} names no file; correct the path of {wanted.what}.")
            return path
    return None


def _cached_files(wanted: OfficialWeights) -> Iterator[Path]:
    for folder in hub_folders():
        if (folder / wanted.file_name).is_file():
            yield folder / wanted.file_name
    if wanted.hub:
        yield from _from_hub_cache(wanted)


def _from_hub_cache(wanted: OfficialWeights) -> Iterator[Path]:
    """Look into Hugging Face's cache, which needs no network."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return
    found = try_to_load_from_cache(wanted.hub, "model.safetensors")
    if isinstance(found, str):
        yield Path(found)


def _described(path: Path, wanted: OfficialWeights) -> FoundWeights:
    refuse_programs(path)
    digest = file_sha256(path)
    _refuse_damaged_blob(path, digest)
    published = bool(wanted.sha256) and digest.startswith(wanted.sha256)
    return FoundWeights(path, digest, published or (not wanted.sha256 and _is_of_hub(path, wanted)))


def _is_of_hub(path: Path, wanted: OfficialWeights) -> bool:
    return bool(wanted.hub) and f"models--{wanted.hub.replace('/', '--')}" in path.parts


def _refuse_damaged_blob(path: Path, digest: str) -> None:
    """Hugging Face keeps a file under its sha256, so that the name tells what the content must be."""
    blob = path.resolve().name
    if re.fullmatch(r"[0-9a-f]{64}", blob) and blob != digest:
        raise UnavailableError(
            f"{path} is damaged: its sha256 is not its name; remove it and fetch it again."
        )


def _downloaded(wanted: OfficialWeights) -> Path | None:
    if not wanted.url and not wanted.hub:
        return None
    try:
        return _fetch_file(wanted) if wanted.url else _fetch_from_hub(wanted)
    except Exception as error:  # no network, a proxy, a full disk, a wrong hash: all end here
        raise UnavailableError(
            f"{wanted.what} could not be downloaded ({type(error).__name__}: {error}); check the network, or"
            f" fetch {_origin(wanted)} elsewhere and give --weights {wanted.key}=PATH."
        ) from error


def _fetch_file(wanted: OfficialWeights) -> Path:
    """Fetch into torch's hub folder; torch writes to another name and checks the hash first."""
    from torch.hub import download_url_to_file

    folder = hub_folders()[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / wanted.file_name
    download_url_to_file(wanted.url, str(path), hash_prefix=wanted.sha256 or None, progress=False)
    return path


def _fetch_from_hub(wanted: OfficialWeights) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(wanted.hub, "model.safetensors"))


def _absence(wanted: OfficialWeights) -> str:
    cure = f"give --weights {wanted.key}=PATH"
    if wanted.url or wanted.hub:
        size = f"{wanted.megabytes} MB " if wanted.megabytes else ""
        cure += f" or allow --download ({size}from {_origin(wanted)})"
    return f"{wanted.what} are not here; {cure}."


def _origin(wanted: OfficialWeights) -> str:
    """Say where from, as short as it is clear."""
    if wanted.hub:
        return f"huggingface.co/{wanted.hub}"
    parts = urlparse(wanted.url)
    return "/".join([parts.netloc, *parts.path.strip("/").split("/")[:2]])
