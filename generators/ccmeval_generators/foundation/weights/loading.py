"""Load single parts of a base model, so that a text encoder can be used for caching and then dropped."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval_generators.foundation.weights.found import FoundBase
from ccmeval_generators.foundation.weights.memory import (
    require_memory,
    storage_of,
    weights_memory_bytes,
)
from ccmeval_generators.foundation.weights.quiet import quiet_libraries


def load_network(base: FoundBase, part: str, dtype: Any, *, nf4: bool = False) -> Any:
    """Load a part that has weights, frozen and in evaluation mode.

    Parameters
    ----------
    base : FoundBase
        With that part.
    part : str
        Such as ``"transformer"``, ``"unet"``, ``"vae"`` or ``"text_encoder"``.
    dtype : torch.dtype
        Of the weights; with NF4, of the computation.
    nf4 : bool
        Hold linear layers in 4 bits (bitsandbytes), on the first GPU.

    Returns
    -------
    torch.nn.Module
        On the CPU; with NF4 on the GPU, where it stays.

    Raises
    ------
    UnavailableError
        If memory does not suffice (told by an estimate beforehand), files are damaged, or NF4 cannot be had.
    """
    if nf4:
        require_nf4()
    device = "cuda" if nf4 else "cpu"
    _require_room(base, part, dtype, nf4, device)
    options = {"quantization_config": _nf4_config(base, part, dtype), "device_map": device} if nf4 else {}
    try:
        with quiet_libraries():
            network, told = _class_of(base, part).from_pretrained(
                str(base.part_folder(part)),
                use_safetensors=True,
                local_files_only=True,
                torch_dtype=dtype,
                output_loading_info=True,
                **options,
            )
    except CcmevalError:
        raise
    except Exception as error:  # the libraries raise a dozen kinds for files that do not fit
        raise _unreadable(base, part, error) from error
    _refuse_gaps(base, part, told)
    return network.eval().requires_grad_(False)


def load_plain(base: FoundBase, part: str, kind: str | None = None) -> Any:
    """Load a part without weights: a tokenizer, a processor or a scheduler.

    Parameters
    ----------
    base : FoundBase
    part : str
    kind : str, optional
        Class to load it as, since every scheduler of diffusers reads the others' configuration;
        that of the kind of base by default.

    Raises
    ------
    UnavailableError
        If its files are damaged.
    """
    try:
        with quiet_libraries():
            return _class_of(base, part, kind).from_pretrained(
                str(base.part_folder(part)), local_files_only=True
            )
    except Exception as error:
        raise _unreadable(base, part, error) from error


def require_nf4() -> None:
    """See that weights can be held in 4 bits here.

    Raises
    ------
    UnavailableError
        If there is no CUDA device or no bitsandbytes.
    """
    import torch

    if not torch.cuda.is_available():
        raise UnavailableError("NF4 weights need a CUDA GPU, and this machine has none; set bf16 instead.")
    if find_spec("bitsandbytes") is None:
        raise UnavailableError("bitsandbytes is not installed; pip install 'ccmeval[quantised]'.")


def _class_of(base: FoundBase, part: str, kind: str | None = None) -> Any:
    found = base.kind.parts[part]
    return getattr(importlib.import_module(found.library), kind or found.loaded_as)


def _require_room(base: FoundBase, part: str, dtype: Any, nf4: bool, device: str) -> None:
    needed = weights_memory_bytes(base, part, storage_of(dtype, nf4))
    narrower = "" if nf4 else ", or hold it as bf16 or NF4 by the settings"
    require_memory(
        needed,
        f"The {part} of {base.kind.what}",
        f"free memory, take a larger machine{narrower}",
        device=device,
    )


def _nf4_config(base: FoundBase, part: str, dtype: Any) -> Any:
    library = importlib.import_module(base.kind.parts[part].library)
    return library.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def _refuse_gaps(base: FoundBase, part: str, told: dict[str, Any]) -> None:
    """Refuse weights that leave layers at random: libraries only warn of that."""
    missing = sorted(str(name) for name in [*told.get("missing_keys", ()), *told.get("mismatched_keys", ())])
    if missing:
        raise UnavailableError(
            f"The weights in {base.part_folder(part)} lack {len(missing)} of the model's tensors, such as"
            f" {missing[0]}, so they are of another model or damaged; fetch {base.kind.what} again."
        )


def _unreadable(base: FoundBase, part: str, error: Exception) -> UnavailableError:
    first = (str(error).strip().splitlines() or [""])[0][:160]
    return UnavailableError(
        f"The {part} in {base.part_folder(part)} cannot be read ({type(error).__name__}: {first}); copy or"
        " fetch it again."
    )
