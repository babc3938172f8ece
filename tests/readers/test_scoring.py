"""Scores of whole studies against peers, and answers to bad files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ccmeval.errors import CcmevalError
from ccmeval.readers.report import write_scores
from ccmeval.readers.scoring import score_study
from tests.readers.made import CLASSES, document, key_of, saved

OTHER = {"real": "synthetic", "synthetic": "real"}


def truths(n: int) -> list[str]:
    return ["real", "synthetic"] * (n // 2)


def test_scores_by_hand(tmp_path: Path) -> None:
    # 10 real, 10 synthetic. Reader A: 8 of 10 real right, 6 of 10 synthetic right.
    key = key_of(["real"] * 10 + ["synthetic"] * 10)
    said = ["real"] * 8 + ["synthetic"] * 2 + ["synthetic"] * 6 + ["real"] * 4
    diagnosis = ["Control"] * 20
    files = saved(tmp_path, key, [document(key, "A", said, diagnosis)])
    scores = score_study(tmp_path, files)
    (one,) = scores.detection
    assert (one.n_right, one.n) == (14, 20)
    assert one.sensitivity.value == pytest.approx(0.6)
    assert one.specificity.value == pytest.approx(0.8)
    assert one.accuracy.value == pytest.approx(0.7)
    assert one.accuracy.low is not None
    assert one.wilson.low is not None
    assert one.accuracy.low <= one.wilson.low
    assert one.p == pytest.approx(0.115318, abs=1e-6)  # R: binom.test(14, 20)
    assert scores.pooled is None
    # Every other frame is a Control, and Control is what was answered always.
    overall = {it.truth: it for it in scores.diagnoses if it.diagnosis is None}
    assert overall["real"].n_right == 5
    assert scores.differences[0].difference.value == pytest.approx(0.0)
    (real, synthetic) = scores.confusions
    assert real.counts == synthetic.counts == [[5, 0], [5, 0]]


def test_kappas_are_those_of_peers(tmp_path: Path) -> None:
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    rng = np.random.default_rng(1)
    key = key_of(truths(40), repeats=range(0, 20, 2))
    given = {
        name: [it if rng.random() < 0.7 else OTHER[it] for it in [x.truth for x in key.items]]
        for name in "ABC"
    }
    files = saved(tmp_path, key, [document(key, name, said) for name, said in given.items()])
    scores = score_study(tmp_path, files)
    found = {(it.kind, tuple(it.readers)): it for it in scores.agreements}
    two = found["between two readers", ("A", "C")]
    assert two.kappa.value == pytest.approx(cohen_kappa_score(given["A"][:40], given["C"][:40]))
    assert two.kappa.low is not None
    table = aggregate_raters(np.array([given[name][:40] for name in "ABC"]).T)[0]
    every = found["between all readers", ("all readers",)]
    assert every.kappa.value == pytest.approx(fleiss_kappa(table))
    same = found["same reader twice", ("B",)]
    assert same.kappa.n == 10
    assert same.kappa.value == pytest.approx(cohen_kappa_score(given["B"][0:20:2], given["B"][40:]))
    assert scores.pooled is not None
    means = [
        np.mean([a == b.truth for a, b in zip(said, key.first(), strict=False)]) for said in given.values()
    ]
    assert scores.pooled.accuracy.value == pytest.approx(np.mean(means))


def test_repeats_count_in_no_other_number(tmp_path: Path) -> None:
    key = key_of(truths(20), repeats=range(10))
    right = [it.truth for it in key.items]
    wrong_again = [*right[:20], *[OTHER[it] for it in right[20:]]]
    files = saved(tmp_path, key, [document(key, "A", right), document(key, "B", wrong_again)])
    first, second = score_study(tmp_path, files).detection
    assert first.accuracy.value == second.accuracy.value == 1.0
    assert first.conclusion == "told apart"


def test_many_frames_at_chance_are_equivalent_and_few_are_not(tmp_path: Path) -> None:
    for n, expected in ((400, "equivalent to chance"), (20, "inconclusive")):
        key = key_of(truths(n))
        said = [it.truth if i % 4 < 2 else OTHER[it.truth] for i, it in enumerate(key.items)]
        files = saved(tmp_path / str(n), key, [document(key, "A", said)])
        (one,) = score_study(tmp_path / str(n), files).detection
        assert one.accuracy.value == pytest.approx(0.5)
        assert one.conclusion == expected


def test_few_subjects_keep_a_difference_from_being_claimed(tmp_path: Path) -> None:
    # 6 subjects of 10 frames: all frames of 4 subjects right, all of 2 wrong. By frames p is 0.013.
    clusters = [f"s{i // 10}" for i in range(60)]
    key = key_of(truths(60), clusters=clusters)
    said = [it.truth if i < 40 else OTHER[it.truth] for i, it in enumerate(key.items)]
    (one,) = score_study(tmp_path, saved(tmp_path, key, [document(key, "A", said)])).detection
    assert one.p is not None
    assert one.p < 0.05
    assert one.conclusion == "inconclusive"


def test_unequal_numbers_conclude_nothing(tmp_path: Path) -> None:
    key = key_of(["real"] * 20 + ["synthetic"] * 20)
    files = saved(tmp_path, key, [document(key, "A", ["real"] * 25)])
    (one,) = score_study(tmp_path, files).detection
    assert one.conclusion == "undefined"
    assert one.p is None
    assert "20 real and 5 synthetic" in one.sentence


def test_several_readers_are_adjusted_for(tmp_path: Path) -> None:
    key = key_of(truths(60))

    # 38 of 60 right: p = 0.052 alone; 39 of 60: p = 0.027 alone, 0.11 of four readers.
    def said(right: int) -> list[str]:
        return [it.truth if i < right else OTHER[it.truth] for i, it in enumerate(key.items)]

    alone = score_study(tmp_path / "1", saved(tmp_path / "1", key, [document(key, "A", said(39))]))
    files = saved(
        tmp_path / "4",
        key,
        [document(key, name, said(r)) for name, r in zip("ABCD", (39, 30, 31, 29), strict=True)],
    )
    among = score_study(tmp_path / "4", files)
    assert alone.detection[0].p == among.detection[0].p
    assert alone.detection[0].conclusion == "told apart"
    assert among.detection[0].p_holm == pytest.approx(4 * (alone.detection[0].p or 0))
    assert among.detection[0].conclusion == "inconclusive"


def test_the_difference_of_diagnoses_draws_a_subjects_frames_of_both_sets_together(tmp_path: Path) -> None:
    # Subjects are easy or hard alike in both sets: the difference is far surer than two independent shares.
    clusters = [f"s{i % 20}" for i in range(80)]
    key = key_of(
        ["real"] * 40 + ["synthetic"] * 40,
        diagnoses=["Control"] * 80,
        clusters=clusters,
        question="diagnosis",
    )
    said = ["Control" if i % 20 < 12 else "T1DPN" for i in range(80)]
    scores = score_study(tmp_path, saved(tmp_path, key, [document(key, "A", [], said)]))
    (one,) = scores.differences
    assert one.difference.value == pytest.approx(0.0)
    assert one.bootstrap.low == pytest.approx(0.0)
    assert one.newcombe.low is not None
    assert one.newcombe.low < -0.1
    assert scores.detection == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("{", "damaged JSON"),
        ("[1]", "no file of answers"),
        (
            '{"kind": "ccmeval-reader-answers", "answers": [], "study": "other", "reader": "X"}',
            "the study 'other'",
        ),
        ('{"kind": "ccmeval-reader-answers", "answers": [], "study": "abc", "reader": " "}', "code"),
        ('{"kind": "ccmeval-reader-answers", "answers": [], "study": "abc", "reader": "X"}', "no answers"),
        (
            '{"kind": "ccmeval-reader-answers", "answers": [{"item": "999", "real": "real"}], "study": "abc",'
            ' "reader": "X"}',
            "no frame '999'",
        ),
        (
            '{"kind": "ccmeval-reader-answers", "answers": [{"item": "001", "real": "so"}], "study": "abc",'
            ' "reader": "X"}',
            "no choice",
        ),
        ("a,b\n1,2\n", "no file of answers"),
        ("\x00\xff", "no file of answers"),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_rest_goes_on(tmp_path: Path, content: str, words: str) -> None:
    key = key_of(truths(10))
    files = saved(tmp_path, key, [document(key, "A", [it.truth for it in key.items])])
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    scores = score_study(tmp_path, [bad, *files, tmp_path / "absent.json"])
    assert [it.reader for it in scores.readers] == ["A"]
    assert len(scores.left_out) == 2
    assert words in scores.left_out[0]
    assert "\n" not in scores.left_out[0]
    with pytest.raises(CcmevalError, match="No file of answers can be used"):
        score_study(tmp_path, [bad])


def test_a_second_file_of_a_reader_is_left_out_and_csv_is_read(tmp_path: Path) -> None:
    key = key_of(truths(10))
    right = [it.truth for it in key.items]
    files = saved(tmp_path, key, [document(key, "A", right), document(key, "A", right)])
    table = tmp_path / "b.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study", "reader", "item", "real", "diagnosis", "seconds"])
        writer.writerows(["abc", "'=B", it.item, it.truth, "", 1.5] for it in key.items)
    scores = score_study(tmp_path, [*files, table])
    assert [it.reader for it in scores.readers] == ["A", "=B"]
    assert "second file of reader A" in scores.left_out[0]
    assert [it.n_right for it in scores.detection] == [10, 10]


def test_files_hold_what_was_found_and_the_page_escapes(tmp_path: Path) -> None:
    key = key_of(truths(20), repeats=[0, 1, 2, 3], title="<b>Study</b>")
    said = [it.truth for it in key.items]
    readers = ["<script>alert(1)</script>", "=HYPERLINK(1)", "C"]
    documents = [document(key, name, said, [CLASSES[0]] * len(said)) for name in readers]
    scores = score_study(tmp_path, saved(tmp_path, key, documents))
    page = write_scores(scores, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>Study" not in page
    told = json.loads((tmp_path / "scores" / "scores.json").read_text(encoding="utf-8"))
    assert [it["n_right"] for it in told["detection"]] == [20, 20, 20]
    with (tmp_path / "scores" / "readers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["reader"] == "'=HYPERLINK(1)"
    assert float(rows[0]["accuracy"]) == 1.0


def test_the_same_seed_gives_the_same_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    key = key_of(truths(40))
    said = [str(rng.choice(["real", "synthetic"])) for _ in key.items]
    files = saved(tmp_path, key, [document(key, "A", said)])
    first, second = (score_study(tmp_path, files, seed=3) for _ in range(2))
    assert first.detection == second.detection


def test_another_margin_is_said_to_be_chosen_afterwards(tmp_path: Path) -> None:
    key = key_of(truths(10))
    files = saved(tmp_path, key, [document(key, "A", truths(10))])
    scores = score_study(tmp_path, files, margin=0.2)
    assert scores.margin == 0.2
    assert any("afterwards" in it for it in scores.notes)
