"""Parameter counts: by hand, and against the real class on the meta device."""

from __future__ import annotations

import pytest

from ccmeval.published import parameters
from ccmeval.published.check_parameters import lora_counts, parameter_share, wdlora_counts
from ccmeval.published.library import published_paper
from tests.published.copies import filled


def test_lora_by_hand():
    # 60 blocks x 4 projections x 8 x (3072 + 3072) = 60 x 4 x 49,152 = 11,796,480
    assert 60 * 4 * 49_152 == 11_796_480
    assert [parameters.lora_parameters(rank) for rank in (8, 16, 32)] == [11_796_480, 23_592_960, 47_185_920]


def test_dora_by_hand():
    # and one magnitude an output channel: 60 x 4 x 3072 = 737,280
    assert parameters.magnitudes() == 737_280
    assert [parameters.dora_parameters(rank) for rank in (8, 16, 32)] == [12_533_760, 24_330_240, 47_923_200]


def test_both_streams_double_it():
    assert parameters.lora_parameters(8, parameters.BOTH) == parameters.lora_parameters(16)
    assert parameters.lora_parameters(8, parameters.ADDED) == parameters.lora_parameters(8)


def test_backbone_is_that_of_diffusers():
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    with torch.device("meta"):
        model = diffusers.QwenImageTransformer2DModel()
    assert sum(it.numel() for it in model.parameters()) == parameters.backbone_parameters()


def test_adapters_are_those_of_peft():
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    peft = pytest.importorskip("peft")
    with torch.device("meta"):
        model = diffusers.QwenImageTransformer2DModel(num_layers=1)
    targets = ["to_q", "to_k", "to_v", "to_out.0"]
    model.add_adapter(peft.LoraConfig(r=8, lora_alpha=8, target_modules=targets))
    found = sum(it.numel() for name, it in model.named_parameters() if "lora_" in name)
    assert 60 * found == parameters.lora_parameters(8)


def test_the_printed_counts_of_lora_agree():
    check = lora_counts(published_paper())
    assert check.finding == "agrees"
    assert check.steps[0].endswith("= 11,796,480, that is 11.80 M; printed 11.80 M: agrees.")


def test_the_printed_counts_of_wdlora_do_not():
    check = wdlora_counts(published_paper())
    assert check.finding == "does not agree"
    assert "12,533,760, that is 12.53 M; printed 11.81 M: does not agree" in check.steps[0]
    assert "24,330,240, that is 24.33 M; printed 23.61 M" in check.steps[1]
    assert "47,923,200, that is 47.92 M; printed 47.21 M" in check.steps[2]
    # 11,810,000 - 11,796,480 = 13,520, and half of 0.01 M is 5,000 either way.
    assert "= 13,520, with rounding 8,520 to 18,520" in check.explanations[0]
    # Rank 8 allows 18,520 at most, rank 32 wants 19,080 at least.
    assert check.explanations[-1] == "No one number of added parameters gives all printed counts."


def test_true_counts_of_wdlora_agree(tmp_path):
    rows = [
        {"model": "WDLoRA", "rank": rank, "trainable_m": count}
        for rank, count in (("8", "12.53"), ("16", "24.33"), ("32", "47.92"))
    ]
    check = wdlora_counts(filled(tmp_path, tables={"parameters": rows}))
    assert check.finding == "agrees"
    # 12.53: 728,520 to 738,520; 24.33: 732,040 to 742,040; 47.92: 729,080 to 739,080
    assert check.explanations[-1] == "Any one number from 732,040 to 738,520 gives all printed counts."


def test_the_share():
    check = parameter_share(published_paper())
    assert check.finding == "does not agree"
    # 11.81 / 0.0011 = 10,736; 11.805 / 0.00115 = 10,265; 11.815 / 0.00105 = 11,252 (million)
    assert check.steps[0] == "11.81 M / 0.11 % = 10.74 billion, with rounding [10.27, 11.25] billion."
    # 11.81 / 20,000 = 0.05905 %; 11.81 / 20,430.4 = 0.057806 %
    assert "= 0.059 %, printed 0.11 %" in check.steps[1]
    assert "= 0.0578 %, printed 0.11 %" in check.steps[2]
    # half of 20.4304 is 10.2152 billion; 11.81 / 10,215.2 = 0.11561 %
    assert "11.81 M is 0.1156 % of that, 0.12 % rounded and 0.11 % cut off" in check.explanations[0]
    assert "10.7 billion" in check.sentence


def test_the_right_share_agrees(tmp_path):
    assert parameter_share(filled(tmp_path, statements={"share_percent": "0.06"})).finding == "agrees"


def test_counts_that_are_not_at_hand():
    paper = published_paper()
    for row in paper.table("parameters").rows:
        row.cells["trainable_m"].printed = None
    paper.statement("share_percent").printed = None
    assert [check(paper).finding for check in (lora_counts, wdlora_counts, parameter_share)] == [
        "cannot be told"
    ] * 3
