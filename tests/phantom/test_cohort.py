from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.morphometry import compute_biomarkers
from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.phantom import PhantomSettings, read_graph, write_cohort
from ccmeval.phantom.cohort import plan_cohort

SMALL = PhantomSettings(shape_px=(128, 128), pixel_size_um=400 / 128)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "out"
    write_cohort(folder, frames=6, seed=5, frames_per_subject=2, settings=SMALL)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_layout_and_tables(cohort: Path) -> None:
    rows, truth = table(cohort / "manifest.csv"), table(cohort / "truth.csv")
    assert [row["frame"] for row in rows] == [row["frame"] for row in truth]
    assert [row["diagnosis"] for row in rows] == ["Control", "T1NoDPN", "T1DPN"] * 2
    assert {row["subject"] for row in rows} == {"Control-0000", "T1NoDPN-0000", "T1DPN-0000"}
    for row in rows:
        for column in ("frame", "mask", "trace"):
            with Image.open(cohort / row[column]) as image:
                assert (image.size, image.mode) == ((128, 128), "L")
        assert float(row["pixel_size_um"]) == pytest.approx(3.125)
    assert set(COLUMNS) <= set(truth[0])
    assert {"trunks", "branch_points_on_trunks", "branch_points"} <= set(truth[0])


def test_masks_are_black_and_white_and_hold_the_trace(cohort: Path) -> None:
    for path in (cohort / "masks").iterdir():
        mask = np.asarray(Image.open(path))
        assert set(np.unique(mask)) <= {0, 255}


def test_graph_and_truth_agree(cohort: Path) -> None:
    for row in table(cohort / "truth.csv"):
        graph = json.loads((cohort / "graphs" / f"{Path(row['frame']).stem}.json").read_text())
        length = sum(edge["length_um"] for edge in graph["edges"])
        assert float(row["cnfl_mm_per_mm2"]) == pytest.approx(length * 1e-3 / graph["imaged_area_mm2"])
        assert float(row["cnfa_mm2_per_mm2"]) == pytest.approx(graph["nerve_area_mm2"] / 0.16, rel=1e-6)
        read = read_graph(cohort / "graphs" / f"{Path(row['frame']).stem}.json")
        values = compute_biomarkers(read)
        for column in ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "mean_width_um", "tortuosity"):
            if row[column]:
                assert values[column] == pytest.approx(float(row[column]), rel=1e-4)
        kinds = [node["kind"] for node in graph["nodes"]]
        assert int(row["branch_points"]) == kinds.count("branch point")


def test_same_seed_same_bytes_and_frames_do_not_depend_on_their_number(cohort: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "again", frames=6, seed=5, frames_per_subject=2, settings=SMALL)
    assert digests(tmp_path / "again") == digests(cohort)
    write_cohort(tmp_path / "fewer", frames=2, seed=5, frames_per_subject=2, settings=SMALL)
    fewer, all_ = digests(tmp_path / "fewer"), digests(cohort)
    assert all(all_[name] == digest for name, digest in fewer.items() if not name.endswith(".csv"))
    write_cohort(tmp_path / "other", frames=1, seed=6, settings=SMALL)
    name = "frames/Control/Control-0000_00.png"
    assert digests(tmp_path / "other")[name] != all_[name]


def test_other_processes_write_the_same_bytes(cohort: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "two", frames=6, seed=5, frames_per_subject=2, settings=SMALL, jobs=2)
    assert digests(tmp_path / "two") == digests(cohort)


def test_counts_in_the_truth_are_those_drawn(cohort: Path) -> None:
    for row in table(cohort / "truth.csv"):
        for count, density in (
            ("trunks", "cnfd_per_mm2"),
            ("branch_points_on_trunks", "cnbd_per_mm2"),
            ("branch_points", "ctbd_per_mm2"),
        ):
            assert float(row[density]) == pytest.approx(int(row[count]) * 6.25)


def test_a_cohort_is_completed_and_not_redone(cohort: Path, tmp_path: Path) -> None:
    folder = tmp_path / "part"
    write_cohort(folder, frames=4, seed=5, frames_per_subject=2, settings=SMALL)
    kept = folder / "graphs" / "Control-0000_00.json"
    before = kept.stat().st_mtime_ns
    write_cohort(folder, frames=6, seed=5, frames_per_subject=2, settings=SMALL)
    assert kept.stat().st_mtime_ns == before
    assert digests(folder) == digests(cohort)


def test_other_settings_and_strangers_folders_are_refused(cohort: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsMismatchError, match="another seed"):
        write_cohort(cohort, frames=6, seed=6, frames_per_subject=2, settings=SMALL)
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(SettingsMismatchError, match="not empty"):
        write_cohort(tmp_path, frames=1)


def test_mistakes_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match="'Healthy'"):
        write_cohort(tmp_path / "a", frames=1, diagnoses=["Healthy"])
    with pytest.raises(CcmevalError, match="at least one frame"):
        write_cohort(tmp_path / "a", frames=0)
    with pytest.raises(CcmevalError, match="jobs=-1"):
        write_cohort(tmp_path / "a", frames=1, jobs=0)


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"nodes": 3}')
    for name in ("a.json", "absent.json"):
        with pytest.raises(CcmevalError, match="not a phantom's graph"):
            read_graph(tmp_path / name)


def test_plan_gives_every_subject_its_frames() -> None:
    items = plan_cohort(12, ["Control", "T1DPN"], 3)
    assert len({item.name for item in items}) == 12
    assert [item.subject for item in items if item.diagnosis == "T1DPN"] == [0, 0, 0, 1, 1, 1]


def test_frames_of_a_subject_are_of_one_person(monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmeval.phantom import cohort

    monkeypatch.setattr(cohort, "make_phantom", lambda rng, subject, settings: subject)
    people = {
        (item.subject_name, tuple(cohort.draw_item(item, 3, SMALL).level))
        for item in plan_cohort(24, ["Control", "T1DPN"], 4)
    }
    assert len(people) == 6  # three subjects of each diagnosis, each of one level
    assert len({level for _, level in people}) == 6


def test_command_line(tmp_path: Path) -> None:
    from ccmeval.cli.main import app

    options = ["--frames", "2", "--seed", "1", "--diagnosis", "T1DPN", "--size-px", "96", "--jobs", "1"]
    found = CliRunner().invoke(app, ["phantom", "-o", str(tmp_path / "out"), *options])
    assert found.exit_code == 0, found.output
    assert {row["diagnosis"] for row in table(tmp_path / "out" / "manifest.csv")} == {"T1DPN"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--size-px", "64", "--field-of-view", "4000"], "pixels are 0.05 to 5 um wide, not 62.5"),
        (["--field-of-view", "20"], "sides are 40 to 2000 um, not 20 x 20"),
        (["--field-of-view=-1"], "do not go together"),
        (["--diagnosis", "T2DM"], "knows no diagnosis 'T2DM'"),
    ],
)
def test_command_line_mistakes_are_told(options: list[str], sentence: str, tmp_path: Path) -> None:
    from ccmeval.cli.main import app

    found = CliRunner().invoke(app, ["phantom", "-o", str(tmp_path / "out"), *options])
    assert isinstance(found.exception, CcmevalError)
    assert sentence in str(found.exception)
    assert not (tmp_path / "out").exists()
