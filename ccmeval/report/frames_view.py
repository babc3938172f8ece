"""The tables of the biomarkers page on frames, method and provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ccmeval.morphometry.definitions import DEFINITIONS, PRIMARY, definition
from ccmeval.report.numbers import NONE, biomarker_text, number_text
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.summary import count, measured, text
from ccmeval.report.view import Cell, Head, Table, Tile, plural, some

MOST_FRAMES_LISTED = 40
"""Each frame has its own row on the page up to this many; beyond, the CSV file serves better."""

MOST_ROWS = 100
"""Of failed frames."""

MOST_SUBJECTS = 20
"""Of those with a warning: where more have one, all usually have the same."""

MOST_EXAMPLES = 4


def tiles(result: BiomarkersResult) -> list[Tile]:
    """Count what a reader wants to know first."""
    good = measured(result.frames)
    failed = len(result.frames) - len(good)
    flagged = sum(bool(row.quality_flags) for row in good)
    subjects = len({row.subject for row in good if row.subject})
    diagnoses = len({row.diagnosis for row in good if row.diagnosis})
    area = sum(row.imaged_area_mm2 or 0.0 for row in good)
    found = [
        Tile(f"{len(good):,}", "frames measured" if len(good) != 1 else "frame measured"),
        Tile(f"{failed:,}", "not measured", "bad" if failed else ""),
        Tile(f"{flagged:,}", "with quality flags", "warn" if flagged else ""),
        Tile(f"{subjects:,}" if subjects else NONE, "subjects" if subjects else "no subject named"),
        Tile(f"{diagnoses:,}" if diagnoses else NONE, "diagnoses" if diagnoses else "no diagnosis named"),
    ]
    if area:
        found.append(Tile(f"{number_text(area)} mm²", "imaged area"))
    return found


def failed_table(result: BiomarkersResult) -> Table:
    """List the frames that could not be measured, with their reasons."""
    rows = [row for row in result.frames if row.status == "failed"]
    cells = [[Cell(row.frame), Cell(row.reason)] for row in rows[:MOST_ROWS]]
    heads = [Head("Frame", long=True), Head("Reason", long=True)]
    return Table("Frames that could not be measured.", heads, cells, _left_out(len(rows), "biomarkers.csv"))


def flags_table(result: BiomarkersResult) -> Table:
    """Count the quality flags."""
    good = measured(result.frames)
    by_flag: dict[str, list[str]] = {}
    for row in good:
        for flag in row.quality_flags:
            by_flag.setdefault(flag, []).append(row.frame)
    ordered = sorted(by_flag.items(), key=lambda item: (-len(item[1]), item[0]))
    cells = [
        [
            Cell(flag),
            Cell(f"{len(names):,}"),
            Cell(_share(len(names), len(good))),
            Cell(some(names, MOST_EXAMPLES)),
        ]
        for flag, names in ordered
    ]
    heads = [Head("Flag"), Head("Frames", number=True), Head("Share", number=True), Head("Which", long=True)]
    return Table("Quality flags of the measured frames.", heads, cells)


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return "< 1 %" if percent < 1 else f"{percent:.0f} %"


def few_frames_table(result: BiomarkersResult) -> Table:
    """List the subjects whose mean carries a warning."""
    rows = [row for row in result.subjects if row.get("warning")]
    cells = [
        [
            Cell(text(row, "subject")),
            Cell(text(row, "diagnosis")),
            Cell(f"{count(row, 'n_frames')}"),
            Cell(text(row, "warning")),
        ]
        for row in rows[:MOST_SUBJECTS]
    ]
    heads = [Head("Subject", long=True), Head("Diagnosis"), Head("Frames", number=True), Head("Warning")]
    return Table(
        "Subjects whose mean is unreliable.",
        heads,
        cells,
        _left_out(len(rows), "subjects.csv", MOST_SUBJECTS),
    )


def frames_table(result: BiomarkersResult) -> Table:
    """List each measured frame, if there are few; columns in which nothing stands are left out."""
    good = measured(result.frames)
    shown = good if len(good) <= MOST_FRAMES_LISTED else []
    columns: list[tuple[Head, list[Cell]]] = [
        (Head("Frame", long=True), [Cell(row.frame) for row in shown]),
        (Head("Diagnosis"), [Cell(row.diagnosis or NONE) for row in shown]),
        (Head("Subject"), [Cell(row.subject or NONE) for row in shown]),
    ]
    for it in map(definition, PRIMARY):
        values = [row.biomarkers.get(it.column) for row in shown]
        cells = [Cell(biomarker_text(value, it.unit)) for value in values]
        columns.append((Head(it.label, it.unit, number=True), cells))
    remarks = [Cell(", ".join(row.quality_flags), " ".join(row.notes)) for row in shown]
    columns.append((Head("Flags and notes", long=True), remarks))
    filled = [(head, cells) for head, cells in columns if head.number or set(cells) - {Cell(""), Cell(NONE)}]
    rows = list(zip(*(cells for _, cells in filled), strict=True))
    return Table("Primary biomarkers of each frame.", [head for head, _ in filled], rows)


def method_tables(result: BiomarkersResult) -> list[Table]:
    """Tell where nerves and pixel sizes came from."""
    good = measured(result.frames)
    if not good:
        return []
    sources = Counter(row.mask_source or "not stated" for row in good)
    nerves = Table(
        "Where the nerves came from.",
        [Head("Nerves from", "segmenter and version, or what was given"), Head("Frames", number=True)],
        [[Cell(name), Cell(f"{n:,}")] for name, n in sources.most_common(MOST_ROWS)],
    )
    sizes = Counter(
        (row.pixel_size_source or "not stated", number_text(row.pixel_size_um, 5), _shape(row))
        for row in good
    )
    pixels = Table(
        "Where the pixel sizes came from.",
        [
            Head("Pixel size from"),
            Head("Pixel size", "µm", number=True),
            Head("Frame size", "px", number=True),
            Head("Frames", number=True),
        ],
        [
            [Cell(source), Cell(size), Cell(shape), Cell(f"{n:,}")]
            for (source, size, shape), n in sizes.most_common(12)
        ],
        f"And {plural(len(sizes) - 12, 'further combination')}; see biomarkers.csv."
        if len(sizes) > 12
        else "",
    )
    return [nerves, pixels, _rules_table(result)]


def _rules_table(result: BiomarkersResult) -> Table:
    """List the named options among the settings of the parts: the disputed rules of the field."""
    options = [
        (f"{part}.{name}", value)
        for part, settings in result.settings.items()
        if isinstance(settings, Mapping)
        for name, value in settings.items()
        if isinstance(value, (str, bool))
    ]
    cells = [[Cell(name), Cell(_setting_text(value))] for name, value in options]
    return Table(
        "Named options, which decide what is counted.", [Head("Named option"), Head("Chosen")], cells
    )


def _shape(row: FrameRow) -> str:
    return NONE if row.height_px is None else f"{row.width_px} × {row.height_px}"


def settings_table(result: BiomarkersResult) -> Table:
    """List all settings, flat."""
    cells = [[Cell(name), Cell(value)] for name, value in _flat(result.settings)]
    return Table(
        "All settings, defaults included.", [Head("Setting", long=True), Head("Value", long=True)], cells
    )


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + str(name), _setting_text(value)


def _setting_text(value: Any) -> str:
    if value is None or value in ({}, [], (), ""):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def definitions_table() -> Table:
    """List what every biomarker means."""
    cells = [[Cell(it.label, it.column), Cell(it.unit or "none"), Cell(it.text)] for it in DEFINITIONS]
    heads = [Head("Biomarker", "column in the tables"), Head("Unit"), Head("Definition")]
    return Table("What the biomarkers mean.", heads, cells)


def provenance_table(result: BiomarkersResult) -> Table:
    """List versions and hashes."""
    cells = [[Cell(name), Cell(version)] for name, version in result.versions.items()]
    cells += [[Cell("Result schema"), Cell(result.schema_version)], [Cell("Made"), Cell(result.created)]]
    hashed = [row for row in result.frames if row.sha256]
    if len(hashed) == 1:
        cells.append([Cell(f"SHA-256 of {hashed[0].frame}"), Cell(hashed[0].sha256 or "")])
    elif hashed:
        cells.append([Cell("SHA-256 of the frames"), Cell(f"{len(hashed):,}, in biomarkers.csv")])
    return Table(
        "What made these numbers.", [Head("What", long=True), Head("Version or value", long=True)], cells
    )


def _left_out(total: int, where: str, most: int = MOST_ROWS) -> str:
    return f"And {total - most:,} more, in {where}." if total > most else ""
