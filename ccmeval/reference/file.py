"""The file of a reference bundle: a plain zip of `bundle.json` and `.npy` arrays; nothing in it can run.

Members are stored, not compressed. So the same content is the same bytes whatever the version of zlib, and
what a member will need in memory is what it takes in the file: a decompression bomb cannot be made.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from ccmeval.errors import CcmevalError
from ccmeval.reference.schema import FORMAT_VERSION, ArrayNote, ReferenceBundle
from ccmeval.report.files import replacing

SUFFIX = ".ccmref"
TEXT = "bundle.json"

MOST_MEMBERS = 20_000
MOST_TEXT_BYTES = 64 * 2**20
MOST_ARRAY_BYTES = 4 * 2**30
"""Bounds when reading: 2,000 cells of Inception's 2,048 features stay far below."""

_EPOCH = (1980, 1, 1, 0, 0, 0)

Array = npt.NDArray[Any]


class BundleError(CcmevalError):
    """A file that is no reference bundle, or a damaged one."""


@dataclass(frozen=True)
class ReferenceFile:
    """A reference bundle that was opened; arrays are read when asked for.

    Attributes
    ----------
    path : pathlib.Path
    bundle : ReferenceBundle
    """

    path: Path
    bundle: ReferenceBundle

    def array(self, name: str) -> npt.NDArray[np.float64]:
        """Read an array as float64.

        Raises
        ------
        BundleError
            If it is missing or not what the bundle says it is.
        """
        note = self.bundle.arrays.get(name)
        if note is None:
            raise BundleError(_damaged(self.path, f"it speaks of an array {name!r} that it does not list"))
        return _read_array(self.path, name, note).astype(np.float64)


def write_bundle(path: Path, bundle: ReferenceBundle, arrays: Mapping[str, Array]) -> ReferenceBundle:
    """Write a bundle; the same content gives the same bytes.

    Parameters
    ----------
    path : pathlib.Path
        Replaced as a whole or not at all.
    bundle : ReferenceBundle
        Its `arrays` are filled in here.
    arrays : mapping of str to array
        By the names that the bundle uses.

    Returns
    -------
    ReferenceBundle
        As it was written.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    members = {name: _bytes_of(array) for name, array in sorted(arrays.items())}
    notes = {
        name: ArrayNote(
            sha256=hashlib.sha256(content).hexdigest(),
            dtype=_dtype(arrays[name]),
            shape=[*arrays[name].shape],
        )
        for name, content in members.items()
    }
    whole = bundle.model_copy(update={"arrays": notes})
    text = whole.model_dump_json(indent=1).encode() + b"\n"
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {TEXT: text, **{_member(it): data for it, data in members.items()}}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, content)
    return whole


def open_bundle(path: str | Path) -> ReferenceFile:
    """Open a bundle and check all of it but the arrays, which are checked as they are read.

    Parameters
    ----------
    path : path

    Returns
    -------
    ReferenceFile

    Raises
    ------
    BundleError
        If there is no such file, or it is none of ccmeval's, of a newer format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise BundleError(f"There is no reference bundle {path}; make one with ccmeval reference build.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            if TEXT not in archive.namelist():
                raise BundleError(f"{path} is a zip file, but no reference bundle: it has no {TEXT}.")
            text = archive.read(TEXT)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleError(
            f"{path} is not a reference bundle, or it is damaged ({error}); make it again with ccmeval"
            " reference build."
        ) from error
    return ReferenceFile(path, _parsed(path, text))


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse what no bundle has: many, compressed, oversized or overlapping members."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS or len({it.filename for it in members}) != len(members):
        raise BundleError(_damaged(path, "it has too many members, or two of one name"))
    packed = [it for it in members if it.compress_type != zipfile.ZIP_STORED or it.flag_bits & 1]
    if packed or any(it.file_size != it.compress_size for it in members):
        raise BundleError(_damaged(path, "its members are compressed, which a bundle's never are"))
    if sum(it.file_size for it in members) > path.stat().st_size:
        raise BundleError(_damaged(path, "its members overlap"))
    limits = {it.filename: MOST_TEXT_BYTES if it.filename == TEXT else MOST_ARRAY_BYTES for it in members}
    if large := [it.filename for it in members if it.file_size > limits[it.filename]]:
        raise BundleError(_damaged(path, f"its member {large[0]!r} is larger than any bundle's"))


def _parsed(path: Path, text: bytes) -> ReferenceBundle:
    import json

    try:
        found = json.loads(text)
        kind = found.get("kind") if isinstance(found, dict) else None
        if kind != "reference bundle":
            raise BundleError(f"{path} is a zip file, but no reference bundle: its {TEXT} is not one's.")
        version = str(found.get("format_version"))
        if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise BundleError(
                f"{path} has the bundle format {version}, and this ccmeval reads {FORMAT_VERSION}; update"
                " ccmeval, or build the bundle again."
            )
        bundle = ReferenceBundle.model_validate(found)
    except (ValidationError, ValueError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else "no valid JSON"
        raise BundleError(_damaged(path, f"{TEXT}: {what}")) from error
    return bundle


def _read_array(path: Path, name: str, note: ArrayNote) -> Array:
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(_member(name))
    except (zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
        raise BundleError(_damaged(path, f"its array {name!r} cannot be read")) from error
    if hashlib.sha256(content).hexdigest() != note.sha256:
        raise BundleError(_damaged(path, f"its array {name!r} is not the one that was written"))
    expected = int(np.prod(note.shape, dtype=object)) * np.dtype(note.dtype).itemsize
    if not 0 <= len(content) - expected <= 4096:
        raise BundleError(_damaged(path, f"its array {name!r} has another size than stated"))
    try:
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise BundleError(_damaged(path, f"its array {name!r} is no array")) from error
    if array.dtype != np.dtype(note.dtype) or [*array.shape] != note.shape:
        raise BundleError(_damaged(path, f"its array {name!r} is not of the stated kind"))
    return np.asarray(array)


def _bytes_of(array: Array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _dtype(array: Array) -> Any:
    return array.dtype.newbyteorder("<").str


def _member(name: str) -> str:
    return f"arrays/{name}.npy"


def _damaged(path: Path, what: str) -> str:
    return f"The reference bundle {path} is damaged: {what}; fetch it again, or build it anew."
