"""Every file of the hostile corpus becomes a frame, or fails with one sentence and without noise."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from ccmeval.cohort import Cohort, load_cohort, read_frame
from ccmeval.errors import CcmevalError
from tests.hostile import Case, build, contents

STACK = [Case(f"stack.tif#{page}", readable=True) for page in (1, 2, 3)]
CASES = [case for _, case in contents().values()] + STACK


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    folder = tmp_path_factory.mktemp("hostile")
    assert build(folder) == CASES
    return load_cohort(folder)


def test_each_file_is_one_record_and_nothing_else_is(cohort: Cohort) -> None:
    assert sorted(record.frame for record in cohort) == sorted(case.frame for case in CASES)
    assert any(note.endswith("no pictures: 2.") for note in cohort.notes)


def test_keys_are_unique_in_any_case_and_safe(cohort: Cohort) -> None:
    keys = [record.key for record in cohort]
    assert len({key.casefold() for key in keys}) == len(keys)
    for key in keys:
        assert 0 < len(key.encode()) < 200
        assert not set(key) & set("/\\:*?\"<>|\n, ='")
        assert key[0] not in ".-"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.frame[:40].encode("ascii", "replace").decode())
def test_case(cohort: Cohort, case: Case, capfd: pytest.CaptureFixture[str]) -> None:
    record = next(record for record in cohort if record.frame == case.frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if case.readable:
            frame = read_frame(record)
            assert frame.pixels.dtype == np.float32
            assert frame.pixels.shape == frame.imaged.shape == (384, 384)
            assert 0 <= frame.pixels.min() < frame.pixels.max() <= 1
            assert frame.imaged.mean() == (pytest.approx(2 / 3, abs=0.01) if "alpha" in case.frame else 1.0)
            assert case.word in " ".join(frame.notes).lower()
        else:
            with pytest.raises(CcmevalError) as caught:
                read_frame(record)
            sentence = str(caught.value)
            assert case.word in sentence.lower()
            assert Path(case.frame).name in sentence
            assert sentence.endswith(".")
            assert "\n" not in sentence
            assert "; " in sentence, "says what to do"
    assert capfd.readouterr() == ("", "")
