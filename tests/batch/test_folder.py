"""The folder of a run: another run is refused by name, a stranger's files are never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.batch.folder import ForeignFilesError, UnfinishedRunError, open_folder, without_results
from ccmeval.batch.journal import BusyFolderError, Journal, read_past
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError, SettingsMismatchError

IDENTITY = {
    "input": "/data/frames",
    "ccmeval": "1",
    "settings": {"pixel_size_um": None, "ridge": {"low": 4.0}},
}


def _past_run(out: Path, keys: tuple[str, ...] = ("a", "b")) -> None:
    out.mkdir(exist_ok=True)
    with Journal(out, IDENTITY) as journal:
        journal.begin(list(keys))
        journal.append({"row": {"key": keys[0]}})
    for folder in ("masks", "skeletons", "overlays"):
        (out / folder).mkdir()
        for key in keys:
            (out / folder / f"{key}.png").write_bytes(b"picture")
    (out / "biomarkers.csv").write_text("frame\n")


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    assert open_folder(tmp_path / "x" / "y", IDENTITY) is None
    assert (tmp_path / "x" / "y").is_dir()


def test_the_same_run_needs_resume_or_overwrite(tmp_path: Path) -> None:
    _past_run(tmp_path)
    with pytest.raises(UnfinishedRunError, match=r"1 of 2 frames done\); add --resume .* or --overwrite"):
        open_folder(tmp_path, IDENTITY)
    past = open_folder(tmp_path, IDENTITY, resume=True)
    assert past is not None
    assert set(past.places) == {"a"}


def test_a_run_that_did_nothing_needs_neither(tmp_path: Path) -> None:
    with Journal(tmp_path, IDENTITY) as journal:
        journal.begin(["a"])
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(b"of a frame that was not done")
    assert open_folder(tmp_path, {**IDENTITY, "input": "other"}) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"input": "/data/other"}, r"input: /data/frames there, /data/other here"),
        (
            {"settings": {"pixel_size_um": 1.2, "ridge": {"low": 4.0}}},
            r"pixel_size_um: not set there, 1.2 here",
        ),
        ({"settings": {"pixel_size_um": None, "ridge": {"low": 5.0}}}, r"ridge.low: 4.0 there, 5.0 here"),
        ({"ccmeval": "2"}, r"ccmeval: 1 there, 2 here"),
    ],
)
def test_another_run_is_refused_by_its_difference(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    _past_run(tmp_path)
    for resume in (False, True):
        with pytest.raises(SettingsMismatchError, match=sentence):
            open_folder(tmp_path, {**IDENTITY, **change}, resume=resume)


def test_overwrite_deletes_what_the_run_wrote_and_nothing_else(tmp_path: Path) -> None:
    _past_run(tmp_path, keys=("a", "[b]*"))
    mine = [tmp_path / "notes.txt", tmp_path / "masks" / "mine.png", tmp_path / "sub" / "biomarkers.csv"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (tmp_path / "masks" / "[b]*.png.99.partial").write_bytes(b"half")
    assert open_folder(tmp_path, {**IDENTITY, "input": "other"}, overwrite=True) is None
    left = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert left == sorted(mine)
    assert not (tmp_path / "overlays").exists()


@pytest.mark.parametrize("name", ["masks/1.png", "biomarkers.csv", "report.html"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_strangers_files_are_refused_even_with_overwrite(
    tmp_path: Path, name: str, overwrite: bool
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a stranger's")
    with pytest.raises(ForeignFilesError, match="was not written by a run"):
        open_folder(tmp_path, IDENTITY, overwrite=overwrite)
    assert path.read_text() == "a stranger's"


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("a frame")
    assert open_folder(tmp_path, IDENTITY) is None


def test_overwrite_leaves_a_run_that_goes_on_alone(tmp_path: Path) -> None:
    _past_run(tmp_path)
    with Journal(tmp_path, IDENTITY, read_past(tmp_path)), pytest.raises(BusyFolderError):
        open_folder(tmp_path, IDENTITY, overwrite=True)
    assert (tmp_path / "masks" / "a.png").is_file()


def test_resume_and_overwrite_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match="not both"):
        open_folder(tmp_path, IDENTITY, resume=True, overwrite=True)


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CcmevalError, match=r"file/out cannot be used \(Not a directory\); choose another"):
        open_folder(tmp_path / "file" / "out", IDENTITY)


def test_pictures_of_earlier_runs_are_no_frames(tmp_path: Path) -> None:
    _past_run(tmp_path / "old")
    out = tmp_path / "new"
    paths = [tmp_path / "1.png", tmp_path / "old/overlays/a.png", out / "masks/1.png", tmp_path / "sub/2.png"]
    records = [Record(frame=path.name, key=path.stem, path=path) for path in paths]
    cohort = without_results(Cohort(records, tmp_path), out)
    assert [record.path for record in cohort] == [paths[0], paths[3]]
    assert cohort.notes == (
        f"2 pictures that an earlier run of ccmeval wrote below {tmp_path} were left out.",
    )


def test_results_given_as_the_cohort_itself_are_read(tmp_path: Path) -> None:
    _past_run(tmp_path / "old")
    records = [Record(frame="a", key="a", path=tmp_path / "old/overlays/a.png")]
    cohort = Cohort(records, tmp_path / "old" / "overlays")
    assert without_results(cohort, tmp_path / "new") is cohort
