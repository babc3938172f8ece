"""Manifests in every dialect; mistakes in them are told by line and column."""

from pathlib import Path

import pandas as pd
import pytest

from ccmeval.cohort import Cohort, load_cohort, read_frame
from ccmeval.errors import CcmevalError, UnavailableError, UnreadableFrameError
from tests.hostile import picture, saved, tiff


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "frames").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "frames" / f"{name}.png").write_bytes(saved(picture(), "PNG"))
    return tmp_path


def load(folder: Path, text: str, encoding: str = "utf-8") -> Cohort:
    path = folder / "study.csv"
    path.write_bytes(text.encode(encoding))
    return load_cohort(path)


FULL = (
    "frame,mask,trace,diagnosis,subject,eye,pixel_size_um,source,age,site\n"
    "frames/b.png,m/b.png,t/b.png,T1noDPN,S2,right,1.04,clinic,44,Kyiv\n"
    'frames/a.png,,,healthy,S1,OS,,,,"Oslo, north"\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_column(folder: Path, encoding: str, separator: str) -> None:
    lines = FULL.replace('"Oslo, north"', "Ørsta").replace(",", separator)
    cohort = load(folder, lines, encoding)
    first, second = cohort.records
    assert (first.frame, first.key, first.diagnosis, first.eye) == ("frames/a.png", "a", "Control", "OS")
    assert (first.mask, first.trace, first.pixel_size_um, first.source) == (None, None, None, None)
    assert first.extra == {"site": "Ørsta"}
    assert (second.frame, second.subject, second.diagnosis, second.eye) == (
        "frames/b.png",
        "S2",
        "T1NoDPN",
        "OD",
    )
    assert second.mask == folder / "m/b.png"
    assert second.trace == folder / "t/b.png"
    assert (second.pixel_size_um, second.source) == (1.04, "clinic")
    assert second.extra == {"age": "44", "site": "Kyiv"}
    assert cohort.layout == "manifest study.csv"
    assert read_frame(second).pixel_size_source == "manifest"


def test_quotes_and_windows_line_ends(folder: Path) -> None:
    cohort = load(folder, FULL.replace("\n", "\r\n"))
    assert cohort.records[0].extra == {"site": "Oslo, north"}


def test_decimal_comma(folder: Path) -> None:
    assert load(folder, "frame;pixel_size_um\nframes/a.png;1,04\n").records[0].pixel_size_um == 1.04


def test_excels_separator_line(folder: Path) -> None:
    assert (
        load(folder, "sep=;\r\nframe;pixel_size_um\r\nframes/a.png;1,04\r\n").records[0].pixel_size_um == 1.04
    )


def test_none_is_a_degree_but_no_subject(folder: Path) -> None:
    record = load(
        folder, "frame,subject,diagnosis,neuropathy,hba1c\nframes/a.png,None,none,none,NA\n"
    ).records[0]
    assert (record.subject, record.diagnosis, record.extra) == (None, "none", {"neuropathy": "none"})


@pytest.mark.parametrize("dash", ["-", "–", "."])
def test_a_dash_is_no_subject(folder: Path, dash: str) -> None:
    """Else all frames without a subject would be averaged as one."""
    cohort = load(
        folder,
        "frame,subject,eye,pixel_size_um,mask,diagnosis,retinopathy\n"
        f"frames/a.png,{dash},{dash},{dash},{dash},-,-\n",
    )
    (record,) = cohort.records
    assert (record.subject, record.eye, record.pixel_size_um, record.mask) == (None,) * 4
    assert (record.diagnosis, record.extra) == ("-", {"retinopathy": "-"}), "a sign may mean something"


def test_labels_that_differ_in_capitals_are_told(folder: Path) -> None:
    text = "frame,subject,diagnosis\nframes/a.png,S1,Mild\nframes/b.png,s1,mild\nframes/c.png,S2,Severe\n"
    cohort = load(folder, text)
    assert [record.diagnosis for record in cohort] == ["Mild", "mild", "Severe"]
    told = "Diagnoses kept apart though they differ only in capitals or blanks: 'Mild' and 'mild'."
    assert told in cohort.notes
    assert any(note.startswith("Subjects kept apart") and "'S1' and 's1'" in note for note in cohort.notes)


def test_a_tilde_in_a_name_is_no_home(folder: Path) -> None:
    cohort = load(folder, "frame\n~$a.png\n~nobody-of-this-name/b.png\n")
    assert [record.frame for record in cohort] == ["~$a.png", "~nobody-of-this-name/b.png"]


def test_parquet_is_the_same(folder: Path) -> None:
    by_text = load(folder, FULL)
    pd.read_csv(folder / "study.csv").to_parquet(folder / "study.parquet")
    assert load_cohort(folder / "study.parquet").records == by_text.records


def test_parquet_without_pyarrow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.parquet").write_bytes(b"PAR1" + bytes(20) + b"PAR1")
    with pytest.raises(CcmevalError, match="damaged"):
        load_cohort(folder / "a.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UnavailableError, match=r"ccmeval\[parquet\]"):
        load_cohort(folder / "a.parquet")


def test_near_names_are_folded_and_told(folder: Path) -> None:
    cohort = load(folder, "File Name,Diagnosis,patient id,Pixel size\nframes/a.png,HC,7,1.1\n")
    record = cohort.records[0]
    assert (record.diagnosis, record.subject, record.pixel_size_um) == ("Control", "7", 1.1)
    assert "The manifest's column 'patient id' was read as subject." in cohort.notes


def test_an_exact_name_goes_before_a_near_one(folder: Path) -> None:
    record = load(folder, "frame,subject,patient\nframes/a.png,S1,P9\n").records[0]
    assert (record.subject, record.extra) == ("S1", {"patient": "P9"})


def test_folder_with_a_manifest_is_read_by_it(folder: Path) -> None:
    (folder / "manifest.csv").write_text("frame,subject\nframes/b.png,S1\n")
    assert [record.frame for record in load_cohort(folder)] == ["frames/b.png"]
    (folder / "manifest.csv").write_text("name,count\nx,1\n")
    cohort = load_cohort(folder)
    assert len(cohort) == 3
    assert "has no column 'frame' and was not used." in cohort.notes[0]


def test_missing_frames_stay_rows(folder: Path) -> None:
    cohort = load(folder, "frame\nframes/a.png\nframes/gone.png\n")
    gone = cohort.records[1]
    assert gone.frame == "frames/gone.png"
    with pytest.raises(UnreadableFrameError, match=r"frames/gone\.png does not exist"):
        read_frame(gone)


def test_pages(folder: Path) -> None:
    import numpy as np

    (folder / "s.tif").write_bytes(
        tiff(np.stack([picture(seed=i) for i in range(3)]), photometric="minisblack")
    )
    assert [record.page for record in load(folder, "frame,subject\ns.tif,S1\n")] == [0, 1, 2]
    chosen = load(folder, "frame,subject\ns.tif#1,S1\ns.tif#3,S2\n").records
    assert [(record.frame, record.page) for record in chosen] == [("s.tif#1", 0), ("s.tif#3", 2)]
    with pytest.raises(CcmevalError, match="twice"):
        load(folder, "frame\ns.tif\ns.tif#2\n")


def test_windows_paths(folder: Path) -> None:
    assert load(folder, "frame\nframes\\a.png\n").records[0].path == folder / "frames/a.png"


def test_frames_elsewhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "z.png"
    other.write_bytes(saved(picture(), "PNG"))
    record = load(folder, f"frame\n{other}\n").records[0]
    assert (record.path, record.key) == (other, "z")
    assert ".." not in record.key


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("frame\n", "lists no frames"),
        ("name,subject\na,b\n", "no column 'frame' .it has: name, subject."),
        ("frame,subject\nframes/a.png,1\n,2\n", "Line 3 of study.csv names no frame"),
        ("\n\nframe,subject\n\nframes/a.png,1\n\n,2\n", "Line 7 of study.csv names no frame"),
        ('frame,note\nframes/a.png,"1\n2"\n,2\n', "Line 4 of study.csv names no frame"),
        ('frame,subject\n"frames/a.png,1\nframes/b.png,2\n', "Line 3 of study.csv is no line of a table"),
        ("frame,subject\nframes/a.png,1,2\n", "Line 2 of study.csv has 3 values under 2 columns"),
        ("frame\nframes/a.png\nframes/a.png\n", "twice"),
        ("frame\nframes/a.png\nframes/../frames/a.png\n", "twice"),
        ("frame,pixel_size_um\nframes/a.png,big\n", "'big', which is no number"),
        ("frame,pixel_size_um\nframes/a.png,1e999\n", "no number"),
        ("frame,file,path\nframes/a.png,b,c\n", None),
        ("file,path\nframes/a.png,b\n", "several columns for frame"),
        ("frame,frame\na,b\n", "several columns for frame"),
        ("PK\x03\x04\x00rest", "neither a picture nor a manifest"),
    ],
)
def test_mistakes(folder: Path, text: str, sentence: str | None) -> None:
    if sentence is None:
        assert load(folder, text).records[0].extra == {"file": "b", "path": "c"}
        return
    with pytest.raises(CcmevalError, match=sentence):
        load(folder, text)


def test_values_are_carried_through_unchanged(folder: Path) -> None:
    extra = load(folder, "frame,visit,hba1c_percent,note\nframes/a.png,007,7.10,=cmd()\n").records[0].extra
    assert extra == {"visit": "007", "hba1c_percent": "7.10", "note": "=cmd()"}
