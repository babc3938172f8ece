"""The page of a comparison: its numbers are the result's, its names are harmless, any part may be missing."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import unquote

import pytest

from ccmeval.comparison.schema import CompareResult, RealSide
from ccmeval.report import comparison
from ccmeval.report.comparison import cleaned_comparison, write_comparison
from ccmeval.report.comparison_dots import dot_plots
from ccmeval.report.comparison_names import labels, renamed, short_names
from ccmeval.report.comparison_page import render_comparison
from ccmeval.report.files import OutputError
from tests.comparison.example import example
from tests.report.comparison_sample import HOSTILE, LOST, NAMES, NO_PAIRS, hostile, realistic
from tests.report.test_page import Page, numbers_in


def nothing() -> CompareResult:
    return CompareResult(created="", real=RealSide(source="real.csv"))


def only_failed() -> CompareResult:
    found = realistic()
    found.sets = [it for it in found.sets if it.status == "failed"]
    found.rankings, found.pareto = [], None
    return found


def without_rankings() -> CompareResult:
    found = realistic()
    found.rankings, found.pareto = [], None
    return found


def only_fidelity() -> CompareResult:
    found = realistic()
    found.pillars, kept = ["fidelity"], {"distance", "memorisation"}
    keys = {it.key for it in found.scores if it.group in kept}
    found.scores = [it for it in found.scores if it.key in keys]
    found.rankings = [it for it in found.rankings if it.score in keys]
    for one in found.sets:
        one.values = [it for it in one.values if it.score in keys]
        one.curves, one.generator = [], None
    return found


VARIANTS = {
    "nothing": nothing, "only failed": only_failed, "without rankings": without_rankings,
    "only fidelity": only_fidelity, "example": example, "realistic": realistic, "hostile": hostile,
}  # fmt: skip


@pytest.fixture(scope="module")
def result() -> CompareResult:
    return realistic()


@pytest.fixture(scope="module")
def page(result) -> Page:
    return Page(render_comparison(result))


@pytest.mark.parametrize("name", list(VARIANTS))
def test_any_part_may_be_missing(name):
    page = Page(render_comparison(VARIANTS[name]()))
    assert page.of("script") == []
    assert "None" not in page.text
    assert " nan" not in page.text.lower()


def test_the_page_stands_alone(page):
    for tag in ("img", "link", "script", "iframe"):
        for attributes in page.of(tag):
            address = attributes.get("src") or attributes.get("href") or ""
            assert address.startswith("data:"), address
    ids = [it["id"] for _, it in page.tags if it.get("id")]
    assert len(ids) == len(set(ids))
    inner = [str(it["href"])[1:] for it in page.of("a") if str(it["href"]).startswith("#")]
    assert set(inner) <= set(ids)


@pytest.mark.parametrize("make", [example, realistic])
def test_main_table_holds_each_value_with_its_interval(make):
    result = make()
    page = Page(render_comparison(result))
    shown = labels([it.name for it in result.sets])
    for one in (it for it in result.sets if it.status == "scored"):
        rows = [
            row
            for row in page.rows
            if (row and row[0].startswith(f"{shown[one.name]} ")) or row[:1] == [one.name]
        ]
        printed = [pair for row in rows for cell in row[1:] for pair in numbers_in(cell)]
        for definition in (it for it in result.scores if it.headline and it.unit != "bytes"):
            it = one.value(definition.key)
            if it is None or it.value is None or definition.key == "parameters":
                continue
            for value in (it.value, it.low, it.high):
                assert value is None or any(abs(value - told) <= half for told, half in printed), (
                    definition.key
                )


def test_every_missing_number_has_its_reason_to_read_and_to_point_at(result, page):
    titles = {str(it["title"]) for it in page.of("td") if it.get("title")}
    for one in result.sets:
        for it in one.values:
            if it.value is None and it.scope == "pooled":
                assert it.reason in titles
                assert page.text.count(it.reason) >= 1
    marks = [it for it in page.of("a") if str(it.get("aria-label") or "").startswith("note ")]
    assert len(marks) > 20


def test_failed_sets_say_why(result, page):
    lost = next(it for it in result.sets if it.name == LOST)
    assert page.text.count(lost.reason) >= 3
    assert "✕ failed" in page.text


def test_each_set_leads_to_its_own_report(page):
    addresses = {unquote(str(it["href"])) for it in page.of("a")}
    assert {f"sets/{number}/report.html" for number in range(6)} <= addresses


def test_letters_and_ranks_are_those_of_the_ranking(result, page):
    ranking = next(it for it in result.rankings if it.score == "kid:inception")
    shown = labels([it.name for it in result.sets])
    heads = next(
        row for row in page.rows if row[0].strip() == "Set" and row[1].startswith("FID") and len(row) == 6
    )
    place = next(i for i, head in enumerate(heads) if head.startswith("KID"))
    for rank in ranking.ranks:
        row = next(
            row
            for row in page.rows
            if row[0].strip() == shown[rank.set] and len(row) == 6 and "best in" in row[1]
        )
        words = row[place].split()
        assert words[0] == str(rank.rank)
        assert f"({rank.low}" in words[1]
        assert rank.letters in words


def test_the_floor_stands_above_the_sets_where_all_share_it(page):
    row = next(row for row in page.rows if row and row[0].startswith("Real against real"))
    assert "91.0" in " ".join(row)
    assert "n = 120" in " ".join(row)


def test_floors_that_differ_are_said_to_differ(result):
    found = result.model_copy(deep=True)
    found.sets[0].value("frechet:inception").floor.n = 60
    page = Page(render_comparison(found))
    row = next(row for row in page.rows if row and row[0].startswith("Real against real"))
    assert "differs" in " ".join(row)
    assert "60 to 120 frames" in page.text
    assert next(it for it in dot_plots(found) if it.definition.label == "FID").floor is None


def test_hostile_names_stay_names():
    html = render_comparison(hostile())
    page = Page(html)
    assert page.of("script") == []
    assert page.of("img") == []
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "&lt;script&gt;" in html
    assert "{{ 7 * 7 }}" in page.text
    assert HOSTILE[0] in page.text
    assert not any(str(it["href"]).lower().startswith("javascript") for it in page.of("a"))


def test_long_names_get_short_ones_and_short_ones_stay():
    assert short_names(NAMES)[NAMES[1]] == "S2"
    assert short_names(["S1", "x" * 30]) == {"S1": "Set 1", "x" * 30: "Set 2"}
    result = example()
    assert renamed(result, short_names([it.name for it in result.sets])) == result


def test_renaming_reaches_every_name(result):
    names = short_names([it.name for it in result.sets])
    text = renamed(result, names).model_dump_json()
    assert not [name for name in names if name in text]
    assert result.sets[0].name == NAMES[0]


def test_numbers_that_are_none_are_null(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "write_comparison_figures", lambda *_: [])
    result = realistic()
    result.sets[0].values[5].value = math.nan
    result.sets[0].value("frechet:inception").high = math.inf
    result.rankings[0].pairs[0].difference = math.nan
    result.rankings[0].ranks[0].probability_best = math.nan
    result.settings["limit"] = math.inf
    paths = write_comparison(result, tmp_path)
    assert paths[0] == tmp_path / "compare.html"
    text = (tmp_path / "compare.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    found = CompareResult.model_validate_json(text)
    assert found == cleaned_comparison(result)
    assert len(found.rankings[0].pairs) == len(result.rankings[0].pairs) - 1
    assert found.rankings[0].ranks[0].set not in found.rankings[0].left_out


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_comparison(nothing(), tmp_path / "file" / "out")


def test_files_are_listed_and_lie_there(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "write_comparison_figures", lambda *_: [])
    paths = write_comparison(realistic(), tmp_path)
    page = Page((tmp_path / "compare.html").read_text(encoding="utf-8"))
    addresses = {unquote(str(it["href"])) for it in page.of("a")}
    for path in paths[1:]:
        assert path.is_file()
        assert path.relative_to(tmp_path).as_posix() in addresses
    assert Path("compare.html") not in {path.relative_to(tmp_path) for path in paths[1:]}


def test_no_pairs_is_told_as_the_reason_of_the_scores_that_rank_nothing(page):
    assert f"PSNR: {NO_PAIRS}" in " ".join(page.text.split())
