"""Which frames the gallery shows."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ccmeval.report import gallery
from ccmeval.report.gallery import MOST_PICTURES, choose, exhibits, oddness
from ccmeval.report.schema import FrameRow


def row(name: str, cnfl: float | None, flags: tuple[str, ...] = (), status: str = "measured") -> FrameRow:
    return FrameRow(
        frame=name, key=name, status=status, quality_flags=list(flags), biomarkers={"cnfl_mm_per_mm2": cnfl}
    )


def test_worst_first_then_typical():
    rows = [row(f"n{i}", 20.0 + i / 100) for i in range(30)]
    rows += [row("far", 60.0), row("one", 21.0, ("blurred",)), row("two", 20.1, ("blurred", "too dark"))]
    rows.append(row("torn", None, status="failed"))
    chosen = choose(rows)
    assert [(it.frame, kind) for it, kind in chosen[:3]] == [
        ("two", "flagged"), ("one", "flagged"), ("far", "unusual"),
    ]  # fmt: skip
    assert len(chosen) == MOST_PICTURES
    typical = [it.frame for it, kind in chosen if kind == "typical"]
    assert {"n14", "n15", "n16"} <= set(typical)
    assert "torn" not in {it.frame for it, _ in chosen}


def test_a_small_cohort_is_shown_whole():
    rows = [row(f"n{i}", float(i)) for i in range(5)]
    assert {it.frame for it, _ in choose(rows)} == {"n0", "n1", "n2", "n3", "n4"}
    assert choose([row("torn", None, status="failed")]) == []


def test_no_frame_is_shown_twice_when_all_are_flagged():
    rows = [row(f"n{i}", float(i), ("blurred",)) for i in range(40)]
    names = [it.frame for it, _ in choose(rows)]
    assert len(names) == len(set(names)) == MOST_PICTURES


def test_oddness_counts_robust_deviations():
    # median 3, median absolute deviation 1: the last lies 97 / 1.4826 away, over four biomarkers
    rows = [row(str(v), v) for v in (1.0, 2.0, 3.0, 4.0, 100.0)]
    assert oddness(rows)[-1] == pytest.approx(97 / 1.4826 / 2)


def test_oddness_of_undefined_and_constant_biomarkers_is_none():
    assert oddness([row("a", None), row("b", None)]).tolist() == [0.0, 0.0]
    assert oddness([row("a", 4.0), row("b", 4.0)]).tolist() == [0.0, 0.0]
    assert oddness([]).size == 0


def test_pictures_are_shrunk_and_bounded_together(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (500, 2000), dtype=np.uint8)
    rows = [row(f"n{i}", float(i)) for i in range(6)]
    for it in rows:
        Image.fromarray(noise).save(tmp_path / f"{it.key}.png", compress_level=1)
    shown = exhibits(rows, tmp_path)
    assert len(shown) == 6
    assert (shown[0].width_px, shown[0].height_px) == (1200, 300)
    coded = shown[0].picture.removeprefix("data:image/jpeg;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(coded))).size == (1200, 300)
    monkeypatch.setattr(gallery, "MOST_BYTES", 2 * len(shown[0].picture) + 10)
    assert len(exhibits(rows, tmp_path)) == 2


def test_diagnoses_take_turns_among_the_typical():
    rows = [
        row(f"{name}{i}", level + i / 10) for name, level in (("a", 10.0), ("b", 30.0)) for i in range(20)
    ]
    for it in rows:
        it.diagnosis = it.frame[0]
    typical = [it.diagnosis for it, kind in choose(rows) if kind == "typical"]
    assert abs(typical.count("a") - typical.count("b")) <= 1


def test_in_a_small_cohort_every_flagged_frame_stands_first_and_is_called_so():
    rows = [row(f"n{i}", float(i), ("blurred",) if i % 3 else ()) for i in range(MOST_PICTURES)]
    kinds = [kind for _, kind in choose(rows)]
    assert kinds == ["flagged"] * 8 + ["typical"] * 4
