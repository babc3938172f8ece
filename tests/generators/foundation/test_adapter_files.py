"""Adapters kept, moved and read again, by this package and by others' own readers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval_generators.foundation.adapters import diffusers_file, peft_folder  # noqa: E402
from ccmeval_generators.foundation.adapters.attach import adapter_state, attach  # noqa: E402
from ccmeval_generators.foundation.adapters.diffusers_file import (  # noqa: E402
    Adapted,
    load_diffusers,
    save_diffusers,
)
from ccmeval_generators.foundation.adapters.peft_folder import load_adapter, save_adapter  # noqa: E402
from ccmeval_generators.foundation.adapters.spec import AdapterSpec  # noqa: E402
from tests.generators.foundation.models import (  # noqa: E402
    BASE,
    OTHER_BASE,
    block,
    disturb,
    spec,
    text_output,
    tiny_text_encoder,
    tiny_unet,
    unet_output,
)

UNET_TARGETS, TEXT_TARGETS = ("to_q", "to_k", "to_v", "to_out.0"), ("q_proj", "v_proj")


def trained_block(kind: str = "wdlora", axis: str = "output"):
    model = block()
    attach(model, spec(kind, axis))
    disturb(model)
    return model


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
@pytest.mark.parametrize("axis", ["output", "input"])
def test_kept_moved_and_read_again(tmp_path: Path, kind: str, axis: str) -> None:
    model, x = trained_block(kind, axis), torch.randn(4, 6)
    save_adapter(tmp_path / "a", model, spec(kind, axis), BASE)
    shutil.move(tmp_path / "a", tmp_path / "b")
    again = block()
    assert load_adapter(tmp_path / "b", again, BASE, name="other") == spec(kind, axis)
    assert torch.equal(again(x), model(x))


def test_the_same_adapter_gives_the_same_bytes(tmp_path: Path) -> None:
    model = trained_block()
    for name in "ab":
        save_adapter(tmp_path / name, model, spec(), BASE)
        save_diffusers(tmp_path / name, {"transformer": Adapted(model, spec(), BASE)})
    for file in (peft_folder.WEIGHTS, peft_folder.CONFIG, diffusers_file.WEIGHTS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_peft_reads_the_folder_and_its_own_is_read(tmp_path: Path, kind: str) -> None:
    from peft import PeftModel

    model, x = trained_block(kind), torch.randn(4, 6)
    save_adapter(tmp_path / "ours", model, spec(kind), BASE)
    peer = PeftModel.from_pretrained(block(), tmp_path / "ours")
    torch.testing.assert_close(peer(x), model(x), rtol=1e-6, atol=1e-6)
    peer.save_pretrained(tmp_path / "theirs")
    again = block()
    found = load_adapter(tmp_path / "theirs", again)
    assert (found.kind, found.rank, found.alpha, found.norm_axis) == (kind, 2, 3.0, "output")
    assert torch.equal(again(x), model(x))


def test_peft_refuses_norms_of_columns(tmp_path: Path) -> None:
    from peft import PeftModel

    save_adapter(tmp_path, trained_block(axis="input"), spec(axis="input"), BASE)
    with pytest.raises(Exception, match="CCMEVAL_WDLORA_INPUT"):
        PeftModel.from_pretrained(block(), tmp_path)


def test_rank_stabilised_scale_is_understood(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, lora_alpha=2, target_modules=["to_q"], use_rslora=True)
    peer, x = get_peft_model(block(), config), torch.randn(4, 6)
    disturb(peer)
    peer.save_pretrained(tmp_path)
    model = block()
    assert load_adapter(tmp_path, model).scale == 1.0
    torch.testing.assert_close(model(x), peer(x))


def pipeline_parts(kind: str):
    unet, text = tiny_unet(), tiny_text_encoder()
    specs = AdapterSpec(kind, 2, 5.0, UNET_TARGETS), AdapterSpec(kind, 3, 1.0, TEXT_TARGETS)
    for model, one in zip((unet, text), specs, strict=True):
        attach(model, one)
        disturb(model)
    return {"unet": Adapted(unet, specs[0], BASE), "text_encoder": Adapted(text, specs[1], OTHER_BASE)}


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_diffusers_format_and_back(tmp_path: Path, kind: str) -> None:
    parts = pipeline_parts(kind)
    save_diffusers(tmp_path, parts)
    unet, text = tiny_unet(), tiny_text_encoder()
    models = {"unet": unet, "text_encoder": text}
    found = load_diffusers(tmp_path, models, {"unet": BASE, "text_encoder": OTHER_BASE})
    assert found == {part: adapted.spec for part, adapted in parts.items()}
    assert torch.equal(unet_output(unet), unet_output(parts["unet"].model))
    assert torch.equal(text_output(text), text_output(parts["text_encoder"].model))


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
def test_diffusers_itself_reads_the_file_with_its_alpha(tmp_path: Path, kind: str) -> None:
    parts = pipeline_parts(kind)
    path = save_diffusers(tmp_path, {"unet": parts["unet"]})
    peer = tiny_unet()
    peer.load_lora_adapter(tmp_path, weight_name=path.name, prefix="unet", use_safetensors=True)
    torch.testing.assert_close(unet_output(peer), unet_output(parts["unet"].model), rtol=1e-4, atol=1e-5)


def test_what_diffusers_saved_is_read(tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline

    unet = pipeline_parts("lora")["unet"]
    config = unet.model.peft_config["default"].to_dict()
    layers = adapter_state(unet.model)
    StableDiffusionPipeline.save_lora_weights(
        tmp_path, unet_lora_layers=layers, unet_lora_adapter_metadata=config
    )
    again = tiny_unet()
    assert load_diffusers(tmp_path, {"unet": again})["unet"].alpha == 5.0
    assert torch.equal(unet_output(again), unet_output(unet.model))
    StableDiffusionPipeline.save_lora_weights(tmp_path, unet_lora_layers=layers)
    with pytest.raises(UnavailableError, match="does not tell its alpha"):
        load_diffusers(tmp_path, {"unet": tiny_unet()})


def test_names_of_older_text_encoders(tmp_path: Path) -> None:
    text = pipeline_parts("wdlora")["text_encoder"]
    save_adapter(tmp_path, text.model, text.spec, BASE)
    tensors = load_file(tmp_path / peft_folder.WEIGHTS)
    old = {
        key.replace("base_model.model.", "base_model.model.text_model."): it for key, it in tensors.items()
    }
    header = {"ccmeval_adapter": json.dumps({"spec": text.spec.document(), "base_sha256": BASE})}
    save_file(old, tmp_path / peft_folder.WEIGHTS, metadata=header)
    again = tiny_text_encoder()
    load_adapter(tmp_path, again, BASE)
    assert torch.equal(text_output(again), text_output(text.model))


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be read"):
        load_adapter(tmp_path, block())
    save_adapter(tmp_path, trained_block(), spec(), BASE)
    with pytest.raises(UnavailableError, match="SHA-256 abababababababab"):
        load_adapter(tmp_path, block(), OTHER_BASE)
    with pytest.raises(UnavailableError, match="has an adapter 'default' already"):
        load_adapter(tmp_path, trained_block(), BASE)
    with pytest.raises(UnavailableError, match="no layer 'to_q'"):
        load_adapter(tmp_path, torch.nn.Sequential(torch.nn.Linear(2, 2)), BASE)
    (tmp_path / peft_folder.WEIGHTS).write_bytes(b"nothing of the kind")
    with pytest.raises(UnavailableError, match="no safetensors"):
        load_adapter(tmp_path, block(), BASE)
    columns = Adapted(trained_block(axis="input"), spec(axis="input"))
    with pytest.raises(UnavailableError, match="norms of columns"):
        save_diffusers(tmp_path, {"unet": columns})
    save_diffusers(tmp_path, {"unet": Adapted(trained_block(), spec())})
    with pytest.raises(UnavailableError, match="is for unet, not for transformer"):
        load_diffusers(tmp_path, {"transformer": block()})


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=2, target_modules=["to_q", "to_k"], rank_pattern={"to_k": 3})
    get_peft_model(block(), config).save_pretrained(tmp_path)
    with pytest.raises(UnavailableError, match="rank_pattern"):
        load_adapter(tmp_path, block())
    (tmp_path / peft_folder.CONFIG).unlink()
    with pytest.raises(UnavailableError, match="missing or no description"):
        load_adapter(tmp_path, block())
