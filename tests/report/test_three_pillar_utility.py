"""The third section: numbers of pillar 3 stand in page, CSV and LaTeX, and nothing breaks it."""

from __future__ import annotations

import csv
import json
import math
import re
from typing import Any

import pytest
from PIL import Image

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.report import three_pillar
from ccmeval.report.three_pillar import write_three_pillar
from ccmeval.report.three_pillar_clean import cleaned
from ccmeval.report.three_pillar_csv import tables_of, write_tables
from ccmeval.report.three_pillar_latex import latex_tables
from ccmeval.report.three_pillar_methods import methods_text
from ccmeval.report.three_pillar_page import render_three_pillar
from ccmeval.report.three_pillar_pictures import FolderPictures
from ccmeval.report.three_pillar_utility_curves import curve_plot, curves_of
from ccmeval.report.three_pillar_utility_matrices import confusion_plot
from ccmeval.report.three_pillar_utility_plots import forest_plot, scores_plot
from ccmeval.report.three_pillar_utility_scores import baseline_words
from ccmeval.report.three_pillar_utility_words import GROUP_COLOURS
from ccmeval.report.three_pillar_vector import drawn
from ccmeval.utility.schema import (
    Confusion,
    DifferenceRow,
    LabelAgreement,
    ScoreRow,
    UnitRow,
    UtilityResult,
)
from tests.report.test_page import Page
from tests.report.test_three_pillar import Fakes, in_csv, numbers_of
from tests.report.three_pillar_sample import HOSTILE, full
from tests.report.utility_sample import METRICS, empty_rows, utility, with_utility

SPACES = re.compile(r"\s+")


def text_of(found: UtilityResult) -> str:
    return SPACES.sub(" ", Page(render_three_pillar(with_utility(found))).text)


def score(**more: Any) -> ScoreRow:
    about = {"task": "diagnosis", "learner": "net", "group": "A", "metric": "accuracy", "label": "Accuracy"}
    return ScoreRow(**{**about, "level": "frame", "primary": True, **more})


def difference(**more: Any) -> DifferenceRow:
    about = {"task": "diagnosis", "learner": "net", "group": "B", "against": "A", "metric": "accuracy"}
    return DifferenceRow(**{**about, "label": "Accuracy", "level": "frame", "primary": True, **more})


@pytest.fixture(scope="module")
def found() -> UtilityResult:
    return utility()


@pytest.fixture(scope="module")
def html(found) -> str:
    return render_three_pillar(with_utility(found), Fakes())


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_scores_stand_in_the_row_of_their_group_and_the_block_of_their_learner(found, page):
    start = next(i for i, cells in enumerate(page.rows) if "2,113,411 trainable" in cells[0])
    for row in found.scores:
        if (row.task, row.learner, row.primary) == ("diagnosis", "hmsvit", True):
            cells = next(it for it in page.rows[start:] if it[0].split()[0] == row.group)
            assert f"{row.value:.3f} ± 0.019" in cells[1]
            assert f"{row.low:.3f} to {row.high:.3f}" in cells[1]


def test_differences_stand_with_every_test(found, page):
    row = next(it for it in found.differences if it.primary and (it.group, it.against) == ("C", "A"))
    cells = next(it for it in page.rows if it[0].startswith("C − A"))
    assert f"{row.value:.3f}".replace("-", "−") in cells[1]
    assert f"{row.low:.3f} to {row.high:.3f}".replace("-", "−") in cells[1]
    assert "▼ harms" in cells[2]
    assert "0.081" in cells[3]
    assert "± 0.05" in cells[3]
    assert f"t = {row.corrected_t:.2f}".replace("-", "−") in cells[4]
    assert "9 : 7" in cells[5]
    assert "p = 0.80" in cells[5]
    assert "64 subjects" in cells[6]
    assert "SD 0.017" in cells[6]


def test_each_effect_is_a_word_and_a_symbol(page):
    rows = [" ".join(cells) for cells in page.rows]
    for word in ("▲ helps", "▼ harms", "○ no detectable effect", "? inconclusive", "– unavailable"):
        assert any(word in row for row in rows), word


def test_the_verdicts_protocol_leaks_and_labels_are_said(page):
    text = SPACES.sub(" ", page.text)
    for words in (
        "this test set could show 0.081", "B gains +0.021 Dice over A-dup.", "7 synthetic frames are"
        " near-duplicates", "5 × 2 = 10 training runs a group", "256 of 64 subjects", "1,031 of 257 subjects",
        "real frames resampled to equally many of each diagnosis", "0.5 (plain average)", "3.125 µm",
        "equal-steps: every group the same optimiser steps", "Weights of clip are not here; give --weights",
        "0.612", "0.58", "0.713", "The loss became NaN; lower the learning rate.", "2 failed",
        "Four validation folds", "No number (–) for Expected calibration error, per frame (biomarker, C)",
        "hybrid-diagnosis",
    ):  # fmt: skip
        assert words in text, words


def test_the_card_shows_its_criteria(page):
    assert "?Pillar 3: downstream utilityinconclusive" in page.text
    assert any(cells[0].startswith("Group B is not worse than A-balanced") for cells in page.rows)


def test_the_page_stands_alone(html, page):
    assert "<script" not in html
    assert all(str(it["src"]).startswith("data:image/") for it in page.of("img"))
    assert all(it["role"] == "img" and it["aria-label"] for it in page.of("svg"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)


def test_every_number_is_in_a_csv_file(found, tmp_path):
    result = with_utility(found)
    write_tables(result, tmp_path)
    cells = in_csv(tmp_path)
    numbers = numbers_of(found.model_copy(update={"learners": []}))
    assert len(numbers) > 10_000
    missing = {it for it in numbers if not {f"{it:.6g}", repr(it), str(int(it))} & cells}
    assert missing == set()


def test_rows_of_tables_use_their_columns_alone(found):
    for name, (columns, rows) in tables_of(with_utility(found)).items():
        assert len(set(columns)) == len(columns), name
        for row in rows:
            assert set(row) <= set(columns), name


def test_shares_of_confusions_are_of_the_true_class(tmp_path):
    it = Confusion(learner="l", group="A", level="frame", classes=["a", "b"], counts=[[3, 1], [0, 0]])
    write_tables(with_utility(UtilityResult(confusions=[it])), tmp_path)
    with (tmp_path / "utility_confusions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["true"], row["predicted"], row["count"], row["share_of_true"]) for row in rows] == [
        ("a", "a", "3", "0.75"), ("a", "b", "1", "0.25"), ("b", "a", "0", ""), ("b", "b", "0", ""),
    ]  # fmt: skip


def test_latex_holds_scores_and_differences(found):
    tables = latex_tables(with_utility(found))
    for task in METRICS:
        for row in found.scores:
            if row.task == task and row.primary:
                assert f"{row.value:.3f} $\\pm$ 0.019 {{[}}{row.low:.3f} to" in tables[f"utility_{task}"]
    for row in found.differences:
        if row.primary:
            assert f"{abs(row.value):.3f} {{[}}" in tables["utility_differences"]
    assert tables["utility_differences"].count("harms") == 4
    for table in tables.values():
        lines = [line for line in table.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
        assert len({re.sub(r"\\&", "", line).count("&") for line in lines}) <= 1


@pytest.mark.parametrize(
    ("net", "better", "words"),
    [
        (0.70, "higher", "does not beat the baseline"),
        (0.69, "higher", "does not beat the baseline"),
        (0.71, "higher", "that it is better is not shown"),
        (0.80, "higher", "beyond its own interval"),
        (0.71, "lower", "does not beat the baseline"),
        (0.60, "lower", "beyond its own interval"),
    ],
)
def test_networks_are_held_against_the_baseline(net, better, words):
    rows = [
        score(value=net, low=net - 0.05, high=net + 0.05, better=better),
        score(learner="biomarker", value=0.70, better=better),
    ]
    (sentence,) = baseline_words(rows)
    assert words in sentence
    assert "0.700" in sentence


def test_without_baseline_nothing_is_said_of_it():
    assert baseline_words([score(value=0.7), score(learner="other", value=0.8)]) == []
    assert baseline_words([score(value=None), score(learner="biomarker", value=0.8)]) == []


def test_the_forest_lies_where_its_numbers_say():
    svg = str(forest_plot([difference(value=0.02, low=-0.04, high=0.08, margin=0.05)]))
    left, width = map(float, re.findall(r'class="margin" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)[0])
    middle, margin = left + width / 2, width / 2
    low, high = map(float, re.findall(r'"thin interval" x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)"', svg)[-1])
    assert low == pytest.approx(middle - 0.8 * margin, abs=0.2)
    assert high == pytest.approx(middle + 1.6 * margin, abs=0.2)
    mark = float(re.findall(r"translate\(([\d.]+) [\d.]+\)\"[^>]*fill=\"" + GROUP_COLOURS["B"], svg)[-1])
    assert mark == pytest.approx(middle + 0.4 * margin, abs=0.2)
    assert "right of zero is better" in svg


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    svg = str(forest_plot([difference(value=0.02, low=-9.0, high=9.0, margin=0.05)]))
    assert svg.count("4v-8Z") == 2


def test_scores_of_other_groups_and_curves_are_not_drawn_as_runs():
    about = {"key": "k", "task": "diagnosis", "learner": "net", "fold": 0, "seed": 0}
    units = [
        UnitRow(**about, group="A", validation_score=0.71),
        UnitRow(**about, group="B", validation_score=0.72),
        UnitRow(**about, group="A", curve="ratio", x=1.0, validation_score=0.73),
    ]
    svg = str(scores_plot([score(value=0.7, sd=0.01, low=0.6, high=0.8)], units))
    assert svg.count('class="run"') == 2  # one, and one in the key


def test_the_curve_is_held_against_the_primary_score_of_a(found):
    scores = [score(value=0.9, primary=False), score(value=0.7, level="subject"), score(value=0.5, group="B")]
    points = [
        it.model_copy(update={"metric": "accuracy", "label": "Accuracy", "learner": "net"})
        for it in found.curves
        if it.curve == "ratio"
    ]
    (data,) = curves_of(points, scores)
    assert data.reference == 0.7
    assert "Group A: 0.7" in str(curve_plot(data))


def test_single_points_and_points_without_value_are_drawn_as_far_as_they_go(found):
    points = [it for it in found.curves if it.curve == "ratio"][:2]
    points[1] = points[1].model_copy(update={"value": None})
    assert "<svg" in str(curve_plot(curves_of(points, [])[0]))
    assert str(curve_plot(curves_of(points[1:], [])[0])) == ""


def test_a_matrix_that_is_no_square_or_too_large_is_not_drawn():
    about: dict[str, Any] = {"learner": "l", "group": "A", "level": "frame"}
    assert not confusion_plot(Confusion(**about, classes=["a", "b"], counts=[[1.0, 2.0]]))
    many = [str(i) for i in range(30)]
    assert not confusion_plot(Confusion(**about, classes=many, counts=[[1.0] * 30] * 30))


@pytest.mark.parametrize("make", [UtilityResult, empty_rows], ids=["nothing", "no numbers"])
def test_whatever_is_missing_the_section_is_whole(make, tmp_path, monkeypatch):
    monkeypatch.setattr(three_pillar, "write_figures", lambda *_: [])
    result = with_utility(make())
    write_three_pillar(result, tmp_path)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert not re.search(r"\b(None|nan|inf)\b", page.text)
    assert "Pillar 3: downstream utility" in page.text
    assert list(drawn(result)) == []


def test_an_empty_result_says_so():
    text = text_of(UtilityResult())
    assert "No task has a number." in text
    assert "No training run is recorded." in text
    text = text_of(empty_rows())
    assert "the reason is not stated." in text
    assert "Out of memory." in text


def test_a_pillar_that_was_not_asked_for_or_failed_says_so():
    assert "was not asked" in Page(render_three_pillar(full())).text
    asked = with_utility()
    asked.utility = None
    asked.verdicts[0].sentence = "No learner could be trained."
    text = Page(render_three_pillar(asked)).text
    assert "This pillar is unavailable. No learner could be trained." in text


def test_split_by_frame_is_warned_of(found):
    protocol = found.protocol.model_copy(update={"split_by": "frame", "n_test_subjects": 0})
    text = text_of(found.model_copy(update={"protocol": protocol}))
    assert "Frames were split by frame, not by subject" in text
    assert "256, subjects unknown" in text
    assert "64 frames" in text
    assert "so that scores are too good" in methods_text(
        with_utility(found.model_copy(update={"protocol": protocol}))
    )


def hostile() -> UtilityResult:
    found = utility(folds=2, seeds=1, classes=HOSTILE[:3])
    for part in (found.scores, found.differences, found.units, found.curves, found.agreements):
        for row in part:
            row.learner = {"hmsvit": HOSTILE[0], "biomarker": "biomarker"}.get(row.learner, HOSTILE[1])
    for it in [*found.scores, *found.differences, *found.curves]:
        it.label += HOSTILE[4]
    for it in found.confusions:
        it.learner = HOSTILE[0]
    found.leaks[0].frames = list(HOSTILE)
    found.leaks[0].sentence = found.notes[0] = found.verdicts[0].sentence = HOSTILE[2] + HOSTILE[0]
    found.unavailable = {HOSTILE[3]: HOSTILE[1]}
    found.units[0].reason, found.units[0].status = "=cmd()" + HOSTILE[1], "failed"
    found.examples[0].frame, found.examples[0].files = HOSTILE[1], {HOSTILE[0]: '"><x>/../a.png'}
    found.agreements[0].predicted = {HOSTILE[0]: 0.5}
    return found


def test_hostile_names_stay_names(tmp_path):
    result = with_utility(hostile())
    html = render_three_pillar(result, Fakes())
    page = Page(html)
    assert page.of("script") == []
    assert "<script" not in html
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert all(str(it["src"]).startswith("data:") for it in page.of("img"))
    assert HOSTILE[0] in page.text
    assert "{{ 7 * 7 }}" in page.text
    write_tables(result, tmp_path)
    for path in tmp_path.glob("utility_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                assert not cell.startswith(("=", "+", "@", "\t")), (path, cell)
    for table in latex_tables(result).values():
        assert table.isascii()
        assert "\\input{/" not in table


def test_a_thousand_training_runs_make_no_huge_page():
    small = len(render_three_pillar(with_utility(utility(folds=2, seeds=1))))
    found = utility(folds=10, seeds=10)
    assert len(found.units) > 1000
    found.leaks *= 500
    found.examples *= 500
    found.agreements *= 20
    big = len(render_three_pillar(with_utility(found), Fakes()))
    assert big < 5 * small
    assert big < 3_000_000
    assert "The first 40 of 2,000; all are in tables/utility_units.csv." in text_of(found)


def test_failed_runs_come_first(page):
    start = next(i for i, cells in enumerate(page.rows) if "Fold, seed" in "".join(cells))
    assert "✕ failed" in "".join(page.rows[start + 1])


def test_nan_is_null_and_what_needs_a_number_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(three_pillar, "write_figures", lambda *_: [])
    found = utility(folds=2, seeds=1)
    found.scores[0].value = found.differences[0].low = found.units[0].seconds = math.nan
    found.scores[1].confidence = found.curves[1].n_synth = math.nan
    found.curves[0].x = found.confusions[0].counts[0][0] = found.calibrations[0].bins[0].low = math.nan
    found.agreements[0].predicted = {"a": math.nan, "b": 0.5}
    found.units[0].history[0] = (0, math.nan, 1.0)
    found.examples[0].dice["A"] = math.nan
    write_three_pillar(with_utility(found), tmp_path)
    read = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)["utility"]
    assert read["scores"][0]["value"] is None
    assert read["scores"][1]["confidence"] == 0.95
    assert read["units"][0]["history"][0] == [0, None, 1.0]
    assert read["agreements"][0]["predicted"] == {"b": 0.5}
    for name in ("curves", "confusions"):
        assert len(read[name]) == len(getattr(found, name)) - 1
    assert not re.search(r"\b(nan|inf)\b", Page((tmp_path / "report.html").read_text()).text)
    assert cleaned(ThreePillarResult.model_validate_json((tmp_path / "report.json").read_text()))


def test_examples_are_read_from_the_run_folder_and_from_nowhere_else(tmp_path):
    (tmp_path / "out" / "utility").mkdir(parents=True)
    Image.new("RGB", (900, 600)).save(tmp_path / "out" / "utility" / "a.png")
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (tmp_path / "out" / "broken.png").write_text("no picture")
    (tmp_path / "out" / "link.png").symlink_to(tmp_path / "secret.png")
    pictures = FolderPictures(tmp_path / "out")
    assert (pictures.file("utility/a.png") or b"")[:2] == b"\xff\xd8"
    for path in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "broken.png", "none.png", "a\0b"):
        assert pictures.file(path) is None, path


def test_examples_name_their_group_and_dice(found):
    fakes = Fakes()
    text = SPACES.sub(" ", Page(render_three_pillar(with_utility(found), fakes)).text)
    assert ("file", "utility/examples/0-A.png") in fakes.asked
    assert "real + synthetic; Dice 0.81" in text
    assert "synthetic; Dice –" in text


def test_vector_figures_are_drawn_and_reproducible():
    found = utility(folds=2, seeds=1)
    found.scores = [it for it in found.scores if it.task == "diagnosis" and it.learner == "hmsvit"]
    found.differences = [it for it in found.differences if it.task == "diagnosis"][:5]
    found.units = [it for it in found.units if it.task == "diagnosis" and it.learner == "hmsvit"]
    found.confusions, found.calibrations = found.confusions[:2], found.calibrations[:2]
    figures = dict(drawn(with_utility(found)))
    assert set(figures) == {
        "utility_differences_diagnosis", "utility_scores_diagnosis", "utility_confusion_hmsvit_subject",
        "utility_reliability_hmsvit", "utility_ratio_diagnosis_hmsvit",
        "utility_per-diagnosis_diagnosis_hmsvit", "utility_loss-weight_diagnosis_hmsvit",
        "utility_losses_diagnosis_hmsvit",
    }  # fmt: skip
    assert all(it["svg"].startswith(b"<?xml") and it["pdf"].startswith(b"%PDF") for it in figures.values())
    found.curves, found.units, found.confusions, found.calibrations = [], [], [], []
    found.scores = []
    again = dict(drawn(with_utility(found)))
    assert again["utility_differences_diagnosis"] == figures["utility_differences_diagnosis"]


def test_methods_cite_what_applies(found):
    text = methods_text(with_utility(found))
    for words in (
        "arXiv:2506.19474", "Hiera", "Nadeau", "McNemar", "pigeonhole", "clDice", "On calibration",
        "5 folds (by subject) and 2 seeds", "256 test frames of 64 subjects", "2,000 steps of 16 frames",
        "The primary metric was Balanced accuracy, per subject", "± 0.05 in Dice, mean over frames",
        "Not trained: clip", "Cohen", "Ronneberger",
    ):  # fmt: skip
        assert words in text, words
    plain = UtilityResult(scores=[score(value=0.7)], differences=[difference(value=0.1)])
    text = methods_text(with_utility(plain))
    for words in ("Nadeau", "McNemar Q", "Owen", "clDice", "HMSViT", "Guo", "Cohen"):
        assert words not in text, words


def test_agreement_stands_beside_what_the_models_reach():
    rows = [LabelAgreement(learner="net", n_frames=90, agreement=0.5, real_accuracy=0.8, kappa=0.25)]
    page = Page(render_three_pillar(with_utility(UtilityResult(agreements=rows))))
    cells = next(it for it in page.rows if it[0].startswith("all frames"))
    assert [it.strip() for it in cells[1:5]] == ["90", "0.500", "0.25", "0.800"]
