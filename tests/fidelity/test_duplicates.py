from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import fft, ndimage

from ccmeval.fidelity.duplicates import CopySettings, correlation, find_copies, find_repeats
from ccmeval.fidelity.signatures import (
    TRANSFORMS,
    descriptors,
    signature,
    signature_file,
    turned,
    turned_cosines,
)
from ccmeval.phantom import PhantomSettings, make_phantom

SETTINGS = PhantomSettings(shape_px=(192, 192), pixel_size_um=400 / 192)
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [make_phantom(rng, settings=SETTINGS).frame.astype(np.float32) for _ in range(8)]


def jpeg(frame: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray((np.clip(frame, 0, 1) * 255).astype(np.uint8)).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file), dtype=np.float32) / 255


def noisy(frame: np.ndarray) -> np.ndarray:
    return frame + np.random.default_rng(1).normal(0, 0.05, frame.shape)


CHANGES = {
    "none": lambda frame: frame,
    "8 bit on another scale": lambda frame: np.round(frame * 255),
    "noise": noisy,
    "blur": lambda frame: ndimage.gaussian_filter(frame, 1.5),
    "jpeg": jpeg,
    "gamma": lambda frame: np.clip(frame, 0, 1) ** 0.6,
    "less contrast": lambda frame: 0.3 + 0.4 * frame,
    "shift": lambda frame: np.pad(frame, ((0, 10), (7, 0)), mode="reflect")[10:, :192],
    "vignette": lambda frame: frame * (0.5 + np.hanning(192)[:, None] / 2),
    "larger": lambda frame: ndimage.zoom(frame, 2, order=1),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_changed_copies_are_found(frames, change):
    real = [signature(frame) for frame in frames]
    synth = [signature(CHANGES[change](frames[i])) for i in (2, 5)]
    found = find_copies(synth, real, ["a", "b"], [f"r{i}" for i in range(8)])
    assert (found.n_copies, found.n_searched) == (2, 2)
    assert {(pair.synth, pair.real) for pair in found.pairs} == {("a", "r2"), ("b", "r5")}
    assert all(pair.is_copy and pair.value > 0.85 for pair in found.pairs)
    assert all(("shifted" in pair.transform) == (change == "shift") for pair in found.pairs)


@pytest.mark.parametrize("transform", range(8))
def test_flipped_turned_and_shifted_copies_are_found(frames, transform):
    real = [signature(frame) for frame in frames]
    changed = np.roll(turned(noisy(frames[3]), transform), (12, 0), axis=(0, 1))
    inverse = {5: 6, 6: 5}.get(transform, transform)
    found = find_copies([signature(changed)], real, ["a"], [f"r{i}" for i in range(8)])
    assert found.n_copies == 1
    assert found.pairs[0].real == "r3"
    assert found.pairs[0].transform.startswith(TRANSFORMS[inverse] if inverse else "shifted")
    assert "6 %" in found.pairs[0].transform


def test_independent_frames_are_no_copies(frames):
    signatures = [signature(frame) for frame in frames]
    names = [f"{i}" for i in range(8)]
    found = find_copies(signatures[:4], signatures[4:], names[:4], names[4:])
    assert found.n_copies == 0
    assert len(found.pairs) == 4
    assert max(pair.value for pair in found.pairs) < 0.5
    assert [pair.value for pair in found.pairs] == sorted((p.value for p in found.pairs), reverse=True)


def test_repeats_within_a_set(frames):
    more = [*frames, noisy(frames[1])[:, ::-1], frames[1], np.full((192, 192), 0.5)]
    names = [f"{i}" for i in range(len(more))]
    found = find_repeats([signature(frame) for frame in more], names)
    pairs = {(pair.synth, pair.real): pair for pair in found.pairs if pair.is_copy}
    assert set(pairs) == {("1", "8"), ("1", "9"), ("8", "9")}
    assert pairs["1", "9"].value == pytest.approx(1)
    assert pairs["1", "8"].transform == "flipped left-right"
    assert (found.n_copies, found.n_searched) == (2, 10)


def test_a_repeat_is_described_alike_from_either_side(frames):
    changed = np.roll(turned(frames[0], 5), (10, 4), axis=(0, 1))
    one, other = signature(frames[0]), signature(changed)
    straight = find_copies([one], [other], ["a"], ["b"]).pairs[0]
    backwards = find_repeats([one, other], ["a", "b"]).pairs[0]
    assert (
        straight.transform
        == backwards.transform
        == "turned by 90 degrees clockwise, shifted by 5 % down and 2 % right"
    )


def test_a_synthetic_set_that_is_the_real_set(frames):
    signatures = [signature(frame) for frame in frames]
    names = [f"{i}" for i in range(8)]
    found = find_copies(signatures, signatures, names, names, settings=CopySettings(most_pairs=3))
    assert (found.n_copies, len(found.pairs)) == (8, 3)
    assert all(pair.transform == "as it is" and pair.value == pytest.approx(1) for pair in found.pairs)


def test_odd_frames():
    constant, noise = signature(np.full((50, 80), 0.2)), signature(np.random.default_rng(0).random((50, 80)))
    broken = signature(np.where(np.eye(30) > 0, np.nan, 1.0))
    assert not constant.any()
    assert not broken.any()
    assert find_copies([constant, broken], [constant, noise], ["a", "b"], ["c", "d"]).pairs == []
    assert find_copies([noise], [constant], ["a"], ["b"]).n_copies == 0
    assert find_copies([], [], [], []).n_copies == find_repeats([noise], ["a"]).n_copies == 0
    assert find_copies([noise], [], ["a"], []).pairs == []
    assert np.isnan(correlation(np.zeros((4, 4), np.float32), np.eye(4, dtype=np.float32), (0, 0)))
    with pytest.raises(ValueError, match="equally many"):
        find_copies([noise], [noise], [], ["b"])
    with pytest.raises(ValueError, match="H, W"):
        signature(np.zeros((3, 3, 3)))


def test_signatures_are_small_and_travel(frames):
    one = signature(frames[0])
    assert one.nbytes <= 80_000
    assert np.array_equal(pickle.loads(pickle.dumps(one)), one)


@pytest.mark.parametrize("transform", range(8))
def test_descriptors_of_turned_frames_are_turned_descriptors(frames, transform):
    one = signature(frames[0])
    plain, shifted = descriptors([one])
    again = descriptors([turned(one, transform)])
    assert turned_cosines(plain, transform) == pytest.approx(again.plain, abs=1e-4)
    picture = one.astype(np.float32)
    assert np.linalg.norm(plain[0]) == pytest.approx(1, abs=1e-5)
    assert fft.dctn(picture, norm="ortho")[:24, :24] / plain[0] == pytest.approx(
        np.linalg.norm(fft.dctn(picture, norm="ortho")[:24, :24]), rel=1e-2
    )
    assert np.vdot(turned(shifted, transform), again.shifted) > 0.98


@pytest.mark.skipif(not (DATA / "frames").is_dir(), reason=f"no real frames at {DATA / 'frames'}")
def test_real_frames_of_different_subjects_are_no_copies():
    def load(folder: str) -> list[np.ndarray]:
        paths = sorted((DATA / "frames" / folder).iterdir())[:12]
        return [signature(np.asarray(Image.open(path).convert("L"), dtype=np.float32)) for path in paths]

    first, second = load("st"), load("zx")
    names = [str(i) for i in range(12)]
    found = find_copies(first, second, names, names)
    assert found.n_copies == 0
    assert found.pairs[0].value < 0.4


def test_further_candidates_are_tried(frames):
    real = [signature(frame) for frame in frames]
    names = [f"{i}" for i in range(8)]
    blind = CopySettings(plain_candidates=0, shifted_candidates=0)
    synth = [signature(frames[6].T)]
    assert find_copies(synth, real, ["a"], names, settings=blind).pairs == []
    found = find_copies(synth, real, ["a"], names, settings=blind, also=[[1, 6]])
    assert (found.n_copies, found.pairs[0].real) == (1, "6")
    with pytest.raises(ValueError, match="candidates"):
        find_copies(synth, real, ["a"], names, also=[])


@pytest.mark.parametrize("block", [1, 3, 2048])
def test_frames_on_disk_and_in_blocks_give_what_frames_in_memory_give(frames, tmp_path, monkeypatch, block):
    inside = [signature(frame) for frame in (*frames, np.ones((64, 64)), noisy(frames[2])[::-1])]
    names = [f"{i}" for i in range(len(inside))]
    some = CopySettings(plain_candidates=2, shifted_candidates=3)
    expected = find_repeats(inside, names, settings=some), find_copies(inside[5:], inside, names[5:], names)
    kept = signature_file(tmp_path)
    for one in inside:
        kept.append(one)
    monkeypatch.setattr("ccmeval.fidelity.duplicates._BLOCK", block)
    assert find_repeats(kept, names, settings=some) == expected[0]
    assert find_copies(kept[5:], kept, names[5:], names) == expected[1]
    assert not list(tmp_path.iterdir())
