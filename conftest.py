"""What pytest leaves out: examples of modules whose libraries are not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["ccmeval/training/*", "generators/*", "downstream/*"]
