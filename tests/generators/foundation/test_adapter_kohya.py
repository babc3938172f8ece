"""Files with `dora_scale`: weights as LyCORIS would compute them, and what cannot be known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from safetensors.torch import save_file  # noqa: E402
from torch.nn import functional  # noqa: E402

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval_generators.foundation.adapters.kohya_file import load_kohya  # noqa: E402
from tests.generators.foundation.models import block, text_output, tiny_text_encoder  # noqa: E402

SHAPES = {"to_q": (6, 6), "to_k": (4, 6)}


def file(path: Path, axis: str | None, keep: bool = True, header: dict | None = None, **more) -> dict:
    """Write a file for a block; gives its tensors."""
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for number, (name, (rows, columns)) in enumerate(SHAPES.items()):
        key = f"lora_unet_{name}"
        tensors[f"{key}.lora_down.weight"] = torch.randn(2, columns, generator=generator)
        tensors[f"{key}.lora_up.weight"] = torch.randn(rows, 2, generator=generator)
        tensors[f"{key}.alpha"] = torch.tensor(1.0 + number)
        if axis is not None:
            length = rows if axis == "output" else columns
            scale = 1.0 + torch.rand(length, generator=generator)
            kept = (-1, 1) if axis == "output" else (1, -1)
            tensors[f"{key}.dora_scale"] = scale.reshape(kept) if keep else scale
    tensors |= more
    save_file(tensors, path, metadata=header)
    return tensors


def by_hand(tensors: dict, axis: str | None, x):
    """Compute the outputs from the tensors of the file; alphas are 1 and 2, the rank is 2."""
    model = block()
    for number, name in enumerate(SHAPES):
        layer = getattr(model, name)
        up, down = (tensors[f"lora_unet_{name}.lora_{which}.weight"] for which in ("up", "down"))
        whole = layer.weight + (1.0 + number) / 2 * up @ down
        if axis is not None:
            scale = tensors[f"lora_unet_{name}.dora_scale"].flatten()
            norm = whole.norm(dim=1 if axis == "output" else 0, keepdim=True)
            whole = whole / norm * (scale[:, None] if axis == "output" else scale[None, :])
        x = functional.linear(x, whole, layer.bias)
        x = torch.tanh(x) if name == "to_q" else x
    return x


@pytest.mark.parametrize("axis", ["output", "input", None])
def test_weights_are_those_of_the_file(tmp_path: Path, axis: str | None) -> None:
    tensors, model, x = file(tmp_path / "a.safetensors", axis), block(), torch.randn(4, 6)
    (found,) = load_kohya(tmp_path / "a.safetensors", {"lora_unet": model}).values()
    assert found.kind == ("lora" if axis is None else "wdlora")
    assert found.norm_axis == (axis or "output")
    torch.testing.assert_close(model(x), by_hand(tensors, axis, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", ["output", "input"])
def test_plain_lengths_on_square_layers_need_the_header(tmp_path: Path, axis: str) -> None:
    path = tmp_path / "a.safetensors"
    file(path, axis, keep=False)
    with pytest.raises(UnavailableError, match=r"dora_scale of to_q .* cannot be known"):
        load_kohya(path, {"lora_unet": block()})
    told = {"ss_network_args": json.dumps({"wd_on_output": axis == "output"})}
    tensors, model, x = file(path, axis, keep=False, header=told), block(), torch.randn(4, 6)
    assert load_kohya(path, {"lora_unet": model})["lora_unet"].norm_axis == axis
    torch.testing.assert_close(model(x), by_hand(tensors, axis, x), rtol=1e-5, atol=1e-6)


def test_a_header_that_contradicts_the_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    file(path, "input", header={"ss_network_args": json.dumps({"wd_on_output": "True"})})
    with pytest.raises(UnavailableError, match="rows or columns"):
        load_kohya(path, {"lora_unet": block()})


def test_text_encoders_under_their_older_names(tmp_path: Path) -> None:
    path, text = tmp_path / "a.safetensors", tiny_text_encoder()
    before = text_output(text)
    key = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    tensors = {
        f"{key}.lora_down.weight": torch.ones(1, 12),
        f"{key}.lora_up.weight": torch.ones(12, 1),
        f"{key}.dora_scale": torch.ones(12, 1),
    }
    save_file(tensors, path)
    load_kohya(path, {"lora_te": text})
    assert not torch.equal(text_output(text), before)


def test_refusals(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    file(path, None, **{"lora_unet_to_z.lora_down.weight": torch.ones(1, 1)})
    with pytest.raises(UnavailableError, match="'lora_unet_to_z', which is no layer"):
        load_kohya(path, {"lora_unet": block()})
    file(path, None, **{"lora_unet_to_q.hada_w1_a": torch.ones(1, 1)})
    with pytest.raises(UnavailableError, match="hada_w1_a at to_q"):
        load_kohya(path, {"lora_unet": block()})
    file(path, None)
    with pytest.raises(UnavailableError, match="nothing for lora_te"):
        load_kohya(path, {"lora_unet": block(), "lora_te": tiny_text_encoder()})
    tensors = file(path, "output")
    del tensors["lora_unet_to_k.dora_scale"]
    save_file(tensors, path)
    with pytest.raises(UnavailableError, match="different ranks or kinds"):
        load_kohya(path, {"lora_unet": block()})
