"""The whole run over hostile files: no crash, a sentence each, tables and page harmless."""

from __future__ import annotations

import csv
import html.parser
import json
import os
import sys
from pathlib import Path

import pytest

from ccmeval.cli.main import main
from tests import hostile


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[hostile.Case]]:
    folder = tmp_path_factory.mktemp("corpus") / "in"
    folder.mkdir()
    cases = hostile.build(folder)
    if sys.platform.startswith("linux"):  # names that are no text at all, and things that are no files
        with open(os.fsencode(folder) + b"/not utf-8 \xff.png", "wb") as file:  # noqa: PTH123
            file.write(hostile.saved(hostile.picture(), "PNG"))
        cases.append(hostile.Case("not utf-8 \\xff.png", readable=True))
        os.mkfifo(folder / "pipe.png")
        (folder / "dangling.png").symlink_to("nowhere.png")
        (folder / "folder.png").mkdir()
    return folder, cases


@pytest.fixture(scope="module")
def out(corpus: tuple[Path, list[hostile.Case]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "out"
    argv = sys.argv
    sys.argv = ["ccmeval", "biomarkers", str(corpus[0]), "-o", str(folder), "-j", "2"]
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = argv
    assert ended.value.code == 1  # some frames failed, none of them took the run with it
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> dict[str, dict[str, object]]:
    return {row["frame"]: row for row in json.loads((out / "biomarkers.json").read_text())["frames"]}


def test_each_file_is_one_row_with_what_it_deserves(
    corpus: tuple[Path, list[hostile.Case]], rows: dict[str, dict[str, object]]
) -> None:
    for case in corpus[1]:
        row = rows[case.frame]
        told = f"{row['reason']} {' '.join(row['notes'])}"
        assert row["status"] == ("measured" if case.readable else "failed"), (case, told)
        assert case.word in told.lower(), (case, told)
    extra = set(rows) - {case.frame for case in corpus[1]}
    assert extra <= {"dangling.png", "pipe.png"}
    assert all(rows[name]["status"] == "failed" for name in extra)


def test_reasons_are_one_sentence_naming_the_file(rows: dict[str, dict[str, object]]) -> None:
    for name, row in rows.items():
        if row["status"] == "failed":
            reason = str(row["reason"])
            assert name in reason
            assert reason.endswith(".")
            assert "\n" not in reason
            assert "internal error" not in reason


def test_no_internal_error_was_logged(out: Path) -> None:
    assert not (out / "errors.log").exists()


def test_pictures_stay_in_their_folders_and_equal_stems_apart(
    out: Path, rows: dict[str, dict[str, object]]
) -> None:
    measured = {str(row["key"]) for row in rows.values() if row["status"] == "measured"}
    assert len({key.lower() for key in measured}) == len(measured)
    for folder in ("masks", "skeletons", "overlays"):
        assert {path.name for path in (out / folder).iterdir()} == {f"{key}.png" for key in measured}
    assert {path.name for path in out.iterdir()} <= {
        "masks", "skeletons", "overlays", "biomarkers.csv", "biomarkers.json", "report.html", "journal.jsonl",
    }  # fmt: skip


def test_no_cell_starts_a_formula(out: Path) -> None:
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for line in csv.reader(file) for cell in line]
        risky = [c for c in cells if c[:1] in "=+-@\t\r\n" and c and not c[1:].replace(".", "", 1).isdigit()]
        assert not [cell for cell in risky if not _is_number(cell)]
    assert "'=cmd.png" in (out / "biomarkers.csv").read_text()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_the_page_runs_nothing(out: Path) -> None:
    tags = _Tags()
    tags.feed((out / "report.html").read_text(encoding="utf-8"))
    assert "table" in tags.names
    assert "script" not in tags.names
    assert not tags.handlers
