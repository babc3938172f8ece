"""An existing set as a generator: each frame once, bit for bit, and nothing that is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Condition
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_generator, toy_generator_job
from ccmeval_generators.folder import FolderGenerator
from ccmeval_generators.folder.settings import FolderSettings

SIDE = 64
HEADER = "frame,mask,diagnosis,pixel_size_um,source,source_subject,generator_subjects\n"


def grey(seed: int, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 220, (side, side)).astype(np.uint8)


@pytest.fixture
def adopted(tmp_path: Path) -> Path:
    """Three frames of controls, the first with a mask, two of patients."""
    rows = []
    for number, diagnosis in enumerate(["Control", "T1DPN", "Control", "healthy", "T1DPN"]):
        Image.fromarray(grey(number)).save(tmp_path / f"f{number}.png")
        mask = "m0.png" if number == 0 else ""
        rows.append(f"f{number}.png,{mask},{diagnosis},2.0,other tool,s{number},s1;s2\n")
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, 30:34] = 255
    Image.fromarray(mask).save(tmp_path / "m0.png")
    (tmp_path / "manifest.csv").write_text(HEADER + "".join(rows))
    return tmp_path


def generator_of(path: Path) -> FolderGenerator:
    return FolderGenerator(FolderSettings(path=str(path)))


def test_keeps_the_contract(adopted: Path) -> None:
    check_generator(FolderGenerator(), settings={"path": str(adopted)})


def test_all_frames_come_once_bit_for_bit(adopted: Path) -> None:
    generator = generator_of(adopted)
    assert generator.format.shape_px == (SIDE, SIDE)
    assert generator.format.pixel_size_um == 2.0
    assert generator.format.diagnoses == ("Control", "T1DPN")
    asked = [Condition(seed, name) for name in ("Control", "T1DPN") for seed in generator.seeds_of(name)]
    # A healthy one is a control; by hand: frames 0, 2, 3 and 1, 4.
    for frame, number in zip(generator.generate(asked), [0, 2, 3, 1, 4], strict=True):
        assert np.array_equal(np.rint(frame * 255).astype(np.uint8), grey(number))
    everything = [Condition(seed) for seed in generator.seeds_of(None)]
    for number, frame in enumerate(generator.generate(everything)):
        assert np.array_equal(np.rint(frame * 255).astype(np.uint8), grey(number))


def test_pixel_size_is_not_rounded(adopted: Path) -> None:
    manifest = adopted / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",2.0,", f",{400 / 384!r},"))
    assert generator_of(adopted).format.pixel_size_um == 400 / 384


def test_other_names_of_a_diagnosis_are_known(adopted: Path) -> None:
    generator = generator_of(adopted)
    assert generator.seeds_of("healthy") == generator.seeds_of("Control") == range(3)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (Condition(3, "Control"), "holds 3 frames of Control, numbered by seeds 0 to 2; .* none for seed 3"),
        (Condition(-1, "Control"), "none for seed -1"),
        (Condition(5), "holds 5 frames in all, numbered by seeds 0 to 4"),
        (Condition(0, "Keratoconus"), "no frame of the diagnosis 'Keratoconus'; it has: Control, T1DPN"),
    ],
)
def test_what_is_not_there_is_refused(adopted: Path, condition: Condition, sentence: str) -> None:
    with pytest.raises(UnavailableError, match=sentence):
        generator_of(adopted).generate([condition])


def test_masks_and_origin_are_told(adopted: Path) -> None:
    generator = generator_of(adopted)
    asked = [Condition(0, "Control"), Condition(0, "T1DPN")]
    mask, none = generator.own_masks(asked)
    assert mask.sum() == 4 * SIDE
    assert none is None
    assert generator.provenance(asked)[1] == {
        "adopted_frame": "f1.png",
        "adopted_source": "other tool",
        "source_subject": "s1",
        "generator_subjects": "s1;s2",
        "fold": "",
    }


def test_doublets_and_damage_are_left_out(adopted: Path) -> None:
    (adopted / "manifest.csv").unlink()
    (adopted / "m0.png").unlink()
    (adopted / "f2.png").write_bytes((adopted / "f0.png").read_bytes())
    (adopted / "f3.png").write_bytes((adopted / "f3.png").read_bytes()[:300])
    generator = FolderGenerator(FolderSettings(path=str(adopted), pixel_size_um=2.0))
    assert generator.seeds_of(None) == range(3)
    doublet, damaged = generator.stock.left_out
    assert doublet == "f2.png is the same file as f0.png."
    assert damaged.startswith("f3.png")
    assert generator.format.diagnoses == ()


def test_several_shapes_are_refused(adopted: Path) -> None:
    Image.fromarray(grey(4, 72)).save(adopted / "f4.png")
    with pytest.raises(UnavailableError, match=r"frames of 2 kinds .4 of 64 x 64 px at 2 um; 1 of 72 x 72"):
        _ = generator_of(adopted).format


def test_no_set_is_named() -> None:
    generator = FolderGenerator()
    assert generator.format is None
    assert generator.identity == "folder 1 (no set)"
    with pytest.raises(UnavailableError, match="No set is named; set path"):
        generator.generate([Condition(0)])


@pytest.mark.parametrize(("path", "sentence"), [("gone", "does not exist"), ("empty", "No frames in")])
def test_no_set_is_there(tmp_path: Path, path: str, sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnavailableError, match=f"cannot be adopted: .*{sentence}"):
        generator_of(tmp_path / path).seeds_of(None)


def test_unknown_pixel_size_tells_the_cure(tmp_path: Path) -> None:
    Image.fromarray(grey(1, 80)).save(tmp_path / "a.png")
    with pytest.raises(UnavailableError, match=r"holds no usable frame: .*pixel"):
        generator_of(tmp_path).generate([Condition(0)])


def test_a_set_that_changed_is_refused(adopted: Path, tmp_path: Path) -> None:
    generator_of(adopted).save_pretrained(tmp_path / "saved")
    Image.fromarray(grey(9)).save(adopted / "f4.png")
    with pytest.raises(UnavailableError, match="has changed since it was adopted"):
        FolderGenerator.from_pretrained(tmp_path / "saved", WeightSource())


def test_frame_taken_away_meanwhile(adopted: Path) -> None:
    generator = generator_of(adopted)
    assert len(generator.seeds_of("T1DPN")) == 2
    (adopted / "f1.png").unlink()
    with pytest.raises(UnavailableError, match=r"has changed since it was adopted: f1\.png"):
        generator.generate([Condition(0, "T1DPN")])


def test_relative_paths_are_saved_whole(
    adopted: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(adopted.parent)
    generator_of(Path(adopted.name)).save_pretrained(elsewhere)
    monkeypatch.chdir(elsewhere)
    assert FolderGenerator.from_pretrained(elsewhere, WeightSource()).seeds_of(None) == range(5)


def test_cannot_be_trained(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="existing set cannot be trained"):
        FolderGenerator().plan(toy_generator_job(tmp_path / "job"))
