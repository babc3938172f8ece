"""`ccmeval biomarkers`: options reach the settings, exit codes and sentences are as documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ccmeval.cli.biomarkers import printable
from ccmeval.cli.main import app, main
from ccmeval.settings import RunSettings
from tests.drawn import write_frames


def _run(monkeypatch: pytest.MonkeyPatch, *argv: object) -> int:
    """Run the command as a shell would and give its exit code."""
    monkeypatch.setattr("sys.argv", ["ccmeval", *map(str, argv)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_all_measured_is_0_and_the_report_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_frames(tmp_path / "in", 2)
    code = _run(monkeypatch, "biomarkers", tmp_path / "in", "-o", tmp_path / "out", "--pixel-size", 1)
    told = capfd.readouterr()
    assert code == 0
    assert told.err == ""
    assert "2 of 2 frames measured" in told.out
    assert str(tmp_path / "out" / "report.html") in told.out
    assert (tmp_path / "out" / "report.html").is_file()


def test_some_failed_is_1_and_each_has_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_frames(tmp_path / "in", 2)
    (tmp_path / "in" / "Control" / "bad.tif").write_bytes(b"II*\0")
    code = _run(monkeypatch, "biomarkers", tmp_path / "in", "-o", tmp_path / "out", "--pixel-size", 1)
    told = capfd.readouterr()
    assert code == 1
    assert told.err.startswith("ccmeval: not measured: ")
    assert "bad.tif" in told.err
    assert "2 of 3 frames measured" in told.out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--pixel-size", "-1"], "Setting pixel_size_um: input should be greater than 0 (given: -1.0)."),
        (["--pixel-size", "1", "--field-of-view", "400"], "not both"),
        (["--segmenter", "absent"], "No segmenter is called 'absent'"),
        (["--resume", "--overwrite"], "Give --resume or --overwrite, not both."),
        (["--config", "absent.yaml"], "absent.yaml cannot be read"),
        (["--nerves-from", "thumb"], "nerves_from"),
        (["--dask", "tcp://127.0.0.1:9"], "No Dask scheduler answers"),
    ],
)
def test_mistakes_are_2_with_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    monkeypatch.setattr("ccmeval.batch.cluster._CONNECT_S", 0.3)
    write_frames(tmp_path / "in", 2)
    code = _run(monkeypatch, "biomarkers", tmp_path / "in", "-o", tmp_path / "out", *options)
    told = capfd.readouterr()
    assert code == 2
    assert told.err.startswith("ccmeval: ")
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out" / "biomarkers.csv").exists()


def test_without_o_results_go_to_the_documented_folder_and_are_not_read_as_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_frames(tmp_path, 2)
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, "biomarkers", ".", "--pixel-size", 1) == 0
    assert Path("ccmeval-results/biomarkers/biomarkers.csv").is_file()
    assert _run(monkeypatch, "biomarkers", ".", "--pixel-size", 1) == 2
    assert "add --resume" in capfd.readouterr().err
    assert _run(monkeypatch, "biomarkers", ".", "--pixel-size", 1, "--resume") == 0
    content = json.loads(Path("ccmeval-results/biomarkers/biomarkers.json").read_text())
    assert len(content["frames"]) == 2
    assert content["command"].startswith("ccmeval biomarkers . --pixel-size 1")


def test_every_option_reaches_its_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[RunSettings] = []

    def keep(path: Path, out: Path, settings: RunSettings, **flags: bool) -> None:
        seen.append(settings)
        raise typer.Exit(7)

    monkeypatch.setattr("ccmeval.cli.biomarkers.run_with_progress", keep)
    options = (
        "--field-of-view 400 --segmenter theirs --traces t --subject-pattern (.) --covariate age"
        " --covariate hba1c --no-overlays -j 3 --dask tcp://a:1"
    )
    assert _run(monkeypatch, "biomarkers", "x", *options.split()) == 7
    wanted = RunSettings(
        field_of_view_um=400, segmenter="theirs", traces="t", nerves_from="traces", subject_pattern="(.)",
        covariates=("age", "hba1c"), overlays=False, jobs=3, dask="tcp://a:1",
    )  # fmt: skip
    assert seen == [wanted]


def test_help_tells_the_models_own_descriptions() -> None:
    told = " ".join(CliRunner().invoke(app, ["biomarkers", "--help"]).output.split())
    for name in ("pixel_size_um", "masks", "covariates", "dask", "jobs", "segmenter"):
        description = RunSettings.model_fields[name].description
        assert description is not None
        assert description[:50] in told


def test_a_names_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31m\u202eb.png") == "a\ufffd[31m\ufffdb.png"
