"""A tiny base and generators trained on it, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for library in ("diffusers", "transformers", "peft", "lightning"):
        pytest.importorskip(library)
    from ccmeval_generators.foundation.tiny import write_tiny_sd21

    return write_tiny_sd21(tmp_path_factory.mktemp("base") / "sd21")


@pytest.fixture(scope="session")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory):
    """Give a function that trains a generator, saves it in ``model`` and remembers both."""
    import torch

    from ccmeval_generators.sd_datadream import SdDatadreamGenerator
    from tests.generators.tiny_stable import job_of, settings_of

    known = {}

    def give(**more):
        key = tuple(sorted(more.items()))
        if key not in known:
            torch.set_num_threads(1)
            folder, generator = tmp_path_factory.mktemp("job"), SdDatadreamGenerator()
            generator.fit(job_of(folder / "work", settings_of("sd-datadream", base, **more)))
            generator.save_pretrained(folder / "model")
            known[key] = generator, folder / "model"
        return known[key]

    return give
