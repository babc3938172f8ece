"""Where a base model is: a local folder, the hub's cache, or the hub itself where the user allowed it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.fidelity.weights import variable_name
from ccmeval.weight_source import WeightSource
from ccmeval_generators.foundation.weights.found import FoundBase, checked
from ccmeval_generators.foundation.weights.hub import HubName, cached_folder, fetch
from ccmeval_generators.foundation.weights.kinds import BaseKind

_HUB_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+?)(@(?P<revision>[\w./-]+))?", re.ASCII)


def find_base(
    kind: BaseKind, base: str, source: WeightSource, parts: Sequence[str] | None = None
) -> FoundBase:
    """Find a base model and see that it is whole and of the right kind; nothing of it is loaded yet.

    ``--weights KEY=FOLDER`` comes first, then the variable ``CCMEVAL_WEIGHTS_<KEY>``, then `base`. A name on
    the hub is looked for in the hub's cache on this machine, and fetched only where `source` allows it.

    Parameters
    ----------
    kind : BaseKind
    base : str
        Setting of the generator: a folder, or a name on the hub such as ``"Qwen/Qwen-Image-Edit"``, after
        which ``@`` and a commit, tag or branch may stand.
    source : WeightSource
    parts : sequence of str, optional
        Those that are needed; all by default. Only their files are fetched.

    Raises
    ------
    UnavailableError
        If there is none or it cannot be used, in one sentence with the cure.
    """
    require("foundation", "diffusers", "transformers", "safetensors", "huggingface_hub")
    wanted = tuple(kind.parts if parts is None else parts)
    for option, text in _overrides(kind, source):
        if text:
            return checked(kind, text, _folder(text, f"{option}{text}", kind), wanted)
    if not base:
        raise UnavailableError(f"No base model was named; {_cure(kind)}.")
    if _means_folder(base):
        return checked(kind, base, _folder(base, f"The setting base, {base!r},", kind), wanted)
    return _on_hub(kind, base, source, wanted)


def _overrides(kind: BaseKind, source: WeightSource) -> list[tuple[str, str | None]]:
    variable = variable_name(kind.key)
    return [
        (f"--weights {kind.key}=", source.paths.get(kind.key)),
        (f"{variable}=", os.environ.get(variable)),
    ]


def _means_folder(base: str) -> bool:
    """Tell a path from a name on the hub; a folder that is there is meant."""
    return Path(base).expanduser().is_dir() or not _HUB_NAME.fullmatch(base) or base.startswith((".", "~"))


def _folder(text: str, told: str, kind: BaseKind) -> Path:
    path = Path(text).expanduser()
    if not path.is_dir():
        raise UnavailableError(f"{told} names no folder on this machine; {_cure(kind)}.")
    return path


def _cure(kind: BaseKind) -> str:
    return f"give the folder of {kind.what} by --weights {kind.key}=FOLDER or the setting base"


def _on_hub(kind: BaseKind, base: str, source: WeightSource, parts: Sequence[str]) -> FoundBase:
    matched = _HUB_NAME.fullmatch(base)
    assert matched is not None
    name = HubName(matched["repository"], matched["revision"])
    if source.download:
        return checked(kind, base, fetch(kind, name, parts), parts)
    folder = cached_folder(kind, name, parts)
    if folder is None:
        size = f" (about {kind.gigabytes:g} GB)" if kind.gigabytes else ""
        raise UnavailableError(
            f"{kind.what} ({base}) is not on this machine; {_cure(kind)}, or allow --download to fetch it"
            f" from huggingface.co{size}."
        )
    return checked(kind, base, folder, parts)
