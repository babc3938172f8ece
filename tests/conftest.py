"""What holds for all tests."""

from __future__ import annotations

import os

import pytest

from tests.clusters import cluster  # noqa: F401 - a fixture


@pytest.fixture(scope="session", autouse=True)
def _features_are_cached_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests out of the user's own cache."""
    os.environ["CCMEVAL_CACHE"] = str(tmp_path_factory.mktemp("cache"))
