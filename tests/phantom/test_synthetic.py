from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

from ccmeval.cohort.load import load_cohort
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.phantom import FAULTS, TARGETS, PhantomSettings, read_graph, write_cohort, write_synthetic
from ccmeval.phantom.asked import Asked, Wanted, choose_modes, draw_asked, is_hit
from ccmeval.phantom.cohort import Item, plan_cohort, stream_of, subject_of
from ccmeval.phantom.diagnoses import draw_plan
from ccmeval.phantom.faults import MOST_NOISE, shifted, show

SMALL = PhantomSettings(shape_px=(128, 128))
COMMON = {"seed": 5, "frames_per_subject": 2, "settings": SMALL}
GIVEN = Wanted("none", 1.0, 5, 2, tuple(TARGETS), SMALL)

Write = Callable[..., Path]


def digests(folder: Path, pattern: str = "frames/**/*.png") -> dict[str, str]:
    files = (path for path in sorted(folder.glob(pattern)) if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image, dtype=float) / 255.0


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "out"
    return write_cohort(folder, frames=12, **COMMON).parent


@pytest.fixture(scope="module")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic(tmp_path_factory.mktemp("synth") / "out", frames=12, **COMMON).parent


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """Frames with room for branches."""
    large = replace(GIVEN, settings=PhantomSettings(shape_px=(256, 256)))
    items = [Item(diagnosis, 0, number) for diagnosis in ("Control", "T1DPN") for number in (2, 3)]
    return [draw_asked(item, large) for item in items]


def test_a_faithful_set_has_the_real_ones_subjects_and_none_of_its_frames(real: Path, faithful: Path) -> None:
    truth, rows = table(real / "manifest.csv"), table(faithful / "manifest.csv")
    assert [row["source_subject"] for row in rows] == [row["subject"] for row in truth]
    assert "subject" not in rows[0]
    assert {row["source"] for row in rows} == {"phantom, fault none strength 1"}
    assert not set(digests(real).values()) & set(digests(faithful).values())
    assert not {Path(row["frame"]).stem for row in rows} & {Path(row["frame"]).stem for row in truth}
    for one in real.glob("frames/*/*.png"):
        for other in faithful.glob("frames/*/*.png"):
            assert correlation(pixels(one), pixels(other)) < 0.9


def test_its_frames_are_of_the_real_ones_subjects() -> None:
    for item in plan_cohort(6, ["Control", "T1DPN"], 2):
        further = replace(item, number=item.number + 2)
        np.testing.assert_array_equal(subject_of(item, 5).level, subject_of(further, 5).level)


def test_the_manifest_loads_as_a_cohort(faithful: Path) -> None:
    cohort = load_cohort(faithful)
    assert len(cohort) == 12
    for record in cohort:
        assert record.subject is None
        assert record.extra["source_subject"].startswith(f"{record.diagnosis}-000")
        assert record.extra["seed"] == "5"
        assert record.mask is not None
        assert record.mask.is_file()
        assert read_graph(faithful / record.extra["graph"]).length_um >= 0
        assert record.pixel_size_um == pytest.approx(SMALL.pixel_size_um)


def test_same_settings_same_bytes_and_frames_do_not_depend_on_their_number(
    faithful: Path, tmp_path: Path
) -> None:
    write_synthetic(tmp_path / "fewer", frames=4, **COMMON)
    fewer, all_ = digests(tmp_path / "fewer", "[fmg]*s/**/*.*"), digests(faithful, "[fmg]*s/**/*.*")
    assert len(fewer) == 12
    assert all(all_[name] == digest for name, digest in fewer.items())
    kept = tmp_path / "fewer" / "graphs" / "Control-0000_02.json"
    before = kept.stat().st_mtime_ns
    write_synthetic(tmp_path / "fewer", frames=12, **COMMON)
    assert kept.stat().st_mtime_ns == before
    assert digests(tmp_path / "fewer", "**/*") == digests(faithful, "**/*")


@pytest.mark.parametrize("fault", FAULTS)
def test_strength_zero_is_faithful_and_one_is_not(fault: str, asked: list[Asked], real: Path) -> None:
    items = [it.item for it in asked]
    wanted = replace(GIVEN, fault=fault, settings=PhantomSettings(shape_px=(256, 256)), real=real)
    for strength in (0.0, 1.0):
        wanted = replace(wanted, strength=strength)
        wanted = replace(wanted, modes=choose_modes(items, wanted))
        shown = [show(it, wanted) for it in asked]
        changed = [
            not np.array_equal(it.phantom.frame, got.frame) for it, got in zip(asked, shown, strict=True)
        ]
        assert changed == [bool(got.change) for got in shown]
        # Two modes a diagnosis are left at strength 1, and here are no more frames; and a random diagnosis
        # may be the own one.
        assert any(changed) == (strength > 0 and fault not in ("none", "collapsed modes"))
        for got in shown:
            np.testing.assert_allclose(got.frame * 255, np.rint(got.frame * 255), atol=1e-4)


def test_noise_has_the_stated_deviation(asked: list[Asked]) -> None:
    for it in asked:
        middle = (it.phantom.frame > 0.3) & (it.phantom.frame < 0.7)  # nothing is clipped there
        for strength in (0.25, 0.5, 1.0):
            got = show(it, replace(GIVEN, fault="noise", strength=strength))
            spread = float((got.frame - it.phantom.frame)[middle].std())
            assert spread == pytest.approx(MOST_NOISE * strength, rel=0.05)


def test_blur_takes_away_fine_detail_and_keeps_the_level(asked: list[Asked]) -> None:
    def detail(frame: np.ndarray) -> float:
        return float(ndimage.laplace(frame.astype(float)).std())

    for it in asked:
        frames = [it.phantom.frame]
        frames += [show(it, replace(GIVEN, fault="blur", strength=s)).frame for s in (0.25, 0.5, 1.0)]
        details = [detail(frame) for frame in frames]
        assert details == sorted(details, reverse=True)
        assert details[-1] < 0.1 * details[0]
        assert float(frames[-1].mean()) == pytest.approx(float(frames[0].mean()), rel=0.01)
        radius_px = 3.0 / SMALL.pixel_size_um
        # The same blur by Fourier transform, which differs at the border alone.
        spectrum = ndimage.fourier_gaussian(np.fft.fft2(frames[0].astype(float)), radius_px)
        smooth = np.fft.ifft2(spectrum).real
        # Half a grey level of rounding, and a truncated tail.
        assert np.abs(smooth - frames[-1])[20:-20, 20:-20].max() < 0.51 / 255


def test_missing_branches_are_asked_for_and_not_seen(asked: list[Asked]) -> None:
    settings = PhantomSettings(shape_px=(256, 256))
    for it in asked:
        lesser = [nerve for nerve in it.anatomy.nerves if nerve.kind != "trunk"]
        before = it.phantom.mask.copy()
        shares = []
        for strength in (0.25, 0.5, 1.0):
            got = show(it, replace(GIVEN, fault="missing branches", strength=strength, settings=settings))
            shares.append(got.hidden_length_share)
            count = round(strength * len(lesser))
            assert got.change.startswith(f"{count} of {len(lesser)} " if count else "")
            assert bool(got.change) == (count > 0)
            # Away from the hidden nerves nothing changed, and along them there is less light.
            differs = np.abs(got.frame - it.phantom.frame) > 0.1
            around = ndimage.binary_dilation(it.phantom.mask, iterations=6)
            assert not (differs & ~around).any()
        np.testing.assert_array_equal(it.phantom.mask, before)
        assert shares == sorted(shares)
        lengths = [np.linalg.norm(np.diff(n.points_um, axis=0), axis=1).sum() for n in it.anatomy.nerves]
        hidden = sum(n for n, nerve in zip(lengths, it.anatomy.nerves, strict=True) if nerve.kind != "trunk")
        assert shares[-1] == pytest.approx(hidden / sum(lengths))
        kinds = np.zeros(before.shape, dtype=bool)
        for nerve in lesser:
            at = np.floor(nerve.points_um / settings.pixel_size_um).astype(int).clip(0, 255)
            kinds[at[:, 0], at[:, 1]] = True
        trunk = np.zeros(before.shape, dtype=bool)
        for nerve in it.anatomy.nerves:
            if nerve.kind == "trunk":
                at = np.floor(nerve.points_um / settings.pixel_size_um).astype(int).clip(0, 255)
                trunk[at[:, 0], at[:, 1]] = True
        only = kinds & ~ndimage.binary_dilation(trunk, iterations=8)
        if only.sum() > 20:
            assert got.frame[only].mean() < 0.9 * it.phantom.frame[only].mean()


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_collapsed_modes_keep_the_means_and_lose_the_spread(strength: float) -> None:
    wanted = replace(GIVEN, fault="collapsed modes", strength=strength, settings=PhantomSettings())
    items = [replace(item, number=item.number + 2) for item in plan_cohort(96, list(TARGETS), 2)]
    modes = choose_modes(items, wanted)

    def length(item: Item) -> float:
        return draw_plan(stream_of(item, 5), subject_of(item, 5)).length_um

    for diagnosis in TARGETS:
        own = [item for item in items if item.diagnosis == diagnosis]
        shown = [modes[item.name] for item in own]
        assert len(set(shown)) == max(2, round((1 - strength) * 32))
        assert {mode.diagnosis for mode in shown} == {diagnosis}
        assert all(modes[mode.name] == mode for mode in shown)
        asked_um, shown_um = np.array([length(it) for it in own]), np.array([length(it) for it in shown])
        assert abs(shown_um.mean() - asked_um.mean()) < 0.3 * asked_um.std()
        ratio = shown_um.std() / asked_um.std()
        assert ratio == pytest.approx(1.0) if strength == 0 else ratio < 1.0 - 0.3 * strength


def test_a_repeated_mode_has_the_same_nerves_under_another_light(tmp_path: Path) -> None:
    out = write_synthetic(
        tmp_path / "out", frames=4, fault="collapsed-modes", strength=1, diagnoses=["Control"], **COMMON
    ).parent
    rows = table(out / "truth.csv")
    assert len({row["shown_anatomy"] for row in rows}) == 2
    assert len(set(digests(out).values())) == 4
    for row in rows:
        if row["change"]:
            graph = read_graph(out / "graphs" / f"{row['shown_anatomy']}.json")
            at = np.floor(np.vstack([edge.path_um for edge in graph.edges]) / SMALL.pixel_size_um).astype(int)
            frame, seen = pixels(out / row["frame"]), np.zeros((128, 128), dtype=bool)
            seen[at[:, 0].clip(0, 127), at[:, 1].clip(0, 127)] = True
            near = ndimage.binary_dilation(seen, iterations=3)
            assert frame[near].mean() > 1.1 * frame[~near].mean()


def test_lost_gradient_makes_labels_independent_of_anatomy(monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmeval.phantom import faults

    class Frame:
        frame = np.zeros((2, 2), dtype=np.float32)

    monkeypatch.setattr(faults, "make_phantom", lambda rng, subject, settings: Frame())
    items = [replace(item, number=item.number + 2) for item in plan_cohort(900, list(TARGETS), 2)]
    for strength in (0.25, 1.0):
        wanted = replace(GIVEN, fault="lost gradient", strength=strength)
        shown = [show(Asked(it, None, Frame(), None), wanted) for it in items]  # type: ignore[arg-type]
        counts = np.array(
            [
                [sum(got.diagnosis == b for it, got in zip(items, shown, strict=True) if it.diagnosis == a)
                 for b in TARGETS]
                for a in TARGETS
            ]
        )  # fmt: skip
        expected = 300 * (strength / 3 + (1 - strength) * np.eye(3))
        assert np.abs(counts - expected).max() < 4 * np.sqrt(300 * 2 / 9)


def test_copies_are_real_frames_of_the_same_subject(real: Path, faithful: Path, tmp_path: Path) -> None:
    manifest = write_synthetic(
        tmp_path / "out", frames=12, fault="copies", strength=0.5, real=real / "manifest.csv", **COMMON
    )
    out, copied = manifest.parent, 0
    for row, honest in zip(table(out / "truth.csv"), table(faithful / "truth.csv"), strict=True):
        frame = pixels(out / row["frame"])
        if not row["change"]:
            np.testing.assert_array_equal(frame, pixels(faithful / honest["frame"]))
            continue
        copied += 1
        source = row["change"].removeprefix("copy of ").split(",")[0]
        assert Path(source).stem.split("_")[0] == Path(row["frame"]).stem.split("_")[0]
        assert best_correlation(frame, pixels(real / source)) > 0.9
    assert copied in (5, 6, 7)
    # What was asked for is as in the faithful set.
    assert digests(out, "masks/*") == digests(faithful, "masks/*")


def best_correlation(frame: np.ndarray, source: np.ndarray) -> float:
    flips = (source, source[::-1], source[:, ::-1])
    rolls = [(a, b) for a in range(-6, 7) for b in range(-6, 7)]
    moved = [*flips, *(np.roll(source, roll, (0, 1)) for roll in rolls)]
    inner = slice(8, -8)
    return max(correlation(frame[inner, inner], it[inner, inner]) for it in moved)


@pytest.mark.parametrize("diagnosis", list(TARGETS))
def test_the_share_of_frames_hit_is_as_asked_and_nested(diagnosis: str) -> None:
    items = [Item(diagnosis, subject, number) for subject in range(16) for number in (2, 3)]
    before: set[str] = set()
    for strength in (0.0, 0.25, 0.5, 0.75, 1.0):
        hit = {it.name for it in items if is_hit(it, replace(GIVEN, fault="copies", strength=strength))}
        assert abs(len(hit) - strength * 32) <= 1
        assert before <= hit
        before = hit


def test_a_shift_there_and_back_changes_nothing_inside() -> None:
    frame = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    for shift in ((3, -2), (-1, 0), (0, 0), (-4, 4)):
        back = shifted(shifted(frame, shift), [-step for step in shift])
        np.testing.assert_array_equal(back[4:-4, 4:-4], frame[4:-4, 4:-4])
        assert shifted(frame, shift)[10, 10] == frame[10 - shift[0], 10 - shift[1]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fault": "hallucination"}, "knows no fault 'hallucination'; choose among none, noise"),
        ({"fault": "noise", "strength": 1.5}, "from 0 .none. to 1, and is not 1.5"),
        ({"fault": "noise", "strength": float("nan")}, "and is not nan"),
        ({"fault": "copies"}, "needs the cohort to copy from"),
        ({"fault": "lost gradient", "diagnoses": ["Control"]}, "name at least two"),
        ({"frames": 0}, "at least one frame"),
        ({"diagnoses": ["Healthy"]}, "'Healthy'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(given: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match=sentence):
        write_synthetic(tmp_path / "out", **{"frames": 3, **COMMON, **given})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_another_real_cohort_is_refused(real: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CcmevalError, match="written with other seed"):
        write_synthetic(out, frames=3, real=real, **{**COMMON, "seed": 6})
    with pytest.raises(CcmevalError, match="written with other frames a subject"):
        write_synthetic(out, frames=3, real=real, **{**COMMON, "frames_per_subject": 3})
    with pytest.raises(CcmevalError, match="is no phantom cohort"):
        write_synthetic(out, frames=3, real=tmp_path, **COMMON)
    with pytest.raises(
        CcmevalError, match=r"has no frame frames/.* to copy; write it with at least 24 frames"
    ):
        write_synthetic(out, frames=24, fault="copies", real=real, **COMMON)
    assert not out.exists()


def test_a_folder_of_another_fault_or_strength_is_refused(faithful: Path, real: Path) -> None:
    for more in ({"fault": "noise"}, {"strength": 0.5}):
        with pytest.raises(SettingsMismatchError, match="other settings"):
            write_synthetic(faithful, frames=12, **COMMON, **more)
    with pytest.raises(SettingsMismatchError, match="holds no phantom cohort"):
        write_synthetic(real, frames=12, **COMMON)


def test_command_line(tmp_path: Path) -> None:
    from ccmeval.cli.main import app

    options = ["--frames", "2", "--seed", "1", "--diagnosis", "T1DPN", "--size-px", "96", "--field-of-view"]
    options += ["100", "--frames-per-subject", "2", "--jobs", "1"]
    first = CliRunner().invoke(app, ["phantom", "-o", str(tmp_path / "real"), *options])
    assert first.exit_code == 0, first.output
    more = ["--fault", "copies", "--strength", "1", "--real", str(tmp_path / "real" / "manifest.csv")]
    found = CliRunner().invoke(app, ["phantom", "-o", str(tmp_path / "synth"), *options, *more])
    assert found.exit_code == 0, found.output
    rows = table(tmp_path / "synth" / "manifest.csv")
    assert {row["source"] for row in rows} == {"phantom, fault copies strength 1"}
    alone = CliRunner().invoke(app, ["phantom", "-o", str(tmp_path / "x"), *more[4:]])
    assert isinstance(alone.exception, CcmevalError)
    assert "give --fault too" in str(alone.exception)
