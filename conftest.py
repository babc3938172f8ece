"""What pytest leaves out: examples without their libraries, and slow tests unless they are asked for."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("torch") else ["ccmeval/training/*", "generators/*", "downstream/*"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what repeats, with processes of its own, what is held for another back-end too."""
    if os.environ.get("CCMEVAL_TEST_SLOW"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow; set CCMEVAL_TEST_SLOW=1"))
