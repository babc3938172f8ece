"""Tables as other tools and raters write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ccmeval.agreement.foreign import TableError, read_foreign_table
from ccmeval.errors import CcmevalError


def written(tmp_path: Path, text: str | bytes, name: str = "other.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "Image Name,CNFD,CNFL\nA.bmp,25,18.5\nB.bmp,12.5,9.25\n",
        "Image Name;CNFD;CNFL\nA.bmp;25;18,5\nB.bmp;12,5;9,25\n",
        "Image Name\tCNFD\tCNFL\r\nA.bmp\t25\t18,5\r\nB.bmp\t12,5\t9,25\r\n",
        'Image Name,CNFD,CNFL\nA.bmp,25,"18,5"\nB.bmp,"12,5","9,25"\n',
        "\ufeffImage Name,CNFD,CNFL\nA.bmp,25,18.5\nB.bmp,12.5,9.25\n",
        "ACCMetrics v2\nAnalysed: 2020; by X\n\nImage Name,CNFD,CNFL\nA.bmp,25,18.5\nB.bmp,12.5,9.25\n",
        "Image Name;CNFD;CNFL\nA.bmp;25;18.5\nB.bmp;12.5;9.25\n",
    ],
    ids=["comma", "semicolon", "tab", "quoted", "mark", "preamble", "semicolon and point"],
)
def test_every_way_of_writing_gives_the_same_numbers(tmp_path, text):
    table = read_foreign_table(written(tmp_path, text))
    assert list(table.frames) == ["A.bmp", "B.bmp"]
    assert table.values["cnfd_per_mm2"].tolist() == [25, 12.5]
    assert table.values["cnfl_mm_per_mm2"].tolist() == [18.5, 9.25]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8"])
def test_encodings(tmp_path, encoding):
    text = "Image Name,CNFL (mm/mm²)\nMüller 1.bmp,18.5\n"
    table = read_foreign_table(written(tmp_path, text.encode(encoding)))
    assert list(table.frames) == ["Müller 1.bmp"]
    assert table.headings["cnfl_mm_per_mm2"].factor == 1


def test_excel(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["Image Name", "CNFD", "CNFL"], ["A.bmp", 25, 18.5], ["B.bmp", None, 9.25]]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    table = read_foreign_table(tmp_path / "t.xlsx")
    assert table.values["cnfl_mm_per_mm2"].tolist() == [18.5, 9.25]
    assert np.isnan(table.values["cnfd_per_mm2"][1])


def test_names_stay_text(tmp_path):
    table = read_foreign_table(written(tmp_path, "frame,subject,CNFL\n001,007,1\nNA,NA,2\n'=1.png,x,3\n"))
    assert list(table.frames) == ["001", "NA", "=1.png"], "a guarded name loses its apostrophe"
    assert table.subjects[0] == "007"


def test_our_failed_frames_take_no_part(tmp_path):
    table = read_foreign_table(
        written(tmp_path, "frame,status,cnfl_mm_per_mm2\na,measured,1\nb,failed,\nc,measured,\n")
    )
    assert list(table.frames) == ["a", "c"]
    assert "1 frame of" in table.notes[0]


def test_cells_that_are_no_numbers_are_counted(tmp_path):
    table = read_foreign_table(written(tmp_path, "frame,CNFL\na,1\nb,n/a\nc,ungradable\nd,\ne,inf\n"))
    assert np.isfinite(table.values["cnfl_mm_per_mm2"]).tolist() == [True, False, False, False, False]
    assert "1 cell" in table.notes[0]
    assert "ungradable" in table.notes[0]


def test_a_typographic_minus_is_a_minus(tmp_path):
    table = read_foreign_table(written(tmp_path, "frame,CNFL\na,\u22121.5\nb,-2\n"))
    assert table.values["cnfl_mm_per_mm2"].tolist() == [-1.5, -2]


def test_a_frame_column_without_a_name_is_found_by_its_values(tmp_path):
    path = written(tmp_path, ",Operator,CNFL\n1,Ann,18\n2,Bob,9\n")
    assert list(read_foreign_table(path, known_frames=["1.tif", "2.tif"]).frames) == ["1", "2"]
    with pytest.raises(TableError, match="no column that names the frame"):
        read_foreign_table(path, known_frames=["x.tif"])


def test_a_biomarker_twice_is_said(tmp_path):
    table = read_foreign_table(written(tmp_path, "frame,CNFL,NFL\na,1,2\n"))
    assert table.values["cnfl_mm_per_mm2"].tolist() == [1]
    assert "second" in table.notes[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n\n", "is empty"),
        (b"frame,age\na,40\n", "no column that names a biomarker"),
        (b"CNFL\n", "no row of values"),
        (b"frame,CNFL\n", "no row of values"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "not a text table"),
        (b"PK\x03\x04broken", "cannot be read as an Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "old kind"),
        (b'frame,CNFL\n"a,1\n' + b"x" * 200_000, "not a table"),
    ],
)
def test_what_is_no_table_has_a_sentence(tmp_path, content, words):
    path = written(tmp_path, content)
    with pytest.raises(CcmevalError, match=words) as raised:
        read_foreign_table(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_file_and_folder_have_a_sentence(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_foreign_table(tmp_path / "nowhere.csv")
    with pytest.raises(TableError, match="is a folder"):
        read_foreign_table(tmp_path)


def test_a_dash_is_no_subject(tmp_path):
    table = read_foreign_table(written(tmp_path, "frame,Patient ID,CNFL\na,-,1\nb,NA,2\nc,,3\nd,P1,4\n"))
    assert list(table.subjects) == [None, None, None, "P1"]
