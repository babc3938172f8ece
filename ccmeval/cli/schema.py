"""`ccmeval schema`: print or write the JSON schemas of the result files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccmeval.errors import CcmevalError

if TYPE_CHECKING:
    from pydantic import BaseModel

NAMES = ("three-pillar", "biomarkers", "agreement", "reference", "compare", "reader-study")


def schema(
    name: Annotated[
        str,
        typer.Argument(
            help="three-pillar (report.json), biomarkers, agreement, reference, compare, or reader-study (its"
            " scores.json).",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Write NAME.schema.json here; all of them without a NAME.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON schema of a result file (three-pillar by default), or write it."""
    if name and name not in NAMES:
        raise CcmevalError(f"There is no schema {name!r}; choose from {', '.join(NAMES)}.")
    if out is None:
        typer.echo(schema_text(name or NAMES[0]), nl=False)
        return
    from ccmeval.report.files import replacing

    for it in [name] if name else NAMES:
        path = out / f"{it}.schema.json"
        with replacing(path) as partial:
            partial.write_text(schema_text(it), encoding="utf-8")
        typer.echo(str(path))


def schema_text(name: str) -> str:
    """Write the schema of a result file as JSON.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.

    Returns
    -------
    str
        JSON Schema, draft 2020-12, with a line end.

    Examples
    --------
    >>> '"title": "AgreementResult"' in schema_text("agreement")
    True
    """
    import json

    model, version = _model(name)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"schema_version {version}",
    }
    found = {**head, **model.model_json_schema(mode="serialization")}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _model(name: str) -> tuple[type[BaseModel], str]:
    if name == "biomarkers":
        from ccmeval.report import schema as biomarkers

        return biomarkers.BiomarkersResult, biomarkers.SCHEMA_VERSION
    if name == "agreement":
        from ccmeval.report import agreement_schema

        return agreement_schema.AgreementResult, agreement_schema.SCHEMA_VERSION
    if name == "reference":
        from ccmeval.reference import schema as reference

        return reference.ReferenceBundle, reference.FORMAT_VERSION
    if name == "compare":
        from ccmeval.comparison import schema as compare

        return compare.CompareResult, compare.SCHEMA_VERSION
    if name == "reader-study":
        from ccmeval.readers import schema as reader_study

        return reader_study.StudyScores, reader_study.SCHEMA_VERSION
    from ccmeval.evaluation import schema as three_pillar

    return three_pillar.ThreePillarResult, three_pillar.SCHEMA_VERSION
