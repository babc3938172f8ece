"""The bundle's file: the same bytes for the same content, and one sentence for whatever is wrong."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ccmeval.reference.file import TEXT, BundleError, open_bundle, write_bundle
from ccmeval.reference.schema import Cell, Minimum, ReferenceBundle, ReferenceScale, ReferenceSet

ARRAYS = {"00000": np.arange(6.0).reshape(2, 3), "00001": np.array([1, 2], "<i4")}


def bundle() -> ReferenceBundle:
    return ReferenceBundle(
        created="2026-01-01T00:00:00+00:00",
        versions={"ccmeval": "0"},
        disclosure=["Little."],
        minimum=Minimum(n=5, unit="subject"),
        set=ReferenceSet(
            n_frames=9, n_units=5, by_subject=True, sha256="a" * 64, cells=[Cell(n_frames=9, n_units=5)]
        ),
        scale=ReferenceScale(pixel_size_um=1.0, field_of_view_um=(400.0, 400.0)),
        segmenter="ridge 1",
        measurement={},
        diagnosis_order=[],
        seed=0,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "a.ccmref", bundle(), ARRAYS)
    return tmp_path / "a.ccmref"


def repacked(path: Path, change, **how: object) -> Path:
    """Write the members again, changed."""
    with zipfile.ZipFile(path) as archive:
        members = {it.filename: archive.read(it) for it in archive.infolist()}
    changed = change(members) or members
    with zipfile.ZipFile(path, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in changed.items():
            archive.writestr(name, content)
    return path


def text_with(**fields: object):
    def change(members: dict[str, bytes]) -> None:
        members[TEXT] = json.dumps({**json.loads(members[TEXT]), **fields}).encode()

    return change


def test_what_is_written_is_read(path: Path) -> None:
    held = open_bundle(path)
    assert held.bundle.set.n_frames == 9
    np.testing.assert_array_equal(held.array("00000"), ARRAYS["00000"])
    assert held.array("00001").dtype == np.float64
    assert held.bundle.arrays["00001"].dtype == "<i4"


def test_same_content_same_bytes(path: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "b.ccmref", bundle(), dict(reversed(ARRAYS.items())))
    assert (tmp_path / "b.ccmref").read_bytes() == path.read_bytes()


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no reference bundle"):
        open_bundle(tmp_path / "none.ccmref")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file at all", b"PK\x03\x04" + b"\0" * 200])
def test_foreign_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ccmref").write_bytes(content)
    with pytest.raises(BundleError, match="not a reference bundle, or it is damaged"):
        open_bundle(tmp_path / "a.ccmref")


def test_every_truncation_is_told(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(BundleError):
            open_bundle(path)


def test_every_flipped_byte_is_told_or_harmless(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole), 31):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            held = open_bundle(path)
            found = [held.array(name) for name in ARRAYS]
        except BundleError:
            continue
        np.testing.assert_array_equal(found[0], ARRAYS["00000"])


def test_another_zip_file(path: Path) -> None:
    with pytest.raises(BundleError, match=r"it has no bundle\.json"):
        open_bundle(repacked(path, lambda members: {"word/document.xml": b"<a/>"}))
    write_bundle(path, bundle(), ARRAYS)
    with pytest.raises(BundleError, match="is not one's"):
        open_bundle(repacked(path, text_with(kind="invoice")))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_no_json(path: Path, text: bytes) -> None:
    with pytest.raises(BundleError):
        open_bundle(repacked(path, lambda members: {TEXT: text}))


def test_newer_format(path: Path) -> None:
    with pytest.raises(BundleError, match=r"format 2\.0, and this ccmeval reads 1\.0; update"):
        open_bundle(repacked(path, text_with(format_version="2.0")))


def test_missing_field(path: Path) -> None:
    with pytest.raises(BundleError, match=r"damaged: bundle\.json: segmenter"):
        open_bundle(repacked(path, text_with(segmenter=None)))


def test_decompression_bomb(path: Path) -> None:
    bomb = repacked(
        path, lambda m: {**m, "arrays/00009.npy": b"\0" * 10**8}, compression=zipfile.ZIP_DEFLATED
    )
    assert bomb.stat().st_size < 10**6
    with pytest.raises(BundleError, match="members are compressed"):
        open_bundle(bomb)


def test_overlapping_members(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.infolist()[1]
        for i in range(50):
            twin = zipfile.ZipInfo(f"arrays/{i + 100}.npy")
            for name in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(twin, name, getattr(first, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
        archive._didModify = True
    with pytest.raises(BundleError, match="members overlap"):
        open_bundle(path)


def test_array_that_was_exchanged(path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 3)))
    held = open_bundle(repacked(path, lambda m: {**m, "arrays/00000.npy": stream.getvalue()}))
    with pytest.raises(BundleError, match="not the one that was written"):
        held.array("00000")
    with pytest.raises(BundleError, match="does not list"):
        held.array("nothing")


def test_array_that_would_run_code(path: Path) -> None:
    import hashlib

    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    stream = io.BytesIO()
    np.save(stream, np.array([Evil()], dtype=object), allow_pickle=True)
    raw = pickle.dumps(Evil())
    for content in (stream.getvalue(), raw):
        write_bundle(path, bundle(), ARRAYS)
        note = {"sha256": hashlib.sha256(content).hexdigest(), "dtype": "<f8", "shape": [1]}

        def change(members, content=content, note=note):
            members["arrays/00000.npy"] = content
            text_with(arrays={"00000": note})(members)

        held = open_bundle(repacked(path, change))
        with pytest.raises(BundleError):
            held.array("00000")


def test_array_of_another_size_than_stated(path: Path) -> None:
    def change(members):
        arrays = json.loads(members[TEXT])["arrays"]
        arrays["00000"]["shape"] = [10**9, 10**9]
        text_with(arrays=arrays)(members)

    held = open_bundle(repacked(path, change))
    with pytest.raises(BundleError, match="another size than stated"):
        held.array("00000")
