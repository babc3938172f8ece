"""LoRA files of kohya's and LyCORIS's kind, with their `dora_scale`, read into models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.adapters.attach import DEFAULT
from ccmeval_generators.foundation.adapters.files import AdapterFile, put_in, read_tensors
from ccmeval_generators.foundation.adapters.spec import AdapterSpec, NormAxis

DOWN, UP, ALPHA, MAGNITUDE = "lora_down.weight", "lora_up.weight", "alpha", "dora_scale"
_ARGUMENTS, _ON_OUTPUT = "ss_network_args", "wd_on_output"


@dataclass(frozen=True)
class _Layer:
    """What a file has for a layer of a model."""

    path: str
    shape: tuple[int, ...]
    down: Tensor
    up: Tensor
    alpha: float
    magnitude: Tensor | None

    @property
    def rank(self) -> int:
        return int(self.down.shape[0])


def load_kohya(path: Path, models: Mapping[str, nn.Module], name: str = DEFAULT) -> dict[str, AdapterSpec]:
    """Put the adapters of a file into models, and see that every tensor arrived.

    Scales `alpha / rank` that differ between layers go into B. A `dora_scale` may be of rows or of columns,
    and the adapter gets the norm axis that it tells: by its shape, (out, 1) or (1, in), or by its length, or
    by `wd_on_output` in the header; where none of these decides, the file is refused.

    Parameters
    ----------
    path : pathlib.Path
    models : mapping of str to torch.nn.Module
        By the beginning of the names in the file: ``lora_unet``, ``lora_te``; changed in place.
    name : str
        For the adapters; the models must have none of it yet.

    Raises
    ------
    UnavailableError
        If it is missing, damaged, of another kind or for other models, or its axis cannot be known.
    """
    file = read_tensors(path)
    layers = _layers(file, models)
    specs = {part: _spec(file, found) for part, found in layers.items()}
    for part, spec in specs.items():
        put_in(models[part], spec, _state(layers[part], spec), name)
    return specs


def axis_of(magnitude: Tensor, shape: tuple[int, ...], on_output: bool | None) -> NormAxis | None:
    """Tell whether magnitudes are of the rows or the columns of a weight; None if that cannot be known.

    Parameters
    ----------
    magnitude : tensor
        (out,), (in,), (out, 1, ...) or (1, in, ...).
    shape : tuple of int
        Of the weight, (out, in, ...).
    on_output : bool or None
        As the header tells, if it does.

    Examples
    --------
    >>> import torch
    >>> axis_of(torch.ones(1, 4), (4, 4), None), axis_of(torch.ones(4), (4, 4), None)
    ('input', None)
    """
    ones = (1,) * (len(shape) - 2)
    fits: dict[NormAxis, tuple[tuple[int, ...], ...]] = {
        "output": ((shape[0],), (shape[0], 1, *ones)),
        "input": ((shape[1],), (1, shape[1], *ones)),
    }
    told: NormAxis | None = None if on_output is None else "output" if on_output else "input"
    found = [axis for axis, shapes in fits.items() if tuple(magnitude.shape) in shapes]
    if told is not None:
        return told if told in found else None
    return found[0] if len(found) == 1 else None


def _layers(file: AdapterFile, models: Mapping[str, nn.Module]) -> dict[str, list[_Layer]]:
    grouped: dict[str, dict[str, Tensor]] = {}
    for key, value in file.tensors.items():
        layer, _, what = key.partition(".")
        grouped.setdefault(layer, {})[what] = value
    places = {part: _places(model) for part, model in models.items()}
    found: dict[str, list[_Layer]] = {part: [] for part in models}
    for layer, tensors in sorted(grouped.items()):
        part, path = _place(file, layer, places)
        found[part].append(_layer(file, path, models[part].get_submodule(path), tensors))
    empty = [part for part, layers in found.items() if not layers]
    if empty:
        raise UnavailableError(f"The adapter {file.path} has nothing for {empty[0]}; leave that model out.")
    return found


def _places(model: nn.Module) -> dict[str, str]:
    """Name the layers as such files do, with and without what transformers 5 left out."""
    names = [path for path, part in model.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    plain = {path.replace(".", "_"): path for path in names}
    return {**{f"text_model_{key}": path for key, path in plain.items()}, **plain}


def _place(file: AdapterFile, layer: str, places: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    for part, known in places.items():
        if layer.startswith(f"{part}_") and layer.removeprefix(f"{part}_") in known:
            return part, known[layer.removeprefix(f"{part}_")]
    raise UnavailableError(
        f"The adapter {file.path} has tensors for {layer!r}, which is no layer of the models given"
        f" ({', '.join(places)}); give the models it was trained on."
    )


def _layer(file: AdapterFile, path: str, part: nn.Module, tensors: Mapping[str, Tensor]) -> _Layer:
    known = {DOWN, UP, ALPHA, MAGNITUDE}
    if not {DOWN, UP} <= tensors.keys() <= known:
        odd = sorted(tensors.keys() - known) or sorted({DOWN, UP} - tensors.keys())
        raise UnavailableError(
            f"The adapter {file.path} is of a kind that is not supported ({odd[0]} at {path}); give a plain"
            " LoRA, or one with dora_scale."
        )
    down, up = tensors[DOWN].float(), tensors[UP].float()
    if isinstance(part, nn.Linear):
        down, up = down.flatten(1), up.flatten(1)
    alpha = float(tensors[ALPHA]) if ALPHA in tensors else float(down.shape[0])
    return _Layer(path, tuple(part.weight.shape), down, up, alpha, tensors.get(MAGNITUDE))


def _spec(file: AdapterFile, layers: list[_Layer]) -> AdapterSpec:
    ranks, alphas = {layer.rank for layer in layers}, {layer.alpha for layer in layers}
    decomposed = {layer.magnitude is not None for layer in layers}
    if len(ranks) > 1 or len(decomposed) > 1:
        raise UnavailableError(
            f"The adapter {file.path} has layers of different ranks or kinds, which is not supported; give"
            " one with the same for all."
        )
    rank, targets = ranks.pop(), tuple(layer.path for layer in layers)
    alpha = alphas.pop() if len(alphas) == 1 else float(rank)
    if decomposed == {False}:
        return AdapterSpec("lora", rank, alpha, targets)
    return AdapterSpec("wdlora", rank, alpha, targets, _axis(file, layers))


def _axis(file: AdapterFile, layers: list[_Layer]) -> NormAxis:
    told = _on_output(file)
    axes = {layer.path: axis_of(_magnitude(layer), layer.shape, told) for layer in layers}
    unknown = [path for path, axis in axes.items() if axis is None]
    found = {axis for axis in axes.values() if axis is not None}
    if unknown or len(found) > 1:
        raise UnavailableError(
            f"Whether dora_scale of {(unknown or list(axes))[0]} in {file.path} is of rows or columns cannot"
            f" be known from its shape; save it with {_ON_OUTPUT} in {_ARGUMENTS} of the header."
        )
    return found.pop()


def _on_output(file: AdapterFile) -> bool | None:
    try:
        told = json.loads(file.header.get(_ARGUMENTS, "{}")).get(_ON_OUTPUT)
    except (ValueError, AttributeError):
        return None
    return None if told is None else str(told).lower() in ("true", "1")


def _state(layers: list[_Layer], spec: AdapterSpec) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for layer in layers:
        state[f"{layer.path}.lora_A.weight"] = layer.down
        state[f"{layer.path}.lora_B.weight"] = layer.up * (layer.alpha / spec.alpha)
        if layer.magnitude is not None:
            flat, more = layer.magnitude.float().flatten(), len(layer.shape) - 2
            shape = (1, -1, *(1,) * more) if more else (-1,)
            state[f"{layer.path}.lora_magnitude_vector"] = flat.reshape(shape)
    return state


def _magnitude(layer: _Layer) -> Tensor:
    assert layer.magnitude is not None
    return layer.magnitude
