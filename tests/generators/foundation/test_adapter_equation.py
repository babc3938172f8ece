"""Weight-decomposed LoRA against its equation, written out, and against PEFT's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from peft import inject_adapter_in_model  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval_generators.foundation.adapters.attach import (  # noqa: E402
    activate,
    adapted_layers,
    adapter_parameters,
    adapter_state,
    attach,
    peft_config,
    set_adapter_state,
)
from ccmeval_generators.foundation.adapters.fuse import fused  # noqa: E402
from ccmeval_generators.foundation.adapters.norms import adapted_norms, squares  # noqa: E402
from ccmeval_generators.foundation.adapters.spec import AdapterSpec  # noqa: E402
from tests.generators.foundation.models import (  # noqa: E402
    block,
    disturb,
    spec,
    text_output,
    tiny_text_encoder,
    tiny_unet,
    unet_output,
)

AXES = ("output", "input")


def by_hand(layer, x, axis: str, detach: bool = False):
    """Compute m (V + s B A) / norm(V + s B A), with the norm along the axis."""
    whole = layer.base_layer.weight + 1.5 * layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    norm = whole.norm(dim=1 if axis == "output" else 0, keepdim=True)
    magnitude = layer.lora_magnitude_vector["default"].weight
    magnitude = magnitude[:, None] if axis == "output" else magnitude[None, :]
    return functional.linear(
        x, magnitude * whole / (norm.detach() if detach else norm), layer.base_layer.bias
    )


def block_by_hand(model, x, axis: str, detach: bool = False):
    return by_hand(model.to_k, torch.tanh(by_hand(model.to_q, x, axis, detach)), axis, detach)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("bias", [True, False])
def test_forward_is_the_equation(axis: str, bias: bool) -> None:
    model, x = block(bias=bias), torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(2))
    attach(model, spec(axis=axis))
    disturb(model)
    assert (model(x) - block_by_hand(model, x, axis)).abs().max() < 1e-6


@pytest.mark.parametrize("axis", AXES)
def test_in_bfloat16_within_its_digits(axis: str) -> None:
    """Three roundings to 8 bits: a hundredth of the largest output."""
    model, x = block(), torch.randn(64, 6, generator=torch.Generator().manual_seed(2))
    attach(model, spec(axis=axis))
    disturb(model)
    truth = block_by_hand(model, x, axis)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model(x)
    assert mixed.dtype == torch.bfloat16
    assert (mixed - truth).abs().max() < 0.01 * truth.abs().max()
    whole = block().to(torch.bfloat16)
    attach(whole, spec(axis=axis))
    set_adapter_state(whole, adapter_state(model))
    assert all(value.dtype == torch.float32 for value in adapter_parameters(whole))
    assert (whole(x.to(torch.bfloat16)) - truth).abs().max() < 0.02 * truth.abs().max()


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_new_adapter_changes_no_bit(kind: str, axis: str, dtype: torch.dtype) -> None:
    model, x = block().to(dtype), torch.randn(7, 6).to(dtype)
    before = model(x)
    attach(model, spec(kind, axis))
    assert torch.equal(model(x), before)


@pytest.mark.parametrize("axis", AXES)
def test_gradients_are_those_of_the_equation_with_its_norm_held(axis: str) -> None:
    model = block()
    attach(model, spec(axis=axis))
    disturb(model)
    x = torch.randn(3, 6, generator=torch.Generator().manual_seed(4), requires_grad=True)
    parameters = [x, *adapter_parameters(model)]
    ours = torch.autograd.grad(model(x).square().sum(), parameters)
    truth = torch.autograd.grad(block_by_hand(model, x, axis, detach=True).square().sum(), parameters)
    for one, other in zip(ours, truth, strict=True):
        assert one.abs().max() > 0
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_the_same_numbers_as_peft() -> None:
    model, peer = block(), block()
    attach(model, spec())
    disturb(model)
    inject_adapter_in_model(peft_config(spec()), peer)
    set_adapter_state(peer, adapter_state(model))
    x = torch.randn(4, 6)
    torch.testing.assert_close(model(x), peer(x), rtol=1e-6, atol=1e-6)
    grads = [torch.autograd.grad(it(x).square().sum(), adapter_parameters(it)) for it in (model, peer)]
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 7), st.integers(1, 7), st.integers(1, 4), st.sampled_from([0, 1]), st.integers(0, 10**6)
)
def test_norms_without_the_product_are_the_norms(rows: int, columns: int, rank: int, axis: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    weight, left, right = (
        torch.randn(shape, generator=generator) for shape in ((rows, columns), (rows, rank), (rank, columns))
    )
    found = adapted_norms(weight, squares(weight, axis), (left, right), axis)
    truth = (weight.double() + left.double() @ right.double()).norm(dim=1 - axis)
    torch.testing.assert_close(found.double(), truth, rtol=1e-4, atol=1e-4)


def test_norms_keep_up_with_every_change_even_one_that_torch_does_not_see() -> None:
    model, x = block(), torch.randn(4, 6)
    attach(model, spec())
    model.eval()
    model(x)
    for value in adapter_parameters(model):
        value.data.add_(0.1)  # leaves no trace in torch's count of changes, as 8-bit optimisers do not
    assert (model(x) - block_by_hand(model, x, "output")).abs().max() < 1e-6


def test_a_dead_row_stays_a_dead_row() -> None:
    model, x = block(), torch.randn(4, 6)
    with torch.no_grad():
        model.to_k.weight[1] = 0
    before = model(x)
    attach(model, spec())
    after = model(x)
    assert torch.equal(after, before)
    after.sum().backward()
    assert all(value.grad.isfinite().all() for value in adapter_parameters(model))


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
@pytest.mark.parametrize("axis", AXES)
def test_merged_equals_unmerged_and_the_base_comes_back_to_the_bit(kind: str, axis: str) -> None:
    model, x = block(), torch.randn(4, 6)
    attach(model, spec(kind, axis))
    disturb(model)
    apart, before = model(x), {key: value.clone() for key, value in model.state_dict().items()}
    with fused(model):
        assert not torch.equal(model.to_q.base_layer.weight, before["to_q.base_layer.weight"])
        torch.testing.assert_close(model(x), apart, rtol=1e-5, atol=1e-6)
    assert torch.equal(model(x), apart)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("axis", AXES)
def test_merged_in_bfloat16_within_its_digits(axis: str) -> None:
    model, x = block().to(torch.bfloat16), torch.randn(16, 6).to(torch.bfloat16)
    attach(model, spec(axis=axis))
    disturb(model)
    apart, before = model(x), model.to_k.base_layer.weight.clone()
    with fused(model):
        assert (model(x) - apart).abs().max() < 0.02 * apart.abs().max()
    assert torch.equal(model.to_k.base_layer.weight, before)
    assert torch.equal(model(x), apart)


@pytest.mark.parametrize("axis", AXES)
def test_peft_merges_and_unmerges_it_too(axis: str) -> None:
    model, x = block(), torch.randn(4, 6)
    attach(model, spec(axis=axis))
    disturb(model)
    apart = model(x)
    for layer in adapted_layers(model).values():
        layer.merge(safe_merge=True)
    torch.testing.assert_close(model(x), apart, rtol=1e-5, atol=1e-6)
    for layer in adapted_layers(model).values():
        layer.unmerge()
    torch.testing.assert_close(model(x), apart, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", AXES)
def test_adapters_are_swapped_and_switched_off(axis: str) -> None:
    model, x = block(), torch.randn(4, 6)
    plain = model(x)
    outputs = {}
    for number, name in enumerate(("control", "dpn")):
        attach(model, spec(axis=axis), name)
        disturb(model, name, seed=number)
        outputs[name] = model(x).detach()
    activate(model, "control")
    assert torch.equal(model(x), outputs["control"])
    assert not torch.equal(outputs["dpn"], outputs["control"])
    for layer in adapted_layers(model, "control").values():
        layer.enable_adapters(False)
    assert torch.equal(model(x), plain)


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_real_models_take_them_and_merge_them(kind: str) -> None:
    unet, text = tiny_unet(), tiny_text_encoder()
    before = unet_output(unet), text_output(text)
    attach(unet, AdapterSpec(kind, 2, 4.0, ("to_q", "to_k", "to_v", "to_out.0", "proj_in")))
    attach(text, AdapterSpec(kind, 2, 4.0, ("q_proj", "fc1")))
    assert torch.equal(text_output(text), before[1])
    # PEFT's own layers, here on the convolution proj_in, change the last bit.
    torch.testing.assert_close(unet_output(unet), before[0], rtol=1e-5, atol=1e-6)
    disturb(unet)
    disturb(text)
    apart = unet_output(unet), text_output(text)
    assert not torch.allclose(apart[0], before[0], atol=1e-3)
    with fused(unet, text):
        torch.testing.assert_close(unet_output(unet), apart[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(text_output(text), apart[1], rtol=1e-4, atol=1e-5)
    assert torch.equal(text_output(text), apart[1])


def test_refusals() -> None:
    with pytest.raises(UnavailableError, match="no layer 'to_z'"):
        attach(block(), spec(targets=("to_q", "to_z")))
    with pytest.raises(UnavailableError, match="Conv2d"):
        attach(nn.Sequential(nn.Conv2d(1, 1, 1)), spec(axis="input", targets=("0",)))
    twice = nn.Sequential(nn.Conv2d(1, 1, 1))
    attach(twice, spec(targets=("0",)))
    with pytest.raises(UnavailableError, match="Conv2d"):
        attach(twice, spec(axis="input", targets=("0",)), "second")
    model = block()
    attach(model, spec())
    with pytest.raises(UnavailableError, match="no adapter 'other'; known: default"):
        activate(model, "other")
    state = adapter_state(model)
    with pytest.raises(UnavailableError, match="1 tensors are missing"):
        set_adapter_state(model, dict(list(state.items())[1:]))
    name = "to_q.lora_A.weight"
    with pytest.raises(UnavailableError, match=r"lora_A.weight is \(2, 7\) in the file"):
        set_adapter_state(model, {**state, name: torch.zeros(2, 7)})


@pytest.mark.parametrize("axis", AXES)
def test_on_four_bit_weights(axis: str) -> None:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    plain = nn.Linear(64, 128)
    layer = bitsandbytes.nn.Linear4bit(64, 128, compute_dtype=torch.bfloat16, quant_type="nf4")
    layer.load_state_dict(plain.state_dict())
    model, x = nn.Sequential(layer.to("cpu")), torch.randn(5, 64).to(torch.bfloat16)
    model.is_loaded_in_4bit = True
    before = model(x)
    attach(model, spec(axis=axis, targets=("0",)))
    assert torch.equal(model(x), before)
    disturb(model)
    found = adapted_layers(model)["0"]
    frozen = nn.Linear(64, 128)
    frozen.weight.data = bitsandbytes.functional.dequantize_4bit(
        found.base_layer.weight.data, found.base_layer.weight.quant_state
    ).float()
    frozen.bias.data = found.base_layer.bias.data.float()
    peer = nn.Sequential(frozen)
    attach(peer, spec(axis=axis, targets=("0",)))
    set_adapter_state(peer, adapter_state(model))
    truth = peer(x.float())
    assert (model(x) - truth).abs().max() < 0.02 * truth.abs().max()
    with fused(model):
        assert not found.merged  # merging would quantise again
