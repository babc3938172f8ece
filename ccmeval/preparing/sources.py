"""Every file decoded once; what came of it is kept, so that an interrupted run goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ccmeval.cohort.reading import read_bytes
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.preparing.grey import THE_FILE, to_grey
from ccmeval.preparing.png import encode_frame
from ccmeval.preparing.problems import Problem, unreadable_code
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.report.files import replacing

JOURNAL = "decoded.jsonl"


@dataclass(frozen=True)
class Decoded:
    """What one page of a file holds. No name of a file, subject or person is in it.

    Attributes
    ----------
    source_sha256 : str
        Of the file's bytes.
    page : int
    content : str
        Hash of size and grey levels.
    sha256 : str
        Of the PNG file.
    shape : tuple of int
        Height and width in pixels.
    bits : int
        Declared bits a sample.
    pixel_um : tuple of float or None
        Height and width of a pixel in um by the metadata, plausible or not.
    changes, remarks : tuple of str
        As in :class:`ccmeval.preparing.grey.Grey`.
    """

    source_sha256: str
    page: int
    content: str
    sha256: str
    shape: tuple[int, int]
    bits: int
    pixel_um: tuple[float, float] | None
    changes: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A record of RAW and what its file holds."""

    record: Record
    decoded: Decoded

    @property
    def content(self) -> str:
        """Hash of size and grey levels."""
        return self.decoded.content


class Workshop:
    """Where decoded frames wait until they get their names.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent.
    finished : callable
        Gives the path of the finished frame of a content, or None.
    """

    def __init__(self, folder: Path, finished: Callable[[str], Path | None]) -> None:
        self.folder = folder
        self._finished = finished
        self._known = dict(_read(folder / JOURNAL))

    def known(self, source_sha256: str, page: int) -> Decoded | None:
        """Give what an earlier run decoded, if the frame that it wrote is still there and whole."""
        found = self._known.get((source_sha256, page))
        return found if found is not None and self.place(found) is not None else None

    def files(self) -> set[str]:
        """Hashes of all files that were ever decoded here."""
        return {source_sha256 for source_sha256, _ in self._known}

    def place(self, decoded: Decoded) -> Path | None:
        """Find the frame's file, waiting or finished."""
        for path in (self.waiting(decoded.content), self._finished(decoded.content)):
            if path is not None and path.is_file() and _sha256(path) == decoded.sha256:
                return path
        return None

    def waiting(self, content: str) -> Path:
        """Where a frame waits."""
        return self.folder / f"{content}.png"

    def add(self, decoded: Decoded, data: bytes) -> None:
        """Write a frame, then note it."""
        with replacing(self.waiting(decoded.content)) as partial:
            partial.write_bytes(data)
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(decoded)) + "\n")
        self._known[decoded.source_sha256, decoded.page] = decoded

    def clear(self) -> None:
        """Remove what still waits and half-written files; what was decoded stays noted."""
        for path in (*self.folder.glob("*.png"), *self.folder.glob("*.partial")):
            path.unlink(missing_ok=True)


def decode_sources(
    cohort: Cohort,
    workshop: Workshop,
    settings: PrepareSettings,
    progress: Callable[[int, int], None],
) -> tuple[list[Source], list[Problem]]:
    """Decode every record of a cohort, except what was decoded before.

    Returns
    -------
    sources : list of Source
        Those that can be used, in the cohort's order.
    problems : list of Problem
        Files that cannot, and those of which a user should know what was changed.
    """
    sources, problems = [], []
    for done, record in enumerate(cohort, 1):
        try:
            sources.append(Source(record, _decoded(record, workshop, settings)))
        except CcmevalError as error:
            problems.append(Problem(record.frame, unreadable_code(str(error)), str(error)))
        except MemoryError:
            problems.append(
                Problem(record.frame, "too large", f"{THE_FILE} needs more memory than there is.")
            )
        progress(done, len(cohort))
    return sources, problems


def _decoded(record: Record, workshop: Workshop, settings: PrepareSettings) -> Decoded:
    data, source_sha256 = read_bytes(record.path, THE_FILE, settings.reading)
    known = workshop.known(source_sha256, record.page)
    if known is not None:
        return known
    grey = to_grey(data, record.page, settings)
    encoded = encode_frame(grey, settings.reading)
    decoded = Decoded(
        source_sha256=source_sha256,
        page=record.page,
        content=encoded.content,
        sha256=encoded.sha256,
        shape=encoded.shape,
        bits=encoded.white.bit_length(),
        pixel_um=grey.pixel_um,
        changes=(*grey.changes, *(["rescaled"] if encoded.rescaled else [])),
        remarks=grey.remarks,
    )
    workshop.add(decoded, encoded.data)
    return decoded


def _read(path: Path) -> Iterator[tuple[tuple[str, int], Decoded]]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError, TypeError, KeyError):  # the last line of a killed run may be torn
            cells = json.loads(line)
            for name in ("shape", "pixel_um", "changes", "remarks"):
                cells[name] = tuple(cells[name]) if cells[name] is not None else None
            decoded = Decoded(**cells)
            yield (decoded.source_sha256, decoded.page), decoded


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
