"""Parameters that adapters train: as PEFT makes them, as published, and as the command prints them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ccmeval import plugins
from ccmeval.cli import generators as command
from ccmeval.errors import UnavailableError
from ccmeval.generation.parameters import ParameterRow, ParameterTable

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from ccmeval_generators.foundation.adapters.attach import adapter_parameters, attach  # noqa: E402
from ccmeval_generators.foundation.adapters.spec import AdapterSpec  # noqa: E402
from ccmeval_generators.foundation.adapters.table import (  # noqa: E402
    PRESETS,
    count_adapter,
    qwen_on_meta,
    qwen_table,
)
from ccmeval_generators.foundation.adapters.targets import targets_of  # noqa: E402
from tests.generators.foundation.models import block, tiny_text_encoder, tiny_unet  # noqa: E402

RELEASED = {
    "patch_size": 2,
    "in_channels": 64,
    "out_channels": 16,
    "num_layers": 60,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 3584,
    "guidance_embeds": False,
    "axes_dims_rope": (16, 56, 56),
}
"""The configuration of Qwen/Qwen-Image-Edit's transformer."""


@pytest.fixture(scope="module")
def tables() -> dict[str, ParameterTable]:
    return {kind: qwen_table(kind) for kind in ("lora", "wdlora")}


def test_the_full_size_model_is_the_released_one() -> None:
    config = qwen_on_meta().config
    assert {name: config[name] for name in RELEASED} == RELEASED


def test_lora_on_the_four_projections_is_what_was_published(tables) -> None:
    rows = [row for row in tables["lora"].rows if row.targets == "attention"]
    assert [row.rank for row in rows] == [8, 16, 32]
    assert [round(row.n_trained / 1e6, 2) for row in rows] == [row.published_millions for row in rows]
    assert [row.n_trained for row in rows] == [60 * 4 * rank * (3072 + 3072) for rank in (8, 16, 32)]


def test_magnitudes_are_counted_in_full(tables) -> None:
    for plain, decomposed in zip(tables["lora"].rows, tables["wdlora"].rows, strict=True):
        rows_of_weights = decomposed.n_trained - plain.n_trained
        assert (
            rows_of_weights
            == {
                "attention": 737_280,
                "attention+mlp": 737_280 + 60 * 2 * (12_288 + 3072),
                "attention+mlp+projections": 737_280 + 60 * 2 * (12_288 + 3072) + 3072 + 3072 + 64,
            }[plain.targets]
        )


@pytest.mark.parametrize("kind", ["lora", "wdlora"])
@pytest.mark.parametrize("preset", PRESETS)
def test_counts_are_those_of_the_adapters_that_are_made(kind: str, preset: str) -> None:
    with torch.device("meta"):
        model = diffusers.QwenImageTransformer2DModel(num_layers=2)
    spec = AdapterSpec(kind, 8, 8.0, targets_of("qwen", preset))
    counted = count_adapter(model, spec)
    attach(model, spec)
    assert counted == sum(value.numel() for value in adapter_parameters(model))


@pytest.mark.parametrize("axis", ["output", "input"])
def test_columns_are_counted_as_columns(axis: str) -> None:
    model, spec = block(), AdapterSpec("wdlora", 2, 2.0, ("to_q", "to_k"), axis)
    counted = count_adapter(model, spec)
    attach(model, spec)
    assert counted == sum(value.numel() for value in adapter_parameters(model))


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_of_stable_diffusion_fit_their_models(preset: str) -> None:
    unet, spec = tiny_unet(), AdapterSpec("wdlora", 2, 2.0, targets_of("sd-unet", preset))
    counted = count_adapter(unet, spec)
    attach(unet, spec)
    assert counted == sum(value.numel() for value in adapter_parameters(unet))
    if preset == "attention+mlp+projections":
        with pytest.raises(
            UnavailableError, match=r"no projections; choose one of attention, attention\+mlp"
        ):
            targets_of("clip-text", preset)
    else:
        assert attach(tiny_text_encoder(), AdapterSpec("lora", 2, 2.0, targets_of("clip-text", preset)))


class Counted:
    """A generator with a table."""

    def parameter_table(self) -> ParameterTable:
        rows = (ParameterRow("attention", 8, 12_533_760, 11.81), ParameterRow("all", 8, 20_000_000))
        return ParameterTable("Big", 1_000_000_000, "WDLoRA", rows, ("Counted.",))


def test_the_command_prints_the_true_count_beside_the_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: Counted())
    printed = CliRunner().invoke(command.app, ["params", "x"]).stdout.splitlines()
    assert printed[0] == "x: WDLoRA on Big, 1,000,000,000 frozen parameters"
    assert printed[2].split() == ["attention", "8", "12,533,760", "12.53", "1.253", "%", "11.81"]
    assert printed[3].split()[-1] == "-"
    assert printed[-1] == "Counted."
    told = json.loads(CliRunner().invoke(command.app, ["params", "x", "--json"]).stdout)
    assert told["rows"][0]["n_trained"] == 12_533_760


def test_a_generator_without_a_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: object())
    found = CliRunner().invoke(command.app, ["params", "spade"])
    assert isinstance(found.exception, UnavailableError)
    assert "has no table of parameters" in str(found.exception)
