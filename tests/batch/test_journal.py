"""The journal: what was appended is there again, whatever moment the writer was killed at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.batch.journal import JOURNAL_NAME, BusyFolderError, Journal, JournalError, read_past
from ccmeval.errors import CcmevalError


def _entry(key: str) -> dict[str, object]:
    return {"row": {"key": key, "reason": 'Überlänge, "quoted"\nline'}}


def test_an_empty_folder_has_no_past(tmp_path: Path) -> None:
    assert read_past(tmp_path) is None


def test_lines_are_there_again_and_the_last_of_a_key_counts(tmp_path: Path) -> None:
    with Journal(tmp_path, {"input": "x"}) as journal:
        journal.begin(["a", "b"])
        journal.append(_entry("a"))
        journal.append({"row": {"key": "a", "second": True}})
    past = read_past(tmp_path)
    assert past is not None
    assert past.identity == {"input": "x"}
    assert past.keys == {"a", "b"}
    assert set(past.places) == {"a"}
    assert json.loads(past.line("a")) == {"row": {"key": "a", "second": True}}


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=0, max_value=400))
def test_a_file_cut_anywhere_loses_only_its_torn_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    with Journal(folder, {"input": "x"}) as journal:
        journal.begin(["a", "b", "c"])
        for key in "abc":
            journal.append(_entry(key))
    path = folder / JOURNAL_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    kept = [json.loads(line) for line in whole[:cut].split(b"\n")[:-1]]
    past = read_past(folder)
    if not kept:
        assert past is None
    else:
        assert past is not None
        assert [json.loads(past.line(key)) for key in past.places] == [
            entry for entry in kept if "row" in entry
        ]
    # Going on after the cut gives a journal in which every line is whole.
    with Journal(folder, {"input": "x"}, past) as journal:
        journal.append(_entry("z"))
    assert all(json.loads(line) for line in path.read_text().splitlines())
    again = read_past(folder)
    assert again is not None
    assert "z" in again.places


def test_a_line_that_lacks_only_its_end_is_torn(tmp_path: Path) -> None:
    """What follows would be written onto it."""
    with Journal(tmp_path, {"input": "x"}) as journal:
        journal.append(_entry("a"))
        journal.append(_entry("b"))
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    past = read_past(tmp_path)
    assert past is not None
    assert set(past.places) == {"a"}
    with Journal(tmp_path, {"input": "x"}, past) as journal:
        journal.append(_entry("c"))
    again = read_past(tmp_path)
    assert again is not None
    assert set(again.places) == {"a", "c"}


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_text('{"dear": "diary"}\n')
    with pytest.raises(CcmevalError, match="is not a journal of ccmeval"):
        read_past(tmp_path)
    (tmp_path / JOURNAL_NAME).write_text("Dear diary,")
    with pytest.raises(CcmevalError, match="is not a journal of ccmeval"):
        read_past(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no lock on Windows")
def test_two_runs_cannot_write_into_one_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ccmeval.batch.journal import Journal\n"
        "with Journal(Path(sys.argv[1]), {}):\n    print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(BusyFolderError, match="Another run is writing"):
            Journal(tmp_path, {}, read_past(tmp_path))
        other.kill()  # -9: the lock goes with the process
        other.wait()
    Journal(tmp_path, {}, read_past(tmp_path)).__exit__(None, None, None)


def test_a_journal_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).mkdir()
    with pytest.raises(JournalError, match=r"journal\.jsonl cannot be written \(.*\); choose another folder"):
        Journal(tmp_path, {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"input": "x"})
    journal._file.close()
    with Path("/dev/full").open("ab", buffering=0) as full:
        journal._file = full
        with pytest.raises(JournalError, match=r"cannot be written \(No space left on device\); free space"):
            journal.append(_entry("a"))
