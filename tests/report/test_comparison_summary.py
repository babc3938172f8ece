"""What the summary says of who stands above whom, against placements made by hand."""

from __future__ import annotations

from ccmeval.comparison.schema import PairDifference, Ranking, SetRank
from ccmeval.report.comparison_matrices import matrices, matrix_figure
from ccmeval.report.comparison_names import renamed, short_names
from ccmeval.report.comparison_ranks import Tally, placed_of, tally
from ccmeval.report.comparison_summary import disagreements, order_sentences, summary_of, within_diagnoses
from tests.comparison.example import example
from tests.report.comparison_sample import realistic

WORDS = {"<": "first", ">": "second", "=": "neither"}


def ranking(names: str, placed: dict[str, str], letters: dict[str, str] | None = None) -> Ranking:
    """Make a ranking; `placed` tells by "ab" who of a and b is placed above: "<" the first."""
    pairs = [
        PairDifference(first=key[0], second=key[1], difference=1.0, placed=WORDS[sign])
        for key, sign in placed.items()
    ]
    ranks = [
        SetRank(
            set=it, value=1.0, rank=1, low=1, high=2, letters=(letters or {}).get(it, ""), probability_best=0
        )
        for it in names
    ]
    return Ranking(score="s", better="lower", pairs=pairs, ranks=ranks)


def test_stairs_are_told_in_one_sentence():
    found = ranking("abc", {"ab": "=", "ac": "<", "bc": "<"})
    assert order_sentences(found) == ["a and b stand above c.", "a and b are not told apart."]
    whole = ranking("abc", {"ab": "<", "ac": "<", "bc": "<"})
    assert order_sentences(whole) == ["a stands above b, which stands above c."]


def test_overlapping_sets_are_no_stairs():
    found = ranking("abc", {"ab": "=", "ac": "<", "bc": "="})
    assert order_sentences(found) == ["a stands above c.", "Not told apart: a and b; b and c."]
    lettered = ranking("abc", {"ab": "=", "ac": "<", "bc": "="}, {"a": "a", "b": "ab", "c": "b"})
    assert order_sentences(lettered) == ["a stands above c.", "Not told apart: a and b; b and c."]


def test_pairs_given_the_other_way_round_say_the_same():
    found = ranking("abc", {"ba": "=", "ca": ">", "cb": ">"})
    assert order_sentences(found) == ["a and b stand above c.", "a and b are not told apart."]
    assert placed_of(found, "c", "a") == "below"


def test_nothing_is_said_where_nothing_is_placed():
    result = example()
    for it in result.rankings:
        for pair in it.pairs:
            pair.placed = "neither"
    line = next(it for it in summary_of(result).lines if it.title == "FID")
    assert line.sentences[0].startswith("Nothing can be said")
    assert line.tone == "none"
    assert "26.5" in line.sure[0]


def test_the_lead_counts_what_is_placed():
    lead = summary_of(example()).lead
    assert "4 synthetic sets were held against 120 real frames of 30 subjects; broken failed." in lead
    # 13.5, 14, 20, 40: all pairs but the first are more than 3 apart.
    assert "of 6 comparisons of two sets, 5 place one above the other and 1 cannot tell them apart" in lead


def test_the_least_sure_placement_is_told_with_its_interval():
    line = next(it for it in summary_of(example()).lines if it.title == "FID")
    assert line.sentences[0] == (
        "adapter-rank-32 and adapter-rank-16 stand above adapter-rank-8, which stands above third-party."
    )
    assert (
        "adapter-rank-16 − adapter-rank-8 = −6.00 (95 % interval adjusted for all pairs −8.70 to −3.30"
        in line.sure[0]
    )


def test_scores_that_disagree_are_named():
    result = example()
    one, other = (it.name for it in result.sets[:2])
    pair = PairDifference(first=one, second=other, difference=0.1, placed="first")
    result.rankings.append(Ranking(score="kid:inception", better="lower", pairs=[pair]))
    ranked = [it for it in result.rankings if it.scope == "pooled"]
    assert disagreements(result, ranked) == [
        "adapter-rank-8 stands above adapter-rank-16 by KID, but below it by FID."
    ]


def test_diagnoses_that_turn_a_pair_round_are_named():
    result = example()
    part = next(it for it in result.rankings if it.diagnosis == "T1DPN")
    pair = next(it for it in part.pairs if it.placed == "first")
    pair.placed = "second"
    said = within_diagnoses(result, result.rankings[0])
    assert f"{pair.first} and {pair.second} in T1DPN" in said[0]
    assert "Control 5 of 6" in said[0]


def test_tally_counts_over_scores():
    rankings = [ranking("ab", {"ab": sign}) for sign in "<<>="]
    assert tally(rankings, "a", "b") == Tally(2, 1, 1)
    assert tally(rankings, "b", "a") == Tally(1, 2, 1)


def test_matrices_show_each_placement_twice():
    result = realistic()
    result = renamed(result, short_names([it.name for it in result.sets]))
    found = matrices(result)
    assert [it.title for it in found[:2]] == ["FID", "KID"]
    for it in found:
        flat = [cell for row in it.cells for cell in row]
        assert flat.count("above") == flat.count("below")
        drawn = matrix_figure(it)
        assert drawn.count("placed-above") == flat.count("above")


def test_scores_beside_the_headline_ones_are_told_apart_from_them():
    result = realistic()
    next(it for it in result.scores if it.key == "kid:inception").headline = False
    found = summary_of(result)
    assert "KID" not in [it.title for it in found.lines]
    assert [it.title for it in found.more] == ["KID"]
