"""What is told of a prepared cohort: rows of its tables, and the counts in `prepare.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ccmeval.cohort.pairing import Kind
from ccmeval.preparing.naming import Member
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.using import SPLITS

MANIFEST_COLUMNS: Final = (
    "frame", "mask", "trace", "diagnosis", "subject", "eye", "pixel_size_um", "pixel_size_source", "bits",
    "split", "sha256",
)  # fmt: skip
SPLIT_COLUMNS: Final = ("subject", "frame", "diagnosis", "split", "frames")
KEY_COLUMNS: Final = ("frame", "source_file", "page", "source_sha256", "pseudonym", "subject", "diagnosis")
SOURCE_FILE: Final = "source_file"
"""Column of the manifest with `keep_names`."""

_EYES = frozenset({"OD", "OS"})


def manifest_rows(
    members: Sequence[Member], annotations: Mapping[tuple[Kind, str], str], settings: PrepareSettings
) -> list[dict[str, Any]]:
    """Give the rows of `manifest.csv`."""
    rows = []
    for one in members:
        record, decoded = one.chosen.source.record, one.chosen.source.decoded
        row: dict[str, Any] = {
            "frame": f"{one.place}.png",
            "mask": annotations.get(("mask", one.stem)),
            "trace": annotations.get(("trace", one.stem)),
            "diagnosis": one.diagnosis,
            "subject": record.subject if settings.keep_names else one.subject,
            # Anything else in that column is free text.
            "eye": record.eye if settings.keep_names or record.eye in _EYES else None,
            "pixel_size_um": repr(one.chosen.pixel_size_um),  # all digits
            "pixel_size_source": one.chosen.pixel_size_source,
            "bits": decoded.bits,
            "split": one.split,
            "sha256": decoded.sha256,
            **{column: extra_of(one, column) for column in settings.keep_columns},
        }
        if settings.keep_names:
            row[SOURCE_FILE] = record.frame
        rows.append(row)
    return rows


def extra_of(one: Member, column: str) -> str | None:
    """Give a further column of RAW's manifest."""
    record = one.chosen.source.record
    return record.source if column == "source" else record.extra.get(column)


def manifest_columns(settings: PrepareSettings) -> list[str]:
    """Columns of `manifest.csv`."""
    return [*MANIFEST_COLUMNS, *settings.keep_columns, *([SOURCE_FILE] if settings.keep_names else [])]


def split_rows(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Give the rows of `split.csv`: one a subject, or a frame without one."""
    frames = Counter(one.unit for one in members)
    diagnoses: dict[str, set[str]] = {}
    for one in members:
        diagnoses.setdefault(one.unit, set()).add(one.diagnosis or "not stated")
    rows = {
        one.unit: {
            "subject": one.subject,
            "frame": None if one.subject is not None else f"{one.place}.png",
            "diagnosis": " and ".join(sorted(diagnoses[one.unit])),
            "split": one.split,
            "frames": frames[one.unit],
        }
        for one in members
    }
    return sorted(rows.values(), key=lambda row: (row["subject"] or "~", row["frame"] or ""))


def key_rows(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Give the rows of the private key."""
    return [
        {
            "frame": f"{one.place}.png",
            "source_file": one.chosen.source.record.frame,
            "page": one.chosen.source.record.page + 1,
            "source_sha256": one.chosen.source.decoded.source_sha256,
            "pseudonym": one.subject,
            "subject": one.chosen.source.record.subject,
            "diagnosis": one.diagnosis,
        }
        for one in members
    ]


def split_table(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Count subjects and frames by diagnosis and split; a subject counts under each of its diagnoses."""
    table = []
    for diagnosis in sorted({one.diagnosis or "" for one in members}):
        for split in SPLITS if members[0].split is not None else (None,):
            cell = [one for one in members if (one.diagnosis or "") == diagnosis and one.split == split]
            table.append(
                {
                    "diagnosis": diagnosis or "not stated",
                    "split": split or "not split",
                    "subjects": len({one.subject for one in cell if one.subject is not None}),
                    "frames": len(cell),
                }
            )
    return table


def counts_of_members(
    members: Sequence[Member], annotations: Mapping[tuple[Kind, str], str]
) -> dict[str, Any]:
    """Count what the frames of a cohort are and what was done to them."""
    decoded = [one.chosen.source.decoded for one in members]
    return {
        "subjects": len({one.subject for one in members if one.subject is not None}),
        "frames_without_subject": sum(one.subject is None for one in members),
        "masks": sum(kind == "mask" for kind, _ in annotations),
        "traces": sum(kind == "trace" for kind, _ in annotations),
        "bits": {str(bits): count for bits, count in sorted(Counter(one.bits for one in decoded).items())},
        "pixel_size_sources": dict(Counter(one.chosen.pixel_size_source for one in members)),
        "changes": dict(Counter(code for one in decoded for code in one.changes)),
    }
