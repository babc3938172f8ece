"""Tiny base models, written once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with sd15 and clip."""
    for library in ("lightning", "monai", "diffusers", "transformers"):
        pytest.importorskip(library)
    from tests.generators.sd_translate.tiny_translate import write_bases

    folder = tmp_path_factory.mktemp("bases")
    write_bases(folder)
    return folder
