"""The machine-readable card of a release, in the Croissant format of MLCommons (version 1.0)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ccmeval.releasing.datasheet import Told
from ccmeval.releasing.settings import TO_FILL

CARD = "croissant.json"
_CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.0"
_TERMS: Final = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet"),
    *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
    *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
    *("transform",),
)
_NUMBERS: Final = {"pixel_size_um": "sc:Float", "n_generator_subjects": "sc:Integer"}


def card(told: Told, created: str, manifest_sha256: str) -> dict[str, Any]:
    """Describe the set for programs.

    Parameters
    ----------
    told : Told
    created : str
        UTC time, ISO 8601.
    manifest_sha256 : str

    Returns
    -------
    dict
        JSON-LD of ``sc:Dataset``: files, columns of the manifest, and what must be known before use.
    """
    settings = told.settings
    kinds = [("frames", True), ("masks", any(it.mask for it in told.plan.frames))]
    kinds.append(("traces", any(it.trace for it in told.plan.frames)))
    found: dict[str, Any] = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": re.sub(r"\W+", "-", settings.name).strip("-"),
        "alternateName": settings.name,
        "description": _description(told),
        "version": settings.version,
        "license": settings.licence or TO_FILL,
        "creator": {"@type": "sc:Organization", "name": settings.words.get("creators") or TO_FILL},
        "datePublished": created[:10],
        "url": settings.words.get("distribution") or TO_FILL,
        "isLiveDataset": False,
        "keywords": ["corneal confocal microscopy", "synthetic images", "corneal nerves"],
        "distribution": _files([name for name, there in kinds if there], manifest_sha256),
        "recordSet": [_records(told.plan.columns)],
    }
    if settings.contact:
        found["creator"]["email" if "@" in settings.contact else "description"] = settings.contact
    return found


def _description(told: Told) -> str:
    from ccmeval.releasing.datasheet import warnings_of

    verdicts = "; ".join(f"{it.pillar}: {it.verdict}" for it in told.result.verdicts)
    count = f"{len(told.plan.frames):,} synthetic frames of corneal confocal microscopy."
    scored = f"Scored by the three pillars of ccmeval ({verdicts})." if verdicts else ""
    return " ".join([count, *warnings_of(told), scored, "See DATASHEET.md."])


def _context() -> dict[str, Any]:
    context: dict[str, Any] = {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    }
    return context | {term: f"cr:{term}" for term in _TERMS}


def _files(folders: Sequence[str], manifest_sha256: str) -> list[dict[str, Any]]:
    manifest = {
        "@type": "cr:FileObject",
        "@id": "manifest",
        "name": "manifest",
        "contentUrl": "manifest.csv",
        "encodingFormat": "text/csv",
        "sha256": manifest_sha256,
    }
    sets = [
        {
            "@type": "cr:FileSet",
            "@id": name,
            "name": name,
            "encodingFormat": "image/png",
            "includes": f"{name}/*.png",
        }
        for name in folders
    ]
    return [manifest, *sets]


def _records(columns: Sequence[str]) -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{name}",
            "name": name,
            "dataType": _NUMBERS.get(name, "sc:Text"),
            "source": {"fileObject": {"@id": "manifest"}, "extract": {"column": name}},
        }
        for name in columns
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "description": "One row a frame.",
        "key": {"@id": "rows/frame"},
        "field": fields,
    }
