"""What weight decomposition costs: a training step with LoRA, with PEFT's DoRA and with WDLoRA as it is here.

    python benchmarks/wdlora.py projections                            # the four projections of one block
    python benchmarks/wdlora.py projections --dtype float32 --tokens 512
    python benchmarks/wdlora.py block                                  # a whole block of Qwen-Image's size
    python benchmarks/wdlora.py transformer --layers 60 --side 1024    # on a GPU: the full-size transformer
    python benchmarks/wdlora.py transformer --weights nf4 --checkpointing -o OUT.json

Weights are random: only time and memory are looked at. The kinds take turns, step by step, so that a machine
that is busy slows all of them alike; given is the median of steps and the median of the ratios to LoRA within
a turn. `transformer` makes one kind after the other, since memory is measured too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import QwenImageTransformer2DModel
from diffusers.models.transformers.transformer_qwenimage import QwenImageTransformerBlock
from peft import inject_adapter_in_model
from torch import Tensor, nn

from ccmeval_generators.foundation.adapters.attach import adapter_parameters, attach, peft_config
from ccmeval_generators.foundation.adapters.spec import AdapterSpec
from ccmeval_generators.foundation.adapters.targets import targets_of

WIDTH, HEADS, TEXT_WIDTH = 3072, 24, 3584
KINDS = ("lora", "dora-peft", "wdlora")
Step = Callable[[], None]


def main() -> None:
    """Measure, print, and write a file if asked to."""
    arguments = parsed()
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    measured = {"projections": in_turns, "block": in_turns, "transformer": one_by_one}[arguments.what]
    found = {
        **{name: value for name, value in vars(arguments).items() if name != "out"},
        "device": torch.cuda.get_device_name() if device.type == "cuda" else f"cpu x {arguments.threads}",
        "torch": torch.__version__,
        "kinds": measured(arguments, device),
    }
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("projections", "block", "transformer"))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16", help="of the frozen")
    parser.add_argument("--weights", choices=("plain", "nf4"), default="plain")
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    parser.add_argument("--layers", type=int, default=60, help="blocks of `transformer`")
    parser.add_argument("--tokens", type=int, default=1024, help="of `projections` and `block`")
    parser.add_argument("--side", type=int, default=1024, help="px of frame and mask, for `transformer`")
    parser.add_argument("--steps", type=int, default=7, help="of which the first two are not counted")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path)
    return parser.parse_args()


def in_turns(arguments: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """Time all kinds on small models, a step each in every turn."""
    steps = {kind: small_step(kind, arguments, device) for kind in arguments.kinds}
    seconds: dict[str, list[float]] = {kind: [] for kind in steps}
    for _ in range(arguments.steps):
        for kind, step in steps.items():
            seconds[kind].append(timed(step, device))
    first = seconds[arguments.kinds[0]]
    return {
        kind: {
            "seconds_a_step": round(statistics.median(values[2:]), 5),
            f"ratio_to_{arguments.kinds[0]}": round(
                statistics.median(a / b for a, b in zip(values[2:], first[2:], strict=True)), 3
            ),
        }
        for kind, values in seconds.items()
    }


def one_by_one(arguments: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """Time the transformer with one kind after the other, and note the memory of each."""
    found: dict[str, Any] = {}
    for kind in arguments.kinds:
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        step, counts = transformer_step(kind, arguments, device)
        seconds = [timed(step, device) for _ in range(arguments.steps)][2:]
        found[kind] = {"seconds_a_step": round(statistics.median(seconds), 4), **counts}
        if device.type == "cuda":
            found[kind]["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        del step
    first = found[arguments.kinds[0]]["seconds_a_step"]
    for values in found.values():
        values[f"ratio_to_{arguments.kinds[0]}"] = round(values["seconds_a_step"] / first, 3)
    return found


def timed(step: Step, device: torch.device) -> float:
    """Give the seconds of a step."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def with_adapter(model: nn.Module, kind: str, rank: int, targets: tuple[str, ...]) -> nn.Module:
    """Freeze a model and put an adapter in float32 into it."""
    spec = AdapterSpec("lora" if kind == "lora" else "wdlora", rank, float(rank), targets)
    model.requires_grad_(False)
    if kind != "dora-peft":
        attach(model, spec)
        return model
    inject_adapter_in_model(peft_config(spec), model)
    for value in adapter_parameters(model):
        value.data = value.data.float()
    return model


def small_step(kind: str, arguments: argparse.Namespace, device: torch.device) -> Step:
    """Make the step of the projections, or of a whole block."""
    torch.manual_seed(0)
    dtype = getattr(torch, arguments.dtype)
    # Gradients pass through to what lies below, as they do in all blocks but the first.
    image = torch.randn(1, arguments.tokens, WIDTH, device=device, dtype=dtype, requires_grad=True)
    if arguments.what == "projections":
        names = ("to_q", "to_k", "to_v", "to_out")
        with torch.device(device):
            model: nn.Module = nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in names}).to(dtype)
        model = with_adapter(model, kind, arguments.rank, names)

        def forward() -> Tensor:
            parts = [model[name](image) for name in names[:3]]
            return model["to_out"](parts[0] + parts[1] + parts[2])

    else:
        with torch.device(device):
            model = QwenImageTransformerBlock(WIDTH, HEADS, WIDTH // HEADS).to(dtype)
            words, time_embedding = torch.randn(1, 256, WIDTH).to(dtype), torch.randn(1, WIDTH).to(dtype)
        model = with_adapter(model, kind, arguments.rank, targets_of("qwen", "attention"))

        def forward() -> Tensor:
            made = model(image, words, None, time_embedding, image_rotary_emb=None)
            return made[1]

    return optimised(model, forward, device, mixed=dtype != torch.float32)


def transformer_step(
    kind: str, arguments: argparse.Namespace, device: torch.device
) -> tuple[Step, dict[str, Any]]:
    """Make the step of the whole transformer: noisy latents and a mask's, with 256 words."""
    torch.manual_seed(0)
    model = quantised(arguments, device) if arguments.weights == "nf4" else plain(arguments, device)
    model = with_adapter(model, kind, arguments.rank, targets_of("qwen", "attention"))
    if arguments.checkpointing:
        model.enable_gradient_checkpointing()
    model.train()
    side = arguments.side // 16
    inputs: dict[str, Any] = {
        "hidden_states": torch.randn(1, 2 * side * side, 64, device=device),
        "encoder_hidden_states": torch.randn(1, 256, TEXT_WIDTH, device=device),
        "encoder_hidden_states_mask": torch.ones(1, 256, dtype=torch.long, device=device),
        "timestep": torch.tensor([0.5], device=device),
        "img_shapes": [[(1, side, side), (1, side, side)]],
        "return_dict": False,
    }

    def forward() -> Tensor:
        return model(**inputs)[0][:, : side * side]

    counts = {"n_trained": sum(value.numel() for value in adapter_parameters(model))}
    return optimised(model, forward, device, mixed=arguments.dtype == "bfloat16"), counts


def optimised(model: nn.Module, forward: Callable[[], Tensor], device: torch.device, mixed: bool) -> Step:
    """Give a whole step: forward, backward and AdamW."""
    optimiser = torch.optim.AdamW(adapter_parameters(model), lr=1e-4)

    def step() -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
            made = forward()
        made.float().square().mean().backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return step


def plain(arguments: argparse.Namespace, device: torch.device) -> nn.Module:
    """Make the transformer with random weights, in its type from the start."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, arguments.dtype))
    try:
        with torch.device(device):
            model: nn.Module = QwenImageTransformer2DModel(num_layers=arguments.layers)
    finally:
        torch.set_default_dtype(default)
    return model


def quantised(arguments: argparse.Namespace, device: torch.device) -> nn.Module:
    """Make the transformer with random weights of which those of linear layers have 4 bits."""
    import bitsandbytes

    with torch.device("meta"):
        model: nn.Module = QwenImageTransformer2DModel(num_layers=arguments.layers)
    model.to(torch.bfloat16)
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.Linear):
            four = bitsandbytes.nn.Linear4bit(
                layer.in_features,
                layer.out_features,
                bias=layer.bias is not None,
                compute_dtype=torch.bfloat16,
                quant_type="nf4",
            )
            weight = 0.02 * torch.randn(layer.weight.shape, device=device, dtype=torch.bfloat16)
            four.weight = bitsandbytes.nn.Params4bit(weight.cpu(), requires_grad=False, quant_type="nf4")
            if layer.bias is not None:
                four.bias = nn.Parameter(torch.zeros(layer.out_features, dtype=torch.bfloat16))
            model.set_submodule(path, four.to(device))
    for parent in model.modules():
        for name, value in list(parent.named_parameters(recurse=False)):
            if value.device.type == "meta":
                setattr(parent, name, nn.Parameter(torch.ones(value.shape, device=device, dtype=value.dtype)))
    # What is no parameter, such as positions, was made on the meta device as well.
    small = QwenImageTransformer2DModel(num_layers=1, num_attention_heads=1)
    model.pos_embed = small.pos_embed.to(device)
    model.is_loaded_in_4bit = True
    return model


if __name__ == "__main__":
    main()
