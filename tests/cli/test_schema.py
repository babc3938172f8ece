"""`ccmeval schema`: schemas that the written files obey."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.cli.schema import NAMES
from ccmeval.errors import CcmevalError


def test_three_pillar_is_printed_by_default():
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["title"] == "ThreePillarResult"
    assert found["properties"]["schema_version"]["default"] in found["$comment"]


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_printed(name):
    found = json.loads(CliRunner().invoke(app, ["schema", name]).stdout)
    assert found["properties"]["kind" if name != "biomarkers" else "frames"]
    assert found["additionalProperties"] is False


def test_all_are_written(tmp_path):
    done = CliRunner().invoke(app, ["schema", "-o", str(tmp_path / "new")])
    assert done.exit_code == 0
    assert sorted(it.name for it in (tmp_path / "new").iterdir()) == sorted(
        f"{it}.schema.json" for it in NAMES
    )
    assert str(tmp_path / "new" / "agreement.schema.json") in done.stdout


def test_one_is_written(tmp_path):
    CliRunner().invoke(app, ["schema", "biomarkers", "-o", str(tmp_path)])
    assert [it.name for it in tmp_path.iterdir()] == ["biomarkers.schema.json"]


def test_an_unknown_name_is_one_sentence():
    done = CliRunner().invoke(app, ["schema", "four-pillar"])
    assert isinstance(done.exception, CcmevalError)
    assert "choose from three-pillar, biomarkers, agreement" in str(done.exception)


def test_the_schema_of_a_reader_study_is_that_of_its_scores():
    from ccmeval.readers.schema import StudyScores

    found = json.loads(CliRunner().invoke(app, ["schema", "reader-study"]).stdout)
    assert set(found["properties"]) == set(StudyScores.model_fields)
    assert found["properties"]["kind"]["const"] == "reader-study-scores"
