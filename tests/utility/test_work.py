"""One unit of work: what it gives, and that a bad learner fails it and nothing else."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.report.files import OutputError
from ccmeval.utility.learning import FramePool
from ccmeval.utility.outcomes import COUNTS
from ccmeval.utility.pool_files import open_pool
from ccmeval.utility.portions import frame_digests, portion
from ccmeval.utility.segmentation_counts import count_frame, masked_frame, upsample
from ccmeval.utility.truths import NativeTruth, Truths, keep_truth
from ccmeval.utility.work import placed, run_unit
from tests.utility import scripted_learner
from tests.utility.scripted_learner import Scripted, keep_pool, make_truths, make_work, offer, tiny_pool


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, tmp_path)


def test_a_diagnosis_unit(tmp_path: Path) -> None:
    work = make_work(tmp_path, group="A", synth=[10, 11], train=portion([0, 1, 1, 3], [0, 1, 1, 1]))
    told = []
    found = run_unit(work, lambda *args: told.append(args))
    row = found.row
    assert (row.status, row.key, row.n_real, row.n_synth, row.n_distinct) == ("done", work.key, 4, 0, 3)
    assert (row.steps, row.validation_loss, row.n_parameters) == (4, 0.125, 2)
    assert row.history == [(1, 0.5, None), (4, 0.25, 0.125)]
    assert {name: array.shape for name, array in found.arrays.items()} == {
        "test_rows": (3,), "test": (3, 2), "validation_rows": (2,), "validation": (2, 2),
        "synth_rows": (2,), "synth": (2, 2),
    }  # fmt: skip
    assert found.arrays["test"].argmax(axis=1).tolist() == [0, 1, 0]
    assert found.arrays["synth"].argmax(axis=1).tolist() == [0, 1]
    assert found.arrays["test"].dtype == np.float64
    assert told[0] == ("training", 1, 4)
    assert ("predicting", 3, 3) in told


def test_the_same_work_gives_the_same_numbers_and_another_seed_others(tmp_path: Path) -> None:
    one, same = (run_unit(make_work(tmp_path)).arrays["test"] for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert (run_unit(make_work(tmp_path, fold=1)).arrays["test"] != one).any()


def test_frames_are_predicted_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_unit(make_work(tmp_path)).arrays["test"]
    monkeypatch.setattr("ccmeval.utility.predicting.DIAGNOSIS_CHUNK", 2)
    np.testing.assert_array_equal(run_unit(make_work(tmp_path)).arrays["test"], whole)


def test_a_segmentation_unit(tmp_path: Path) -> None:
    truths = make_truths(tmp_path / "truths", range(4, 9))
    work = make_work(tmp_path, task="segmentation", truths=truths, examples=[7, 6])
    found = run_unit(work)
    assert found.row.status == "done", found.row.reason
    frames = np.asarray(tiny_pool().frames, np.float64)
    mask = truths(6).mask
    for name, rows in (("test", [6, 7, 8]), ("validation", [4, 5])):
        expected = [count_frame(upsample(frames[row], mask.shape), mask, 2.0, 3.125) for row in rows]
        np.testing.assert_array_equal(found.arrays[name], expected)
    counts = dict(zip(COUNTS, found.arrays["test"][1], strict=True))  # a bright frame: nerve all over
    assert (counts["tp_px"], counts["fp_px"], counts["fn_px"], counts["tn_px"]) == (128, 128, 0, 0)
    assert found.arrays["example_rows"].tolist() == [7, 6]
    np.testing.assert_array_equal(found.arrays["examples"], np.rint(frames[[7, 6]] * 255))
    assert found.arrays["examples"].dtype == np.uint8
    np.testing.assert_array_equal(run_unit(work).arrays["test"], found.arrays["test"])


@pytest.mark.parametrize("damage", ["none", "torn", "empty", "changed"])
def test_centre_lines_of_true_masks_are_found_once(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:13, 4:36] = True
    truths = Truths(tmp_path, {0: keep_truth(tmp_path, NativeTruth(mask, 2.0))})
    first = truths.masked(0, 4.0)
    (kept,) = tmp_path.glob("*4.0um.npz")
    data = kept.read_bytes()
    at = len(data) // 2
    changed = data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]
    kept.write_bytes({"none": data, "torn": data[:at], "empty": b"", "changed": changed}[damage])
    if damage == "none":
        monkeypatch.setattr("ccmeval.utility.segmentation_counts.masked_frame", None)
    again = truths.masked(0, 4.0)
    expected = masked_frame(mask, 2.0, 4.0)
    for name in ("mask", "line", "imaged", "near_line"):
        for found in (first, again):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert again.cnfl_mm_per_mm2 == expected.cnfl_mm_per_mm2
    assert (again.pixel_size_um, again.tolerance_um) == (2.0, 4.0)


def test_segmentation_without_true_masks_fails(tmp_path: Path) -> None:
    found = run_unit(make_work(tmp_path, task="segmentation"))
    assert found.row.status == "failed"
    assert "Segmentation needs the true masks" in found.row.reason


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("unavailable", "Install something."),
        ("exit", "SystemExit: enough"),
        ("shape", "The model's prediction has the shape (3, 1) instead of (3, 2)."),
        ("nan", "The model predicts values that are not finite; its training may have diverged."),
        ("sum", "The model's probabilities of frame 6.png sum to 0.5 instead of 1."),
        ("range", "The model's probabilities reach from -"),
        ("text", "The model predicts values of type <U1 instead of numbers."),
        ("objects", "The model predicts values of type object instead of numbers."),
    ],
)
def test_what_a_learner_does_wrong_is_a_sentence(tmp_path: Path, do: str, reason: str) -> None:
    work = make_work(tmp_path, do=do)
    found = run_unit(work)
    assert (found.row.status, found.row.key, dict(found.arrays)) == ("failed", work.key, {})
    assert found.row.reason.startswith(reason)
    assert "Traceback" in (tmp_path / "failed" / f"{work.key}.txt").read_text()


def test_a_long_message_is_cut_and_the_traceback_goes_once_it_works(tmp_path: Path) -> None:
    work = make_work(tmp_path, do="raise")
    found = run_unit(work)
    assert found.row.reason.startswith("RuntimeError: CUDA out of memory!!!")
    assert len(found.row.reason) == 300
    trouble = tmp_path / "failed" / f"{work.key}.txt"
    assert trouble.is_file()
    work.settings["do"] = ""  # type: ignore[index]
    assert run_unit(work).row.status == "done"
    assert not trouble.exists()


def test_ctrl_c_passes(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_unit(make_work(tmp_path, do="interrupt"))


def test_a_full_disk_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Scripted, job: object) -> None:
        raise OutputError("The disk is full.")

    monkeypatch.setattr(scripted_learner.Scripted, "fit", full)
    with pytest.raises(OutputError, match="The disk is full"):
        run_unit(make_work(tmp_path))


def test_an_unknown_learner_and_changed_weights_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(scripted_learner.Scripted, "prepare", lambda self, weights: "scripted 2")
        assert "its weights changed while the run was going on" in run_unit(make_work(tmp_path)).row.reason

    def missing(group: str, name: str) -> None:
        raise UnavailableError(f"No learner is called {name!r}.")

    monkeypatch.setattr("ccmeval.plugins.load", missing)
    assert run_unit(make_work(tmp_path)).row.reason == "No learner is called 'scripted'."


def test_a_model_is_kept_on_demand(tmp_path: Path) -> None:
    work = make_work(tmp_path, keep_model=True)
    for _ in range(2):  # also over an earlier one
        assert run_unit(work).row.status == "done"
        assert (tmp_path / "models" / work.key / "means.txt").is_file()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [work.key]


def test_a_model_that_cannot_be_kept_is_a_note(tmp_path: Path) -> None:
    found = run_unit(make_work(tmp_path, keep_model=True, do="unsaveable"))
    assert found.row.status == "done"
    assert found.row.notes == ["The model could not be kept (OSError: no room)."]


def test_a_cached_result_takes_the_rows_of_this_run(tmp_path: Path) -> None:
    work = make_work(tmp_path, synth=[10])
    result = run_unit(work)
    moved = replace(work, test=portion([16, 17, 18]), validation=portion([14, 15]), synth=[20])
    found = placed(result, moved)
    assert [found.arrays[f"{name}_rows"].tolist() for name in ("test", "validation", "synth")] == [
        [16, 17, 18], [14, 15], [20],
    ]  # fmt: skip
    np.testing.assert_array_equal(found.arrays["test"], result.arrays["test"])


def test_a_work_goes_to_another_process(tmp_path: Path) -> None:
    work = make_work(tmp_path, task="segmentation", truths=make_truths(tmp_path / "truths", [4]))
    again = pickle.loads(pickle.dumps(work))
    assert again.key == work.key
    assert again.truths(4).mask.sum() == 128


@pytest.mark.parametrize("masks", [True, False])
def test_a_pool_comes_back_from_its_files_without_being_read(tmp_path: Path, masks: bool) -> None:
    rng = np.random.default_rng(1)
    pool = FramePool(
        rng.random((3, 5, 5)).astype(np.float16), 1.25,
        rng.integers(0, 256, (3, 5, 5), dtype=np.uint8) if masks else None,
        np.array([[1.0, np.nan]] * 3), ["CNFL", "CNFD"], ["a", "b", "c"],
    )  # fmt: skip
    home = keep_pool(pool, tmp_path, frame_digests(pool))
    found = open_pool(home)
    assert isinstance(found.frames, np.memmap)
    assert frame_digests(found) == frame_digests(pool)
    assert (found.masks is None) == (not masks)
    assert (found.names, found.biomarker_names) == (["a", "b", "c"], ["CNFL", "CNFD"])


def test_truths_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    truth = NativeTruth(rng.random((5, 7)) < 0.3, 1.04, rng.random((5, 7)) < 0.8)
    digest = keep_truth(tmp_path, truth)
    found = Truths(tmp_path, {0: digest})(0)
    np.testing.assert_array_equal(found.mask, truth.mask)
    np.testing.assert_array_equal(found.imaged, truth.imaged)
    assert found.pixel_size_um == 1.04
    others = [NativeTruth(truth.mask, 1.04), NativeTruth(truth.mask, 1.05, truth.imaged)]
    others.append(NativeTruth(truth.mask.reshape(7, 5), 1.04, truth.imaged.reshape(7, 5)))
    assert len({keep_truth(tmp_path, other) for other in others} | {digest}) == 4
    with pytest.raises(ValueError, match="one shape"):
        keep_truth(tmp_path, NativeTruth(truth.mask, 1.04, truth.mask[:2]))
