"""The summary of the page against numbers worked out by hand."""

from __future__ import annotations

from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.summary import summary_table, summary_text, values_by_diagnosis

TIME = "2026-11-20T20:00:00Z"


def row(name: str, cnfl: float | None, **more: object) -> FrameRow:
    return FrameRow(frame=name, key=name, biomarkers={"cnfl_mm_per_mm2": cnfl}, **more)


def words(table: object) -> list[list[tuple[str, str]]]:
    return [[(cell.words, cell.below) for cell in line] for line in table.rows]


def test_without_diagnoses_frames_are_summed_up_as_one():
    result = BiomarkersResult(created=TIME, frames=[row("a", 10.0), row("b", 14.0), row("c", None)])
    table = summary_table(result, "primary")
    assert table.heads[1].words == "All frames"
    # mean 12, SD sqrt(8) = 2.83
    assert words(table)[0] == [("CNFL", "mm/mm²"), ("12.0 ± 2.8", "n = 2")]
    assert words(table)[3] == [("CNFW", "µm/mm²"), ("–", "")]
    assert "SD is between frames" in summary_text(result)


def test_subjects_count_once_without_diagnoses():
    subjects = [
        {"subject": "s", "n_frames": 9, "cnfl_mm_per_mm2": 10.0},
        {"subject": "t", "n_frames": 1, "cnfl_mm_per_mm2": 20.0},
    ]
    result = BiomarkersResult(created=TIME, frames=[row("a", 1.0, subject="s")], subjects=subjects)
    assert words(summary_table(result, "primary"))[0][1] == ("15.0 ± 7.1", "")
    assert values_by_diagnosis(result, "cnfl_mm_per_mm2") == ({"all": [10.0, 20.0]}, "subjects")


def test_the_table_of_diagnoses_is_shown_as_it_stands():
    one = {
        "diagnosis": "Control",
        "biomarker": "cnfl_mm_per_mm2",
        "unit_of_analysis": "subject",
        "n_subjects": 12,
        "n_frames": 1,
        "n_defined": 12,
        "mean": 19.4,
        "sd": 5.14,
        "ci_low": 16.55,
        "ci_high": 22.0,
    }
    other = {
        **one,
        "diagnosis": "T1DPN",
        "n_frames": 80,
        "mean": None,
        "sd": None,
        "ci_low": None,
        "ci_high": None,
    }
    result = BiomarkersResult(created=TIME, frames=[row("a", 1.0)], diagnoses=[one, other])
    table = summary_table(result, "primary")
    assert [head.below for head in table.heads[1:]] == ["12 subjects\n1 frame", "12 subjects\n80 frames"]
    assert words(table) == [[("CNFL", "mm/mm²"), ("19.4 ± 5.1", "16.6 to 22.0"), ("–", "")]]


def diagnosis(name: str, mean: float, sd: float, **more: object) -> dict[str, object]:
    return {
        "diagnosis": name, "biomarker": "cnfl_mm_per_mm2", "unit_of_analysis": "subject", "n_subjects": 4,
        "n_frames": 20, "n_defined": 4, "mean": mean, "sd": sd, "ci_low": mean - sd, "ci_high": mean + sd,
        "ci_method": "BCa bootstrap", **more,
    }  # fmt: skip


def test_a_biomarker_has_the_same_decimals_in_every_diagnosis():
    rows = [diagnosis("Control", 20.713, 3.921), diagnosis("T1DPN", 7.274, 5.567)]
    table = summary_table(BiomarkersResult(created=TIME, diagnoses=rows), "primary")
    assert [cell.words for cell in table.rows[0][1:]] == ["20.7 ± 3.9", "7.3 ± 5.6"]
    assert [cell.below for cell in table.rows[0][1:]] == ["16.8 to 24.6", "1.7 to 12.8"]


def test_a_single_frame_is_written_as_frames_are():
    one = FrameRow(frame="a", key="a", biomarkers={"cnfl_mm_per_mm2": 16.8349, "cnfd_per_mm2": 31.25})
    table = summary_table(BiomarkersResult(created=TIME, frames=[one]), "primary")
    assert [line[1].words for line in table.rows[:2]] == ["16.83", "31.25"]


def test_the_summary_says_what_weakens_it():
    subjects = [{"subject": "s", "n_frames": 2, "warning": "only 2"}, {"subject": "t", "n_frames": 9}]
    frames = [row("a", 1.0, quality_flags=["blurred"]), row("b", 2.0), row("c", None, status="failed")]
    result = BiomarkersResult(
        created=TIME, frames=frames, subjects=subjects, diagnoses=[diagnosis("Control", 20.0, 3.0)]
    )
    said = summary_text(result)
    assert "BCa bootstrap" in said
    assert "fewer than ten subjects are too narrow" in said
    assert "quality flags (1 of 2) are counted in" in said
    assert "too few frames: 1 of 2" in said
    sound = result.model_copy(
        update={"frames": frames[1:2], "subjects": subjects[1:],
                "diagnoses": [diagnosis("Control", 20.0, 3.0, n_defined=10)]}
    )  # fmt: skip
    assert not any(word in summary_text(sound) for word in ("narrow", "flags", "warning"))


def test_a_number_that_rests_on_fewer_subjects_says_so():
    rows = [diagnosis("Control", 20.0, 3.0), diagnosis("T1DPN", 8.0, 2.0, n_defined=3)]
    result = BiomarkersResult(created=TIME, frames=[row("a", 1.0)], diagnoses=rows)
    cells = summary_table(result, "primary").rows[0][1:]
    assert [cell.below for cell in cells] == ["17.0 to 23.0", "6.0 to 10.0; n = 3"]
    assert "n says how many" in summary_text(result)
    for others in (rows[:1], [rows[0], diagnosis("T1DPN", 8.0, 2.0, n_defined=0)]):
        assert "n says how many" not in summary_text(result.model_copy(update={"diagnoses": others}))


def test_a_value_of_one_frame_among_several_says_so():
    frames = [
        FrameRow(frame=name, key=name, biomarkers={"cnfl_mm_per_mm2": 10.0, "tortuosity": value})
        for name, value in (("a", 0.2731), ("b", None))
    ]
    table = summary_table(BiomarkersResult(created=TIME, frames=frames), "secondary")
    cell = next(line[1] for line in table.rows if line[0].words == "Tortuosity")
    assert (cell.words, cell.below) == ("0.273", "n = 1")
