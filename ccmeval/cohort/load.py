"""A path to a cohort: a file, a folder, or a manifest."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

from ccmeval.cohort.classes import diagnoses_by_folder
from ccmeval.cohort.manifest import has_frame_column
from ccmeval.cohort.manifest_records import manifest_records
from ccmeval.cohort.names import keys_of, natural, printable
from ccmeval.cohort.pages import pages_of
from ccmeval.cohort.pairing import Given, Kind, Pairs, pair
from ccmeval.cohort.record import Cohort, Record
from ccmeval.cohort.scan import Scan, is_picture, scan
from ccmeval.cohort.subjects import alike, with_subjects
from ccmeval.errors import CcmevalError

_MANIFEST_NAMES = ("manifest.csv", "manifest.parquet")


def load_cohort(
    path: Path | str,
    *,
    subject_pattern: str | None = None,
    masks: Path | str | None = None,
    traces: Path | str | None = None,
) -> Cohort:
    """List the frames at a path with what is known of each; no pixel is read.

    Parameters
    ----------
    path : pathlib.Path or str
        A picture, a folder (searched with its sub-folders; one with a ``manifest.csv`` at its top is read
        by that), or a manifest in CSV or Parquet.
    subject_pattern : str, optional
        Regular expression searched in `Record.frame`: its named group ``subject``, or its first
        group, is the subject; the named groups ``eye`` and ``diagnosis`` are taken too. What a
        manifest says goes before it.
    masks, traces : pathlib.Path or str, optional
        Folder of masks or traces, matched by path below the root, then by stem; instead of those found
        beside the frames. One file where `path` is one picture.

    Returns
    -------
    Cohort
        Records in natural order, also for files that will turn out not to be readable.

    Raises
    ------
    CcmevalError
        If there is no frame, a manifest is wrong, or a match is ambiguous.
    """
    path = Path(path)
    try:
        cohort = _load(path, [Path(folder) for folder in (masks, traces) if folder is not None])
    except OSError as error:
        raise CcmevalError(
            f"{path} cannot be read ({error.strerror}); check its rights and its disk."
        ) from error
    if not cohort.records:
        raise CcmevalError(f"No frames in {path}; give BMP, PNG, JPEG, TIFF or DICOM files.")
    if subject_pattern is not None:
        cohort = with_subjects(cohort, subject_pattern)
    for kind, given in (("mask", masks), ("trace", traces)):
        if given is not None:
            cohort = _with_given(cohort, Path(given), "mask" if kind == "mask" else "trace")
    return replace(cohort, notes=(*cohort.notes, *alike(cohort)))


def _load(path: Path, given: list[Path]) -> Cohort:
    if not path.exists():
        raise CcmevalError(f"{path} does not exist; give a picture, a folder or a manifest.")
    if not path.is_dir():
        return _from_file(path)
    unused = []
    for name in _MANIFEST_NAMES:
        manifest = path / name
        if manifest.is_file() and has_frame_column(manifest):
            return _from_manifest(manifest)
        if manifest.is_file():
            unused.append(f"{name} in {printable(path.name)} has no column 'frame' and was not used.")
    cohort = _from_folder(path, given)
    return replace(cohort, notes=(*unused, *cohort.notes))


def _from_file(path: Path) -> Cohort:
    if not path.is_file():
        raise CcmevalError(f"{path} is neither a file nor a folder; give a picture, a folder or a manifest.")
    if not is_picture(path):
        return _from_manifest(path)
    records = _paged(Record(frame=printable(path.name), key="", path=path))
    return _cohort(records, path.parent, "file", [])


def _from_manifest(path: Path) -> Cohort:
    records, notes = manifest_records(path)
    paged = [page for record in records for page in (_paged(record) if record.page == 0 else [record])]
    return _cohort(paged, path.parent, f"manifest {path.name}", notes)


def _from_folder(root: Path, given: list[Path]) -> Cohort:
    found = scan(root)
    inside = [folder.resolve() for folder in given if folder.is_dir()]
    pictures = [
        PurePosixPath(picture.as_posix())
        for picture in found.pictures
        if not any((root / picture).resolve().is_relative_to(folder) for folder in inside)
    ]
    pairs = pair(pictures)
    diagnoses, remarks = diagnoses_by_folder(pairs.frames)
    notes = [*_notes_of_scan(found), *_notes_of_pairs(pairs), *remarks]
    records = []
    for frame in pairs.frames:
        mask, trace = pairs.masks.get(frame), pairs.traces.get(frame)
        record = Record(
            frame=printable(str(frame)),
            key="",
            path=root / frame,
            mask=root / mask if mask else None,
            trace=root / trace if trace else None,
            diagnosis=diagnoses.get(frame),
        )
        records.extend(_paged(record))
    return _cohort(records, root, pairs.layout, notes)


def _notes_of_scan(found: Scan) -> list[str]:
    notes = []
    if found.passed_over:
        notes.append(f"Files passed over because they are no pictures: {found.passed_over}.")
    if found.outputs:
        notes.append(f"Folders that a run had written were left out: {', '.join(sorted(found.outputs)[:5])}.")
    if found.closed:
        notes.append(f"Folders that could not be opened: {', '.join(sorted(found.closed)[:5])}.")
    return notes


def _notes_of_pairs(pairs: Pairs) -> list[str]:
    notes = []
    if pairs.unmatched:
        notes.append(f"Masks or traces without a frame: {pairs.unmatched}.")
    if pairs.doubled:
        frame, kind, taken, left = (printable(str(part)) for part in pairs.doubled[0])
        notes.append(
            f"Of two {kind}s of a frame the first counts ({taken}, not {left}, for {frame};"
            f" {len(pairs.doubled)} such): to choose, give --{kind}s or a manifest."
        )
    return notes


def _paged(record: Record) -> list[Record]:
    pages = pages_of(record.path)
    if len(pages) == 1:
        return [replace(record, page=pages[0])]
    if record.frame.endswith("#1") and not record.path.name.endswith("#1"):
        return [record]  # a manifest names this page alone
    return [replace(record, frame=f"{record.frame}#{page + 1}", page=page) for page in pages]


def _cohort(records: list[Record], root: Path, layout: str, notes: list[str]) -> Cohort:
    records = sorted(records, key=lambda record: natural(record.frame))
    names = [record.frame for record in records]
    for name, following in pairwise(names):
        if name == following:
            raise CcmevalError(f"{name} is listed twice; keep one.")
    keys = keys_of(names)
    keyed = tuple(replace(record, key=key) for record, key in zip(records, keys, strict=True))
    return Cohort(keyed, root, layout, tuple(notes))


def _with_given(cohort: Cohort, given: Path, kind: Kind) -> Cohort:
    option = f"--{kind}s"
    if not given.exists():
        raise CcmevalError(f"{option} {given} does not exist; give the folder of {kind}s.")
    if given.is_dir():
        pictures = [PurePosixPath(picture.as_posix()) for picture in scan(given).pictures]
        index = Given(given, pictures, option)
        matches = [index.match(_without_page(record)) for record in cohort]
    elif len({record.path for record in cohort}) == 1:
        matches = [given] * len(cohort)
    else:
        raise CcmevalError(f"{option} {given} is one file for {len(cohort)} frames; give a folder.")
    _check_shared(cohort, matches, option)
    missing = matches.count(None)
    if missing == len(matches):
        raise CcmevalError(f"{option} {given} holds no {kind} with a frame's name; name each like its frame.")
    notes = list(cohort.notes)
    if missing:
        notes.append(f"{missing} of {len(matches)} frames have no {kind} in {given.name}.")
    records = [
        replace(record, mask=match) if kind == "mask" else replace(record, trace=match)
        for record, match in zip(cohort, matches, strict=True)
    ]
    return replace(cohort, records=tuple(records), notes=tuple(notes))


def _without_page(record: Record) -> str:
    head, mark, tail = record.frame.rpartition("#")
    return head if mark and tail.isdecimal() and not record.path.name.endswith(f"#{tail}") else record.frame


def _check_shared(cohort: Cohort, matches: list[Path | None], option: str) -> None:
    owner: dict[Path, Record] = {}
    for record, match in zip(cohort, matches, strict=True):
        if match is not None and owner.setdefault(match, record).path != record.path:
            raise CcmevalError(
                f"{option}: {match.name} fits both {owner[match].frame} and {record.frame};"
                " arrange that folder like the frames' folder, or name them in a manifest."
            )
