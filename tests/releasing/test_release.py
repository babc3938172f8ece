"""`ccmeval release` on tiny phantom sets: what is published, what is refused, what must not leak."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.cohort import load_cohort, read_frame
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.settings import make_three_pillar_settings
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic
from ccmeval.releasing import Released, ReleaseSettings, release
from ccmeval.releasing import run as running
from ccmeval.releasing.checksums import problems_of
from ccmeval.releasing.scoring import Scoring
from ccmeval.report import three_pillar as report_files

SMALL = PhantomSettings(shape_px=(96, 96))
QUICK: dict[str, Any] = {
    "jobs": 1,
    "fidelity": {"features": ["radiomic"], "splits": 4, "resamples": 20, "embedding": False},
    "preservation": {"resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 4},
    "measurement": {"overlays": True},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCMEVAL_CACHE", str(tmp_path_factory.getbasetemp() / "features"))


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the figures of the report, but for the release that all tests share."""
    monkeypatch.setattr(report_files, "write_figures", lambda *_: [])


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cohort, a faithful set with names, metadata and further columns, and one of copies."""
    folder = tmp_path_factory.mktemp("Secret-Clinic")
    write_cohort(folder / "real", frames=12, seed=5, frames_per_subject=2, settings=SMALL)
    common: dict[str, Any] = {"frames": 12, "seed": 5, "frames_per_subject": 2, "settings": SMALL}
    write_synthetic(folder / "synth", **common)
    write_synthetic(folder / "copies", fault="copies", strength=0.25, real=folder / "real", **common)
    _make_telling(folder / "synth")
    return folder


def _make_telling(folder: Path) -> None:
    """Add what must not be published: text in a picture, columns of names and paths."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["generator_subjects"] = "Control-0000;T1DPN-0001"
        row["source_mask"] = "frames/Control/Control-0000_00.png"
        row["prompt"] = f"cornea of {row['source_subject']}, healthy"
        row["site"] = "Ward 7"
        row["age"] = str(40 + number)
    path = folder / rows[0]["frame"]
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "Doe^John")
    Image.open(path).save(path, pnginfo=text)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def scoring(**more: Any) -> Scoring:
    return Scoring(settings=make_three_pillar_settings(**QUICK), **more)


@pytest.fixture(scope="module")
def released(sets: Path, tmp_path_factory: pytest.TempPathFactory) -> Released:
    out = tmp_path_factory.mktemp("out") / "set"
    settings = ReleaseSettings(name="CCM test set", licence="CC0-1.0", keep_columns=("age",))
    return release(sets / "synth", out, scoring(real=sets / "real"), settings)


def rows_of(root: Path) -> list[dict[str, str]]:
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def key_of(released: Released) -> list[dict[str, str]]:
    with (released.private / "key.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_frames_and_masks_are_those_of_the_set(sets: Path, released: Released) -> None:
    source = {it.frame: it for it in load_cohort(sets / "synth")}
    for row in key_of(released):
        original = source[row["source_frame"]]
        mine = np.asarray(Image.open(released.out / row["frame"]))
        assert np.array_equal(mine, np.asarray(Image.open(original.path)))
        assert original.mask is not None
        mask = np.asarray(Image.open(released.out / "masks" / Path(row["frame"]).name))
        assert np.array_equal(mask > 0, np.asarray(Image.open(original.mask)) > 0)
        assert hashlib.sha256(original.path.read_bytes()).hexdigest() == row["source_sha256"]


def test_the_release_is_a_cohort(released: Released) -> None:
    cohort = load_cohort(released.out)
    assert len(cohort) == 12
    for record in cohort:
        frame = read_frame(record)
        assert frame.pixel_size_um == pytest.approx(SMALL.pixel_size_um)
        assert record.mask is not None
        assert record.diagnosis in ("Control", "T1NoDPN", "T1DPN")


def test_pictures_hold_pixels_and_nothing_else(released: Released) -> None:
    for path in released.out.rglob("*.png"):
        data = path.read_bytes()
        assert b"Doe" not in data
        with Image.open(path) as picture:
            assert not picture.info
            assert picture.mode == "L"
        assert re.findall(rb"tEXt|iTXt|zTXt|tIME|eXIf|iCCP", data) == []


def test_subjects_are_replaced_alike_everywhere(released: Released) -> None:
    names: dict[str, set[str]] = {}
    for row in key_of(released):
        names.setdefault(row["subject"], set()).add(row["pseudonym"])
    assert all(len(it) == 1 for it in names.values())
    assert len({next(iter(it)) for it in names.values()}) == len(names) == 6
    public = {row["frame"]: row["source_subject"] for row in rows_of(released.out)}
    assert public == {row["frame"]: row["pseudonym"] for row in key_of(released)}
    report = ThreePillarResult.model_validate_json((released.out / "report/report.json").read_bytes())
    synth = next(it for it in report.sets if it.name == "synth")
    assert {it.frame: it.subject for it in synth.frames} == public


def test_columns_are_those_that_may_be_published(released: Released) -> None:
    rows = rows_of(released.out)
    assert "site" not in rows[0]
    assert {"source_mask", "generator_subjects", "subject", "graph"}.isdisjoint(rows[0])
    assert {row["n_generator_subjects"] for row in rows} == {"2"}
    assert {row["age"] for row in rows} == {str(40 + i) for i in range(12)}
    assert {row["prompt"] for row in rows} == {"cornea of [withheld], healthy"}


def test_no_name_subject_or_path_leaks(sets: Path, released: Released) -> None:
    real = load_cohort(sets / "real")
    synth = load_cohort(sets / "synth")
    secrets = {str(sets), "Secret-Clinic", str(released.private), str(Path.home()) + "/", "Ward 7", "Doe"}
    for record in (*real, *synth):
        secrets |= {
            record.frame,
            Path(record.frame).stem,
            record.subject or "",
            *record.extra.get("source_subject", "").split(),
        }
        secrets.add(hashlib.sha256(record.path.read_bytes()).hexdigest() if record in real.records else "")
    secrets.discard("")
    for path in released.out.rglob("*"):
        assert not path.name.startswith("Control-00")
        if path.is_file() and path.suffix not in (".png", ".pdf"):
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
            assert not [it for it in secrets if it in text], path


def test_the_report_shows_no_real_frame(released: Released) -> None:
    report = json.loads((released.out / "report/report.json").read_text(encoding="utf-8"))
    by = {it["name"]: it for it in report["sets"]}
    assert by["real"]["frames"] == []
    assert by["real"]["n_frames"] == 12
    assert len(by["synth"]["frames"]) == 12
    assert {it["real"] for it in report["fidelity"]["near_pairs"]} == {"a real frame"}
    sums = {line[66:]: line[:64] for line in (released.out / "SHA256SUMS").read_text().splitlines()}
    assert all(it["sha256"] == sums[it["frame"]] for it in by["synth"]["frames"])
    # Numbers are those of the private run.
    (private,) = released.private.glob("three-pillar-????????/report.json")
    own = json.loads(private.read_text(encoding="utf-8"))
    assert report["fidelity"]["metrics"] == own["fidelity"]["metrics"]
    assert report["preservation"]["comparisons"] == own["preservation"]["comparisons"]
    assert [it["verdict"] for it in report["verdicts"]] == [it["verdict"] for it in own["verdicts"]]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_checksums_are_those_of_sha256sum(released: Released) -> None:
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"],
        cwd=released.out,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    listed = done.stdout.count(": OK")
    assert listed == sum(path.is_file() for path in released.out.rglob("*")) - 1


def test_the_datasheet_tells_the_reports_numbers_and_what_is_unknown(released: Released) -> None:
    text = (released.out / "DATASHEET.md").read_text(encoding="utf-8")
    for title in ("Motivation", "Composition", "Collection process", "Uses", "Distribution", "Maintenance"):
        assert f"## {title}" in text
    assert "## Preprocessing, cleaning, labelling" in text
    assert text.count("[to be filled in by the publisher]") == released.n_open == 14
    assert "CC0-1.0" in text
    assert "| generator\\_version | unknown |" in text
    assert "among 12 real frames" in text
    assert "1 were written anew" in text
    report = ThreePillarResult.model_validate_json((released.out / "report/report.json").read_bytes())
    assert report.fidelity is not None
    row = next(it for it in report.fidelity.metrics if it.metric == "frechet" and it.scope == "pooled")
    assert row.value is not None
    assert f"| FD-radiomic | radiomic | {row.value:.1f}"[:32] in text
    page = (released.out / "datasheet.html").read_text(encoding="utf-8")
    assert page.count('class="open-answer"') == 14
    assert "<script" not in page


def test_the_card_is_croissant_of_these_files(released: Released) -> None:
    found = json.loads((released.out / "croissant.json").read_text(encoding="utf-8"))
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    files = {it["@id"]: it for it in found["distribution"]}
    manifest = (released.out / "manifest.csv").read_bytes()
    assert files["manifest"]["sha256"] == hashlib.sha256(manifest).hexdigest()
    assert files["frames"]["includes"] == "frames/*.png"
    fields = [it["source"]["extract"]["column"] for it in found["recordSet"][0]["field"]]
    assert fields == list(rows_of(released.out)[0])


def test_private_files_are_the_owners(released: Released) -> None:
    assert stat.S_IMODE(released.private.stat().st_mode) == 0o700
    for name in ("key.csv", "release.json", "copies.csv"):
        assert stat.S_IMODE((released.private / name).stat().st_mode) == 0o600
    assert not list(released.out.parent.glob("*.partial"))


def test_a_finished_release_is_left_alone_and_another_not_overwritten(sets: Path, released: Released) -> None:
    settings = ReleaseSettings(name="CCM test set", licence="CC0-1.0", keep_columns=("age",))
    again = release(sets / "synth", released.out, scoring(real=sets / "real"), settings)
    assert again.was_there
    assert (again.n_frames, again.n_open) == (12, 14)
    with pytest.raises(SettingsMismatchError, match="not overwritten"):
        release(sets / "synth", released.out, scoring(real=sets / "real"), ReleaseSettings())


def test_a_report_serves_as_well_and_must_be_of_this_set(
    sets: Path, released: Released, tmp_path: Path
) -> None:
    (report,) = released.private.glob("three-pillar-????????")
    found = release(sets / "synth", tmp_path / "a", Scoring(report=report))
    assert found.n_frames == 12
    assert problems_of(found.out) == []
    with pytest.raises(CcmevalError, match="report of other frames"):
        release(sets / "copies", tmp_path / "b", Scoring(report=report))
    assert not (tmp_path / "b-private").exists()
    silent = json.loads((report / "report.json").read_text(encoding="utf-8"))
    silent["fidelity"]["n_copies"] = None
    (tmp_path / "report.json").write_text(json.dumps(silent), encoding="utf-8")
    with pytest.raises(CcmevalError, match="does not say whether frames repeat real ones"):
        release(sets / "synth", tmp_path / "c", Scoring(report=tmp_path / "report.json"))
    assert not (tmp_path / "c").exists()


def test_copies_of_a_report_are_refused_then_left_out_and_said(
    sets: Path, released: Released, tmp_path: Path
) -> None:
    (folder,) = released.private.glob("three-pillar-????????")
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    told["fidelity"]["n_copies"] = 1
    told["fidelity"]["near_pairs"][0] |= {"is_copy": True, "value": 0.93}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CcmevalError, match=r"1 of 12 frames repeats a real one .*--drop-copies"):
        release(sets / "synth", tmp_path / "a", Scoring(report=path))
    found = release(sets / "synth", tmp_path / "a", Scoring(report=path), ReleaseSettings(drop_copies=True))
    assert (found.n_frames, found.n_dropped) == (11, 1)
    note = "All numbers are of the whole set, those frames included"
    for name in ("DATASHEET.md", "datasheet.html", "croissant.json", "report/report.html"):
        assert note in (found.out / name).read_text(encoding="utf-8"), name
    told["fidelity"]["n_copies"] = 2  # of which the report names one
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CcmevalError, match="names only some of them"):
        release(sets / "synth", tmp_path / "b", Scoring(report=path), ReleaseSettings(drop_copies=True))


def test_copies_are_refused_listed_and_left_out_with_numbers_of_the_rest(sets: Path, tmp_path: Path) -> None:
    truth = list(csv.DictReader((sets / "copies" / "truth.csv").open(newline="", encoding="utf-8")))
    hit = {row["frame"] for row in truth if row["change"]}
    given = scoring(real=sets / "real")
    with pytest.raises(CcmevalError, match=rf"{len(hit)} of 12 frames"):
        release(sets / "copies", tmp_path / "set", given)
    assert not (tmp_path / "set").exists()
    with (tmp_path / "set-private" / "copies.csv").open(newline="", encoding="utf-8") as file:
        assert {row["frame"] for row in csv.DictReader(file)} == hit
    found = release(sets / "copies", tmp_path / "set", given, ReleaseSettings(drop_copies=True))
    assert (found.n_frames, found.n_dropped) == (12 - len(hit), len(hit))
    assert len(rows_of(found.out)) == len(list((found.out / "frames").iterdir())) == 12 - len(hit)
    assert len(list((found.out / "masks").iterdir())) == 12 - len(hit)
    assert {row["source_frame"] for row in key_of(found)}.isdisjoint(hit)
    report = ThreePillarResult.model_validate_json((found.out / "report/report.json").read_bytes())
    assert report.fidelity is not None
    assert report.fidelity.n_copies == 0
    assert next(it for it in report.sets if it.name == "synth").n_frames == 12 - len(hit)
    assert "All numbers are of the released frames alone" in (found.out / "DATASHEET.md").read_text("utf-8")


def test_a_run_that_was_stopped_goes_on(
    sets: Path, released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (report,) = released.private.glob("three-pillar-????????")
    calls = {"n": 0}
    true = running.frame_bytes

    def stopping(one: Any) -> Any:
        calls["n"] += 1
        if calls["n"] == 6:
            raise KeyboardInterrupt
        return true(one)

    monkeypatch.setattr(running, "frame_bytes", stopping)
    with pytest.raises(KeyboardInterrupt):
        release(sets / "synth", tmp_path / "set", Scoring(report=report))
    assert not (tmp_path / "set").exists()
    assert len(list((tmp_path / "set.partial" / "frames").iterdir())) == 5
    secret = json.loads((tmp_path / "set-private" / "release.json").read_text())["secret"]
    found = release(sets / "synth", tmp_path / "set", Scoring(report=report))
    assert calls["n"] == 6 + 7  # none was written twice
    assert problems_of(found.out) == []
    assert json.loads((found.private / "release.json").read_text())["secret"] == secret
    assert not (tmp_path / "set.partial").exists()


def test_a_changed_release_is_noticed(sets: Path, released: Released, tmp_path: Path) -> None:
    (report,) = released.private.glob("three-pillar-????????")
    found = release(sets / "synth", tmp_path / "set", Scoring(report=report))
    (found.out / "manifest.csv").write_text("frame\n")
    with pytest.raises(SettingsMismatchError, match=r"1 files differ .*manifest.csv"):
        release(sets / "synth", tmp_path / "set", Scoring(report=report))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "either --real SET"),
        ({"real": Path("a"), "report": Path("b")}, "either --real SET"),
        ({"real": Path("published:2602.13693")}, "holds no frames"),
        ({"report": Path("absent")}, "cannot be read"),
    ],
)
def test_what_tells_nothing_of_copies_is_refused(
    sets: Path, tmp_path: Path, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(CcmevalError, match=words):
        release(sets / "synth", tmp_path / "set", Scoring(**given))
    assert not (tmp_path / "set").exists()


def test_colour_and_unreadable_frames_are_refused(sets: Path, tmp_path: Path) -> None:
    shutil.copytree(sets / "copies", tmp_path / "bad")
    path = sorted((tmp_path / "bad" / "frames").rglob("*.png"))[0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CcmevalError, match="1 of 12 frames cannot be read"):
        release(tmp_path / "bad", tmp_path / "set", Scoring(report=tmp_path))


def test_the_command(sets: Path, released: Released, tmp_path: Path) -> None:
    (report,) = released.private.glob("three-pillar-????????")
    words = tmp_path / "words.yaml"
    words.write_text("funding: Nobody paid.\npurpose: To test.\n", encoding="utf-8")
    argv = [
        "release",
        str(sets / "synth"),
        "-o",
        str(tmp_path / "set"),
        "--report",
        str(report),
        "--name",
        "Set 1",
    ]
    argv += ["--version", "2.0", "--contact", "a@b.org", "--words", str(words), "--no-masks"]
    done = CliRunner().invoke(app, argv, catch_exceptions=False)
    assert done.exit_code == 0
    assert "12 frames." in done.stdout
    text = (tmp_path / "set" / "DATASHEET.md").read_text(encoding="utf-8")
    assert "Nobody paid." in text
    assert "Version 2.0" in text
    assert not (tmp_path / "set" / "masks").exists()
    assert "mask" not in rows_of(tmp_path / "set")[0]
    words.write_text("colour: red\n", encoding="utf-8")
    with pytest.raises(CcmevalError, match="colour is no placeholder"):
        CliRunner().invoke(app, argv, catch_exceptions=False)
