"""The one file of a generator that is its settings: plain JSON, whole or absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ccmeval.errors import UnavailableError
from ccmeval.report.files import replacing

DOCUMENT = "generator.json"


def write_document(
    folder: Path, name: str, version: str, settings: BaseModel, facts: Mapping[str, Any] | None = None
) -> None:
    """Keep a generator's name, version and settings in a folder, with further facts if there are any.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    content = {
        "name": name,
        "version": version,
        "settings": settings.model_dump(mode="json"),
        **(facts or {}),
    }
    with replacing(folder / DOCUMENT) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_document(folder: Path, name: str, version: str) -> dict[str, Any]:
    """Read what :func:`write_document` kept.

    Raises
    ------
    UnavailableError
        If it is missing, damaged, or of another generator or version, whose frames would be others.
    """
    path = Path(folder) / DOCUMENT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnavailableError(
            f"{folder} holds no saved generator ({DOCUMENT} cannot be read: {error.strerror}); name a folder"
            " in which one was saved."
        ) from error
    except ValueError as error:
        raise UnavailableError(f"{path} is damaged (no JSON); save the generator again.") from error
    if not isinstance(content, dict) or content.get("name") != name:
        kept = content.get("name") if isinstance(content, dict) else None
        raise UnavailableError(f"{path} is of the generator {kept!r}, not of {name!r}; load it by that name.")
    if content.get("version") != version:
        raise UnavailableError(
            f"{path} was saved by version {content.get('version')} of {name}, and version {version} would"
            " give other frames; install that version or save it again."
        )
    return content


def settings_in(content: Mapping[str, Any], model: type[BaseModel], folder: Path) -> Any:
    """Give the settings of a document, checked by their model.

    Raises
    ------
    UnavailableError
        If they do not fit the model.
    """
    try:
        return model.model_validate(content.get("settings"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise UnavailableError(
            f"{folder / DOCUMENT} is damaged ({where}: {first['msg']}); save the generator again."
        ) from error
