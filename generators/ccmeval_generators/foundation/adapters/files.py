"""Adapters in safetensors files: tensors, and in the header what the tensors do not tell."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ccmeval.errors import UnavailableError
from ccmeval.report.files import replacing
from ccmeval_generators.foundation.adapters.attach import DEFAULT, adapter_state, attach, set_adapter_state
from ccmeval_generators.foundation.adapters.spec import AdapterSpec

HEADER = "ccmeval_adapter"
"""Entry of the header with the description of the adapters and the identity of their bases."""


@dataclass(frozen=True)
class AdapterFile:
    """Tensors of a file, and the entries of its header."""

    path: Path
    tensors: Mapping[str, Tensor]
    header: Mapping[str, str]

    def own(self) -> Any:
        """Give what this package wrote into the header; None in files of others."""
        return self.entry(HEADER)

    def entry(self, name: str) -> Any:
        """Read an entry of the header as JSON; None if there is none.

        Raises
        ------
        UnavailableError
        """
        try:
            return json.loads(self.header[name]) if name in self.header else None
        except ValueError as error:
            raise damaged(self.path, f"{name} in its header") from error


def damaged(path: Path, what: str) -> UnavailableError:
    """Say that a file is none that can be read."""
    return UnavailableError(f"The adapter {path} is damaged ({what}); save or copy it again.")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write a file, whole or not at all; the same content gives the same bytes.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    from safetensors.torch import save

    plain = {name: value.detach().cpu().contiguous().clone() for name, value in sorted(tensors.items())}
    data: bytes = save(plain)
    (length,) = struct.unpack("<Q", data[:8])
    # The library would write several entries in random order.
    entries = {"__metadata__": {name: _text(header[name]) for name in sorted(header)}}
    front = json.dumps({**entries, **json.loads(data[8 : 8 + length])}, separators=(",", ":")).encode()
    front += b" " * (-len(front) % 8)
    with replacing(path) as partial:
        partial.write_bytes(struct.pack("<Q", len(front)) + front + data[8 + length :])


def read_tensors(path: Path) -> AdapterFile:
    """Read a file.

    Raises
    ------
    UnavailableError
        If it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            return AdapterFile(path, tensors, dict(file.metadata() or {}))
    except OSError as error:
        raise UnavailableError(
            f"The adapter {path} cannot be read ({error.strerror or 'no such file'}); name a folder in which"
            " one was saved."
        ) from error
    except SafetensorError as error:
        raise damaged(path, "no safetensors") from error


def described(spec: AdapterSpec, base_sha256: str) -> dict[str, Any]:
    """Give what the header tells of an adapter."""
    return {"spec": spec.document(), "base_sha256": base_sha256}


def spec_in(content: Any, path: Path) -> tuple[AdapterSpec, str]:
    """Read what :func:`described` gave.

    Raises
    ------
    UnavailableError
    """
    try:
        return AdapterSpec.of_document(content["spec"]), str(content["base_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, "the description in its header") from error


def check_base(path: Path, kept: str, given: str) -> None:
    """Refuse an adapter that was trained on another base.

    Raises
    ------
    UnavailableError
    """
    if kept and given and kept != given:
        raise UnavailableError(
            f"The adapter {path} was trained on the base model with SHA-256 {kept[:16]}..., but the one given"
            f" here has {given[:16]}...; give the base model it was trained on."
        )


def put_in(model: nn.Module, spec: AdapterSpec, state: Mapping[str, Tensor], name: str = DEFAULT) -> None:
    """Attach an adapter with given tensors; every one is seen to arrive.

    Raises
    ------
    UnavailableError
        If the model has one of that name, or the tensors are not those of the adapter.
    """
    if name in getattr(model, "peft_config", {}):
        raise UnavailableError(f"The model has an adapter {name!r} already; choose another name.")
    attach(model, spec, name)
    set_adapter_state(model, in_names_of(adapter_state(model, name), state), name)


def in_names_of(there: Mapping[str, Any], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name tensors as the model does: transformers 5 left ``text_model.`` out of the names of CLIP's parts.

    Examples
    --------
    >>> in_names_of({"encoder.x": 0}, {"text_model.encoder.x": 1})
    {'encoder.x': 1}
    """
    prefix = "text_model."
    with_prefix = {key.startswith(prefix) for key in there}
    if with_prefix == {True}:
        return {key if key.startswith(prefix) else prefix + key: value for key, value in state.items()}
    if with_prefix == {False}:
        return {key.removeprefix(prefix): value for key, value in state.items()}
    return dict(state)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
