"""The run: nothing lost, nothing done twice, whatever interrupts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from ccmeval.batch.folder import UnfinishedRunError
from ccmeval.batch.journal import JOURNAL_NAME
from ccmeval.batch.run import run_biomarkers
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.report.tables import read_table
from ccmeval.settings import RunSettings
from tests.drawn import drawn_frame, nerve_count, write_frames

SETTINGS = RunSettings(pixel_size_um=1.04, jobs=1, overlays=False)
# A shell's background job ignores Ctrl-C, and so would the command where the tests are one.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from ccmeval.cli.main import main; main()"
)


def _tables(out: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(out.glob("*.csv"))}


def _times(out: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_mtime_ns for path in (out / "masks").glob("*.png")}


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    write_frames(folder, 8)
    return folder


@pytest.fixture(scope="module")
def finished(frames: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "out"
    settings = RunSettings(pixel_size_um=1.04, jobs=1, subject_pattern=r"(s\d)_")
    result = run_biomarkers(frames, out, settings)
    assert [row.status for row in result.frames] == ["measured"] * 8
    return out


def test_every_file_is_written(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names == {
        "biomarkers.csv", "subjects.csv", "diagnoses.csv", "diagnosis_tests.csv", "biomarkers.json",
        "report.html", JOURNAL_NAME, "masks", "skeletons", "overlays",
    }  # fmt: skip
    keys = set(read_table(finished / "biomarkers.csv")["key"])
    for folder in ("masks", "skeletons", "overlays"):
        assert {path.stem for path in (finished / folder).iterdir()} == keys
        assert len(keys) == 8


def test_rows_are_in_the_cohorts_order_with_labels(finished: Path) -> None:
    table = read_table(finished / "biomarkers.csv")
    assert table["frame"].tolist() == sorted(table["frame"])
    assert table["diagnosis"].tolist() == ["Control"] * 4 + ["T1DPN"] * 4
    assert table["subject"].tolist() == ["s0", "s0", "s1", "s1", "s2", "s2", "s3", "s3"]
    side_mm = 128 * 1.04e-3
    lengths = table["cnfl_mm_per_mm2"] * side_mm  # in sides of the frame
    expected = [nerve_count(seed) for seed in range(8)]  # slightly longer, as they slant
    assert all(0.9 * n < length < 1.1 * n for n, length in zip(expected, lengths, strict=True))
    assert table["trunks"].tolist() == expected
    assert (table["imaged_area_mm2"] - side_mm**2).abs().max() < 1e-6


def test_json_names_settings_versions_and_hashes(finished: Path, frames: Path) -> None:
    import hashlib

    content = json.loads((finished / "biomarkers.json").read_text())
    assert content["settings"]["pixel_size_um"] == 1.04
    assert content["settings"]["morphometry"]
    assert {"ccmeval", "python", "numpy", "scipy"} <= set(content["versions"])
    row = content["frames"][0]
    assert row["sha256"] == hashlib.sha256((frames / row["frame"]).read_bytes()).hexdigest()


def test_a_finished_run_is_not_done_again(finished: Path, frames: Path) -> None:
    settings = RunSettings(pixel_size_um=1.04, jobs=1, subject_pattern=r"(s\d)_")
    with pytest.raises(UnfinishedRunError, match="8 of 8 frames done"):
        run_biomarkers(frames, finished, settings)
    before, tables = _times(finished), _tables(finished)
    run_biomarkers(frames, finished, settings, resume=True)
    assert _times(finished) == before
    assert _tables(finished) == tables


def test_new_labels_need_no_new_measurement(finished: Path, frames: Path) -> None:
    before = _times(finished)
    settings = RunSettings(pixel_size_um=1.04, jobs=1, subject_pattern=r"_(\d)")
    result = run_biomarkers(frames, finished, settings, resume=True)
    assert [row.subject for row in result.frames] == list("01234567")
    assert _times(finished) == before


def test_other_settings_are_refused(finished: Path, frames: Path) -> None:
    with pytest.raises(SettingsMismatchError, match=r"pixel_size_um: 1\.04 there, 1\.1 here"):
        run_biomarkers(frames, finished, RunSettings(pixel_size_um=1.1), resume=True)


def test_what_changed_is_measured_again_and_nothing_else(tmp_path: Path) -> None:
    paths = write_frames(tmp_path / "in", 4)
    out = tmp_path / "out"
    first = run_biomarkers(tmp_path / "in", out, SETTINGS)
    before = _times(out)
    Image.fromarray(drawn_frame(99)[0]).save(paths[0])  # other pixels
    (out / "skeletons" / f"{first.frames[1].key}.png").unlink()  # a lost picture
    paths[2].write_bytes(b"broken")
    paths[3].with_name("s9_9.png").write_bytes(paths[3].read_bytes())  # a new frame
    second = run_biomarkers(tmp_path / "in", out, SETTINGS, resume=True)
    assert [row.status for row in second.frames] == ["measured", "measured", "failed", "measured", "measured"]
    assert second.frames[0].sha256 != first.frames[0].sha256
    assert second.frames[1].biomarkers == first.frames[1].biomarkers
    after = _times(out)
    changed = {key for key in before if after[key] != before[key]}
    assert changed == {first.frames[0].key, first.frames[1].key}


def test_a_failed_frame_is_tried_again(tmp_path: Path) -> None:
    (path, *_) = write_frames(tmp_path / "in", 2)
    good = path.read_bytes()
    path.write_bytes(good[:100])
    first = run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS)
    assert [row.status for row in first.frames] == ["failed", "measured"]
    assert path.name in first.frames[0].reason
    path.write_bytes(good)
    second = run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS, resume=True)
    assert [row.status for row in second.frames] == ["measured", "measured"]


def test_progress_counts_what_is_done_and_what_failed(tmp_path: Path) -> None:
    write_frames(tmp_path / "in", 3)[1].write_bytes(b"broken")
    told: list[tuple[int, int, int]] = []
    run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS, progress=lambda *now: told.append(now))
    assert told == [(0, 0, 3), (1, 0, 3), (2, 1, 3), (3, 1, 3)]


@pytest.mark.parametrize(("other_um", "told"), [(1.45, False), (1.55, True)])
def test_pixel_sizes_that_differ_by_half_are_told(tmp_path: Path, other_um: float, told: bool) -> None:
    paths = write_frames(tmp_path / "in", 2)
    lines = [f"{path},{size}" for path, size in zip(paths, (1.0, other_um), strict=True)]
    (tmp_path / "m.csv").write_text("\n".join(["frame,pixel_size_um", *lines]))
    result = run_biomarkers(tmp_path / "m.csv", tmp_path / "out", RunSettings(jobs=1, overlays=False))
    assert [row.pixel_size_um for row in result.frames] == [1.0, other_um]
    assert any("Pixel sizes differ from 1 to 1.55 um" in note for note in result.notes) == told


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    write_frames(tmp_path / "in", 2)
    run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS)
    before = _times(tmp_path / "out")
    result = run_biomarkers(
        tmp_path / "in", tmp_path / "out", RunSettings(pixel_size_um=2.0, jobs=1), overwrite=True
    )
    assert result.frames[0].pixel_size_um == 2.0
    assert all(_times(tmp_path / "out")[key] != before[key] for key in before)


def test_an_input_without_frames_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(CcmevalError, match="in"):
        run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"segmenter": "absent"}, "No segmenter is called 'absent'"),
        ({"covariates": ("age",)}, "no column 'age'"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(
    frames: Path, tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CcmevalError, match=sentence):
        run_biomarkers(frames, tmp_path / "out", RunSettings(**settings))
    assert not (tmp_path / "out").exists()


def test_an_internal_error_is_one_row_and_goes_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_frames(tmp_path / "in", 3)
    import ccmeval.quality

    def raising(*_: object, **__: object) -> list[str]:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(ccmeval.quality, "quality_flags", raising)
    result = run_biomarkers(tmp_path / "in", tmp_path / "out", SETTINGS)
    assert {row.status for row in result.frames} == {"failed"}
    assert result.frames[0].reason.endswith(
        "0.png: internal error (ZeroDivisionError: on purpose); please report it with errors.log."
    )
    assert "Traceback" in (tmp_path / "out" / "errors.log").read_text()
    assert (tmp_path / "out" / "report.html").is_file()


def _start(frames: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    argv = ["biomarkers", str(frames), "-o", str(out), "--pixel-size", "1.04", *options]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def _wait_for_rows(out: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    journal = out / JOURNAL_NAME
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if journal.is_file() and journal.read_bytes().count(b'{"row"') >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"no {count} rows: {process.communicate()}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_kill_9_loses_nothing_and_nothing_is_done_twice(
    frames: Path, finished: Path, tmp_path: Path, jobs: str
) -> None:
    out = tmp_path / "out"
    options = ("--subject-pattern", r"(s\d)_", "--jobs", jobs)
    with _start(frames, out, *options) as process:
        _wait_for_rows(out, 3, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if jobs == "2":  # the workers end by themselves, but may finish a picture first
            time.sleep(1.5)
    rows = (out / JOURNAL_NAME).read_bytes()
    kept = [json.loads(line)["row"]["key"] for line in rows.split(b"\n")[:-1] if line.startswith(b'{"row"')]
    assert 3 <= len(kept) < 8
    assert not (out / "biomarkers.csv").exists()
    before = _times(out)
    with _start(frames, out, *options, "--resume") as process:
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert b"8 of 8 frames measured" in stdout
    after = _times(out)
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    lines = [json.loads(line) for line in (out / JOURNAL_NAME).read_text().splitlines()]
    measured = [line["row"]["key"] for line in lines if "row" in line]
    assert sorted(measured) == sorted(set(measured))
    one, other = (read_table(folder / "biomarkers.csv") for folder in (finished, out))
    pd.testing.assert_frame_equal(one.drop(columns="subject"), other.drop(columns="subject"))
    assert not list(out.rglob("*.partial"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_with_130_and_a_sentence(frames: Path, tmp_path: Path, jobs: str) -> None:
    with _start(frames, tmp_path / "out", "--jobs", jobs) as process:
        _wait_for_rows(tmp_path / "out", 1, process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole process group
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.decode().strip() == "ccmeval: interrupted; run the same command with --resume to go on."
