"""Tiny bases and adapters trained on them, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

KINDS = ("lora", "wdlora")


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Give the folders of the plain base and, under True, of the Plus variant."""
    for library in ("diffusers", "transformers", "peft", "lightning"):
        pytest.importorskip(library)
    from ccmeval_generators.foundation.tiny import write_tiny_qwen_edit

    root = tmp_path_factory.mktemp("bases")
    return {plus: write_tiny_qwen_edit(root / f"plus-{plus}", plus=plus) for plus in (False, True)}


@pytest.fixture(scope="session")
def trained(bases, tmp_path_factory: pytest.TempPathFactory):
    """Give a function that trains a generator of a kind, and remembers it."""
    import torch

    from ccmeval_generators.qwen import QwenLoraGenerator, QwenWdloraGenerator
    from tests.generators.qwen.tiny_qwen import tiny_job, tiny_settings

    known = {}

    def give(kind: str = "wdlora", plus: bool = False, **more):
        key = (kind, plus, *sorted(more.items()))
        if key not in known:
            torch.set_num_threads(1)
            generator = {"lora": QwenLoraGenerator, "wdlora": QwenWdloraGenerator}[kind]()
            generator.fit(tiny_job(tmp_path_factory.mktemp("job"), tiny_settings(bases[plus], **more)))
            known[key] = generator
        return known[key]

    return give
