"""Rows of a result laid out flat, for CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from ccmeval.report.tables import SEPARATOR

Rows = Iterable[Mapping[str, Any]]


def model_columns(model: type[BaseModel], *without: str) -> list[str]:
    """List the fields of a model, without some.

    Examples
    --------
    >>> from ccmeval.evaluation.schema import Scale
    >>> model_columns(Scale, "pixel_size_um", "field_of_view_um")
    ['changed_real', 'changed_synth', 'sentence']
    """
    return [name for name in model.model_fields if name not in without]


def flat(it: BaseModel, *without: str) -> dict[str, Any]:
    """Give the fields of a row as cells; lists and mappings are joined.

    Examples
    --------
    >>> from ccmeval.evaluation.schema import Scale
    >>> flat(Scale(field_of_view_um=(400.0, 400.0)))["field_of_view_um"]
    '400.0; 400.0'
    """
    return {name: _cell(getattr(it, name)) for name in model_columns(type(it), *without)}


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return SEPARATOR.join(str(part) for part in value)
    if isinstance(value, dict):
        return SEPARATOR.join(f"{name}: {part}" for name, part in value.items())
    return value
