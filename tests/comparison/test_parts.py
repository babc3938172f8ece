"""Grids, subsets, corrupted masks, costs, settings, and what stands over several scores."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ccmeval.batch.journal import JOURNAL_NAME, BusyFolderError
from ccmeval.cohort.record import Cohort, Record
from ccmeval.comparison.corruption import corrupt
from ccmeval.comparison.costs import Costs
from ccmeval.comparison.feature_joint import FeatureSets, distance_joint
from ccmeval.comparison.grid import expand
from ccmeval.comparison.journal import open_journal
from ccmeval.comparison.overall import mean_rank, pareto_front
from ccmeval.comparison.placing import PlacingRule, place
from ccmeval.comparison.schema import PairDifference, Ranking, SetRank
from ccmeval.comparison.settings import MaskCorruption, SetEntry, make_compare_settings
from ccmeval.comparison.subsets import nested_subset, write_records
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.settings import SettingsError


def test_grid_gives_every_combination_with_its_axes():
    entry = SetEntry(
        generator="g", train={"data": "d"}, generate={"masks": "m"},
        grid={"rank": [8, 16], "generate.seed": [1, 2], "few_shots": [4],
              "corrupt": ["none", {"kind": "erode", "amount": 2}]},
    )  # fmt: skip
    found = expand({"a": entry, "b": SetEntry(path="x")})
    assert len(found) == 9
    last = found[7]
    assert last.axes == {"rank": 16, "generate.seed": 2, "few_shots": 4, "corrupt": "erode 2"}
    assert last.entry.train == {"data": "d", "generator": {"rank": 16}}
    assert last.entry.generate == {"masks": "m", "seed": 2}
    assert last.entry.corrupt == MaskCorruption(kind="erode", amount=2)
    assert last.entry.few_shots == 4
    assert (last.family, last.name) == ("a", "a-rank-16-seed-2-few_shots-4-corrupt-erode-2")
    assert found[0].entry.corrupt is None
    assert entry.train == {"data": "d"}


def test_grid_of_a_generator_by_name():
    entry = SetEntry(
        generator="g", generate={"masks": "m"}, grid={"generator": ["x", "y"], "strength": [0.5]}
    )
    found = expand({"a": entry})
    assert [it.entry.generator for it in found] == ["x", "y"]
    assert found[0].entry.generate == {"masks": "m", "generator": {"strength": 0.5}}


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"rank": []}, "at least one value"),
        ({"few_shots": [0]}, "few_shots"),
        ({"rank": list(range(600))}, "600 sets"),
        ({"rank": [8, 8]}, "Two sets are called"),
    ],
)
def test_wrong_grids_are_told(grid, said):
    entry = SetEntry(generator="g", train={"data": "d"}, grid=grid)
    with pytest.raises(SettingsError, match=said):
        expand({"a": entry})


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"path": "x", "generator": "g"}, "not made"),
        ({}, "give a path"),
        ({"train": {}, "model": "m"}, "name the generator"),
        ({"generator": "g", "few_shots": 2}, "trained here"),
        ({"path": "x", "evaluation": {"seed": 1}}, "seed"),
        ({"generator": "g", "corrupt": {"kind": "drop-branches", "amount": 2}}, "at most 1"),
    ],
)
def test_wrong_entries_are_told(entry, said):
    with pytest.raises(SettingsError, match=said):
        make_compare_settings(real="r", sets={"a": entry})


def test_paths_of_a_file_are_meant_from_where_it_lies(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        "real: real\nsets:\n  a: sets/a\n  b: {generator: g, train: {data: d}, generate: {masks: m}}\n"
        "evaluation: {held_out: h}\n"
    )
    found = make_compare_settings(config, sets={"c": "elsewhere"})
    assert found.real == str(tmp_path / "real")
    assert found.sets["a"].path == tmp_path / "sets" / "a"
    assert found.sets["b"].train["data"] == str(tmp_path / "d")
    assert found.sets["b"].generate["masks"] == str(tmp_path / "m")
    assert found.evaluation.held_out == tmp_path / "h"
    assert found.sets["c"].path == Path("elsewhere")


def cohort(n_subjects=6, frames=4):
    records = [
        Record(f"{d}-{s}-{i}.png", f"{d}-{s}-{i}", Path(f"{d}-{s}-{i}.png"), diagnosis=d, subject=f"{d}{s}")
        for d in ("Control", "T1DPN")
        for s in range(n_subjects)
        for i in range(frames)
    ]
    return Cohort(records, Path())


def test_subsets_are_nested_balanced_and_spread_over_subjects():
    all_frames = cohort()
    chosen = [{it.frame for it in nested_subset(all_frames, n, 3)} for n in (1, 4, 6, 13, 24)]
    assert [len(it) for it in chosen] == [2, 8, 12, 26, 48]
    assert all(small < large for small, large in pairwise(chosen))
    six = nested_subset(all_frames, 6, 3)
    assert len({it.subject for it in six}) == 12
    assert [it.frame for it in six] != [it.frame for it in nested_subset(all_frames, 6, 4)]
    with pytest.raises(CcmevalError, match="24 frames of Control"):
        nested_subset(all_frames, 25, 0)


def test_manifest_of_a_subset_is_read_again(tmp_path):
    from PIL import Image

    from ccmeval.cohort import load_cohort

    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "in" / f"{name}.png")
    record = Record(
        "a.png", "a", tmp_path / "in" / "a.png", mask=tmp_path / "in" / "b.png", diagnosis="Control",
        subject="P1", pixel_size_um=1.5, extra={"source_subject": "P9", "note": "x, y"},
    )  # fmt: skip
    (found,) = load_cohort(write_records([record], tmp_path / "out" / "m.csv"))
    for name in ("path", "mask", "diagnosis", "subject", "pixel_size_um", "extra"):
        assert getattr(found, name) == getattr(record, name), name


def grid_mask():
    mask = np.zeros((60, 60), dtype=bool)
    mask[20:23, :] = mask[40:43, :] = mask[:, 30:33] = True
    return mask


def test_corruptions_by_hand():
    mask, rng = grid_mask(), np.random.default_rng(0)
    eroded = corrupt(mask, MaskCorruption(kind="erode", amount=1), rng)
    assert eroded[21, 5]
    assert not eroded[20, 5]
    assert (eroded <= mask).all()
    dilated = corrupt(mask, MaskCorruption(kind="dilate", amount=2), rng)
    assert dilated[18:25, 5].all()
    assert not dilated[17, 5]
    assert not corrupt(np.zeros((5, 5), bool), MaskCorruption(kind="dilate", amount=2), rng).any()
    shifted = corrupt(mask, MaskCorruption(kind="shift", amount=5), rng)
    found = np.argwhere(shifted[:, 0] | shifted[:, -1]).ravel()
    assert shifted.sum() <= mask.sum()
    assert not np.array_equal(shifted, mask)
    assert 4 <= found.size <= 6


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.6, 1.0])
def test_dropped_branches_are_that_share_of_segments(share):
    mask = grid_mask()
    kept = corrupt(mask, MaskCorruption(kind="drop-branches", amount=share), np.random.default_rng(1))
    assert (kept <= mask).all()
    # Two horizontal and one vertical nerve: seven segments between ends and two junctions.
    left = kept.sum() / mask.sum()
    expected = 1 - round(share * 7) / 7
    assert left == pytest.approx(expected, abs=0.16)
    if share == 1.0:
        assert not kept.any()


def test_costs_leave_out_first_batches_and_keep_the_peak(tmp_path):
    costs = Costs(tmp_path / "frames")
    assert costs.measured().reason
    common = {"batch_size": 2, "peak_device_memory_bytes": None, "device": "cpu"}
    costs.add({"batches": [[2, 9.0], [2, 1.0], [2, 1.2]], "peak_memory_bytes": 100, **common})
    costs.add({"batches": [], "peak_memory_bytes": 1e9, **common})
    costs.add({"batches": [[2, 8.0], [1, 0.6]], "peak_memory_bytes": 300, **common})
    found = costs.measured()
    assert found.seconds_per_frame == pytest.approx(2.8 / 5)
    assert found.n_frames_timed == 5
    assert found.peak_memory_bytes == 300
    assert found.seconds_low < 2.8 / 5 < found.seconds_high


def ranking(score, places, values, better="lower"):
    names = list(values)
    pairs = [PairDifference(first=a, second=b, difference=0, placed="first") for a, b in places]
    ranks = [
        SetRank(set=it, value=values[it], rank=1 + sum(b == it for _, b in places), low=1, high=3,
                letters="a", probability_best=0.3) for it in names
    ]  # fmt: skip
    return Ranking(score=score, better=better, ranks=ranks, pairs=pairs)


def test_front_and_mean_rank_by_hand():
    rankings = [
        ranking("x", [("a", "b"), ("a", "c")], {"a": 1, "b": 2, "c": 3}),
        ranking("y", [("c", "a")], {"a": 1, "b": 2, "c": 3}, better="higher"),
    ]
    front = pareto_front(rankings, ["a", "b", "c", "d"])
    assert front.front == ["a", "c"]
    assert front.above == {"b": ["a"]}
    assert front.by_value == ["a", "b", "c"]
    overall = mean_rank(rankings, ["a", "b", "c", "d"])
    assert {(it.set, it.value, it.rank) for it in overall.ranks} == {
        ("a", 1.5, 1),
        ("b", 1.5, 1),
        ("c", 1.5, 1),
    }
    assert list(overall.left_out) == ["d"]
    assert pareto_front([], ["a"]) is None


def drawn(rng, shift, prefix, frames=3, subjects=16):
    names = [f"{prefix}{i}" for i in range(subjects) for _ in range(frames)]
    pull = np.repeat(rng.normal(size=(subjects, 6)), frames, axis=0)
    values = 0.7 * pull + rng.normal(size=(len(names), 6))
    values[:, 0] += shift
    return FeatureSet(values, [str(i) for i in range(len(names))], names, [None] * len(names), True)


def order_of(rng, shifts):
    real = drawn(rng, 0.0, "r")
    sets = [drawn(rng, shift, f"{i}-") for i, shift in enumerate(shifts)]
    joint, _ = distance_joint("kid", FeatureSets(real, sets), rng)
    return place([str(i) for i in range(len(sets))], joint, PlacingRule("lower"), rng, 200)


def test_equal_sets_are_not_ranked():
    """Five equal sets, forty times; nominal is any set placed in 5 % of them. See benchmarks/ranking.py."""
    rng = np.random.default_rng(11)
    hits = sum(any(it.placed != "neither" for it in order_of(rng, [1.0] * 5).pairs) for _ in range(40))
    assert hits <= 4  # exceeded with probability 5 % at the nominal level, and the true one is lower


def test_graded_series_is_ranked_rightly():
    rng = np.random.default_rng(12)
    right = 0
    for _ in range(10):
        for it in order_of(rng, [0.0, 1.5, 3.0, 4.5]).pairs:
            assert it.placed != "second"
            assert it.placed == "neither" or it.first < it.second
            right += it.placed == "first"
    assert right >= 45


def test_sets_of_unequal_size_are_brought_to_one():
    rng = np.random.default_rng(3)
    found = FeatureSets(drawn(rng, 0, "r"), [drawn(rng, 0, "a"), drawn(rng, 0, "b", subjects=9)])
    equal, count = found.of_equal_size(rng)
    assert count == 27
    assert [len(it) for it in equal.sets] == [27, 27]
    assert len(set(equal.sets[0].clusters)) <= 10


def test_journal_forgets_a_torn_line_and_scores_of_another_scale(tmp_path):
    identity = {"real": "r"}
    with open_journal(tmp_path, identity, resume=False, overwrite=False) as journal:
        journal.note(scale=[1.0, 2.0, 2.0])
        journal.note(scored="a", digest="x")
        journal.note(ranked="k", ranking={"score": "s"})
    with (tmp_path / JOURNAL_NAME).open("ab") as file:
        file.write(b'{"scored": "b", "dig')
    with open_journal(tmp_path, identity, resume=True, overwrite=False) as journal:
        assert list(journal.scored) == ["a"]
        assert journal.rankings == {"k": {"score": "s"}}
        journal.note(scale=[3.0, 2.0, 2.0])
        assert not journal.scored
        with pytest.raises(BusyFolderError), open_journal(tmp_path, identity, resume=True, overwrite=False):
            pass
    with open_journal(tmp_path, identity, resume=True, overwrite=False) as journal:
        assert (journal.scale, journal.scored) == ([3.0, 2.0, 2.0], {})
    with (
        pytest.raises(CcmevalError, match="--resume"),
        open_journal(tmp_path, identity, resume=False, overwrite=False),
    ):
        pass
    with (
        pytest.raises(SettingsMismatchError, match="real differ"),
        open_journal(tmp_path, {"real": "s"}, resume=True, overwrite=False),
    ):
        pass


def test_files_of_strangers_are_left_alone(tmp_path):
    (tmp_path / "sets").mkdir()
    with (
        pytest.raises(CcmevalError, match="not written by a run of ccmeval compare"),
        open_journal(tmp_path, {}, resume=False, overwrite=True),
    ):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / JOURNAL_NAME).write_text('{"kind": "ccmeval biomarkers journal", "identity": {}}\n')
    with (
        pytest.raises(CcmevalError, match="another command"),
        open_journal(tmp_path / "other", {}, resume=False, overwrite=True),
    ):
        pass
