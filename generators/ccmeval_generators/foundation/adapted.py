"""A frozen foundation model with what is trained of it: only the latter is kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ccmeval.errors import UnavailableError

ADAPTER_MARK = "lora_"
"""With which the names of PEFT's modules begin, for LoRA and for its magnitudes."""


class AdaptedModel(nn.Module):  # type: ignore[misc]
    """A module whose weights are what is trained of a base; the frozen rest belongs to it unregistered.

    Its parameters are the very parameters of the base that are trained, under the base's names behind
    ``weights.``: checkpoints, hashes, averages and the saved file hold these and the base's identity, and
    nothing of the base. The base goes along to devices and between training and evaluation mode.

    Parameters
    ----------
    base : torch.nn.Module
        With adapters of PEFT in it, if any; all else of it is frozen here.
    base_sha256 : str
        Identity of the frozen weights, 64 hexadecimal digits; weights saved upon others are refused.
    whole : sequence of str
        Names of modules of the base that are trained in full, with their buffers.
    adapter : str, optional
        Only the adapter of this name; all that the base has by default. Several models may so share a base.

    Attributes
    ----------
    base_sha256 : uint8 tensor (32,)
    weights : torch.nn.Module
        Tree of what is trained.

    Examples
    --------
    >>> model = AdaptedModel(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), "00" * 32, whole=("1",))
    >>> sorted(model.state_dict())
    ['base_sha256', 'weights.1.bias', 'weights.1.weight']
    >>> model.n_frozen_parameters
    9
    """

    def __init__(
        self, base: nn.Module, base_sha256: str, whole: Sequence[str] = (), adapter: str | None = None
    ) -> None:
        super().__init__()
        identity = torch.frombuffer(bytearray(bytes.fromhex(base_sha256)), dtype=torch.uint8)
        if identity.shape != (32,):
            raise ValueError("The identity of a base is 64 hexadecimal digits.")
        self.__dict__["_base"] = base  # past torch's registration
        self._whole = tuple(f"{name}." for name in whole)
        self._adapter = adapter
        self.register_buffer("base_sha256", identity.clone())
        self.weights = _Branch()
        self._bind()
        base.requires_grad_(False)
        self.requires_grad_(True)
        base.train(self.training)

    @property
    def base(self) -> Any:
        """Give the model itself, to be called or put into a pipeline."""
        return self.__dict__["_base"]

    @property
    def training(self) -> bool:
        """Tell the mode; setting it by whatever way sets the base's too."""
        return bool(self.__dict__.get("_training", True))

    @training.setter
    def training(self, mode: bool) -> None:
        self.__dict__["_training"] = mode
        if "_base" in self.__dict__:
            self.base.train(mode)

    @property
    def n_frozen_parameters(self) -> int:
        """Count the base's parameters that are not trained; quantised ones as what they stand for."""
        return frozen_parameters(self)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the base."""
        return self.base(*args, **kwargs)

    def checkpoint_gradients(self) -> None:
        """Have the base compute activations again in the backward pass instead of keeping them."""
        # The reentrant kind gives no gradients where the inputs, as here, need none.
        kwargs = {"use_reentrant": False}
        if hasattr(self.base, "enable_gradient_checkpointing"):  # diffusers, whose kind is the right one
            self.base.enable_gradient_checkpointing()
        elif hasattr(self.base, "activation_checkpointing_enable"):  # transformers from 5 on
            self.base.activation_checkpointing_enable(activation_checkpointing_kwargs=kwargs)
        else:
            self.base.gradient_checkpointing_enable(gradient_checkpointing_kwargs=kwargs)

    def frozen_tensors(self) -> Iterator[Tensor]:
        """Give the base's parameters and buffers that are not trained."""
        own = {id(value) for value in self.state_dict(keep_vars=True).values()}
        for value in (*self.base.parameters(), *self.base.buffers()):
            if id(value) not in own:
                yield value

    def _apply(self, fn: Any, recurse: bool = True) -> AdaptedModel:
        self.base._apply(fn)
        super()._apply(fn, recurse)  # finds the parameters done already
        self._bind()
        return self

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        kept = state_dict.get(f"{prefix}base_sha256")
        if kept is not None and not torch.equal(kept.cpu(), self.base_sha256.cpu()):
            raise UnavailableError(
                f"The adapter was trained on the base model with SHA-256 {_hex(kept)[:16]}..., but the base"
                f" model given here has {_hex(self.base_sha256)[:16]}...; give the one it was trained on."
            )
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _bind(self) -> None:
        """Let the tree have the base's tensors, which `_apply` may have replaced."""
        for name, parameter in self.base.named_parameters():
            if self._trains(name):
                branch, last = self._branch(name)
                branch._parameters[last] = parameter
        kept = self.base.state_dict(keep_vars=True)
        for name, buffer in self.base.named_buffers():
            if name in kept and name.startswith(self._whole):
                branch, last = self._branch(name)
                branch._buffers[last] = buffer

    def _trains(self, name: str) -> bool:
        parts = name.split(".")
        marked = [place for place, part in enumerate(parts) if part.startswith(ADAPTER_MARK)]
        mine = bool(marked) and self._adapter in (None, parts[marked[0] + 1])
        return mine or name.startswith(self._whole)

    def _branch(self, name: str) -> tuple[nn.Module, str]:
        *parts, last = name.split(".")
        branch: nn.Module = self.weights
        for part in parts:
            if part not in branch._modules:
                branch._modules[part] = _Branch()
            branch = branch._modules[part]
        return branch, last


class _Branch(nn.Module):  # type: ignore[misc]
    """A node of names."""


def frozen_parameters(networks: nn.Module) -> int:
    """Count what adapted models among networks have beside their registered parameters.

    Examples
    --------
    >>> frozen_parameters(nn.ModuleDict({"a": AdaptedModel(nn.Linear(2, 3), "00" * 32), "b": nn.ReLU()}))
    9
    """
    trained = {id(value) for value in networks.parameters()}
    models = [part for part in networks.modules() if isinstance(part, AdaptedModel)]
    frozen = {id(value): value for model in models for value in model.base.parameters()}
    return sum(_numbers(value) for key, value in frozen.items() if key not in trained)


def frozen_tensors(networks: nn.Module) -> list[Tensor]:
    """Give what adapted models among networks have beside their registered tensors, each once."""
    models = [part for part in networks.modules() if isinstance(part, AdaptedModel)]
    own = {id(value) for value in networks.state_dict(keep_vars=True).values()}
    found = {id(value): value for model in models for value in model.frozen_tensors()}
    return [value for key, value in found.items() if key not in own]


def _numbers(value: Tensor) -> int:
    state = getattr(value, "quant_state", None)  # of bitsandbytes, which packs two numbers into a byte
    return math.prod(state.shape) if state is not None else value.numel()


def _hex(value: Tensor) -> str:
    return bytes(value.cpu().tolist()).hex()
