from ccmeval.comparison.schema import CompareResult
from tests.comparison.example import DIAGNOSES, example


def test_example_goes_through_json_unchanged():
    result = example()
    assert CompareResult.model_validate_json(result.model_dump_json()) == result


def test_axis_values_keep_their_types():
    result = example()
    result.sets[0].axes = {"rank": 8, "share": 0.5, "masks": "eroded", "loss": True}
    again = CompareResult.model_validate_json(result.model_dump_json()).sets[0].axes
    assert [type(value) for value in again.values()] == [int, float, str, bool]


def test_value_finds_pooled_and_by_diagnosis():
    one = example().sets[0]
    assert one.value("frechet:inception").value == 20.0
    assert one.value("frechet:inception", DIAGNOSES[1]).diagnosis == DIAGNOSES[1]
    assert one.value("frechet:inception", "Nobody") is None


def test_every_score_that_is_told_has_a_definition():
    result = example()
    known = {it.key for it in result.scores}
    assert {value.score for one in result.sets for value in one.values} <= known
    assert {it.score for it in result.rankings} <= known
