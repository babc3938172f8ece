from __future__ import annotations

import numpy as np
import pytest

from ccmeval.row_file import RowFile


def test_rows_come_back_as_they_were_in_any_order(tmp_path):
    rows = np.random.default_rng(0).random((7, 3, 2)).astype(np.float16)
    kept = RowFile((3, 2), np.float16, tmp_path)
    for index, row in enumerate(rows):
        kept.append(row)
        assert np.array_equal(kept[index // 2], rows[index // 2])
    assert len(kept) == 7
    assert np.array_equal(np.stack(list(kept)), rows)
    assert np.array_equal(kept.block(5, 99), rows[5:])
    assert np.array_equal(kept[-1], rows[-1])
    assert [row.tolist() for row in kept[1:6:2]] == rows[1:6:2].tolist()
    assert not list(tmp_path.iterdir()), "the file has no name"


def test_rows_of_another_shape_and_rows_that_are_not_there():
    kept = RowFile((2,), np.float32)
    assert kept.block(0, 9).shape == (0, 2)
    with pytest.raises(IndexError):
        kept[0]
    with pytest.raises(ValueError, match="A row is"):
        kept.append(np.zeros(3))
