"""Shifts of biomarkers by the diagnosis alone, against numbers worked by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ccmeval.generation.counterfactual import DOCUMENT, FRAMES_TABLE, TABLE, report_shifts, shifts_of
from ccmeval.generation.generating_run import generate_cohort
from ccmeval.generation.settings import GenerateSettings
from ccmeval.generation.shift_measuring import FrameValues
from ccmeval.measurement.measure import measure
from ccmeval.preservation.adherence import adherence
from tests.generation.mask_files import draw_mask, write_cohort
from tests.generation.painters import painters

__all__ = ["painters"]
CNFL = "cnfl_mm_per_mm2"


def _frame(diagnosis: str, index: int, unit: str, cnfl: float) -> FrameValues:
    return FrameValues(f"{diagnosis}{index}", diagnosis, index, unit, {CNFL: cnfl})


def test_means_are_over_subjects_and_differences_over_pairs() -> None:
    told = ((1, "A", 10.0), (2, "A", 20.0), (3, "B", 30.0))
    control = [_frame("Control", *one) for one in told]
    ill = [_frame("T1DPN", 3, "B", 24.0), _frame("T1DPN", 1, "A", 9.0), _frame("T1DPN", 2, "A", 17.0)]
    (row,) = shifts_of([*control, *ill])
    # Subject A: -1 and -3, so -2; subject B: -6; their mean is -4.
    assert (row.mean_against, row.mean, row.shift) == (22.5, 18.5, -4.0)
    assert (row.n_pairs, row.n_units) == (3, 2)
    assert (row.diagnosis, row.against, row.kind) == ("T1DPN", "Control", "biomarker")
    # Two subjects: every resampled mean is -6, -4 or -2.
    assert row.low == pytest.approx(-6.0)
    assert row.high == pytest.approx(-2.0)


def test_what_is_undefined_on_one_side_leaves_both() -> None:
    frames = [
        _frame("a", 1, "A", 1.0),
        _frame("a", 2, "B", 5.0),
        _frame("b", 1, "A", float("nan")),
        _frame("b", 2, "B", 4.0),
        FrameValues("c1", "c", 1, "A", reason="torn"),
    ]
    b, c = shifts_of(frames)
    assert (b.n_pairs, b.n_units, b.mean_against, b.shift, b.low, b.high) == (1, 1, 5.0, -1.0, None, None)
    assert (c.n_pairs, c.mean, c.shift, c.low) == (0, None, None, None)


def test_the_interval_covers_and_rows_have_their_own_streams() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        frames = []
        for index in range(15):
            base = rng.normal(20, 5)
            frames += [_frame("a", index, f"s{index}", base)]
            frames += [_frame("b", index, f"s{index}", base + rng.normal(-2, 1))]
        (row,) = shifts_of(frames, seed=trial, resamples=499)
        hits += row.low <= -2 <= row.high
    assert 0.87 <= hits / 200 <= 0.99
    more = [*frames, *(_frame("c", index, f"s{index}", 1.0 + index) for index in range(15))]
    assert shifts_of(more, seed=199, resamples=499)[0] == row


@pytest.mark.usefixtures("painters")
def test_a_generated_set_is_measured_as_everywhere(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    manifest = write_cohort(tmp_path / "real", 4)
    out = tmp_path / "out"
    made = generate_cohort("painter", out, GenerateSettings(masks=manifest, counterfactual=True, seed=2))
    assert len(made.wanted) == 8
    assert any("another diagnosis than their mask" in note for note in made.notes)
    for number in range(1, 5):
        pair = [one for one in made.wanted if one.index == number]
        assert len({one.seed for one in pair}) == 1
        masks = [(out / one.mask_path).read_bytes() for one in pair]
        assert masks[0] == masks[1]
    found = report_shifts(out, made.wanted, made.frame_format, seed=2, jobs=1)
    assert found.against == "Control"
    with (out / FRAMES_TABLE).open() as file:
        rows = {row["frame"]: row for row in csv.DictReader(file)}
    asked = made.wanted[0]
    truth = measure(out / asked.frame_path, pixel_size_um=1.0)
    assert float(rows[asked.name][CNFL]) == pytest.approx(truth.biomarkers[CNFL], rel=1e-5)
    held = adherence(truth.mask, None, asked.mask.pixels, 1.0, truth.frame.imaged)
    assert float(rows[asked.name]["length_recall"]) == pytest.approx(held.length_recall, abs=0.02)
    values = {(one.diagnosis, one.index): one.values[CNFL] for one in found.frames}
    # Masks 1 and 3 are of one subject, 2 and 4 of the other.
    by_mask = {it.index: it.mask.subject for it in made.wanted}
    assert sorted(by_mask.values()) == ["S0", "S0", "S1", "S1"]
    differences = {
        subject: np.mean([
            values["T1DPN", i] - values["Control", i] for i, it in by_mask.items() if it == subject
        ])
        for subject in ("S0", "S1")
    }  # fmt: skip
    (row,) = [shift for shift in found.shifts if shift.measure == CNFL]
    assert row.shift == pytest.approx(np.mean(list(differences.values())), rel=1e-9)
    told = json.loads((out / DOCUMENT).read_text())
    assert told["against"] == "Control"
    assert {shift["kind"] for shift in told["shifts"]} == {"biomarker", "adherence"}
    assert "too narrow" in told["notes"][0]
    with (out / TABLE).open() as file:
        assert len(list(csv.DictReader(file))) == len(told["shifts"])


def test_masks_are_drawn_as_asked() -> None:
    assert draw_mask(0).mean() < 0.5
