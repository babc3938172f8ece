"""Tiny base models, written once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with sd15, sd21, qwen, qwen-plus (in several files) and clip."""
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    from ccmeval_generators.foundation import tiny

    root = tmp_path_factory.mktemp("tiny")
    tiny.write_tiny_sd15(root / "sd15")
    tiny.write_tiny_sd21(root / "sd21")
    tiny.write_tiny_qwen_edit(root / "qwen")
    tiny.write_tiny_qwen_edit(root / "qwen-plus", plus=True, shard_size="100KB")
    tiny.write_tiny_clip_image_encoder(root / "clip")
    return root
