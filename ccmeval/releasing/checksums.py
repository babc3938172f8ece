"""SHA256SUMS: a checksum of every released file, as `sha256sum -c` reads it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ccmeval.report.files import replacing

SUMS = "SHA256SUMS"
_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>.+)")


def sha256_of(path: Path) -> str:
    """Hash a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_checksums(root: Path) -> Path:
    """Write the checksums of all files below a folder.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.txt").write_text("")
    >>> print(write_checksums(root).read_text(), end="")
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.txt
    >>> problems_of(root)
    []
    """
    lines = [f"{sha256_of(path)}  {path.relative_to(root).as_posix()}\n" for path in _files(root)]
    with replacing(root / SUMS) as partial:
        partial.write_text("".join(lines), encoding="utf-8", newline="\n")
    return root / SUMS


def problems_of(root: Path) -> list[str]:
    """Name the files that differ from the checksums, are missing, or have none; empty where all is well."""
    try:
        lines = (root / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return [SUMS]
    told = {found["name"]: found["sha256"] for line in lines if (found := _LINE.fullmatch(line))}
    here = {path.relative_to(root).as_posix() for path in _files(root)}
    wrong = [name for name in here & told.keys() if sha256_of(root / name) != told[name]]
    return sorted([*wrong, *(here ^ told.keys())])


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path != root / SUMS)
