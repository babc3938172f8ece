"""One adapter put in the place of another, upon a base that stays where it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import nn

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.attach import adapted_layers, adapter_state
from ccmeval_generators.foundation.adapters.files import put_in
from ccmeval_generators.foundation.adapters.peft_folder import load_adapter
from ccmeval_generators.foundation.stable_diffusion.loading import adapter_spec
from ccmeval_generators.sd_lora.generator import ADAPTER
from ccmeval_generators.sd_lora.settings import SdLoraSettings

_Put = TypeVar("_Put")


def exchanged(networks: nn.ModuleDict, settings: SdLoraSettings, put: Callable[[], _Put]) -> _Put:
    """Take the adapter out and have another put in; where that fails, the first is there again.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
        With the adapted model, whose base stays.
    settings : SdLoraSettings
        Of the adapter that is taken out.
    put : callable
        Puts another into the base, and may raise.
    """
    model = networks[ADAPTER]
    unet, spec = model.base.unet, adapter_spec("sd-unet", settings)
    kept = {name: value.clone() for name, value in adapter_state(unet, ADAPTER).items()}
    _take_out(unet)
    try:
        return put()
    except BaseException:
        _take_out(unet)
        put_in(unet, spec, kept, ADAPTER)
        networks[ADAPTER] = AdaptedModel(model.base, identity_of(model), adapter=ADAPTER).eval()
        raise


def adapter_of_folder(
    networks: nn.ModuleDict, settings: SdLoraSettings, folder: Path
) -> tuple[nn.ModuleDict, SdLoraSettings]:
    """Put the adapter of a folder as PEFT writes it into a base that has none.

    Returns
    -------
    networks : torch.nn.ModuleDict
    settings : SdLoraSettings
        With the adapter's rank and alpha.

    Raises
    ------
    UnavailableError
        If it is missing, damaged, of another base or of another kind.
    """
    model = networks[ADAPTER]
    unet, sha256 = model.base.unet, identity_of(model)
    spec = load_adapter(folder, unet, sha256, ADAPTER)
    wanted = {path.removeprefix("unet.") for path in _layers_of(model)}
    if spec.kind != "lora" or set(adapted_layers(unet, ADAPTER)) != wanted:
        raise UnavailableError(
            f"The adapter in {folder} is no LoRA of just the attention layers (to_q, to_k, to_v, to_out.0),"
            " which sd-lora has; give one that is."
        )
    alpha = None if spec.alpha == spec.rank else spec.alpha
    told = settings.model_copy(update={"rank": spec.rank, "alpha": alpha})
    return nn.ModuleDict({ADAPTER: AdaptedModel(model.base, sha256, adapter=ADAPTER)}), told


def identity_of(model: AdaptedModel) -> str:
    """Give the identity of a model's base in hexadecimal digits."""
    return bytes(model.base_sha256.cpu().tolist()).hex()


def _layers_of(model: AdaptedModel) -> set[str]:
    """Give the layers whose adapters a model was made with, though they may be taken out of its base."""
    return {path.removeprefix("weights.").split(".lora_")[0] for path, _ in model.named_parameters()}


def _take_out(unet: nn.Module) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that none is left
        for layer in adapted_layers(unet, ADAPTER).values():
            layer.delete_adapter(ADAPTER)
    getattr(unet, "peft_config", {}).pop(ADAPTER, None)
