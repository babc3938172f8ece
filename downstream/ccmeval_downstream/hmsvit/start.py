"""Weights to begin with: of `ccmeval pretrain`, or timm's of Hiera."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weight_files import file_sha256
from ccmeval.fidelity.weights import variable_name

if TYPE_CHECKING:
    from ccmeval.plugins import WeightSource
    from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder

ENCODER_FILE: Final = "encoder.safetensors"
"""Name under which pretraining keeps the encoder in its folder."""

TIMM_LICENCE: Final = "CC-BY-NC 4.0 where they are timm's official weights of Hiera"

_OURS = "hiera."
_NOT_NEEDED = ("head.", "norm.", "encoder_norm.", "decoder", "mask_token", "multi_scale_fusion_heads.")


@dataclass(frozen=True)
class StartWeights:
    """A file of encoder weights on this machine.

    Attributes
    ----------
    path : pathlib.Path
    sha256 : str
    licence : str
        Empty for weights of `ccmeval pretrain`, which are the user's own.
    """

    path: Path
    sha256: str
    licence: str


def find_start(name: str, source: WeightSource) -> StartWeights | None:
    """Find the weights that a user named; without any, training starts from random ones.

    Nothing is ever fetched: timm's official weights of Hiera are CC-BY-NC 4.0, so that whoever wants them
    downloads ``model.safetensors`` knowingly and names the file.

    Parameters
    ----------
    name : str
        NAME of ``--weights NAME=PATH``.
    source : WeightSource
        The path may be a folder that `ccmeval pretrain` wrote.

    Raises
    ------
    UnavailableError
        If the path names no safetensors file.
    """
    told = source.paths.get(name) or os.environ.get(variable_name(name))
    if not told:
        return None
    path = Path(told).expanduser()
    path = path / ENCODER_FILE if path.is_dir() else path
    if not path.is_file():
        raise UnavailableError(
            f"--weights {name}={told} names no file; give the folder that ccmeval pretrain wrote, or a"
            " safetensors file."
        )
    if path.suffix != ".safetensors":
        raise UnavailableError(
            f"--weights {name}={told} is no safetensors file; {name} reads weights from nothing else."
        )
    ours = any(key.startswith(_OURS) for key in _names_in(path))
    return StartWeights(path, file_sha256(path), "" if ours else TIMM_LICENCE)


def _names_in(path: Path) -> list[str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as held:
            return list(held.keys())
    except SafetensorError as error:
        raise UnavailableError(
            f"{path} is no readable safetensors file ({error}); make or fetch it again."
        ) from error


def load_start(encoder: HmsvitEncoder, path: Path) -> None:
    """Put weights into an encoder; position embeddings are brought to its number of tokens.

    Parameters
    ----------
    encoder : HmsvitEncoder
    path : pathlib.Path
        Of safetensors: an encoder of `ccmeval pretrain`, or a Hiera of timm, whose three colour channels
        become one by summing, which is what a grey frame in all three would give.

    Raises
    ------
    UnavailableError
        If the weights are of a network of another size, or of something else.
    """
    from safetensors.torch import load_file

    state = load_file(path)
    if not any(key.startswith(_OURS) for key in state):
        state = _from_timm(state)
    wanted = encoder.state_dict()
    for name, value in state.items():
        if name.endswith("pos_embed") and name in wanted and value.shape != wanted[name].shape:
            state[name] = _resized(value, wanted[name])
    _check_same(state, wanted, path)
    encoder.load_state_dict(state)


def _from_timm(state: Mapping[str, Any]) -> dict[str, Any]:
    named = {_OURS + key: value for key, value in state.items() if not key.startswith(_NOT_NEEDED)}
    stem = _OURS + "patch_embed.proj.weight"
    if stem in named and named[stem].shape[1] == 3:
        named[stem] = named[stem].sum(1, keepdim=True)
    return named


def _resized(value: Any, wanted: Any) -> Any:
    """Interpolate position embeddings (1, N, C) of square frames; as they are where that makes no sense."""
    from torch.nn.functional import interpolate

    old, new = (round(tokens.shape[1] ** 0.5) for tokens in (value, wanted))
    if value.ndim != 3 or old * old != value.shape[1] or value.shape[2] != wanted.shape[2]:
        return value
    grid = value.float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    raised = interpolate(grid, (new, new), mode="bicubic", antialias=True, align_corners=False)
    return raised.permute(0, 2, 3, 1).reshape(wanted.shape)


def _check_same(state: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    differing = sorted(set(state) ^ set(wanted))
    differing += [key for key in wanted if key in state and state[key].shape != wanted[key].shape]
    if differing:
        raise UnavailableError(
            f"The weights {path} are of another network ({len(differing)} tensors differ, e.g."
            f" {differing[0]}); choose the size that they were made with, or pretrain this one."
        )
