"""What a learner says of itself, before it trains."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ccmeval.plugins import Generator, Learner
from ccmeval.testing.model import ask

_TASKS = ("diagnosis", "segmentation")
_HEAVY = ("torch", "tensorflow", "jax", "lightning", "timm", "transformers", "sklearn", "monai", "diffusers")


def check_attributes(learner: Learner) -> None:
    """See that the attributes are there and of the right kind."""
    for name in ("name", "version", "licence"):
        ask(isinstance(getattr(learner, name, None), str), f"The attribute {name!r} must be a text")
    ask(bool(learner.name and learner.version), "The name and the version must not be empty")
    tasks = getattr(learner, "tasks", None)
    ask(
        isinstance(tasks, Sequence) and bool(tasks) and set(tasks) <= set(_TASKS),
        f"The attribute 'tasks' must be a tuple of {_TASKS}, not {tasks!r}",
    )
    for name in ("prepare", "fit"):
        ask(callable(getattr(learner, name, None)), f"The method {name}() is missing")


def is_importable(kind: type) -> bool:
    """Tell whether a fresh interpreter can find a class: not one made in a function or a script."""
    return not ("<" in kind.__qualname__ or kind.__module__ == "__main__")


def check_light(plugin: Learner | Generator, word: str = "learner") -> None:
    """Make one in a fresh interpreter; a class that lies in no importable module cannot be checked."""
    kind = type(plugin)
    if not is_importable(kind):
        return
    code = (
        f"import sys, importlib, operator; sys.path[:] = {sys.path!r}\n"
        f"operator.attrgetter({kind.__qualname__!r})(importlib.import_module({kind.__module__!r}))()\n"
        f"print(*(m for m in {_HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:  # one that wants arguments cannot be made so
        loaded = done.stdout.split()
        ask(not loaded, f"Making the {word} must import nothing heavy, but {', '.join(loaded)} got loaded")


def checked_settings(learner: Learner | Generator, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings, complete, and see that each has a default and all survive JSON."""
    from pydantic import BaseModel, ValidationError

    model = getattr(learner, "settings_model", None)
    ask(
        isinstance(model, type) and issubclass(model, BaseModel),
        "The attribute 'settings_model' must be a pydantic model",
    )
    try:
        learner.settings_model()
    except ValidationError as error:
        raise AssertionError(
            f"Each setting must have a default, but {error.errors()[0]['loc']} has none."
        ) from error
    complete = learner.settings_model.model_validate(dict(given)).model_dump(mode="json")
    ask(
        learner.settings_model.model_validate(complete).model_dump(mode="json") == complete,
        "Settings must survive being written as JSON and read again",
    )
    return complete
