"""The run of `ccmeval generate`: what it writes, that it resumes, and that it never makes a frame twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.cohort import load_cohort
from ccmeval.errors import CcmevalError, SettingsMismatchError, UnavailableError
from ccmeval.generation.generating_run import generate_cohort
from ccmeval.generation.set_journal import JOURNAL_FILE
from ccmeval.generation.settings import GenerateSettings
from ccmeval.generation.wanted import seed_of
from tests.generation.mask_files import draw_mask, rows_of, save, write_cohort
from tests.generation.painters import LEVELS, Painter, painters

__all__ = ["painters"]
pytestmark = pytest.mark.usefixtures("painters")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    (tmp_path / "real").mkdir()
    return write_cohort(tmp_path / "real")


def _pictures(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.png"))}


def test_a_set_is_a_cohort(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = generate_cohort("painter", out, GenerateSettings(masks=cohort, seed=5))
    assert made.n_made == 6
    assert not made.warnings
    rows = rows_of(made.manifest)
    assert [row["frame"] for row in rows][:2] == ["Control/Control_000001.png", "Control/Control_000002.png"]
    # Subjects take turns: S0's first mask, S1's first, then S0's second.
    assert [row["source_subject"] for row in rows[:3]] == ["S0", "S1", "S0"]
    assert [row["source_mask"] for row in rows[:3]] == ["frames/f0.png", "frames/f2.png", "frames/f1.png"]
    one = rows[0]
    assert one["seed"] == str(seed_of(5, "Control", 1))
    assert (one["inference_steps"], one["guidance_scale"]) == ("7", "1.5")
    assert (one["source"], one["generator_version"], one["generator_subjects"]) == ("painter", "3", "none")
    loaded = load_cohort(out)
    assert len(loaded) == 6
    assert {record.diagnosis for record in loaded} == {"Control", "T1DPN"}
    for record in loaded:
        assert record.mask is not None
        assert record.pixel_size_um == 1.0
        # The picture is what the painter paints for this row's mask, diagnosis and seed, in 8 bits.
        mask = np.asarray(Image.open(record.mask)) > 0
        rng = np.random.default_rng(int(record.extra["seed"]))
        wanted = rng.normal(0.25, 0.03, (96, 96)) + mask * (LEVELS[record.diagnosis] - 0.25)
        levels = np.rint(np.clip(wanted, 0, 1).astype(np.float32).astype(np.float64) * 255)
        assert np.array_equal(np.asarray(Image.open(record.path)), levels)
        number = int(Path(record.extra["source_mask"]).stem[1:])
        assert np.array_equal(mask, draw_mask(number))
    assert not list(out.rglob("*.partial"))


def test_resume_after_a_kill_makes_nothing_twice(cohort: Path, tmp_path: Path) -> None:
    settings = GenerateSettings(masks=cohort, frames=5, batch_size=2)
    generate_cohort("painter", tmp_path / "whole", settings)
    whole = list(Painter.asked)
    Painter.asked.clear()
    Painter.die_after = 4
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        generate_cohort("painter", out, settings)
    assert len(_pictures(out)) == 8  # four frames, four masks
    assert not (out / "manifest.csv").exists()
    with (out / JOURNAL_FILE).open("ab") as journal:
        journal.write(b'{"frame": "Control_0000')  # torn by the kill
    Painter.die_after = None
    with pytest.raises(CcmevalError, match=r"4 of 10 frames done\); add --resume"):
        generate_cohort("painter", out, settings)
    made = generate_cohort("painter", out, settings, resume=True)
    assert made.n_made == 6
    assert Painter.asked == whole
    assert len(set(Painter.asked)) == 10
    assert _pictures(out) == _pictures(tmp_path / "whole")
    assert (out / "manifest.csv").read_bytes() == (tmp_path / "whole" / "manifest.csv").read_bytes()
    again = generate_cohort("painter", out, settings, resume=True)
    assert again.n_made == 0


def test_a_frame_lost_or_changed_is_made_again(cohort: Path, tmp_path: Path) -> None:
    settings = GenerateSettings(masks=cohort)
    out = tmp_path / "out"
    generate_cohort("painter", out, settings)
    before = _pictures(out)
    (out / "Control" / "Control_000002.png").unlink()
    (out / "masks" / "T1DPN_000001.png").write_bytes(b"torn")
    assert generate_cohort("painter", out, settings, resume=True).n_made == 2
    assert _pictures(out) == before


def test_frame_k_does_not_depend_on_n(cohort: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    generate_cohort("painter", few, GenerateSettings(masks=cohort, frames=2, batch_size=1))
    many = tmp_path / "many"
    made = generate_cohort("painter", many, GenerateSettings(masks=cohort, frames=4))
    assert any("share their mask" in note for note in made.notes)  # three masks a diagnosis
    shared = _pictures(many)
    assert all(shared[name] == content for name, content in _pictures(few).items())
    # The smaller set grows into the larger one.
    assert generate_cohort("painter", few, GenerateSettings(masks=cohort, frames=4), resume=True).n_made == 4
    assert _pictures(few) == shared
    with pytest.raises(SettingsMismatchError, match="does not make"):
        generate_cohort("painter", few, GenerateSettings(masks=cohort, frames=1), resume=True)


def test_another_run_is_refused(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate_cohort("painter", out, GenerateSettings(masks=cohort))
    with pytest.raises(SettingsMismatchError, match="seed: 0 there, 1 here"):
        generate_cohort("painter", out, GenerateSettings(masks=cohort, seed=1), resume=True)
    save(cohort.parent / "masks" / "m0.png", draw_mask(77))
    with pytest.raises(SettingsMismatchError, match="Control_000001 made from another mask"):
        generate_cohort("painter", out, GenerateSettings(masks=cohort), resume=True)
    with pytest.raises(SettingsMismatchError, match="is not empty"):
        generate_cohort("painter", cohort.parent, GenerateSettings(masks=cohort))
    assert not (cohort.parent / JOURNAL_FILE).exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / JOURNAL_FILE).write_text('{"kind": "else"}\n')
    with pytest.raises(SettingsMismatchError, match="no journal of ccmeval"):
        generate_cohort("painter", tmp_path / "other", GenerateSettings(masks=cohort), resume=True)


def test_two_at_once_are_refused(cohort: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "out"
    generate_cohort("painter", out, GenerateSettings(masks=cohort))
    with (out / JOURNAL_FILE).open("ab") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        with pytest.raises(CcmevalError, match="Another run is writing"):
            generate_cohort("painter", out, GenerateSettings(masks=cohort), resume=True)


def test_a_collapsed_generator_is_told(cohort: Path, tmp_path: Path) -> None:
    made = generate_cohort("collapsed", tmp_path / "out", GenerateSettings(masks=cohort, frames=6))
    # Each of three masks a diagnosis twice: half of the frames repeat another.
    assert "6 of 12 frames equal an earlier one byte for byte" in made.warnings[0]
    told = json.loads((tmp_path / "out" / "generation.json").read_text())
    assert told["warnings"] == list(made.warnings)


def test_an_unusable_mask_is_left_out_and_told(cohort: Path, tmp_path: Path) -> None:
    (cohort.parent / "masks" / "m1.png").write_bytes(b"no picture")
    made = generate_cohort("painter", tmp_path / "out", GenerateSettings(masks=cohort))
    assert len(made.unusable) == 1
    assert made.n_made == 5


def test_without_masks_the_generator_tells_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CcmevalError, match="give -n"):
        generate_cohort("free", out)
    made = generate_cohort("free", out, GenerateSettings(frames=2, prompt="a, b\nc"))
    rows = rows_of(made.manifest)
    assert [row["diagnosis"] for row in rows] == ["Control"] * 2 + ["T1DPN"] * 2
    assert {row["drawn"] for row in rows} == {"line"}
    assert {row["source_subject"] for row in rows} == {"S9"}
    assert {row["prompt"] for row in rows} == {"a, b\nc"}
    assert rows[0]["frame"] == "Control/Control_000001.png"
    mask = np.asarray(Image.open(out / rows[0]["mask"])) > 0
    assert mask.sum() == 4 * 96


def test_a_stock_is_given_out_once(tmp_path: Path) -> None:
    made = generate_cohort("stocked", tmp_path / "out")
    assert [row["seed"] for row in rows_of(made.manifest)] == ["0", "1", "2"] * 2
    with pytest.raises(CcmevalError, match="has 3 frames of Control, not 4"):
        generate_cohort("stocked", tmp_path / "more", GenerateSettings(frames=4))


def test_broken_answers_are_refused(cohort: Path, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="grey levels from"):
        generate_cohort("wild", tmp_path / "out", GenerateSettings(masks=cohort))


@pytest.mark.parametrize(
    ("generator", "settings", "match"),
    [
        ("painter", {}, "makes no frame without a mask"),
        ("painter", {"prompt": "x", "masks": "M"}, "follows no prompt"),
        ("stocked", {"masks": "M"}, "follows no mask"),
        ("mask-only", {"masks": "M", "diagnoses": ("Control",)}, "would be untrue"),
        ("mask-only", {"masks": "M", "counterfactual": True}, "follows the diagnosis"),
        ("painter", {"masks": "M", "diagnoses": ("T9",)}, "knows no diagnosis 'T9'; it knows Control, T1DPN"),
        ("painter", {"masks": "M", "diagnoses": ("as-mask", "Control")}, "give it alone"),
        ("painter", {"masks": "M", "counterfactual": True, "diagnoses": ("Control",)}, "at least two"),
    ],
)
def test_mistakes_are_told(
    cohort: Path, tmp_path: Path, generator: str, settings: dict[str, object], match: str
) -> None:
    given = {name: (cohort if value == "M" else value) for name, value in settings.items()}
    with pytest.raises(CcmevalError, match=match):
        generate_cohort(generator, tmp_path / "out", GenerateSettings(**given))
    assert not (tmp_path / "out").exists()


def test_the_set_is_fit_to_be_scored(cohort: Path, tmp_path: Path) -> None:
    from ccmeval.checking.check import check_cohort

    out = tmp_path / "out"
    generate_cohort("painter", out, GenerateSettings(masks=cohort))
    against = check_cohort(load_cohort(cohort), "real")
    checked = check_cohort(load_cohort(out), "synth", against=against)
    assert [finding for finding in checked.findings if finding.severity == "error"] == []
