"""The page as a reader and as a browser would take it: parsed, searched, and fed with bad names."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from ccmeval.morphometry.definitions import DEFINITIONS, PRIMARY
from ccmeval.report.page import PAGE_NAME, render_page, write_page
from ccmeval.report.schema import BiomarkersResult, FrameRow

BAD_NAMES = (
    "<script>alert(1)</script>.png",
    '"><img src=x onerror=alert(1)>.png',
    "' onmouseover='alert(1).png",
    "{{ 7 * 7 }}{% raw %}.png",
    "</style></title><svg onload=alert(1)>.png",
    "50% #1? & möß 中.png",
)
VOID = {"meta", "link", "img", "br", "input", "wbr"}


NUMBER = re.compile(r"−?\d+(?:\.\d+)?")


def numbers_in(words: str) -> list[tuple[float, float]]:
    """Numbers of a cell, each with half a unit of its last digit."""
    found = [it.replace("−", "-") for it in NUMBER.findall(words)]
    return [(float(it), 0.5 * 10.0 ** -len(it.partition(".")[2]) + 1e-9) for it in found]


class Page(HTMLParser):
    """Collects tags, attributes, text and addresses, and checks that tags close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "wbr" and {"td", "th"} & set(self.open):
            self.rows[-1][-1] = self.rows[-1][-1].removesuffix(" ")  # a place to break, and no space
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += f"{data} "

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def save_overlays(rows: list[FrameRow], folder: Path) -> None:
    folder.mkdir()
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8))
    for row in rows:
        if row.status == "measured":
            picture.save(folder / f"{row.key}.png")


@pytest.fixture
def cohort(rows_of, result_of, tmp_path) -> tuple[BiomarkersResult, Path]:
    rows = rows_of(["Control", "T1DPN"], 5, 4)
    rows.append(
        FrameRow(
            frame="torn.png", key="torn", status="failed", reason="torn.png is cut short; copy it again."
        )
    )
    save_overlays(rows, tmp_path / "overlays")
    return result_of(rows, notes=["One mask was inverted."]), tmp_path


def test_the_page_is_one_file_that_asks_the_network_for_nothing(cohort):
    result, out = cohort
    path = write_page(result, out)
    assert path == out / PAGE_NAME
    page = Page(path.read_text(encoding="utf-8"))
    assert page.of("script") == []
    assert page.of("html")[0]["lang"] == "en"
    assert any(it.get("name") == "viewport" for it in page.of("meta"))
    addresses = [it["src"] for it in page.of("img")]
    assert addresses
    assert all(str(it).startswith("data:image/jpeg;base64,") for it in addresses)
    assert all(str(it["href"]).startswith("data:") for it in page.of("link"))
    assert not any(":" in str(it["href"]) for it in page.of("a"))
    assert sorted(it.name for it in out.iterdir()) == ["overlays", PAGE_NAME]


def test_what_a_reader_looks_for_is_there(cohort):
    page = Page(render_page(*cohort))
    for words in (
        "biomarkers of 41 frames", "One mask was inverted.", "5 subjects", "20 frames",
        "torn.png is cut short; copy it again.", "blurred", "only 4 frames: below 5 the mean is unreliable",
        "T1DPN against Control", "HRT3-RCM default", "ridge 1", "morphometry.border",
        "length of all nerve centre lines inside the imaged area", "ccmeval biomarkers frames -o out",
        "diagnosis_tests.csv", "subjects.csv",
    ):  # fmt: skip
        assert words in page.text, words


def test_every_section_of_the_navigation_exists_and_pictures_have_words(cohort):
    page = Page(render_page(*cohort))
    anchors = {it["id"] for it in page.of("section")}
    inside = [str(it["href"]) for it in page.of("a") if str(it["href"]).startswith("#")]
    assert {it[1:] for it in inside} == anchors
    assert all(it["alt"] for it in page.of("img"))
    assert len(page.of("svg")) == 4
    assert all(it["aria-label"] and it["role"] == "img" for it in page.of("svg"))


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_stay_names_everywhere(rows_of, result_of, tmp_path, name):
    rows = rows_of([name], 3, 2)
    for row in rows:
        row.key = row.key.replace(name, "k")
        row.frame, row.subject, row.eye = f"{row.key}{name}", f"{row.subject}", name
        row.quality_flags, row.notes, row.mask_source, row.pixel_size_source = [name], [name], name, name
    rows.append(FrameRow(frame=name, key="failed", status="failed", reason=name))
    save_overlays(rows, tmp_path / "overlays")
    result = result_of(rows, notes=[name]).model_copy(
        update={
            "command": name,
            "cohort_layout": name,
            "versions": {name: name},
            "settings": {name: {name: name}},
        }
    )
    page = Page(render_page(result, tmp_path))
    plain = Page(render_page(result_of(rows_of(["Control"], 3, 2)), tmp_path))
    allowed = {tag for tag, _ in plain.tags} | {"img", "figure", "figcaption", "div", "label", "input", "h3"}
    assert {tag for tag, _ in page.tags} <= allowed
    assert not any(attribute.startswith("on") for _, found in page.tags for attribute in found)
    assert page.text.count(name) >= 10
    assert "49" not in page.text.split("Definitions")[0] or "{{" not in name


@pytest.mark.parametrize("key", ["50%", "a#1", "what?", "中 ñ", "a&b", "a'b\"c"])
def test_links_to_overlays_lead_to_their_files(rows_of, result_of, tmp_path, key):
    rows = rows_of([None], 0, 1)
    rows[0].key = key
    save_overlays(rows, tmp_path / "overlays")
    page = Page(render_page(result_of(rows), tmp_path))
    links = [str(it["href"]) for it in page.of("a") if str(it["href"]).startswith("overlays/")]
    assert len(links) == 1
    assert not set(links[0]) & set("?#")
    assert (tmp_path / unquote(links[0])).is_file()


def test_names_that_are_not_utf8_can_be_written(rows_of, result_of, tmp_path):
    rows = rows_of([None], 0, 3)
    result = result_of(rows)
    result.frames[0].frame = "caf\udce9.png"
    text = write_page(result, tmp_path).read_text(encoding="utf-8")
    assert "caf?.png" in text


def test_one_frame_has_values_but_neither_figures_nor_intervals(rows_of, result_of, tmp_path):
    rows = rows_of([None], 0, 1)
    page = Page(render_page(result_of(rows), tmp_path))
    assert page.of("svg") == []
    assert "±" not in page.text.split("Definitions")[-2]
    assert "one frame" in page.text


def test_nothing_measured_still_makes_a_page(tmp_path):
    row = FrameRow(frame="a.png", key="a", status="failed", reason="a.png is empty; copy it again.")
    page = Page(render_page(BiomarkersResult(created="2026-11-20T20:00:00Z", frames=[row]), tmp_path))
    assert "No frame could be measured." in page.text
    assert "a.png is empty; copy it again." in page.text
    page = Page(render_page(BiomarkersResult(created="2026-11-20T20:00:00Z"), tmp_path))
    assert "biomarkers of 0 frames" in page.text


def test_missing_and_broken_overlays_are_left_out(cohort):
    result, out = cohort
    for path in sorted((out / "overlays").iterdir())[::2]:
        path.write_bytes(path.read_bytes()[:40])
    for path in sorted((out / "overlays").iterdir())[1::4]:
        path.unlink()
    assert Page(render_page(result, out)).text


def test_the_page_does_not_grow_with_the_cohort(rows_of, result_of):
    sizes = {}
    for frames in (1200, 6000):
        rows = rows_of(["Control", "T1DPN"], 0, frames // 2)
        for index, row in enumerate(rows[::3]):
            row.status, row.reason = "failed", f"Frame {index} is torn."
        sizes[frames] = len(render_page(result_of(rows)))
    assert sizes[6000] < 1.05 * sizes[1200]


def test_a_folder_that_cannot_be_written_is_told(cohort, tmp_path):
    from ccmeval.report.files import OutputError

    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"report\.html cannot be written"):
        write_page(cohort[0], tmp_path / "file")


def test_the_templates_are_beside_the_module():
    from ccmeval.report.page import TEMPLATES

    names = {path.name for path in TEMPLATES.iterdir()}
    assert names >= {"base.html.j2", "parts.html.j2", "biomarkers.html.j2", "page.css"}


def test_every_number_of_the_tables_is_the_results(cohort):
    result, out = cohort
    page = Page(render_page(result, out))
    seen = 0
    for it in DEFINITIONS:
        wanted = [row for row in result.diagnoses if row["biomarker"] == it.column]
        named = [row for row in page.rows if row[0].startswith(f"{it.label} ")]
        line = next(row for row in named if len(row) == 3)
        for cell, row in zip(line[1:], wanted, strict=True):
            values = [row[name] for name in ("mean", "sd", "ci_low", "ci_high") if row[name] is not None]
            for (shown, rounding), value in zip(numbers_in(cell), values, strict=True):
                assert shown == pytest.approx(value, abs=rounding)
                seen += 1
        for row in (row for row in result.tests if row["biomarker"] == it.column):
            line = next(row for row in named if "against" in row[1])
            names = [
                f"{name}{end}" for name in ("difference", "hedges_g", "auc") for end in ("", "_low", "_high")
            ]
            values = [row[name] for name in names if row[name] is not None]
            shown = [number for cell in line[3:6] for number in numbers_in(cell)]
            for (number, rounding), value in zip(shown, values, strict=True):
                assert number == pytest.approx(value, abs=rounding)
                seen += 1
    for row in result.frames[:-1]:
        line = next(cells for cells in page.rows if cells[0].strip() == row.frame and len(cells) > 6)
        shown = [number for cell in line[3:7] for number in numbers_in(cell)]
        for (number, rounding), column in zip(shown, PRIMARY, strict=True):
            assert number == pytest.approx(row.biomarkers[column], abs=rounding)
            seen += 1
    assert seen > 250


def test_pictures_enlarge_by_keyboard_and_by_a_press_on_them(cohort):
    page = Page(render_page(*cohort))
    boxes = [it["id"] for it in page.of("input")]
    assert len(set(boxes)) == len(page.of("img")) == len(boxes)
    assert [it["for"] for it in page.of("label") if "for" in it] == boxes
    assert all(str(it["aria-label"]).startswith("Enlarge ") for it in page.of("input"))


def test_no_frame_is_called_typical_where_all_are_shown(rows_of, result_of, tmp_path):
    rows = rows_of(["Control"], 2, 3)
    save_overlays(rows, tmp_path / "overlays")
    page = Page(render_page(result_of(rows), tmp_path))
    assert "All 6 measured frames" in page.text
    assert "typical" not in page.text
