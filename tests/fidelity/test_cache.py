"""The feature cache gives back what was put, survives damage and kills, and stops no run."""

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from ccmeval.fidelity.cache import FeatureCache, default_cache_folder, frame_key


def vectors(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {frame_key(str(i)): rng.random(8).astype(np.float32) for i in range(count)}


def test_what_was_put_comes_back_exactly(tmp_path) -> None:
    cache = FeatureCache(tmp_path / "new")
    put = vectors(1200) | {"wide": np.array([0.1, np.nan, np.inf])}
    cache.put("one", put)
    found = FeatureCache(tmp_path / "new").get("one", [*put, "absent"])
    assert found.keys() == put.keys()
    for key, vector in put.items():
        np.testing.assert_array_equal(found[key], vector)
        assert found[key].dtype == vector.dtype
    assert cache.get("other", list(put)) == {}
    assert cache.problems == []


def test_keys_tell_content_page_and_scale_apart() -> None:
    assert len({frame_key("a"), frame_key("a", 1), frame_key("a", 0, "1 um"), frame_key("b")}) == 4


def test_changed_entry_is_not_given(tmp_path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put("one", {"a": np.ones(3), "b": np.ones(3), "c": np.ones(3)})
    with sqlite3.connect(cache.path("one")) as base:
        base.execute("UPDATE vectors SET vector = zeroblob(24) WHERE key = 'a'")
        base.execute("UPDATE vectors SET vector = NULL WHERE key = 'b'")
    base.close()
    assert cache.get("one", ["a", "b", "c"]).keys() == {"c"}


@pytest.mark.parametrize("damage", ["rubbish", "cut"])
def test_damaged_file_is_begun_anew(damage, tmp_path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put("one", vectors(500))
    path = cache.path("one")
    data = path.read_bytes()
    path.write_bytes(b"rubbish" * 1000 if damage == "rubbish" else data[: len(data) // 2])
    assert len(cache.get("one", list(vectors(500)))) < 500
    cache.put("one", vectors(500))
    cache.put("one", vectors(500))
    assert len(cache.get("one", list(vectors(500)))) == 500
    assert "damaged" in cache.problems[0]


def test_empty_file_is_an_empty_cache(tmp_path) -> None:
    cache = FeatureCache(tmp_path)
    cache.path("one").touch()
    assert cache.get("one", ["a"]) == {}
    assert cache.problems == []


def test_unusable_folder_stops_nothing(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = FeatureCache(tmp_path / "file")
    cache.put("one", vectors(2))
    cache.put("one", vectors(2))
    assert cache.get("one", list(vectors(2))) == {}
    assert len(cache.problems) == 1


def fill(folder: Path, seed: int) -> None:
    cache = FeatureCache(folder)
    for start in range(1000):
        cache.put("one", {f"{seed}-{start}-{i}": np.full(64, i, np.float32) for i in range(8)})


def test_killed_writer_leaves_whole_batches(tmp_path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=fill, args=(tmp_path, seed)) for seed in range(2)]
    for writer in writers:
        writer.start()
    path, began = FeatureCache(tmp_path).path("one"), time.monotonic()
    while not (path.is_file() and path.stat().st_size > 30_000) and time.monotonic() - began < 20:
        time.sleep(0.01)
    for writer in writers:
        assert writer.pid
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    cache = FeatureCache(tmp_path)
    keys = [f"{seed}-{start}-{i}" for seed in range(2) for start in range(1000) for i in range(8)]
    found = cache.get("one", keys)
    assert cache.problems == []
    assert found
    assert len(found) % 8 == 0
    assert {key.split("-")[0] for key in found} <= {"0", "1"}
    assert all((vector == int(key.split("-")[2])).all() for key, vector in found.items())


def test_where_features_are_kept(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert default_cache_folder() == Path("/home/me/.cache/ccmeval/features")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert default_cache_folder() == Path("/cache/ccmeval/features")
    monkeypatch.setenv("CCMEVAL_CACHE", "/mine")
    assert default_cache_folder() == Path("/mine")
