"""A tiny base and generators trained on it, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for library in ("diffusers", "transformers", "peft", "lightning"):
        pytest.importorskip(library)
    from ccmeval_generators.foundation.tiny import write_tiny_sd15

    return write_tiny_sd15(tmp_path_factory.mktemp("base") / "sd15")


@pytest.fixture(scope="session")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory):
    from ccmeval_generators.sd_lora import SdLoraGenerator
    from tests.generators.tiny_stable import trained_once

    return trained_once(SdLoraGenerator, base, tmp_path_factory)
