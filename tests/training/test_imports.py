"""What trains is imported by the wings alone: the core stays free of torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOKED_FOR = ("torch", "lightning", "ccmeval.training")
CODE = f"import sys, {{}}; print(*sys.modules.keys() & set({LOOKED_FOR}))"


@pytest.mark.parametrize(
    "module", ["ccmeval", "ccmeval.plugins", "ccmeval.generation.conditions", "ccmeval.cli.main"]
)
def test_the_core_does_not_import_what_trains(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(module)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
