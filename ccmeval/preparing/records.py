"""What a prepared cohort says of itself: manifest, splits, settings and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccmeval.cohort.pairing import Kind
from ccmeval.preparing.naming import Member
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.tables import (
    SPLIT_COLUMNS,
    manifest_columns,
    manifest_rows,
    split_rows,
    split_table,
)
from ccmeval.preparing.writing import versions, write_json, write_read_me
from ccmeval.report.tables import write_csv


def write_records(
    out: Path,
    members: Sequence[Member],
    annotations: Mapping[tuple[Kind, str], str],
    settings: PrepareSettings,
    *,
    counts: Mapping[str, Any],
    notes: Sequence[str],
) -> list[dict[str, Any]]:
    """Write `manifest.csv`, `split.csv`, `prepare.json` and `README.txt`.

    Parameters
    ----------
    out : pathlib.Path
    members : sequence of Member
        Of which every picture is written.
    annotations : mapping
        Path of each mask and trace, by kind and the frame's stem.
    settings : PrepareSettings
    counts : mapping
    notes : sequence of str
        Without names, unless names are kept.

    Returns
    -------
    list of dict
        Subjects and frames by diagnosis and split.
    """
    table = split_table(members)
    write_csv(out / "manifest.csv", manifest_rows(members, annotations, settings), manifest_columns(settings))
    if settings.split is not None:
        write_csv(out / "split.csv", split_rows(members), SPLIT_COLUMNS)
    content = {
        "kind": "prepare",
        "versions": versions(),
        "settings": settings.model_dump(mode="json"),
        "counts": counts,
        "split_table": table,
        "notes": notes,
    }
    write_json(out, content)
    write_read_me(out, settings)
    return table
