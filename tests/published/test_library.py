"""The shipped tables, and a user's own copy laid over them."""

from __future__ import annotations

import pytest

from ccmeval.errors import CcmevalError
from ccmeval.published.library import published_paper, template, with_own_copy
from ccmeval.published.printed import parse
from ccmeval.published.schema import NOT_AT_HAND, Entry
from tests.published.copies import filled, written


def test_every_empty_cell_says_why():
    for table in published_paper().tables:
        for row in table.rows:
            assert set(row.cells) == {it.key for it in table.columns}
            assert list(row.labels) == table.label_names
            for entry in row.cells.values():
                assert (entry.printed is None) == (entry.reason == NOT_AT_HAND)


def test_every_number_has_a_place_and_an_origin():
    paper = published_paper()
    assert all(it.where and it.known_from for it in [*paper.tables, *paper.statements])


def test_only_numbers_of_the_abstract_claim_to_be_read_there():
    found = {it.key for it in published_paper().statements if it.known_from == "abstract"}
    assert found == {"fid_abstract", "ssim_abstract", "accuracy_gain", "segmentation_gain"}


def test_an_unknown_paper_is_one_sentence():
    with pytest.raises(CcmevalError, match=r"'1234\.5'; known: 2602\.13693"):
        published_paper("1234.5")


@pytest.mark.parametrize("text", ["19.40 ± 5.14", "19.40 +- 5.14", "19.40+/-5.14"])
def test_mean_and_sd_are_read(text):
    assert parse(text).text == "19.40 ± 5.14"


@pytest.mark.parametrize("text", ["", "five", "1e400", "1,5", "nan", "0x1", "1" * 80, "5 ± -1"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="no number"):
        parse(text)


def test_a_copy_fills_in_and_its_origin_is_told(tmp_path):
    paper = filled(tmp_path, tables={"generators": [{"model": "SPADE", "fid": "60.10", "ssim": None}]})
    entry = paper.table("generators").entry("fid", model="SPADE")
    assert (entry.printed, entry.known_from) == ("60.10", "user")
    assert paper.table("generators").entry("ssim", model="SPADE").printed is None
    assert paper.notes == []


def test_a_copy_that_differs_is_noted_and_stands(tmp_path):
    paper = filled(tmp_path, statements={"fid_abstract": {"printed": "5.19", "where": "page 1"}})
    assert paper.statement("fid_abstract").printed == "5.19"
    assert paper.notes == ["copy.json has 5.19 for fid_abstract, where 5.18 was held; its own stands."]
    assert published_paper().statement("fid_abstract").printed == "5.18"


def test_a_new_row_is_taken(tmp_path):
    paper = filled(tmp_path, tables={"parameters": [{"model": "LoRA", "rank": 64, "trainable_m": 94.37}]})
    assert paper.table("parameters").entry("trainable_m", model="LoRA", rank="64").printed == "94.37"


def test_yaml_keeps_its_last_zero(tmp_path):
    path = tmp_path / "copy.yaml"
    path.write_text("statements:\n  ssim_elsewhere: 0.630\n", encoding="utf-8")
    assert with_own_copy(published_paper(), path).statement("ssim_elsewhere").printed == "0.630"


def test_the_template_changes_nothing(tmp_path):
    path = tmp_path / "copy.yaml"
    path.write_text(template(published_paper()), encoding="utf-8")
    again = with_own_copy(published_paper(), path)
    assert again.notes == []
    assert [it.counts() for it in again.tables] == [it.counts() for it in published_paper().tables]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "must hold `tables`"),
        ({"table": {}}, "must hold `tables`"),
        ({"paper": "1"}, "a copy of 1"),
        ({"tables": {"none": []}}, "no table 'none'"),
        ({"tables": []}, None),
        ({"tables": [1]}, "must go by key"),
        ({"tables": {"groups": {"A": 1}}}, "must be a list of rows"),
        ({"tables": {"groups": [{"accuracy_percent": 70}]}}, "has no group"),
        ({"tables": {"groups": [{"group": "A", "auc": 70}]}}, "no column of groups 'auc'"),
        ({"tables": {"groups": [{"group": "A", "accuracy_percent": "many"}]}}, "no number"),
        ({"tables": {"groups": [{"group": "A", "accuracy_percent": [1, 2, 3]}]}}, "a cell is a number"),
        ({"tables": {"groups": [{"group": "A", "accuracy_percent": {"value": 1}}]}}, None),
        ({"statements": {"other": 1}}, "no statement 'other'"),
    ],
)
def test_a_wrong_copy_is_one_sentence(tmp_path, given, words):
    path = written(tmp_path, given)
    if words is None:
        with_own_copy(published_paper(), path)
        return
    with pytest.raises(CcmevalError, match=words):
        with_own_copy(published_paper(), path)


def test_a_missing_or_broken_file_is_one_sentence(tmp_path):
    with pytest.raises(CcmevalError, match="cannot be read"):
        with_own_copy(published_paper(), tmp_path / "none.json")
    path = tmp_path / "broken.yaml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(CcmevalError, match="neither YAML nor JSON"):
        with_own_copy(published_paper(), path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CcmevalError, match="neither YAML nor JSON"):
        with_own_copy(published_paper(), path)


def test_an_entry_takes_pairs_and_refuses_the_rest():
    assert Entry.model_validate([19.4, 5.14]).printed == "19.4 ± 5.14"
    for wrong in (True, [1], "x"):
        with pytest.raises(ValueError, match=r"cell|list|number"):
            Entry.model_validate(wrong)
