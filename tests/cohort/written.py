"""A file's bytes to a frame, as the tests of decoders need it."""

from pathlib import Path
from typing import Any

from ccmeval.cohort import Frame, Record, read_frame


def read(data: bytes, folder: Path, name: str = "frame.bin", **options: Any) -> Frame:
    """Write a file and read it as a frame."""
    path = folder / name
    path.write_bytes(data)
    return read_frame(Record(name, "key", path), **options)
