"""Files of a three-pillar run: every number is in them, every name is harmless, every part may be missing."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel

from ccmeval.evaluation.schema import PillarVerdict, ThreePillarResult
from ccmeval.report import three_pillar
from ccmeval.report.files import OutputError
from ccmeval.report.three_pillar import write_three_pillar
from ccmeval.report.three_pillar_csv import tables_of
from ccmeval.report.three_pillar_page import render_three_pillar
from ccmeval.report.three_pillar_vector import drawn
from tests.report.test_page import Page
from tests.report.three_pillar_sample import HOSTILE, VARIANTS, full, hostile, large, nothing

WORDS = re.compile(r"\s+")


class Fakes:
    """A source of pictures that has one for every frame."""

    def __init__(self, size: int = 64) -> None:
        from ccmeval.report.three_pillar_pictures import small_jpeg

        noise = np.random.default_rng(0).integers(0, 255, (size, size, 3), dtype=np.uint8)
        self.data = small_jpeg(Image.fromarray(noise))
        self.asked: list[tuple[str, str]] = []

    def thumbnail(self, name: str, key: str) -> bytes | None:
        self.asked.append((name, key))
        return self.data

    def overlay(self, name: str, key: str) -> bytes | None:
        return self.data

    def address(self, name: str, key: str) -> str | None:
        return f"biomarkers/{name}/overlays/x.png"

    def file(self, path: str) -> bytes | None:
        self.asked.append(("file", path))
        return self.data


@pytest.fixture(scope="module")
def result() -> ThreePillarResult:
    return full()


@pytest.fixture(scope="module")
def page(result) -> Page:
    return Page(render_three_pillar(result, Fakes()))


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """All files of a small run; its figures are drawn in a test of their own."""
    folder = tmp_path_factory.mktemp("run") / "new"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(three_pillar, "write_figures", lambda result, folder: [folder / "equivalence.svg"])
        assert write_three_pillar(full(), folder, Fakes()) == folder / "report.html"
    return folder


def numbers_of(value: Any) -> list[float]:
    """All numbers of a model that are not settings or strings."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return []
    if isinstance(value, (int, float)):
        return [float(value)]
    if isinstance(value, BaseModel):
        return [it for name in type(value).model_fields for it in numbers_of(getattr(value, name))]
    if isinstance(value, dict):
        return [it for part in value.values() for it in numbers_of(part)]
    return [it for part in value for it in numbers_of(part)]


def in_csv(folder: Path) -> set[str]:
    cells: set[str] = set()
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    cells.update(part.rpartition(": ")[2] for part in cell.split("; "))
                    cells.add(cell)
    return cells


def test_json_is_the_result(result, out):
    text = (out / "report.json").read_text(encoding="utf-8")
    assert ThreePillarResult.model_validate_json(text) == result
    assert "NaN" not in text


def test_nan_is_null(tmp_path, monkeypatch):
    monkeypatch.setattr(three_pillar, "write_figures", lambda *_: [])
    result = full(subjects=3, frames=1)
    result.fidelity.metrics[0].value = math.nan
    result.fidelity.metrics[0].high = math.inf
    result.settings["limit"] = math.nan
    result.preservation.comparisons[0].difference = math.nan
    result.fidelity.near_pairs[0].value = result.fidelity.embeddings[0].points[0].x = math.nan
    result.preservation.pairs[0].real[3] = math.nan
    write_three_pillar(result, tmp_path)
    found = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert found["fidelity"]["metrics"][0]["value"] is None
    assert len(found["fidelity"]["near_pairs"]) == len(result.fidelity.near_pairs) - 1
    assert len(found["preservation"]["pairs"][0]["synth"]) == 39
    assert ThreePillarResult.model_validate(found)
    assert not re.search(r"\b(nan|inf)\b", Page((tmp_path / "report.html").read_text()).text, re.IGNORECASE)


def test_every_number_is_in_a_csv_file(result, out):
    cells = in_csv(out / "tables")
    parts = (result.sets, result.findings, result.verdicts, result.fidelity, result.preservation)
    found = [it for part in parts for it in numbers_of(part)]
    assert len(found) > 3000
    missing = {
        it
        for it in found
        if not ({f"{it:.6g}", str(int(it)) if it == int(it) else ""} & cells or repr(it) in cells)
    }
    # The diagonal of a correlation matrix is 1 and stands in no row; the number itself is elsewhere.
    assert missing <= {1.0}


def test_tables_have_their_columns_even_without_rows():
    for name, (columns, rows) in tables_of(nothing()).items():
        assert list(columns), name
        assert list(rows) == [], name


def test_rows_use_no_column_that_is_not_written(result):
    for name, (columns, rows) in tables_of(result).items():
        assert len(set(columns)) == len(columns), name
        for row in rows:
            assert set(row) <= set(columns), name


def test_page_stands_alone(page):
    assert page.of("script") == []
    assert page.of("html")[0]["lang"] == "en"
    (policy,) = [it["content"] for it in page.of("meta") if it.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert all(str(it["src"]).startswith("data:image/") for it in page.of("img"))
    assert all(it.get("alt") for it in page.of("img"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    for it in page.of("a"):
        assert not re.match(r"[a-z]+:|//", str(it["href"])), it
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for it in page.of("a"):
        if str(it["href"]).startswith("#"):
            assert str(it["href"])[1:] in ids


def test_every_figure_has_words_for_those_who_do_not_see_it(page):
    figures = page.of("svg")
    assert len(figures) > 10
    assert all(it["role"] == "img" and it["aria-label"] for it in figures)


def test_sections_stand_in_the_order_of_the_issue(page):
    order = [
        "verdicts",
        "findings",
        "sets",
        "fidelity",
        "preservation",
        "gallery",
        "utility",
        "methods",
        "provenance",
    ]
    assert [it["id"] for it in page.of("section")] == order


@pytest.mark.parametrize("verdict", ["pass", "fail", "inconclusive", "unavailable"])
def test_each_verdict_is_a_word_and_a_symbol(verdict):
    symbol = {"pass": "✓", "fail": "✕", "inconclusive": "?", "unavailable": "–"}[verdict]
    result = nothing()
    result.verdicts = [PillarVerdict(pillar="fidelity", verdict=verdict, sentence="So it is.")]
    cards = Page(render_three_pillar(result)).text.split("What was found")[0]
    assert f"{symbol}Pillar 1: fidelity and diversity{verdict}So it is." in cards


def test_all_verdicts_of_biomarkers_and_gradients_are_words(result):
    result = result.model_copy(deep=True)
    for row, verdict in zip(
        result.preservation.comparisons,
        ("equivalent", "different", "both", "inconclusive", "undefined"),
        strict=False,
    ):
        row.verdict = verdict
    rows = [" ".join(cells) for cells in Page(render_three_pillar(result)).rows]
    for word in ("≈ equivalent", "≠ different", "≠≈ both", "? inconclusive", "– undefined"):
        assert any(word in row for row in rows), word
    for word in ("✓ kept", "↓ weakened", "↑ exaggerated", "✕ lost", "⇄ reversed"):
        assert any(word in row for row in rows), word


def test_values_stand_beside_their_floors(result, page):
    row = next(it for it in result.fidelity.metrics if it.metric == "frechet" and it.scope == "pooled")
    cells = next(cells for cells in page.rows if cells[0].startswith("FID "))
    assert f"{row.value:.0f}" in cells[1]
    below = page.rows[page.rows.index(cells) + 1]
    assert below[0].startswith("at matched n")
    assert f"{row.floor.matched_median:.0f}" in below[1]
    it = row.floor
    lines = (f"floor {it.median:.0f}", f"({it.low:.0f} to {it.high:.0f})", f"worse, n = {it.n}")
    assert "\n".join(lines) in below[1]


def test_each_scope_is_named_for_what_it_is(page):
    heads = next(cells for cells in page.rows if cells[0].startswith("Metric") and len(cells) > 4)
    named = [WORDS.sub(" ", cell).strip() for cell in heads]
    assert named[1] == "All frames pooled 144 real, 144 synth."
    assert named[2] == "Mean over 3 diagnoses plain mean of their values"
    assert [name.split()[0] for name in named[3:]] == ["Control", "T1NoDPN", "T1DPN"]


def test_means_and_differences_are_those_of_the_result(result, page):
    row = next(it for it in result.preservation.comparisons if it.diagnosis == "T1DPN")
    start = next(i for i, cells in enumerate(page.rows) if cells[0].startswith("CNFL") and len(cells) == 1)
    cells = next(cells for cells in page.rows[start:] if cells[0].startswith("T1DPN"))
    assert f"{row.mean_real:.1f} ± {row.sd_real:.1f}" in cells[1]
    assert f"{row.mean_synth:.1f} ± {row.sd_synth:.1f}" in cells[2]
    assert f"{row.difference:.1f}".replace("-", "−") in cells[3]
    assert f"{row.difference_high:.1f}".replace("-", "−") in cells[3]
    assert row.verdict in cells[5]


def test_near_pairs_stand_side_by_side_and_copies_are_named(result):
    fakes = Fakes()
    page = Page(render_three_pillar(result, fakes))
    pair = result.fidelity.near_pairs[0]
    assert ("synth", pair.synth_key) in fakes.asked
    assert ("real", pair.real_key) in fakes.asked
    assert page.text.count("✕ copy") == 2
    assert "✕ 2 copies" in page.text
    assert "for the eye only" in page.text


def test_the_gallery_takes_the_same_quantiles_of_both_sets(result):
    fakes = Fakes()
    text = render_three_pillar(result, fakes)
    assert "Gallery, matched by diagnosis" in text
    frames = {row.key: row for it in result.sets for row in it.frames}
    near = {key for it in result.fidelity.near_pairs for key in (it.synth_key, it.real_key)}
    shown = [(name, frames[key].diagnosis) for name, key in fakes.asked if key not in near or key in frames]
    for diagnosis in ("Control", "T1NoDPN", "T1DPN"):
        assert ("real", diagnosis) in shown
        assert ("synth", diagnosis) in shown


@pytest.mark.parametrize("name", [it for it in VARIANTS if it != "hostile"])
def test_whatever_is_missing_the_page_is_whole(name):
    page = Page(render_three_pillar(VARIANTS[name]()))
    assert "None" not in page.text
    assert "Pillar 3" in page.text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", ("Not part of this run.", "This pillar was not part of this run.", "Nothing was found.")),
        ("minimal", ("One frame has no covariance; give at least two.", "no frame names its subject")),
        ("unavailable", ("Weights of clip are not here", "– undefined", "No metric has a number")),
        ("published", ("published values of 504 real frames", "in published SDs", "0.73", "means and SDs"
        " from a published table")),
        ("reference_bundle", ("a reference bundle, which holds no frames", "Copies of real frames were not"
        " looked for")),
        ("one_diagnosis", ("No gradient: it needs at least two diagnoses",)),
        ("no_diagnoses", ("every frame counts as independent", "no diagnosis is named")),
        ("many_diagnoses", ("the first 6 of 30",)),
    ],
)  # fmt: skip
def test_the_page_says_what_is_missing(name, words):
    text = WORDS.sub(" ", Page(render_three_pillar(VARIANTS[name]())).text)
    for it in words:
        assert it in text, it


def test_hostile_names_stay_names():
    result = hostile()
    html = render_three_pillar(result, Fakes())
    page = Page(html)
    assert page.of("script") == []
    assert "&lt;script&gt;" in html
    assert all(str(it["src"]).startswith("data:") for it in page.of("img"))
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert "{{ 7 * 7 }}" in page.text
    assert HOSTILE[0] in page.text


def test_names_that_are_no_text_are_written_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(three_pillar, "write_figures", lambda *_: [])
    result = full(subjects=2, frames=1)
    result.sets[0].frames[0].frame = result.fidelity.near_pairs[0].real = "torn\udcff.png"
    result.settings["\udcff"] = "\udcff"
    write_three_pillar(result, tmp_path)
    assert "torn?.png" in (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "torn?.png" in (tmp_path / "tables" / "frames.csv").read_text(encoding="utf-8")
    assert "torn?.png" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_thousands_of_frames_make_no_huge_page():
    small = len(render_three_pillar(full(), Fakes(240)))
    big = len(render_three_pillar(large(4000), Fakes(240)))
    assert big < 1.5 * small
    assert big < 8_000_000


def test_pictures_have_a_bound(monkeypatch, result):
    from ccmeval.report.three_pillar_gallery import Album

    fakes = Fakes(240)
    album = Album(fakes, room=3 * len(fakes.data))
    shots = [album.shot("real", str(i), "frame") for i in range(9)]
    assert sum(bool(it.picture) + bool(it.overlay) for it in shots) == 2
    assert album.room >= 0


def test_files_beside_the_page_are_linked_and_there(out):
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    links = [
        str(it["href"]) for it in page.of("a") if str(it["href"]).startswith(("tables/", "report", "methods"))
    ]
    assert {
        "report.json",
        "methods.md",
        "methods.txt",
        "tables/fidelity.csv",
        "tables/preservation.tex",
    } <= set(links)
    assert all((out / it).is_file() for it in links)


def test_figures_are_vectors_and_reproducible():
    result = full(["Control", "T1DPN"], subjects=3, frames=1)
    result.fidelity.embeddings = result.fidelity.embeddings[:1]
    result.fidelity.metrics = [it for it in result.fidelity.metrics if it.features == "inception"]
    result.preservation.pairs = result.preservation.pairs[:1]
    result.preservation.comparisons = result.preservation.comparisons[:4]
    result.preservation.gradients = result.preservation.gradients[:1]
    names = dict(drawn(result))
    assert {"equivalence", "gradient", "correlation", "tsne_inception"} <= set(names)
    assert {"violins_cnfl_mm_per_mm2", "bland_altman_cnfl_mm_per_mm2", "floors_inception"} <= set(names)
    for data in names.values():
        assert data["svg"].startswith(b"<?xml")
        assert data["pdf"].startswith(b"%PDF")
    again = full(["Control", "T1DPN"], subjects=3, frames=1)
    again.fidelity = None
    again.preservation.comparisons, again.preservation.gradients = [], []
    again.preservation.correlation, again.preservation.pairs = None, again.preservation.pairs[:1]
    assert dict(drawn(again))["bland_altman_cnfl_mm_per_mm2"] == names["bland_altman_cnfl_mm_per_mm2"]


def test_figures_of_hostile_names_have_harmless_file_names():
    result = hostile()
    result.preservation = None
    for it in result.fidelity.embeddings:
        it.features = "../../timm:<script>$x$ 中"
    result.fidelity.metrics = []
    names = [name for name, _ in drawn(result)]
    assert names == ["tsne_..-..-timm-script-x", "tsne_..-..-timm-script-x-2"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_three_pillar(nothing(), tmp_path / "file" / "out")
