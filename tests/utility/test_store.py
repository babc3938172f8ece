"""The store of units: what was saved is there again, and what is damaged is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ccmeval.report.files import OutputError
from ccmeval.utility.schema import UnitRow
from ccmeval.utility.store import UnitStore
from ccmeval.utility.unit_rows import failed_row
from ccmeval.utility.units import UnitResult, UnitSpec

KEY = "0123456789abcdef0123456789abcdef"
SPEC = UnitSpec("diagnosis", "hmsvit", "B", fold=1, seed=2, ratio=0.25, curve="ratio", x=0.25)


def _result() -> UnitResult:
    row = UnitRow(
        key=KEY, task="diagnosis", learner="hmsvit", group="B", fold=1, seed=2, seconds=1 / 3,
        history=[(4, 0.1, None)], notes=["µm"],
    )  # fmt: skip
    arrays = {"test": np.random.default_rng(0).random((5, 3)), "test_rows": np.arange(5)}
    return UnitResult(SPEC, row, arrays)


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    UnitStore(tmp_path / "run").save(KEY, _result())
    found = UnitStore(tmp_path / "run").load(KEY)
    assert found is not None
    assert (found.spec, found.row) == (SPEC, _result().row)
    assert set(found.arrays) == {"test", "test_rows"}
    for name, array in _result().arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    assert not list(tmp_path.rglob("*.partial"))


def test_what_was_not_saved_is_absent(tmp_path: Path) -> None:
    assert UnitStore(tmp_path).load(KEY) is None


@pytest.mark.parametrize("suffix", ["json", "npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "torn", "changed", "other"])
def test_damaged_files_count_as_absent(tmp_path: Path, suffix: str, damage: str) -> None:
    store = UnitStore(tmp_path)
    store.save(KEY, _result())
    path = tmp_path / "units" / f"{KEY}.{suffix}"
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "changed" and suffix == "json":
        path.write_bytes(data.replace(b"0.333", b"0.433"))
    else:
        at = len(data) // 2
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        path.write_bytes({"empty": b"", "torn": data[:at], "changed": flipped, "other": b"[1]"}[damage])
    assert store.load(KEY) is None
    store.save(KEY, _result())
    assert store.load(KEY) is not None


def test_a_result_under_another_key_is_absent(tmp_path: Path) -> None:
    store = UnitStore(tmp_path)
    store.save(KEY, _result())
    for suffix in ("json", "npz"):
        (tmp_path / "units" / f"{KEY}.{suffix}").rename(tmp_path / "units" / f"ff.{suffix}")
    assert store.load("ff") is None


def test_only_failures_are_forgotten(tmp_path: Path) -> None:
    store = UnitStore(tmp_path)
    store.save(KEY, _result())
    store.save("ff", UnitResult(SPEC, failed_row(SPEC, "ff", "It broke.")))
    found = store.load("ff")
    assert found is not None
    assert found.row.reason == "It broke."
    store.forget_failures([KEY, "ff", "absent"])
    assert store.load(KEY) is not None
    assert store.load("ff") is None


def test_python_objects_are_refused(tmp_path: Path) -> None:
    result = UnitResult(SPEC, _result().row, {"test": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="would need a pickle"):
        UnitStore(tmp_path).save(KEY, result)


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    store = UnitStore(tmp_path / "run")
    with pytest.raises(OutputError, match="cannot be written"):
        store.save(KEY, _result())
    with pytest.raises(OutputError, match="cannot be written"):
        store.claim(KEY)
